// Package config reads what the network function has rendered for the agents: the files of the Secret
// heliograph-fabric. Whatever is wrong in them is told before anything is changed.
package config

// What version 1 of the files calls things in the kernel. They are known here too, so that an agent finds what one
// before it has left, with no file to tell. lib/flows/network/fabric/names.ts has the same.
const (
	Version = 1

	// TunnelDevice is WireGuard's, in the gateway.
	TunnelDevice = "heliograph"
	// OverlayDevice is the VXLAN between nodes and gateway.
	OverlayDevice = "heliograph-vx"
	// Table is the routing table of the fabric, AnswerTable the gateway's for answers to who is neither pod nor node.
	Table       = 18952
	AnswerTable = 18953
	// CarrierMark is on the packets that carry the tunnel, AnswerMark on those out of it that answer.
	CarrierMark = 18952
	AnswerMark  = 18953
	// GatewayRules and NodeRules are nftables' tables (family ip).
	GatewayRules = "heliograph"
	NodeRules    = "heliograph_node"
)

// FabricSecret is the Secret with the files, KeyName the Secret with the private and the ConfigMap with the public key.
const (
	FabricSecret = "heliograph-fabric"
	KeyName      = "heliograph-gateway-key"
	RouteName    = "heliograph-route"
)
