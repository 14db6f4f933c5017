// Package gateway is the agent in the gateway's Pod: it keeps the tunnel, the translation of addresses and the overlay's
// centre as the Secret heliograph-fabric says, and tells how the connections are.
package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"time"

	"golang.zx2c4.com/wireguard/wgctrl/wgtypes"

	"heliograph.local/gateway/config"
	"heliograph.local/gateway/kernel"
	"heliograph.local/gateway/kube"
	"heliograph.local/gateway/probe"
	"heliograph.local/gateway/ready"
	"heliograph.local/gateway/tunnel"
)

const (
	// probeInterval is how often peers are asked (as Liqo).
	probeInterval = 2 * time.Second
	// ensureInterval is how often the kernel's state is compared, and what failed tried again.
	ensureInterval = 15 * time.Second
	// podsDelay gathers changes of Pods.
	podsDelay = 200 * time.Millisecond
)

// errUnread is why the gateway waits with what it would take away.
var errUnread = errors.New("the Pods could not be read yet")

type agent struct {
	client *kube.Client
	podIP  netip.Addr

	fabric    *kube.View[kube.Secret]
	secret    *kube.View[kube.Secret]
	published *kube.View[configMap]
	pods      *kube.View[pod]

	rules     *kernel.Rules
	endpoints *endpoints
	reporter  *reporter
	device    *tunnel.Device
	prober    *probe.Prober

	key    wgtypes.Key
	config config.Newest[config.Gateway]
	// own is the key of this agent's Pod, once it is known, and isCeded that another Pod is the gateway.
	own     string
	isCeded bool
	// peers are the ids of the newest configuration's that could be read of it.
	peers []string
	// routed are the pods that the kernel has routes to, address -> node; nil before all Pods were known.
	routed map[netip.Addr]netip.Addr
	// answering are the ids of peers that did when they were last looked at.
	answering map[string]bool
	// problem is why not all is in place.
	problem error
	// hint goes behind what is told of every connection.
	hint  string
	state ready.State
}

// Run is the agent, until the context ends.
func Run(ctx context.Context, client *kube.Client, podIP netip.Addr) error {
	a := &agent{
		client:    client,
		podIP:     podIP,
		fabric:    kube.Follow[kube.Secret](ctx, client, client.Path("/api/v1", "secrets"), "metadata.name="+config.FabricSecret),
		secret:    kube.Follow[kube.Secret](ctx, client, client.Path("/api/v1", "secrets"), "metadata.name="+config.KeyName),
		published: kube.Follow[configMap](ctx, client, client.Path("/api/v1", "configmaps"), "metadata.name="+config.KeyName),
		pods:      kube.Follow[pod](ctx, client, "/api/v1/pods", ""),
		rules:     kernel.NewRules(config.GatewayRules),
		endpoints: newEndpoints(),
		reporter:  newReporter(ctx, client),
	}
	if err := ready.Serve("gateway", a.state.Get); err != nil {
		return err
	}
	defer a.close()
	probes, ensures := time.NewTicker(probeInterval), time.NewTicker(ensureInterval)
	var podsDue <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-a.secret.Changed:
			a.followKey(ctx)
		case <-a.published.Changed:
			a.followKey(ctx)
		case <-a.fabric.Changed:
			a.read()
		case <-a.pods.Changed:
			if podsDue == nil {
				podsDue = time.After(podsDelay)
			}
			continue
		case <-podsDue:
			podsDue = nil
			if a.isRouted() && !a.isReplaced() {
				continue
			}
		case found := <-a.endpoints.found:
			a.endpoints.take(found)
		case <-probes.C:
			if !a.probe(ctx) {
				continue
			}
		case <-ensures.C:
			a.followKey(ctx)
		}
		a.ensure(ctx)
	}
}

func (a *agent) close() {
	if a.device != nil {
		a.device.Close()
	}
}

// read takes what the Secret says.
func (a *agent) read() {
	found, isRead := a.fabric.One()
	if !isRead {
		return
	}
	a.config.Take(found.Files(), config.ParseGateway)
	if ids, isKnown := config.PeerIDs(found.Files()); isKnown {
		a.peers = ids
	}
}

// ensure makes the kernel's state what is wanted.
func (a *agent) ensure(ctx context.Context) {
	if a.isReplaced() {
		a.cede()
		return
	}
	before := a.problem
	a.problem = a.ensured(ctx)
	if a.problem == nil && a.config.InForce == nil {
		a.problem = a.config.Refused
	}
	if a.problem == nil && !a.pods.IsRead() {
		a.problem = errUnread
	}
	if isPublished, _ := a.isPublished(); a.problem == nil && !isPublished {
		a.problem = fmt.Errorf("the public key is not in the ConfigMap %s yet", config.KeyName)
	}
	unready := a.unready()
	if unready == nil && a.problem != nil && (before == nil || before.Error() != a.problem.Error()) {
		slog.Error("not all is in place", "why", a.problem)
	}
	a.state.Set(unready)
}

// unready is why the gateway's Service is not to lead to it, which hinders all peers: with a configuration in force and
// its pods found it works, and what else it fails at is told with the connections.
func (a *agent) unready() error {
	switch {
	case a.config.InForce == nil:
		return a.problem
	case !a.pods.IsRead():
		return errUnread
	default:
		return nil
	}
}

func (a *agent) ensured(ctx context.Context) error {
	if !a.fabric.IsRead() {
		return fmt.Errorf("the Secret %s could not be read yet", config.FabricSecret)
	}
	if a.key == (wgtypes.Key{}) {
		return fmt.Errorf("there is no key in the Secret %s yet", config.KeyName)
	}
	check := func(newest *config.Gateway) error { return kernel.CheckRules(ctx, "gateway.nft", newest.Rules) }
	apply := func(wanted *config.Gateway) error { return a.apply(ctx, wanted) }
	return a.config.Ensure(check, apply, func() error { return a.withdraw(ctx) })
}
