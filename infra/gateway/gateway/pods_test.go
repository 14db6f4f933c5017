package gateway

import (
	"encoding/json"
	"maps"
	"net"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"heliograph.local/gateway/config"
	"heliograph.local/gateway/kernel"
	"heliograph.local/gateway/kube"
	"heliograph.local/gateway/space"
)

func TestWithPods(t *testing.T) {
	node := netip.MustParseAddr("172.16.10.2")
	to := func(cidr string, via netip.Addr) config.RoutingEntry {
		return config.RoutingEntry{To: netip.MustParsePrefix(cidr), Via: via}
	}
	routing := config.Routing{Routes: []config.RoutingEntry{
		to("10.200.2.0/24", node),
		to("172.16.10.2/32", node),
		to("10.200.0.0/16", netip.Addr{}),
		{To: netip.MustParsePrefix("10.202.0.0/16"), Tunnel: true},
		{To: netip.MustParsePrefix("0.0.0.0/0"), Via: node, Answers: true},
	}}
	for name, row := range map[string]struct {
		pod   string
		route string
	}{
		"in its node's network":              {`{"status": {"hostIP": "172.16.10.2", "podIP": "10.200.2.5"}}`, ""},
		"elsewhere in the pod CIDR":          {`{"status": {"hostIP": "172.16.10.2", "podIP": "10.200.7.5"}}`, "10.200.7.5/32"},
		"outside the pod CIDR":               {`{"status": {"hostIP": "172.16.10.2", "podIP": "192.168.0.5"}}`, ""},
		"of a peer":                          {`{"status": {"hostIP": "172.16.10.2", "podIP": "10.202.7.5"}}`, ""},
		"on a node that is none, a virtual":  {`{"status": {"hostIP": "172.16.10.9", "podIP": "10.200.7.5"}}`, ""},
		"in the host's network":              {`{"spec": {"hostNetwork": true}, "status": {"hostIP": "172.16.10.2", "podIP": "172.16.10.2"}}`, ""},
		"over, its address may be another's": {`{"status": {"phase": "Failed", "hostIP": "172.16.10.2", "podIP": "10.200.7.5"}}`, ""},
		"without an address yet":             {`{"status": {"hostIP": "172.16.10.2"}}`, ""},
		"an address that Go does not read":   {`{"status": {"hostIP": "172.16.10.2", "podIP": "010.200.7.5"}}`, ""},
		"IPv6":                               {`{"status": {"hostIP": "172.16.10.2", "podIP": "fd00::5"}}`, ""},
		"without anything":                   {`{}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var found pod
			if err := json.Unmarshal([]byte(row.pod), &found); err != nil {
				t.Fatal(err)
			}
			want := routing.Routes
			if row.route != "" {
				want = append(want[:len(want):len(want)], to(row.route, node))
			}
			if got := withPods(routing, podRoutes(routing, map[string]pod{"shop/pod": found, "shop/same": found})); !reflect.DeepEqual(got.Routes, want) {
				t.Errorf("got %v", got.Routes)
			}
		})
	}
}

func TestOnlyPodsThatChangeRoutesCostAPass(t *testing.T) {
	node := netip.MustParseAddr("172.16.10.2")
	routing := config.Routing{Routes: []config.RoutingEntry{
		{To: netip.MustParsePrefix("10.200.2.0/24"), Via: node},
		{To: netip.MustParsePrefix("10.200.0.0/16")},
	}}
	podAt := func(ip string) pod {
		var one pod
		one.Status.HostIP.Addr, one.Status.PodIP.Addr = node, netip.MustParseAddr(ip)
		return one
	}
	routed := podRoutes(routing, map[string]pod{"shop/a": podAt("10.200.7.5")})
	for name, row := range map[string]struct {
		pods map[string]pod
		want bool
	}{
		"the same":                 {map[string]pod{"shop/a": podAt("10.200.7.5")}, true},
		"one more in its node's":   {map[string]pod{"shop/a": podAt("10.200.7.5"), "shop/b": podAt("10.200.2.5")}, true},
		"one more elsewhere":       {map[string]pod{"shop/a": podAt("10.200.7.5"), "shop/b": podAt("10.200.7.6")}, false},
		"gone":                     {nil, false},
		"its address is another's": {map[string]pod{"shop/z": podAt("10.200.7.5")}, true},
	} {
		if got := maps.Equal(routed, podRoutes(routing, row.pods)); got != row.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

func TestRoutesToPodsStayUntilPodsAreRead(t *testing.T) {
	space.Enter(t)
	space.Run(t, "ip link add over0 type veth peer name over1")
	space.Run(t, "ip link set over0 up")
	link, err := net.InterfaceByName("over0")
	if err != nil {
		t.Fatal(err)
	}
	node := netip.MustParseAddr("172.16.10.2")
	routing := config.Routing{Routes: []config.RoutingEntry{
		{To: netip.MustParsePrefix("172.16.10.2/32"), Via: node},
		{To: netip.MustParsePrefix("10.200.0.0/16")},
	}}
	devices := kernel.Devices{Overlay: link.Index}
	var moved pod
	moved.Status.HostIP.Addr, moved.Status.PodIP.Addr = node, netip.MustParseAddr("10.200.7.5")
	if err := kernel.EnsureRouting(withPods(routing, podRoutes(routing, map[string]pod{"shop/pod": moved})), devices, netip.Addr{}); err != nil {
		t.Fatal(err)
	}
	next := &agent{pods: &kube.View[pod]{}}
	pods, err := next.knownPods()
	if err != nil {
		t.Fatal(err)
	}
	if err := kernel.EnsureRouting(withPods(routing, podRoutes(routing, pods)), devices, netip.Addr{}); err != nil {
		t.Fatal(err)
	}
	if routes := space.Run(t, "ip route show table 18952"); !strings.Contains(routes, "10.200.7.5 via 172.16.10.2") {
		t.Error(routes)
	}
}
