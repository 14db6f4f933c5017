// Package route is the agent on every node: it sends what is for a peer's pods to the gateway, as the Secret
// heliograph-fabric says.
package route

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"heliograph.local/gateway/config"
	"heliograph.local/gateway/kernel"
	"heliograph.local/gateway/kube"
	"heliograph.local/gateway/ready"
)

// ensureInterval is how often the kernel's state is compared, and what failed tried again. Others change the node too.
const ensureInterval = 15 * time.Second

type agent struct {
	client *kube.Client
	node   string
	fabric *kube.View[kube.Secret]
	config config.Newest[config.Route]
	rules  *kernel.Rules
	state  ready.State
}

// Run is the agent on the node of that name, until the context ends.
func Run(ctx context.Context, client *kube.Client, node string) error {
	a := &agent{
		client: client,
		node:   node,
		rules:  kernel.NewRules(config.NodeRules),
		fabric: kube.Follow[kube.Secret](ctx, client, client.Path("/api/v1", "secrets"), "metadata.name="+config.FabricSecret),
	}
	if err := ready.Serve("route", a.state.Get); err != nil {
		return err
	}
	for ticker := time.NewTicker(ensureInterval); ; {
		select {
		case <-ctx.Done():
			return a.end()
		case <-a.fabric.Changed:
			a.read()
		case <-ticker.C:
		}
		a.ensure(ctx)
	}
}

// read takes what the Secret says.
func (a *agent) read() {
	if found, isRead := a.fabric.One(); isRead {
		a.config.Take(found.Files(), config.ParseRoute)
	}
}

// ensure makes the kernel's state what is wanted. A refused configuration is why the agent is not ready: its Pod says so.
func (a *agent) ensure(ctx context.Context) {
	err := a.ensured(ctx)
	a.state.Set(errors.Join(a.config.Refused, err))
}

func (a *agent) ensured(ctx context.Context) error {
	if !a.fabric.IsRead() {
		return fmt.Errorf("the Secret %s could not be read yet", config.FabricSecret)
	}
	check := func(newest *config.Route) error { return kernel.CheckRules(ctx, "node.nft", newest.Rules) }
	apply := func(wanted *config.Route) error { return a.apply(ctx, wanted) }
	return a.config.Ensure(check, apply, func() error { return a.withdraw(ctx) })
}

// apply goes from the rules to the routes, so that a packet finds all in place, or no way out.
func (a *agent) apply(ctx context.Context, wanted *config.Route) error {
	self, isKnown := wanted.Nodes[a.node]
	if !isKnown {
		return fmt.Errorf("route.json: nodes: %s is not among them yet", a.node)
	}
	if err := kernel.EnsureUnreachable(wanted.Routing); err != nil {
		return err
	}
	if err := a.rules.Ensure(ctx, wanted.Rules); err != nil {
		return err
	}
	index, err := kernel.EnsureOverlay(wanted.Overlay, self, wanted.MTU)
	if err != nil {
		return err
	}
	// The node's own packets have its own address, as they would without the overlay.
	if err := kernel.EnsureRouting(wanted.Routing, kernel.Devices{Overlay: index}, self.IP); err != nil {
		return err
	}
	if a.config.InForce != wanted {
		slog.Info("configuration in force", "node", a.node, "gateways", len(wanted.Overlay.Neighbours))
	}
	return nil
}

// withdraw leaves the node as it was before the agent came, whichever agent it was.
func (a *agent) withdraw(ctx context.Context) error {
	err := errors.Join(kernel.RemoveRouting(), kernel.RemoveOverlay(), a.rules.Remove(ctx))
	if err == nil && a.config.InForce != nil {
		slog.Info("no configuration any more, all withdrawn")
	}
	return err
}

// end decides what stays when the agent is told to end. In an update or a restart another one follows, and the node's
// state carries on until then; when the DaemonSet or the configuration is gone, or about to go, none does.
func (a *agent) end() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	isLast, err := a.isLast(ctx)
	if err != nil {
		slog.Warn("not known whether another agent follows, all stays", "error", err)
		return nil
	}
	if !isLast {
		return nil
	}
	return a.withdraw(ctx)
}

func (a *agent) isLast(ctx context.Context) (bool, error) {
	for _, path := range []string{
		a.client.Path("/apis/apps/v1", "daemonsets", config.RouteName),
		a.client.Path("/api/v1", "secrets", config.FabricSecret),
	} {
		var object struct {
			Metadata struct {
				DeletionTimestamp string `json:"deletionTimestamp"`
			} `json:"metadata"`
		}
		err := a.client.Get(ctx, path, &object)
		if kube.IsCode(err, http.StatusNotFound) || object.Metadata.DeletionTimestamp != "" {
			return true, nil
		}
		if err != nil {
			return false, err
		}
	}
	return false, nil
}
