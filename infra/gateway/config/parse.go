package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
)

// ParseGateway reads the gateway's two files.
func ParseGateway(files map[string][]byte) (*Gateway, error) {
	gateway := &Gateway{}
	var err error
	if gateway.Rules, err = parse(files, "gateway.json", gateway, "gateway.nft"); err != nil {
		return nil, err
	}
	problem := errors.Join(
		gateway.Header.check(),
		gateway.Tunnel.check(),
		gateway.Overlay.check(),
		gateway.Routing.check(gateway.Overlay.Neighbours),
	)
	return gateway, named("gateway.json", problem)
}

// ParseRoute reads the nodes' two files.
func ParseRoute(files map[string][]byte) (*Route, error) {
	route := &Route{}
	var err error
	if route.Rules, err = parse(files, "route.json", route, "node.nft"); err != nil {
		return nil, err
	}
	problem := errors.Join(route.Header.check(), route.Overlay.check(), route.Routing.check(route.Overlay.Neighbours))
	return route, named("route.json", problem)
}

// parse decodes one file and returns the text of the other. Unknown fields are refused: who wrote them means something.
func parse(files map[string][]byte, name string, into any, rules string) (string, error) {
	for _, file := range []string{name, rules} {
		if len(files[file]) == 0 {
			return "", fmt.Errorf("%s: not in the Secret %s", file, FabricSecret)
		}
	}
	var header Header
	if err := json.Unmarshal(files[name], &header); err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	if header.Version != Version {
		const remedy = "use the agent's image of the functions' own release"
		return "", fmt.Errorf("%s: version %d is unknown to this agent, which reads %d: %s", name, header.Version, Version, remedy)
	}
	decoder := json.NewDecoder(bytes.NewReader(files[name]))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	return string(files[rules]), nil
}

func named(file string, problem error) error {
	if problem == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", file, problem)
}

func (h Header) check() error {
	// The least that every IPv4 host takes, and the most that IP carries.
	if h.MTU < 576 || h.MTU > 65535 {
		return fmt.Errorf("mtu: %d is not within 576-65535", h.MTU)
	}
	return nil
}

func (t Tunnel) check() error {
	if !t.Address.Is4() || t.Port == 0 || t.ProbePort == 0 {
		return errors.New("tunnel: address, port and probePort are needed")
	}
	var problems []error
	taken := map[string]string{}
	allowed := map[netip.Prefix]string{}
	for _, peer := range t.Peers {
		problem := func(format string, values ...any) {
			problems = append(problems, fmt.Errorf("tunnel.peers: %s: "+format, append([]any{peer.ID}, values...)...))
		}
		for _, unique := range []string{peer.ID, peer.PublicKey.String()} {
			if other, isTaken := taken[unique]; isTaken || unique == "" {
				problem("id and publicKey must be its own; they are those of %q too", other)
			}
			taken[unique] = peer.ID
		}
		if host, port, err := net.SplitHostPort(peer.Endpoint); err != nil || host == "" || !isPort(port) {
			problem("endpoint: %q is not host:port", peer.Endpoint)
		}
		if len(peer.AllowedIPs) == 0 {
			problem("allowedIPs: there are none")
		}
		for _, cidr := range peer.AllowedIPs {
			if err := checkCIDR(cidr); err != nil {
				problem("allowedIPs: %w", err)
			}
			for other, owner := range allowed {
				// WireGuard would give it to the latter alone.
				if cidr.Overlaps(other) {
					problem("allowedIPs: %s overlaps %s of %s", cidr, other, owner)
				}
			}
			allowed[cidr] = peer.ID
		}
	}
	return errors.Join(problems...)
}

func (o Overlay) check() error {
	var problems []error
	if o.ID <= 0 || o.ID >= 1<<24 || o.Port == 0 {
		problems = append(problems, errors.New("overlay: id (1 to 16777215) and port are needed"))
	}
	macs := map[string]netip.Addr{}
	for _, neighbour := range o.Neighbours {
		other, isTaken := macs[neighbour.MAC.String()]
		if !neighbour.IP.Is4() || len(neighbour.MAC.HardwareAddr) != 6 || isTaken {
			problems = append(problems, fmt.Errorf("overlay.neighbours: %s %s is no address with a MAC of its own %s", neighbour.IP, neighbour.MAC, other))
		}
		macs[neighbour.MAC.String()] = neighbour.IP
	}
	return errors.Join(problems...)
}

func (r Routing) check(neighbours []Neighbour) error {
	var problems []error
	for _, rule := range r.Rules {
		kinds := 0
		for _, is := range []bool{rule.To.IsValid(), rule.FromTunnel, rule.Answers, rule.Carriers} {
			if is {
				kinds++
			}
		}
		if kinds != 1 || rule.Priority <= 0 || rule.Priority >= 32766 {
			problems = append(problems, errors.New("routing.rules: each has one of to, fromTunnel, answers and carriers, and a priority before the main table's (1 to 32765)"))
		}
	}
	known := map[netip.Addr]bool{}
	for _, neighbour := range neighbours {
		known[neighbour.IP] = true
	}
	destinations := map[netip.Prefix]bool{}
	for _, route := range r.Routes {
		switch {
		case checkCIDR(route.To) != nil:
			problems = append(problems, fmt.Errorf("routing.routes: %w", checkCIDR(route.To)))
		case destinations[route.To]:
			problems = append(problems, fmt.Errorf("routing.routes: %s is there twice", route.To))
		case route.Via.IsValid() && (!known[route.Via] || route.Tunnel):
			problems = append(problems, fmt.Errorf("routing.routes: %s: %s is no neighbour in the overlay", route.To, route.Via))
		}
		destinations[route.To] = true
	}
	return errors.Join(problems...)
}

func checkCIDR(cidr netip.Prefix) error {
	if !cidr.Addr().Is4() || cidr != cidr.Masked() {
		return fmt.Errorf("%s is no IPv4 network", cidr)
	}
	return nil
}

func isPort(text string) bool {
	port, err := strconv.ParseUint(text, 10, 16)
	return err == nil && port > 0
}
