package gateway

import (
	"errors"
	"maps"
	"net/netip"
	"slices"

	"heliograph.local/gateway/config"
	"heliograph.local/gateway/kernel"
)

// pod is what the gateway reads of Pods.
type pod struct {
	Metadata struct {
		DeletionTimestamp string `json:"deletionTimestamp"`
	} `json:"metadata"`
	Spec struct {
		HostNetwork bool `json:"hostNetwork"`
	} `json:"spec"`
	Status struct {
		Phase  string  `json:"phase"`
		HostIP address `json:"hostIP"`
		PodIP  address `json:"podIP"`
	} `json:"status"`
}

// address is one of a Pod, the zero value where it has none that can be read: API servers have taken more than Go does
// (010.0.0.1), and one such Pod is not to hide all others.
type address struct{ netip.Addr }

// UnmarshalText takes any text.
func (a *address) UnmarshalText(text []byte) error {
	a.Addr, _ = netip.ParseAddr(string(text))
	return nil
}

// knownPods are the Pods that the API server has told of. Until it has, they are those that the kernel has routes to: of
// an agent before this one, whose traffic goes on.
func (a *agent) knownPods() (map[string]pod, error) {
	if pods, isRead := a.pods.All(); isRead {
		return pods, nil
	}
	routes, err := kernel.HostRoutes()
	pods := map[string]pod{}
	for to, via := range routes {
		var one pod
		one.Status.HostIP.Addr, one.Status.PodIP.Addr = via, to
		pods[to.String()] = one
	}
	return pods, err
}

// podRoutes leads to each pod whose address is not in the networks of its node, address -> node: what a node's podCIDRs
// say is what its pods have with some CNIs, and is something else, or nothing, with others (Calico's, AWS's).
func podRoutes(routing config.Routing, pods map[string]pod) map[netip.Addr]netip.Addr {
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
	routes := map[netip.Addr]netip.Addr{}
	for _, pod := range pods {
		host, address := pod.Status.HostIP.Addr, pod.Status.PodIP.Addr
		own, isNode := nodes[host]
		if !isNode || pod.Spec.HostNetwork || pod.isOver() || contain(own, address) || !contain(strays, address) {
			continue
		}
		other, isTwice := routes[address]
		// Of two, always the same.
		if !taken[single(address)] && (!isTwice || host.Less(other)) {
			routes[address] = host
		}
	}
	return routes
}

// withPods adds the routes to pods.
func withPods(routing config.Routing, pods map[netip.Addr]netip.Addr) config.Routing {
	routes := slices.Clone(routing.Routes)
	for address, host := range pods {
		routes = append(routes, config.RoutingEntry{To: single(address), Via: host})
	}
	return config.Routing{Rules: routing.Rules, Routes: routes}
}

// isRouted tells whether the Pods of now need no other routes than the kernel has: most changes of Pods are of that kind,
// and with thousands of them a look at the kernel takes a tenth of a second.
func (a *agent) isRouted() bool {
	if a.config.InForce == nil {
		return !errors.Is(a.problem, errUnread)
	}
	pods, _ := a.pods.All()
	return a.routed != nil && maps.Equal(a.routed, podRoutes(a.config.InForce.Routing, pods))
}

func single(address netip.Addr) netip.Prefix { return netip.PrefixFrom(address, address.BitLen()) }

func contain(networks []netip.Prefix, address netip.Addr) bool {
	return slices.ContainsFunc(networks, func(network netip.Prefix) bool { return network.Contains(address) })
}

func (p pod) isOver() bool { return p.Status.Phase == "Succeeded" || p.Status.Phase == "Failed" }

func (p pod) isDeleted() bool { return p.Metadata.DeletionTimestamp != "" }
