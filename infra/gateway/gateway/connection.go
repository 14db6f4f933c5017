package gateway

import (
	"fmt"
	"strings"
	"time"

	"golang.zx2c4.com/wireguard/wgctrl/wgtypes"

	"heliograph.local/gateway/config"
	"heliograph.local/gateway/probe"
)

// lostForError is how many unanswered probes make a connection one that does not work (as Liqo).
const lostForError = 5

// handshakeLife is how long a handshake shows that the peer is there: with keepalives WireGuard makes another one before,
// and takes no packets of one that is older.
const handshakeLife = 3 * time.Minute

// connection is status.connection of a TunnelEndpoint, without the time.
type connection struct {
	Status        string
	Message       string
	Latency       time.Duration
	Configuration map[string]string
}

// shaken stands for the answers of a peer that has no address to probe: its last handshake or, without a fresh one, what
// would be lost by now since its endpoint is known.
func shaken(last, since, now time.Time) probe.Result {
	if now.Sub(last) < handshakeLife {
		return probe.Result{Answered: last}
	}
	return probe.Result{Lost: min(int(now.Sub(since)/probeInterval), lostForError)}
}

// isAnswering judges a peer's answers.
func isAnswering(result probe.Result) bool {
	return !result.Answered.IsZero() && result.Lost < lostForError
}

// connectionOf judges a peer by its answers; the handshake tells why there are none.
func connectionOf(peer config.Peer, device wgtypes.Peer, result probe.Result, problem error, now time.Time) connection {
	endpoint := peer.Endpoint
	if device.Endpoint != nil {
		endpoint = device.Endpoint.String()
	}
	allowed := make([]string, len(peer.AllowedIPs))
	for i, cidr := range peer.AllowedIPs {
		allowed[i] = cidr.String()
	}
	state := connection{
		Latency:       result.Latency,
		Configuration: map[string]string{"publicKey": peer.PublicKey.String(), "endpoint": endpoint, "allowedIPs": strings.Join(allowed, ",")},
	}
	switch {
	case isAnswering(result) && peer.Probe.IsValid():
		state.Status, state.Message = "Connected", fmt.Sprintf("The gateway of %s answers", peer.ID)
	case isAnswering(result):
		state.Status, state.Message = "Connected", "The gateways have shaken hands; the external CIDR has no address to probe"
	case problem != nil:
		state.Status, state.Message = "Error", problem.Error()
	case result.Lost < lostForError:
		state.Status, state.Message = "Connecting", fmt.Sprintf("Waiting for the gateway of %s", peer.ID)
	case now.Sub(device.LastHandshakeTime) < handshakeLife:
		state.Status, state.Message = "Error", fmt.Sprintf("The gateway of %s does not answer through the tunnel, although there was a handshake", peer.ID)
	default:
		state.Status, state.Message = "Error", fmt.Sprintf("No handshake with %s: is its gateway up, reached there by UDP, and does it have this cluster's key?", endpoint)
	}
	if state.Status != "Connected" {
		state.Latency = 0
	}
	return state
}

// object is what is applied to the TunnelEndpoint's status.
func (c connection) object(id string, now time.Time) map[string]any {
	status := map[string]any{"status": c.Status, "statusMessage": c.Message}
	if c.Configuration != nil {
		status["peerConfiguration"] = c.Configuration
	}
	if c.Latency > 0 {
		status["latency"] = map[string]string{"value": c.Latency.Round(time.Microsecond).String(), "timestamp": now.UTC().Format(time.RFC3339)}
	}
	return map[string]any{
		"apiVersion": "net.liqo.io/v1alpha1",
		"kind":       "TunnelEndpoint",
		"metadata":   map[string]any{"name": id},
		"status":     map[string]any{"connection": status},
	}
}

// isNews tells whether it differs in more than what it measures.
func (c connection) isNews(before connection) bool {
	return c.Status != before.Status || c.Message != before.Message || fmt.Sprint(c.Configuration) != fmt.Sprint(before.Configuration)
}
