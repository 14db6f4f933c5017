package gateway

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"time"

	"heliograph.local/gateway/config"
)

// again is after how long an endpoint is looked up and set anew whose peer does not answer.
const again = 10 * time.Second

// endpoints finds the addresses of the peers' endpoints, which may be names, without making anybody wait.
type endpoints struct {
	found chan finding
	known map[string]*endpoint
}

type endpoint struct {
	text string
	key  config.Key
	// address to set with the next change of peers; none when it was.
	address netip.AddrPort
	err     error
	// since when both are known.
	since   time.Time
	asked   time.Time
	isAsked bool
}

type finding struct {
	id, text string
	address  netip.AddrPort
	err      error
}

func newEndpoints() *endpoints {
	return &endpoints{found: make(chan finding), known: map[string]*endpoint{}}
}

// want looks up what is new or has changed, and again what does not answer. An endpoint that works is left alone:
// WireGuard follows a peer that moves. It tells whether there is an address to set already.
func (e *endpoints) want(ctx context.Context, peers []config.Peer, answers func(id string) bool) (hasAddress bool) {
	wanted := map[string]bool{}
	for _, peer := range peers {
		wanted[peer.ID] = true
		known := e.known[peer.ID]
		// To WireGuard another key is another peer, which has no endpoint yet.
		if known == nil || known.text != peer.Endpoint || known.key != peer.PublicKey {
			known = &endpoint{text: peer.Endpoint, key: peer.PublicKey, since: time.Now()}
			e.known[peer.ID] = known
		} else if known.isAsked || answers(peer.ID) || time.Since(known.asked) < again {
			continue
		}
		known.asked = time.Now()
		if address, err := netip.ParseAddrPort(peer.Endpoint); err == nil {
			known.address, hasAddress = address, true
			continue
		}
		known.isAsked = true
		go e.look(ctx, peer.ID, peer.Endpoint)
	}
	for id := range e.known {
		if !wanted[id] {
			delete(e.known, id)
		}
	}
	return hasAddress
}

// take notes what was found, unless something else is wanted meanwhile.
func (e *endpoints) take(result finding) {
	if known := e.known[result.id]; known != nil && known.text == result.text {
		known.isAsked, known.address, known.err = false, result.address, result.err
	}
}

// address is what to set for a peer, if anything.
func (e *endpoints) address(id string) netip.AddrPort {
	if known := e.known[id]; known != nil {
		return known.address
	}
	return netip.AddrPort{}
}

// isAwaited tells whether a peer's address is being looked up.
func (e *endpoints) isAwaited(id string) bool {
	known := e.known[id]
	return known != nil && known.isAsked
}

// since tells since when a peer's endpoint is what it is.
func (e *endpoints) since(id string) time.Time {
	if known := e.known[id]; known != nil {
		return known.since
	}
	return time.Now()
}

// isSet says that all addresses were set.
func (e *endpoints) isSet() {
	for _, known := range e.known {
		known.address = netip.AddrPort{}
	}
}

// problem is why a peer's endpoint has no address.
func (e *endpoints) problem(id string) error {
	if known := e.known[id]; known != nil {
		return known.err
	}
	return nil
}

func (e *endpoints) look(ctx context.Context, id, text string) {
	result := finding{id: id, text: text}
	result.address, result.err = resolve(ctx, text)
	select {
	case e.found <- result:
	case <-ctx.Done():
	}
}

// resolve finds the address of host:port, an IPv4 one where the name has both.
func resolve(ctx context.Context, text string) (netip.AddrPort, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	host, number, err := net.SplitHostPort(text)
	if err != nil {
		return netip.AddrPort{}, err
	}
	port, err := strconv.ParseUint(number, 10, 16)
	if err != nil {
		return netip.AddrPort{}, err
	}
	addresses, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil || len(addresses) == 0 {
		return netip.AddrPort{}, fmt.Errorf("endpoint %s has no address: %w", text, err)
	}
	best := addresses[0].Unmap()
	for _, address := range addresses {
		if address = address.Unmap(); address.Is4() {
			best = address
			break
		}
	}
	return netip.AddrPortFrom(best, uint16(port)), nil
}
