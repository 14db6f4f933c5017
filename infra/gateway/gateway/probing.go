package gateway

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
)

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
