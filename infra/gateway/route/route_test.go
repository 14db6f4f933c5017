package route

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"

	"heliograph.local/gateway/config"
	"heliograph.local/gateway/kernel"
	"heliograph.local/gateway/space"
)

// onNode is a node in a namespace of its own: its uplink leads everywhere.
func onNode(t *testing.T) *agent {
	t.Helper()
	space.Enter(t)
	space.Run(t, "ip link add up0 type veth peer name up1")
	space.Run(t, "ip addr add 172.16.10.2/24 dev up0")
	space.Run(t, "ip link set up0 up")
	space.Run(t, "ip link set up1 up")
	space.Run(t, "ip route add default via 172.16.10.1")
	return &agent{node: "node", rules: kernel.NewRules(config.NodeRules)}
}

// fabric is a configuration with one peer, and a chain of that name in its rules.
func fabric(chain string) *config.Route {
	mac, _ := net.ParseMAC("02:f0:ac:10:0a:02")
	gateway, _ := net.ParseMAC("02:f0:00:00:00:00")
	peer, via := netip.MustParsePrefix("10.202.0.0/16"), netip.MustParseAddr("10.200.1.7")
	return &config.Route{
		Header:  config.Header{Version: config.Version, Cluster: "a", MTU: 1340},
		Overlay: config.Overlay{ID: 18952, Port: 4879, Neighbours: []config.Neighbour{{IP: via, MAC: config.MAC{HardwareAddr: gateway}}}},
		Routing: config.Routing{
			Rules:  []config.Rule{{Priority: 600, To: peer}},
			Routes: []config.RoutingEntry{{To: peer, Via: via}},
		},
		Nodes: map[string]config.Neighbour{"node": {IP: netip.MustParseAddr("172.16.10.2"), MAC: config.MAC{HardwareAddr: mac}}},
		Rules: fmt.Sprintf("table ip %s\ndelete table ip %s\ntable ip %s {\nchain %s {\n}\n}\n", config.NodeRules, config.NodeRules, config.NodeRules, chain),
	}
}

// try applies a configuration as the agent does.
func (a *agent) try(t *testing.T, wanted *config.Route) error {
	a.config.Take(map[string][]byte{"text": []byte(wanted.Rules)}, func(map[string][]byte) (*config.Route, error) { return wanted, nil })
	check := func(*config.Route) error { return nil }
	return a.config.Ensure(check, func(wanted *config.Route) error { return a.apply(t.Context(), wanted) }, func() error { return nil })
}

func TestTheRulesOfAConfigurationThatFailedGoWithIt(t *testing.T) {
	a := onNode(t)
	if err := a.try(t, fabric("first")); err != nil {
		t.Fatal(err)
	}
	second := fabric("second")
	second.Overlay.Neighbours[0].MAC.HardwareAddr = net.HardwareAddr{1}
	if err := a.try(t, second); err == nil {
		t.Fatal("applied")
	}
	if rules := space.Run(t, "nft list table ip "+config.NodeRules); !strings.Contains(rules, "second") {
		t.Fatal("the failure is to come after the rules", rules)
	}
	if err := a.try(t, fabric("first")); err != nil {
		t.Fatal(err)
	}
	if rules := space.Run(t, "nft list table ip "+config.NodeRules); !strings.Contains(rules, "first") {
		t.Error("what failed has left its rules", rules)
	}
}

// wayToPeer is where a packet for the peer goes.
func wayToPeer() string {
	said, _ := space.Try("ip route get 10.202.2.10")
	return said
}

const unreachable = "No route to host"

func TestWithoutTheOverlayNothingLeavesForThePeer(t *testing.T) {
	a := onNode(t)
	if way := wayToPeer(); !strings.Contains(way, "dev up0") {
		t.Fatal("control: before any configuration", way)
	}
	// Whoever has it before leaves no room for the overlay.
	space.Run(t, "ip link add other type vxlan id 18952 dstport 4879 local 172.16.10.2")
	if err := a.try(t, fabric("first")); err == nil {
		t.Fatal("applied")
	}
	if way := wayToPeer(); !strings.Contains(way, unreachable) {
		t.Error("the overlay cannot be made:", way)
	}
	space.Run(t, "ip link del other")
	for _, hindrance := range []string{"ip link set heliograph-vx down", "ip link del heliograph-vx"} {
		if err := a.try(t, fabric("first")); err != nil {
			t.Fatal(err)
		}
		if way := wayToPeer(); !strings.Contains(way, "dev heliograph-vx") {
			t.Error("in force:", way)
		}
		space.Run(t, hindrance)
		if way := wayToPeer(); !strings.Contains(way, unreachable) {
			t.Error(hindrance, way)
		}
	}
	if err := a.withdraw(t.Context()); err != nil {
		t.Fatal(err)
	}
	if way := wayToPeer(); !strings.Contains(way, "dev up0") {
		t.Error("withdrawn:", way)
	}
}
