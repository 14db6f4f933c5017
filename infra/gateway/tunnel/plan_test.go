package tunnel

import (
	"net"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"golang.zx2c4.com/wireguard/wgctrl/wgtypes"
)

func TestPlan(t *testing.T) {
	old, new := wgtypes.Key{1}, wgtypes.Key{2}
	pods, externals := netip.MustParsePrefix("10.202.0.0/16"), netip.MustParsePrefix("10.62.0.0/16")
	endpoint := netip.MustParseAddrPort("198.51.100.2:5871")
	allowed := ipNets([]netip.Prefix{pods, externals})
	interval := keepalive
	have := wgtypes.Peer{
		PublicKey: old, AllowedIPs: ipNets([]netip.Prefix{externals, pods}), PersistentKeepaliveInterval: keepalive,
		Endpoint: &net.UDPAddr{IP: net.IPv4(192, 0, 2, 9), Port: 1}, LastHandshakeTime: time.Unix(1, 0),
	}
	want := Peer{PublicKey: old, AllowedIPs: []netip.Prefix{pods, externals}}
	full := wgtypes.PeerConfig{
		PublicKey: new, ReplaceAllowedIPs: true, AllowedIPs: allowed, PersistentKeepaliveInterval: &interval,
		Endpoint: net.UDPAddrFromAddrPort(endpoint),
	}
	for name, row := range map[string]struct {
		want []Peer
		have []wgtypes.Peer
		plan []wgtypes.PeerConfig
	}{
		"all as it should be, wherever the peer is now": {[]Peer{want}, []wgtypes.Peer{have}, nil},
		"another endpoint": {
			[]Peer{{PublicKey: old, AllowedIPs: want.AllowedIPs, Endpoint: endpoint}},
			[]wgtypes.Peer{have},
			[]wgtypes.PeerConfig{{PublicKey: old, Endpoint: net.UDPAddrFromAddrPort(endpoint)}},
		},
		"other networks": {
			[]Peer{{PublicKey: old, AllowedIPs: []netip.Prefix{pods}}},
			[]wgtypes.Peer{have},
			[]wgtypes.PeerConfig{{PublicKey: old, ReplaceAllowedIPs: true, AllowedIPs: ipNets([]netip.Prefix{pods})}},
		},
		"another key: first the new one, which takes the networks": {
			[]Peer{{PublicKey: new, AllowedIPs: want.AllowedIPs, Endpoint: endpoint}},
			[]wgtypes.Peer{have},
			[]wgtypes.PeerConfig{full, {PublicKey: old, Remove: true}},
		},
		"a new one is not added before its endpoint is known": {
			[]Peer{{PublicKey: new, AllowedIPs: want.AllowedIPs, IsAwaited: true}}, nil, nil,
		},
		"and one that is there stays meanwhile": {
			[]Peer{{PublicKey: old, AllowedIPs: want.AllowedIPs, IsAwaited: true}}, []wgtypes.Peer{have}, nil,
		},
		"none": {nil, []wgtypes.Peer{have}, []wgtypes.PeerConfig{{PublicKey: old, Remove: true}}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := plan(row.want, row.have); !reflect.DeepEqual(got, row.plan) {
				t.Errorf("got %+v", got)
			}
		})
	}
}
