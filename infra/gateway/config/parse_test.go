package config

import (
	"maps"
	"strings"
	"testing"
)

const (
	keyB = "Pmou1IMR9XxMYDH3ORsFxJ6efFDM2LhVgITCvvME8Uw="
	keyC = "usrTcgvAYTMb1QZBv6UgEVpRhf0SPZbG5JM3yDWEUkw="
)

var gatewayFile = `{
	"version": 1, "cluster": "a", "mtu": 1340,
	"tunnel": {
		"address": "169.254.0.1", "port": 5871, "probePort": 12345,
		"peers": [
			{"id": "b", "publicKey": "` + keyB + `", "endpoint": "198.51.100.2:5871",
			 "allowedIPs": ["10.202.0.0/16", "10.62.0.0/16"], "seenAs": "10.201.0.0/16", "probe": "10.62.0.1"},
			{"id": "c", "publicKey": "` + keyC + `", "endpoint": "gateway.example.org:5871",
			 "allowedIPs": ["10.204.0.0/16"], "seenAs": "10.205.0.0/16"}
		]
	},
	"overlay": {"id": 18952, "port": 4879, "mac": "02:f0:00:00:00:00",
		"neighbours": [{"ip": "172.16.10.2", "mac": "02:f0:ac:10:0a:02"}]},
	"routing": {
		"rules": [{"priority": 600, "carriers": true}, {"priority": 601, "to": "10.202.0.0/16"}],
		"routes": [{"to": "10.200.2.0/24", "via": "172.16.10.2"}, {"to": "10.202.0.0/16", "tunnel": true}, {"to": "10.200.0.0/16"}]
	}
}`

func TestParseGateway(t *testing.T) {
	gateway, err := ParseGateway(map[string][]byte{"gateway.json": []byte(gatewayFile), "gateway.nft": []byte("table")})
	if err != nil {
		t.Fatal(err)
	}
	b, c := gateway.Tunnel.Peers[0], gateway.Tunnel.Peers[1]
	if b.PublicKey.String() != keyB || b.Probe.String() != "10.62.0.1" || c.Probe.IsValid() || gateway.Rules != "table" {
		t.Errorf("%+v", gateway)
	}
	if mac := gateway.Overlay.MAC.String(); mac != "02:f0:00:00:00:00" {
		t.Error(mac)
	}
}

func TestParseGatewayRefuses(t *testing.T) {
	for name, row := range map[string]struct{ old, new, want string }{
		"another version":        {`"version": 1`, `"version": 2`, "gateway.json: version 2 is unknown to this agent, which reads 1: use the agent's image of the functions' own release"},
		"an unknown field":       {`"mtu": 1340`, `"mtu": 1340, "mss": 1300`, `gateway.json: json: unknown field "mss"`},
		"no JSON":                {`"version"`, `version`, "gateway.json: invalid character"},
		"a small MTU":            {`"mtu": 1340`, `"mtu": 134`, "gateway.json: mtu: 134 is not within 576-65535"},
		"no key":                 {keyB, "none", `gateway.json: publicKey: "none" is no WireGuard key`},
		"a key of two peers":     {keyC, keyB, `gateway.json: tunnel.peers: c: id and publicKey must be its own; they are those of "b" too`},
		"an endpoint without":    {"198.51.100.2:5871", "198.51.100.2", `gateway.json: tunnel.peers: b: endpoint: "198.51.100.2" is not host:port`},
		"a network of two peers": {`"10.204.0.0/16"`, `"10.202.128.0/17"`, "gateway.json: tunnel.peers: c: allowedIPs: 10.202.128.0/17 overlaps 10.202.0.0/16 of b"},
		"host bits":              {`"10.204.0.0/16"`, `"10.204.0.1/16"`, "gateway.json: tunnel.peers: c: allowedIPs: 10.204.0.1/16 is no IPv4 network"},
		"IPv6":                   {`"10.204.0.0/16"`, `"fd00::/16"`, "fd00::/16 is no IPv4 network"},
		"no neighbour":           {`"via": "172.16.10.2"`, `"via": "172.16.10.3"`, "gateway.json: routing.routes: 10.200.2.0/24: 172.16.10.3 is no neighbour in the overlay"},
		"a route twice":          {`{"to": "10.200.0.0/16"}`, `{"to": "10.202.0.0/16"}`, "gateway.json: routing.routes: 10.202.0.0/16 is there twice"},
		"a rule of nothing":      {`"carriers": true`, `"carriers": false`, "gateway.json: routing.rules: each has one of to, fromTunnel, answers and carriers"},
		"a rule behind main":     {`"priority": 600`, `"priority": 32766`, "gateway.json: routing.rules: "},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(gatewayFile, row.old, row.new, 1)
			if text == gatewayFile {
				t.Fatal("nothing replaced")
			}
			_, err := ParseGateway(map[string][]byte{"gateway.json": []byte(text), "gateway.nft": []byte("table")})
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %v, want %q", err, row.want)
			}
		})
	}
}

func TestParseNeedsBothFiles(t *testing.T) {
	files := map[string][]byte{"gateway.json": []byte(gatewayFile), "gateway.nft": []byte("table")}
	for missing := range files {
		some := maps.Clone(files)
		delete(some, missing)
		_, err := ParseGateway(some)
		if err == nil || err.Error() != missing+": not in the Secret heliograph-fabric" {
			t.Error(err)
		}
	}
}

func TestParseRoute(t *testing.T) {
	text := `{"version": 1, "cluster": "a", "mtu": 1340,
		"overlay": {"id": 18952, "port": 4879, "neighbours": [{"ip": "10.200.1.7", "mac": "02:f0:00:00:00:00"}]},
		"routing": {"rules": [{"priority": 600, "to": "10.202.0.0/16"}], "routes": [{"to": "10.202.0.0/16", "via": "10.200.1.7"}]},
		"nodes": {"node": {"ip": "172.16.10.2", "mac": "02:f0:ac:10:0a:02"}}}`
	route, err := ParseRoute(map[string][]byte{"route.json": []byte(text), "node.nft": []byte("table")})
	if err != nil || route.Nodes["node"].IP.String() != "172.16.10.2" {
		t.Errorf("%+v %v", route, err)
	}
}
