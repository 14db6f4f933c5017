package kernel

import (
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"heliograph.local/gateway/config"
)

// mainTable is the number of the kernel's main routing table.
const mainTable = unix.RT_TABLE_MAIN

// Devices are the indices of those that routes lead to; a node has no tunnel.
type Devices struct{ Overlay, Tunnel int }

// route is what of a route the agent decides.
type route struct {
	via         netip.Addr
	device      int
	source      netip.Addr
	unreachable bool
}

// rule is what of a policy rule the agent decides.
type rule struct {
	priority int
	to       netip.Prefix
	from     string
	mark     uint32
	table    int
}

// EnsureRouting makes the routes of the table config.Table and the rules that lead there. Routes by the overlay prefer
// the source address given, if one is.
func EnsureRouting(routing config.Routing, devices Devices, source netip.Addr) error {
	routes, rules := map[netip.Prefix]route{}, map[rule]bool{}
	for _, entry := range routing.Routes {
		routes[entry.To] = routeOf(entry, devices, source)
	}
	for _, entry := range routing.Rules {
		rules[ruleOf(entry)] = true
	}
	haveRoutes, err := listRoutes()
	if err != nil {
		return fmt.Errorf("routes: %w", err)
	}
	haveRules, err := listRules()
	if err != nil {
		return fmt.Errorf("rules: %w", err)
	}
	changeRoutes, removeRoutes := differ(haveRoutes, routes)
	changeRules, removeRules := differ(haveRules, rules)
	var problems []error
	// A rule has its routes whenever it is there: without one it would be passed over, and packets would leave otherwise.
	for to, want := range changeRoutes {
		problems = append(problems, explain("route to "+to.String(), netlink.RouteReplace(want.netlink(to))))
	}
	for rule := range changeRules {
		problems = append(problems, explain("rule", netlink.RuleAdd(rule.netlink())))
	}
	for _, rule := range removeRules {
		problems = append(problems, explain("rule", netlink.RuleDel(rule.netlink())))
	}
	for _, to := range removeRoutes {
		problems = append(problems, explain("route to "+to.String(), netlink.RouteDel(haveRoutes[to].netlink(to))))
	}
	return errors.Join(problems...)
}

// RemoveRouting removes all rules and routes of the fabric.
func RemoveRouting() error { return EnsureRouting(config.Routing{}, Devices{}, netip.Addr{}) }

func explain(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}

func routeOf(entry config.RoutingEntry, devices Devices, source netip.Addr) route {
	switch {
	case entry.Via.IsValid():
		return route{via: entry.Via, device: devices.Overlay, source: source}
	case entry.Tunnel:
		return route{device: devices.Tunnel}
	default:
		return route{unreachable: true}
	}
}

func ruleOf(entry config.Rule) rule {
	switch {
	case entry.Marked:
		return rule{priority: entry.Priority, mark: config.Mark, table: mainTable}
	case entry.FromTunnel:
		return rule{priority: entry.Priority, from: config.TunnelDevice, table: config.Table}
	default:
		return rule{priority: entry.Priority, to: entry.To, table: config.Table}
	}
}

func listRoutes() (map[netip.Prefix]route, error) {
	found, err := netlink.RouteListFiltered(unix.AF_INET, &netlink.Route{Table: config.Table}, netlink.RT_FILTER_TABLE)
	routes := map[netip.Prefix]route{}
	for _, entry := range found {
		via, _ := netip.AddrFromSlice(entry.Gw)
		source, _ := netip.AddrFromSlice(entry.Src)
		isUnreachable := entry.Type == unix.RTN_UNREACHABLE
		have := route{via: via.Unmap(), source: source.Unmap(), unreachable: isUnreachable}
		if !isUnreachable {
			have.device = entry.LinkIndex
		}
		routes[prefixOf(entry.Dst)] = have
	}
	return routes, err
}

// listRules finds ours: those into our table, and that of the tunnel's own packets.
func listRules() (map[rule]bool, error) {
	found, err := netlink.RuleList(unix.AF_INET)
	rules := map[rule]bool{}
	for _, entry := range found {
		if entry.Table == config.Table || (entry.Mark == config.Mark && entry.Table == mainTable) {
			have := rule{priority: entry.Priority, from: entry.IifName, mark: entry.Mark, table: entry.Table}
			if entry.Dst != nil {
				have.to = prefixOf(entry.Dst)
			}
			rules[have] = true
		}
	}
	return rules, err
}

func (r route) netlink(to netip.Prefix) *netlink.Route {
	entry := &netlink.Route{Dst: ipNet(to), Table: config.Table, Family: unix.AF_INET, Protocol: unix.RTPROT_STATIC}
	if r.unreachable {
		entry.Type = unix.RTN_UNREACHABLE
		return entry
	}
	entry.LinkIndex = r.device
	if r.via.IsValid() {
		// The next hop's address is that of the host, which is reached otherwise; in the overlay it is a neighbour.
		entry.Gw, entry.Flags = r.via.AsSlice(), int(netlink.FLAG_ONLINK)
	} else {
		entry.Scope = netlink.SCOPE_LINK
	}
	if r.source.IsValid() {
		entry.Src = r.source.AsSlice()
	}
	return entry
}

func (r rule) netlink() *netlink.Rule {
	entry := netlink.NewRule()
	entry.Family, entry.Priority, entry.Table = unix.AF_INET, r.priority, r.table
	entry.IifName, entry.Mark = r.from, r.mark
	if r.to.IsValid() {
		entry.Dst = ipNet(r.to)
	}
	return entry
}

func ipNet(prefix netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: prefix.Addr().AsSlice(), Mask: net.CIDRMask(prefix.Bits(), prefix.Addr().BitLen())}
}

func prefixOf(network *net.IPNet) netip.Prefix {
	if network == nil {
		return netip.PrefixFrom(netip.IPv4Unspecified(), 0)
	}
	address, _ := netip.AddrFromSlice(network.IP)
	bits, _ := network.Mask.Size()
	return netip.PrefixFrom(address.Unmap(), bits)
}
