/** What the data plane is called: in the cluster's API, and in the kernel of its nodes and gateway. */
export const GATEWAY = 'heliograph-gateway'
export const ROUTE = 'heliograph-route'
/** Secret with the rendered configuration, which both follow. */
export const FABRIC = 'heliograph-fabric'
/** Secret with the private key, ConfigMap with the public one. */
export const GATEWAY_KEY = 'heliograph-gateway-key'

/** WireGuard's UDP port, in the gateway and as the Service's port of that name (as Liqo). */
export const WIREGUARD_PORT = 5871
export const WIREGUARD_PORT_NAME = 'wireguard'
/** MTU of tunnel and overlay: 1400 bytes with the tunnel's headers, which a CNI's own overlay has room for (as Liqo). */
export const DEFAULT_MTU = 1340

/** Every gateway's own address in its tunnels; peers reach it as the first of its external CIDR (as Liqo). */
export const TUNNEL_ADDRESS = '169.254.0.1'
/** UDP port of the gateways' probes of one another (as Liqo). */
export const PROBE_PORT = 12345
/** VXLAN network identifier and UDP port between nodes and gateway (as Liqo). */
export const OVERLAY_ID = 18952
export const OVERLAY_PORT = 4879
/** Of the fabric's policy rules: before those of the AWS VPC CNI for secondary interfaces (1536), after its for local pods (512). */
export const RULE_PRIORITY = 600

// The agent knows these by the version of the files (infra/gateway/config/names.go), and the routing table.
export const TUNNEL_DEVICE = 'heliograph'
export const OVERLAY_DEVICE = 'heliograph-vx'
export const GATEWAY_RULES = 'heliograph'
export const NODE_RULES = 'heliograph_node'
/** Mark of packets out of the tunnel that answer. */
export const ANSWER_MARK = 18953
