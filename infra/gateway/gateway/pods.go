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
	by := map[netip.Addr][]netip.Prefix{}
	local := []netip.Prefix{}
	known := map[netip.Prefix]bool{}
	for _, route := range routing.Routes {
		known[route.To] = true
		switch {
		case route.Via.IsValid():
			by[route.Via] = append(by[route.Via], route.To)
		case !route.Tunnel:
			local = append(local, route.To)
		}
	}
	contains := func(networks []netip.Prefix, address netip.Addr) bool {
		return slices.ContainsFunc(networks, func(network netip.Prefix) bool { return network.Contains(address) })
	}
	routes := slices.Clone(routing.Routes)
	for _, key := range slices.Sorted(maps.Keys(pods)) {
		status := pods[key].Status
		own, isNode := by[status.HostIP]
		if !isNode || pods[key].Spec.HostNetwork || status.Phase == "Succeeded" || status.Phase == "Failed" {
			continue
		}
		if !status.PodIP.Is4() || contains(own, status.PodIP) || !contains(local, status.PodIP) {
			continue
		}
		if to := netip.PrefixFrom(status.PodIP, 32); !known[to] {
			known[to] = true
			routes = append(routes, config.RoutingEntry{To: to, Via: status.HostIP})
		}
	}
	return config.Routing{Rules: routing.Rules, Routes: routes}
}
