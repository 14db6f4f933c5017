package gateway

import (
	"encoding/json"
	"errors"
	"net"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"golang.zx2c4.com/wireguard/wgctrl/wgtypes"

	"heliograph.local/gateway/config"
	"heliograph.local/gateway/probe"
)

func TestConnectionOf(t *testing.T) {
	peer := config.Peer{ID: "milan", Endpoint: "gw.example.org:5871", Probe: netip.MustParseAddr("10.62.0.1")}
	noProbe := peer
	noProbe.Probe = netip.Addr{}
	now := time.Unix(1000, 0)
	ago := func(age time.Duration) time.Time { return now.Add(-age) }
	handshake := wgtypes.Peer{LastHandshakeTime: ago(time.Minute), Endpoint: &net.UDPAddr{IP: net.IPv4(198, 51, 100, 2), Port: 5871}}
	old := handshake
	old.LastHandshakeTime = ago(handshakeLife)
	at := ago(time.Second)
	for name, row := range map[string]struct {
		peer    config.Peer
		device  wgtypes.Peer
		result  probe.Result
		problem error
		status  string
		message string
	}{
		"new":                 {peer, wgtypes.Peer{}, probe.Result{}, nil, "Connecting", "Waiting for the gateway of milan"},
		"answers":             {peer, handshake, probe.Result{Answered: at, Latency: time.Millisecond}, nil, "Connected", "The gateway of milan answers"},
		"four lost":           {peer, handshake, probe.Result{Answered: at, Lost: 4}, nil, "Connected", "The gateway of milan answers"},
		"five lost":           {peer, handshake, probe.Result{Answered: at, Lost: 5}, nil, "Error", "The gateway of milan does not answer through the tunnel, although there was a handshake"},
		"never a handshake":   {peer, wgtypes.Peer{}, probe.Result{Lost: 5}, nil, "Error", "No handshake with gw.example.org:5871: is its gateway up, reached there by UDP, and does it have this cluster's key?"},
		"unknown name":        {peer, wgtypes.Peer{}, probe.Result{}, errors.New("no such host"), "Error", "no such host"},
		"it came by itself":   {peer, handshake, probe.Result{Answered: at}, errors.New("no such host"), "Connected", "The gateway of milan answers"},
		"an old handshake":    {peer, old, probe.Result{Answered: at, Lost: 5}, nil, "Error", "No handshake with 198.51.100.2:5871: is its gateway up, reached there by UDP, and does it have this cluster's key?"},
		"no address to probe": {noProbe, handshake, shaken(handshake.LastHandshakeTime, ago(time.Hour), now), nil, "Connected", "The gateways have shaken hands; the external CIDR has no address to probe"},
		"and it is silent":    {noProbe, old, shaken(old.LastHandshakeTime, ago(time.Hour), now), nil, "Error", "No handshake with 198.51.100.2:5871: is its gateway up, reached there by UDP, and does it have this cluster's key?"},
		"and it is new":       {noProbe, wgtypes.Peer{}, shaken(time.Time{}, ago(time.Second), now), nil, "Connecting", "Waiting for the gateway of milan"},
		"and it never comes":  {noProbe, wgtypes.Peer{}, shaken(time.Time{}, ago(time.Hour), now), nil, "Error", "No handshake with gw.example.org:5871: is its gateway up, reached there by UDP, and does it have this cluster's key?"},
	} {
		t.Run(name, func(t *testing.T) {
			state := connectionOf(row.peer, row.device, row.result, row.problem, now)
			if state.Status != row.status || state.Message != row.message {
				t.Errorf("got %q, %q", state.Status, state.Message)
			}
		})
	}
}

func TestConnectionObject(t *testing.T) {
	state := connection{Status: "Connected", Message: "m", Latency: 1234567, Configuration: map[string]string{"endpoint": "e"}}
	text, _ := json.Marshal(state.object("milan", time.Unix(0, 0)))
	const want = `{"apiVersion":"net.liqo.io/v1alpha1","kind":"TunnelEndpoint","metadata":{"name":"milan"},` +
		`"status":{"connection":{"latency":{"timestamp":"1970-01-01T00:00:00Z","value":"1.235ms"},` +
		`"peerConfiguration":{"endpoint":"e"},"status":"Connected","statusMessage":"m"}}}`
	if string(text) != want {
		t.Error(string(text))
	}
}

func TestUnserved(t *testing.T) {
	refused, failed := errors.New("version 2"), errors.New("no device")
	for name, row := range map[string]struct {
		refused, problem error
		want             map[string]connection
	}{
		"refused":     {refused, refused, map[string]connection{"b": {Status: "Error", Message: "The gateway's configuration is refused: version 2"}}},
		"not applied": {nil, failed, map[string]connection{"b": {Status: "Error", Message: "The gateway's configuration is not in force: no device"}}},
		"withdrawn":   {nil, nil, nil},
	} {
		if got := unserved([]string{"b"}, row.refused, row.problem); !reflect.DeepEqual(got, row.want) {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

func TestIsNews(t *testing.T) {
	before := connection{Status: "Connected", Message: "m", Latency: 1, Configuration: map[string]string{"endpoint": "e"}}
	same := before
	same.Latency = 2
	moved := before
	moved.Configuration = map[string]string{"endpoint": "f"}
	if same.isNews(before) || !moved.isNews(before) || !before.isNews(connection{}) {
		t.Error("a measurement is no news, another endpoint is")
	}
}
