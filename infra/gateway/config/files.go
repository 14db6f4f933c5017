package config

import (
	"fmt"
	"net"
	"net/netip"

	"golang.zx2c4.com/wireguard/wgctrl/wgtypes"
)

// Gateway is what gateway.json and gateway.nft say.
type Gateway struct {
	Header
	Tunnel  Tunnel         `json:"tunnel"`
	Overlay GatewayOverlay `json:"overlay"`
	Routing Routing        `json:"routing"`
	// Rules is the text for nft, of the table GatewayRules.
	Rules string `json:"-"`
}

// Route is what route.json and node.nft say, for all nodes of the cluster.
type Route struct {
	Header
	Overlay Overlay `json:"overlay"`
	Routing Routing `json:"routing"`
	// Nodes are the ends of the overlay by the node's name.
	Nodes map[string]Neighbour `json:"nodes"`
	// Rules is the text for nft, of the table NodeRules.
	Rules string `json:"-"`
}

// Header is what both begin with.
type Header struct {
	Version int `json:"version"`
	// Cluster is the ClusterID.
	Cluster string `json:"cluster"`
	// MTU of tunnel and overlay, bytes.
	MTU int `json:"mtu"`
}

// Tunnel is the gateway's WireGuard device.
type Tunnel struct {
	Address netip.Addr `json:"address"`
	// Port is WireGuard's UDP port, ProbePort that of the probes inside the tunnel.
	Port      uint16 `json:"port"`
	ProbePort uint16 `json:"probePort"`
	Peers     []Peer `json:"peers"`
}

// Peer is another cluster's gateway.
type Peer struct {
	// ID is the ClusterID; the TunnelEndpoint has this name.
	ID        string `json:"id"`
	PublicKey Key    `json:"publicKey"`
	// Endpoint is a host, which may be a name, and a port.
	Endpoint   string         `json:"endpoint"`
	AllowedIPs []netip.Prefix `json:"allowedIPs"`
	// SeenAs is the peer's name for this cluster's pods.
	SeenAs netip.Prefix `json:"seenAs"`
	// Probe is the address of the peer's gateway in the tunnel; none where its external CIDR has no room for one.
	Probe netip.Addr `json:"probe,omitzero"`
}

// Overlay is one end of the VXLAN.
type Overlay struct {
	// ID is the VXLAN network identifier.
	ID         int         `json:"id"`
	Port       uint16      `json:"port"`
	Neighbours []Neighbour `json:"neighbours"`
}

// GatewayOverlay is the gateway's end.
type GatewayOverlay struct {
	Overlay
	// MAC of the gateway.
	MAC MAC `json:"mac"`
}

// Neighbour is another end of the overlay.
type Neighbour struct {
	// IP is the host's or Pod's address, and the next hop of routes by it.
	IP  netip.Addr `json:"ip"`
	MAC MAC        `json:"mac"`
}

// Routing is the policy rules, and the routes that they lead to.
type Routing struct {
	Rules  []Rule         `json:"rules"`
	Routes []RoutingEntry `json:"routes"`
}

// Rule is one of four: packets to a CIDR, and all out of the tunnel, look into Table; those that answer into AnswerTable;
// those that carry the tunnel into the main table.
type Rule struct {
	Priority   int          `json:"priority"`
	To         netip.Prefix `json:"to,omitzero"`
	FromTunnel bool         `json:"fromTunnel,omitempty"`
	Answers    bool         `json:"answers,omitempty"`
	Carriers   bool         `json:"carriers,omitempty"`
}

// RoutingEntry leads to a neighbour, into the tunnel or, without either, nowhere.
type RoutingEntry struct {
	To     netip.Prefix `json:"to"`
	Via    netip.Addr   `json:"via,omitzero"`
	Tunnel bool         `json:"tunnel,omitempty"`
	// Answers says that it is one of AnswerTable.
	Answers bool `json:"answers,omitempty"`
}

// Key is a WireGuard public key.
type Key struct{ wgtypes.Key }

// UnmarshalText reads base64.
func (k *Key) UnmarshalText(text []byte) (err error) {
	if k.Key, err = wgtypes.ParseKey(string(text)); err != nil {
		return fmt.Errorf("publicKey: %q is no WireGuard key", text)
	}
	return nil
}

// MAC is an Ethernet address.
type MAC struct{ net.HardwareAddr }

// UnmarshalText reads the form 02:f0:ac:10:0a:02.
func (m *MAC) UnmarshalText(text []byte) (err error) {
	m.HardwareAddr, err = net.ParseMAC(string(text))
	return err
}
