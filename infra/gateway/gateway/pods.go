package gateway

import (
	"maps"
	"net/netip"
	"slices"

	"heliograph.local/gateway/config"
)

// pod is what the gateway reads of Pods.
type pod struct {
	Spec struct {
		HostNetwork bool `json:"hostNetwork"`
	} `json:"spec"`
	Status struct {
		Phase  string     `json:"phase"`
		HostIP netip.Addr `json:"hostIP"`
		PodIP  netip.Addr `json:"podIP"`
	} `json:"status"`
}

// withPods adds a route for each pod whose address is not in the networks of its node: what a node's podCIDRs say is
// what its pods have with some CNIs, and is something else, or nothing, with others (Calico's, AWS's).
func withPods(routing config.Routing, pods map[string]pod) config.Routing {
	// Networks by the node that they lead to, and those that lead nowhere: the pod CIDR, what of it is on no node.
	nodes, strays := map[netip.Addr][]netip.Prefix{}, []netip.Prefix{}
	taken := map[netip.Prefix]bool{}
	for _, route := range routing.Routes {
		taken[route.To] = true
		switch {
		case route.Tunnel || route.Answers:
		case route.Via.IsValid():
			nodes[route.Via] = append(nodes[route.Via], route.To)
		default:
			strays = append(strays, route.To)
		}
	}
	routes := slices.Clone(routing.Routes)
	for _, key := range slices.Sorted(maps.Keys(pods)) {
		pod := pods[key]
		host, address := pod.Status.HostIP, pod.Status.PodIP
		own, isNode := nodes[host]
		if !isNode || pod.Spec.HostNetwork || pod.isOver() || contain(own, address) || !contain(strays, address) {
			continue
		}
		if to := netip.PrefixFrom(address, address.BitLen()); !taken[to] {
			taken[to] = true
			routes = append(routes, config.RoutingEntry{To: to, Via: host})
		}
	}
	return config.Routing{Rules: routing.Rules, Routes: routes}
}

func contain(networks []netip.Prefix, address netip.Addr) bool {
	return slices.ContainsFunc(networks, func(network netip.Prefix) bool { return network.Contains(address) })
}

func (p pod) isOver() bool { return p.Status.Phase == "Succeeded" || p.Status.Phase == "Failed" }
