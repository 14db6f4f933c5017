package kernel

import "github.com/vishvananda/netlink"

// ForgetConnections empties the table of tracked connections. Where the names of networks have changed, connections
// that go on would be translated as before; a pod's are found again by prefix, so nothing else is lost.
func ForgetConnections() error { return netlink.ConntrackTableFlush(netlink.ConntrackTable) }
