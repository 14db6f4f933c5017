package gateway

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"time"
)

// probe asks the peers, and reports how they have answered so far. It tells whether an endpoint is to be set anew.
func (a *agent) probe(ctx context.Context) bool {
	if a.isCeded {
		return false
	}
	if a.config.InForce == nil {
		a.reporter.tell(unserved(a.peers, a.config.Refused, a.problem))
		return false
	}
	own := a.config.InForce.Tunnel
	devices, err := a.device.Peers()
	if err != nil {
		slog.Error("peers not read", "error", err)
		return false
	}
	now := time.Now()
	current, ids := map[string]connection{}, map[string]bool{}
	a.answering = map[string]bool{}
	for _, peer := range own.Peers {
		device, result := devices[peer.PublicKey.Key], a.prober.Result(peer.ID)
		if !peer.Probe.IsValid() {
			result = shaken(device.LastHandshakeTime, a.endpoints.since(peer.ID), now)
		}
		a.answering[peer.ID] = isAnswering(result)
		state := connectionOf(peer, device, result, a.endpoints.problem(peer.ID), now)
		state.Message += a.hint
		if a.problem != nil {
			state.Message += fmt.Sprintf("; not all is in place: %v", a.problem)
		}
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

// unserved is what is told of the peers while no configuration is in force: what was told before is not so any more.
func unserved(ids []string, refused, problem error) map[string]connection {
	state := connection{Status: "Error"}
	switch {
	case refused != nil:
		state.Message = fmt.Sprintf("The gateway's configuration is refused: %v", refused)
	case problem != nil:
		state.Message = fmt.Sprintf("The gateway's configuration is not in force: %v", problem)
	default:
		return nil
	}
	current := map[string]connection{}
	for _, id := range ids {
		current[id] = state
	}
	return current
}

func (a *agent) answers(id string) bool { return a.answering[id] }
