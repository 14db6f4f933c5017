package gateway

import (
	"strings"
	"testing"

	"heliograph.local/gateway/config"
	"heliograph.local/gateway/kernel"
	"heliograph.local/gateway/space"
)

func TestWhatAnAgentBeforeHasLeftIsWithdrawn(t *testing.T) {
	space.Enter(t)
	for _, command := range []string{
		"nft add table ip " + config.GatewayRules,
		"ip link add " + config.OverlayDevice + " type vxlan id 18952 dstport 4879",
		"ip link add " + config.TunnelDevice + " type veth peer name other",
		"ip link set " + config.TunnelDevice + " up",
		"ip link set other up",
		"ip route add 10.202.0.0/16 dev " + config.TunnelDevice + " proto static table 18952",
		"ip rule add priority 601 to 10.202.0.0/16 lookup 18952",
	} {
		space.Run(t, command)
	}
	a := &agent{rules: kernel.NewRules(config.GatewayRules), reporter: newReporter(t.Context(), nil)}
	if err := a.withdraw(t.Context()); err != nil {
		t.Fatal(err)
	}
	left := space.Run(t, "nft list tables") + space.Run(t, "ip rule") + space.Run(t, "ip link")
	if strings.Contains(left, "heliograph") || strings.Contains(left, "18952") {
		t.Error(left)
	}
	// And when there is nothing to take away.
	if err := a.withdraw(t.Context()); err != nil {
		t.Error(err)
	}
}
