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

type agent struct {
	client *kube.Client
	podIP  netip.Addr

	fabric    *kube.View[kube.Secret]
	secret    *kube.View[kube.Secret]
	published *kube.View[configMap]
	pods      *kube.View[pod]

	endpoints *endpoints
	reporter  *reporter
	device    *tunnel.Device
	prober    *probe.Prober

	key    wgtypes.Key
	config config.Newest[config.Gateway]
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

// followKey takes the private key of the Secret, makes one where there is none, and publishes the public key.
func (a *agent) followKey(ctx context.Context) {
	found, isRead := a.secret.One()
	if !isRead {
		return
	}
	if found == nil {
		if err := createKey(ctx, a.client); err != nil {
			slog.Error("key pair not made", "error", err)
		}
		return
	}
	key, err := keyOf(found)
	if err != nil {
		slog.Error("key not used, the one before stays", "error", err)
		return
	}
	a.key = key
	if isPublished, isRead := a.isPublished(); isPublished || !isRead {
		return
	}
	if err := publish(ctx, a.client, key.PublicKey()); err != nil {
		slog.Error("public key not published", "error", err)
		return
	}
	slog.Info("public key published", "publicKey", key.PublicKey().String())
}

// isPublished tells whether the key in use is the one that the ConfigMap has; false until that has been read once.
func (a *agent) isPublished() (isPublished, isRead bool) {
	found, isRead := a.published.One()
	return found != nil && found.Data[publicKey] == a.key.PublicKey().String(), isRead
}

// read takes what the Secret says.
func (a *agent) read() {
	if found, isRead := a.fabric.One(); isRead {
		a.config.Take(found.Files(), config.ParseGateway)
	}
}

// ensure makes the kernel's state what is wanted.
func (a *agent) ensure(ctx context.Context) {
	err := a.ensured(ctx)
	if isPublished, _ := a.isPublished(); err == nil && !isPublished {
		err = fmt.Errorf("the public key is not in the ConfigMap %s yet", config.KeyName)
	}
	a.state.Set(err)
}

func (a *agent) ensured(ctx context.Context) error {
	if _, isRead := a.fabric.All(); !isRead {
		return fmt.Errorf("the Secret %s could not be read yet", config.FabricSecret)
	}
	if a.key == (wgtypes.Key{}) {
		return fmt.Errorf("there is no key in the Secret %s yet", config.KeyName)
	}
	check := func(newest *config.Gateway) error { return kernel.CheckRules(ctx, "gateway.nft", newest.Rules) }
	apply := func(wanted *config.Gateway) error { return a.apply(ctx, wanted) }
	return a.config.Ensure(check, apply, func() error { return a.withdraw(ctx) })
}

// apply goes from the translation of addresses to the routes, so that a packet of a new peer finds all in place.
func (a *agent) apply(ctx context.Context, wanted *config.Gateway) error {
	before := a.config.InForce
	uplink, err := kernel.FindUplink(a.podIP)
	if err != nil {
		return err
	}
	if err := kernel.Forward(uplink.Name, uplink.Index); err != nil {
		return err
	}
	if before == nil || before.Rules != wanted.Rules || !kernel.HasRules(ctx, config.GatewayRules) {
		if err := kernel.ReplaceRules(ctx, wanted.Rules); err != nil {
			return err
		}
	}
	if err := a.setTunnel(ctx, wanted); err != nil {
		return err
	}
	self := config.Neighbour{IP: a.podIP, MAC: wanted.Overlay.MAC}
	overlay, err := kernel.EnsureOverlay(wanted.Overlay.Overlay, self, wanted.MTU)
	if err != nil {
		return err
	}
	if err := kernel.Loosen(overlay, wanted.Tunnel.Address); err != nil {
		return err
	}
	pods, _ := a.pods.All()
	devices := kernel.Devices{Overlay: overlay, Tunnel: a.device.Index}
	if err := kernel.EnsureRouting(withPods(wanted.Routing, pods), devices, netip.Addr{}); err != nil {
		return err
	}
	if before != nil && namesChanged(before.Tunnel.Peers, wanted.Tunnel.Peers) {
		if err := kernel.ForgetConnections(); err != nil {
			return err
		}
	}
	if before != wanted {
		slog.Info("configuration in force", "peers", len(wanted.Tunnel.Peers), "nodes", len(wanted.Overlay.Neighbours))
	}
	a.hint = ""
	if most := uplink.MTU - tunnel.Overhead; wanted.MTU > most {
		a.hint = fmt.Sprintf("; the MTU of %d is too large for the gateway's network, which takes %d: large packets may be lost", wanted.MTU, most)
	}
	return nil
}

func (a *agent) setTunnel(ctx context.Context, wanted *config.Gateway) (err error) {
	own := wanted.Tunnel
	if a.device == nil {
		if a.device, err = tunnel.Open(wanted.MTU); err != nil {
			return err
		}
		slog.Info("tunnel device made", "userspace", a.device.IsUserspace)
	}
	if err := a.device.Setup(a.key, own.Address, int(own.Port), wanted.MTU); err != nil {
		return err
	}
	if err := kernel.Forward(config.TunnelDevice, a.device.Index); err != nil {
		return err
	}
	if a.prober == nil {
		if a.prober, err = probe.Listen(netip.AddrPortFrom(own.Address, own.ProbePort)); err != nil {
			return err
		}
	}
	a.endpoints.want(ctx, own.Peers, a.answers)
	peers := make([]tunnel.Peer, len(own.Peers))
	for i, peer := range own.Peers {
		peers[i] = tunnel.Peer{
			PublicKey:  peer.PublicKey.Key,
			AllowedIPs: peer.AllowedIPs,
			Endpoint:   a.endpoints.address(peer.ID),
			IsAwaited:  a.endpoints.isAwaited(peer.ID),
		}
	}
	if err := a.device.SetPeers(peers); err != nil {
		return err
	}
	a.endpoints.isSet()
	return nil
}

// withdraw takes all away, when there is no configuration any more.
func (a *agent) withdraw(ctx context.Context) error {
	if a.config.InForce == nil {
		return nil
	}
	a.reporter.tell(nil)
	err := errors.Join(
		kernel.RemoveRouting(),
		a.device.SetPeers(nil),
		kernel.RemoveOverlay(),
		kernel.RemoveRules(ctx, config.GatewayRules),
	)
	if err == nil {
		slog.Info("no configuration any more, all withdrawn")
	}
	return err
}

// probe asks the peers, and reports how they have answered so far. It tells whether an endpoint is to be set anew.
func (a *agent) probe(ctx context.Context) bool {
	if a.config.InForce == nil {
		return false
	}
	own := a.config.InForce.Tunnel
	devices, err := a.device.Peers()
	if err != nil {
		slog.Error("peers not read", "error", err)
		return false
	}
	current, ids := map[string]connection{}, map[string]bool{}
	for _, peer := range own.Peers {
		state := connectionOf(peer, devices[peer.PublicKey.Key], a.prober.Result(peer.ID), a.endpoints.problem(peer.ID))
		state.Message += a.hint
		if a.config.Refused != nil {
			state.Message += fmt.Sprintf("; a newer configuration is refused: %v", a.config.Refused)
		}
		current[peer.ID], ids[peer.ID] = state, true
		if peer.Probe.IsValid() {
			a.prober.Send(peer.ID, netip.AddrPortFrom(peer.Probe, own.ProbePort))
		}
	}
	a.prober.Forget(ids)
	a.reporter.tell(current)
	return a.endpoints.want(ctx, own.Peers, a.answers)
}

func (a *agent) answers(id string) bool {
	result := a.prober.Result(id)
	return !result.Answered.IsZero() && result.Lost < lostForError
}

// namesChanged tells whether a peer that stays has other names for networks than before, or we for its.
func namesChanged(before, after []config.Peer) bool {
	names := map[string]string{}
	for _, peer := range before {
		names[peer.ID] = fmt.Sprint(peer.AllowedIPs, peer.SeenAs)
	}
	for _, peer := range after {
		if old, isThere := names[peer.ID]; isThere && old != fmt.Sprint(peer.AllowedIPs, peer.SeenAs) {
			return true
		}
	}
	return false
}
