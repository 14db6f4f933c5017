package tunnel

import (
	"net"
	"net/netip"
	"slices"
	"time"

	"golang.zx2c4.com/wireguard/wgctrl/wgtypes"
)

// keepalive keeps the path between two gateways open where a NAT or firewall in between would forget it, and tells each
// of a new address of the other.
const keepalive = 15 * time.Second

// Peer is what a gateway should be to the device.
type Peer struct {
	PublicKey  wgtypes.Key
	AllowedIPs []netip.Prefix
	// Endpoint to set; none leaves the one there is, which WireGuard changes itself when the peer moves.
	Endpoint netip.AddrPort
	// IsAwaited says that its endpoint will be known in a moment. Until then it is not added: a first handshake that
	// cannot be sent is tried again only five seconds later.
	IsAwaited bool
}

// plan says what is to be set so that the device's peers are those wanted: only what differs, since sessions and
// packets are lost with more. Networks that go from one peer to another go at once.
func plan(want []Peer, have []wgtypes.Peer) []wgtypes.PeerConfig {
	old := map[wgtypes.Key]wgtypes.Peer{}
	for _, peer := range have {
		old[peer.PublicKey] = peer
	}
	var changes []wgtypes.PeerConfig
	for _, peer := range want {
		known, isKnown := old[peer.PublicKey]
		if change, isNeeded := changeOf(peer, known); isNeeded && (isKnown || !peer.IsAwaited) {
			changes = append(changes, change)
		}
		delete(old, peer.PublicKey)
	}
	for _, peer := range have {
		if _, isLeft := old[peer.PublicKey]; isLeft {
			changes = append(changes, wgtypes.PeerConfig{PublicKey: peer.PublicKey, Remove: true})
		}
	}
	return changes
}

// changeOf compares a peer with what the device has, the zero value where it has none.
func changeOf(want Peer, have wgtypes.Peer) (wgtypes.PeerConfig, bool) {
	change, isNeeded := wgtypes.PeerConfig{PublicKey: want.PublicKey}, false
	if allowed := ipNets(want.AllowedIPs); !sameNets(allowed, have.AllowedIPs) {
		change.ReplaceAllowedIPs, change.AllowedIPs, isNeeded = true, allowed, true
	}
	if interval := keepalive; have.PersistentKeepaliveInterval != interval {
		change.PersistentKeepaliveInterval, isNeeded = &interval, true
	}
	if want.Endpoint.IsValid() {
		change.Endpoint, isNeeded = net.UDPAddrFromAddrPort(want.Endpoint), true
	}
	return change, isNeeded
}

func ipNets(prefixes []netip.Prefix) []net.IPNet {
	nets := make([]net.IPNet, len(prefixes))
	for i, prefix := range prefixes {
		nets[i] = net.IPNet{IP: prefix.Addr().AsSlice(), Mask: net.CIDRMask(prefix.Bits(), prefix.Addr().BitLen())}
	}
	return nets
}

func sameNets(a, b []net.IPNet) bool {
	return slices.Equal(sorted(a), sorted(b))
}

func sorted(nets []net.IPNet) []string {
	texts := make([]string, len(nets))
	for i, network := range nets {
		texts[i] = network.String()
	}
	slices.Sort(texts)
	return texts
}
