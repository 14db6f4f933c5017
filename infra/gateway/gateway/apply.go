package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"

	"heliograph.local/gateway/config"
	"heliograph.local/gateway/kernel"
	"heliograph.local/gateway/probe"
	"heliograph.local/gateway/tunnel"
)

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
	if err := kernel.EnsureUnreachable(wanted.Routing); err != nil {
		return err
	}
	if err := a.rules.Ensure(ctx, wanted.Rules); err != nil {
		return err
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
	arePodsRead := a.pods.IsRead()
	pods, err := a.knownPods()
	if err != nil {
		return err
	}
	devices := kernel.Devices{Overlay: overlay, Tunnel: a.device.Index}
	toPods := podRoutes(wanted.Routing, pods)
	a.routed = nil
	if err := kernel.EnsureRouting(withPods(wanted.Routing, toPods), devices, netip.Addr{}); err != nil {
		return err
	}
	if arePodsRead {
		a.routed = toPods
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

// withdraw takes all away when there is no configuration any more, also what one has left that never came into force, or
// an agent before this one.
func (a *agent) withdraw(ctx context.Context) error {
	a.reporter.tell(nil)
	err := errors.Join(
		kernel.RemoveRouting(),
		a.removePeers(),
		kernel.RemoveOverlay(),
		a.rules.Remove(ctx),
	)
	if err == nil && a.config.InForce != nil {
		slog.Info("no configuration any more, all withdrawn")
	}
	return err
}

// removePeers ends all tunnels. The device stays where this agent has one.
func (a *agent) removePeers() error {
	a.answering = nil
	if a.device == nil {
		return kernel.RemoveLink(config.TunnelDevice)
	}
	return a.device.SetPeers(nil)
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
