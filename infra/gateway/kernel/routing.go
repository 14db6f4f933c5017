package kernel

import (
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

// place is where a route is; of two to the same network that with the least metric counts.
type place struct {
	table  int
	to     netip.Prefix
	metric int
}

// lastMetric is that of routes that count where no other is.
const lastMetric = 1 << 30

// rule is what of a policy rule the agent decides.
type rule struct {
	priority int
	to       netip.Prefix
	from     string
	mark     uint32
	table    int
}

// EnsureUnreachable makes what is for the peers unreachable where nothing else of the fabric leads there: a kernel whose
// device is down, or gone, drops its routes, a rule without any is passed over, and the packets would leave by the main
// table. It needs no device, and comes before all that may fail. Nothing is removed.
func EnsureUnreachable(routing config.Routing) error {
	haveRoutes, haveRules, err := list()
	if err != nil {
		return err
	}
	changeRoutes, _ := differ(haveRoutes, lastRoutes(routing))
	if err := replaceRoutes(changeRoutes); err != nil {
		return err
	}
	rules := map[rule]bool{}
	for _, entry := range routing.Rules {
		if entry.To.IsValid() {
			rules[ruleOf(entry)] = true
		}
	}
	changeRules, _ := differ(haveRules, rules)
	return addRules(changeRules)
}

// lastRoutes are those that lead nowhere, for each network of the peers and for answers.
func lastRoutes(routing config.Routing) map[place]route {
	routes := map[place]route{}
	for _, entry := range routing.Rules {
		if entry.To.IsValid() {
			routes[place{config.Table, entry.To, lastMetric}] = route{unreachable: true}
		}
	}
	for _, entry := range routing.Routes {
		if entry.Answers {
			routes[place{config.AnswerTable, entry.To, lastMetric}] = route{unreachable: true}
		}
	}
	return routes
}

// EnsureRouting makes the routes of the fabric's tables and the rules that lead there. Routes by the overlay prefer
// the source address given, if one is.
func EnsureRouting(routing config.Routing, devices Devices, source netip.Addr) error {
	routes, rules := lastRoutes(routing), map[rule]bool{}
	for _, entry := range routing.Routes {
		routes[placeOf(entry)] = routeOf(entry, devices, source)
	}
	for _, entry := range routing.Rules {
		rules[ruleOf(entry)] = true
	}
	haveRoutes, haveRules, err := list()
	if err != nil {
		return err
	}
	changeRoutes, removeRoutes := differ(haveRoutes, routes)
	changeRules, removeRules := differ(haveRules, rules)
	// A rule has its routes whenever it is there.
	problems := []error{replaceRoutes(changeRoutes), addRules(changeRules)}
	for _, rule := range removeRules {
		problems = append(problems, explain("rule", netlink.RuleDel(rule.netlink())))
	}
	for _, at := range removeRoutes {
		problems = append(problems, explain("route to "+at.to.String(), netlink.RouteDel(haveRoutes[at].netlink(at))))
	}
	return summary(problems)
}

// HostRoutes are the routes to single addresses that the fabric's table has, each with its next hop.
func HostRoutes() (map[netip.Addr]netip.Addr, error) {
	have, err := listRoutes()
	if err != nil {
		return nil, fmt.Errorf("routes: %w", err)
	}
	routes := map[netip.Addr]netip.Addr{}
	for at, route := range have {
		if at.table == config.Table && at.to.IsSingleIP() && route.via.IsValid() {
			routes[at.to.Addr()] = route.via
		}
	}
	return routes, nil
}

// RemoveRouting removes all rules and routes of the fabric.
func RemoveRouting() error { return EnsureRouting(config.Routing{}, Devices{}, netip.Addr{}) }

func replaceRoutes(routes map[place]route) error {
	var problems []error
	for at, want := range routes {
		problems = append(problems, explain("route to "+at.to.String(), netlink.RouteReplace(want.netlink(at))))
	}
	return summary(problems)
}

func addRules(rules map[rule]bool) error {
	var problems []error
	for rule := range rules {
		problems = append(problems, explain("rule", netlink.RuleAdd(rule.netlink())))
	}
	return summary(problems)
}

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

func placeOf(entry config.RoutingEntry) place {
	if entry.Answers {
		return place{config.AnswerTable, entry.To, 0}
	}
	return place{config.Table, entry.To, 0}
}

func ruleOf(entry config.Rule) rule {
	made := rule{priority: entry.Priority, to: entry.To, table: config.Table}
	switch {
	case entry.Carriers:
		made.mark, made.table = config.CarrierMark, mainTable
	case entry.FromTunnel:
		made.from = config.TunnelDevice
	case entry.Answers:
		made.from, made.mark, made.table = config.TunnelDevice, config.AnswerMark, config.AnswerTable
	}
	return made
}

func list() (map[place]route, map[rule]bool, error) {
	routes, err := listRoutes()
	if err != nil {
		return nil, nil, fmt.Errorf("routes: %w", err)
	}
	rules, err := listRules()
	if err != nil {
		return nil, nil, fmt.Errorf("rules: %w", err)
	}
	return routes, rules, nil
}

func listRoutes() (map[place]route, error) {
	routes := map[place]route{}
	for _, table := range []int{config.Table, config.AnswerTable} {
		found, err := netlink.RouteListFiltered(unix.AF_INET, &netlink.Route{Table: table}, netlink.RT_FILTER_TABLE)
		if err != nil {
			return nil, err
		}
		for _, entry := range found {
			via, _ := netip.AddrFromSlice(entry.Gw)
			source, _ := netip.AddrFromSlice(entry.Src)
			have := route{via: via.Unmap(), source: source.Unmap(), unreachable: entry.Type == unix.RTN_UNREACHABLE}
			if !have.unreachable {
				have.device = entry.LinkIndex
			}
			routes[place{table, prefixOf(entry.Dst), entry.Priority}] = have
		}
	}
	return routes, nil
}

// listRules finds ours: those into our tables, and that of the tunnel's own packets.
func listRules() (map[rule]bool, error) {
	found, err := netlink.RuleList(unix.AF_INET)
	rules := map[rule]bool{}
	for _, entry := range found {
		isOurs := entry.Table == config.Table || entry.Table == config.AnswerTable
		if isOurs || entry.Mark == config.CarrierMark && entry.Table == mainTable {
			have := rule{priority: entry.Priority, from: entry.IifName, mark: entry.Mark, table: entry.Table}
			if entry.Dst != nil {
				have.to = prefixOf(entry.Dst)
			}
			rules[have] = true
		}
	}
	return rules, err
}

func (r route) netlink(at place) *netlink.Route {
	entry := &netlink.Route{
		Dst: ipNet(at.to), Table: at.table, Priority: at.metric, Family: unix.AF_INET, Protocol: unix.RTPROT_STATIC,
	}
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
