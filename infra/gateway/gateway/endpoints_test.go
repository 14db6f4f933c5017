package gateway

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"heliograph.local/gateway/config"
)

func TestEndpoints(t *testing.T) {
	ctx := t.Context()
	silent := func(string) bool { return false }
	all := newEndpoints()
	peers := []config.Peer{{ID: "b", Endpoint: "198.51.100.2:5871"}, {ID: "c", Endpoint: "localhost:5871"}}
	if !all.want(ctx, peers, silent) || all.address("b") != netip.MustParseAddrPort("198.51.100.2:5871") {
		t.Error("an address is known at once", all.address("b"))
	}
	if !all.isAwaited("c") || all.address("c").IsValid() {
		t.Error("a name is looked up")
	}
	all.take(<-all.found)
	if all.isAwaited("c") || all.address("c") != netip.MustParseAddrPort("127.0.0.1:5871") {
		t.Error("a name has an address", all.address("c"), all.problem("c"))
	}
	all.isSet()
	if all.want(ctx, peers, silent) || all.address("b").IsValid() {
		t.Error("what was set a moment ago is left alone")
	}
	all.known["b"].asked = time.Now().Add(-again)
	if all.want(ctx, peers, func(string) bool { return true }) {
		t.Error("what answers is left alone")
	}
	if !all.want(ctx, peers, silent) {
		t.Error("what does not answer is set again")
	}
	peers[0].Endpoint = "198.51.100.3:5871"
	if !all.want(ctx, peers[:1], silent) || all.address("b") != netip.MustParseAddrPort("198.51.100.3:5871") {
		t.Error("another address is set", all.address("b"))
	}
	all.isSet()
	peers[0].PublicKey.Key[0] = 1
	if !all.want(ctx, peers[:1], silent) || all.address("b") != netip.MustParseAddrPort("198.51.100.3:5871") {
		t.Error("another key has its address at once", all.address("b"))
	}
	all.take(finding{id: "c", text: "localhost:5871"})
	if all.known["c"] != nil {
		t.Error("who is no peer any more is forgotten")
	}
}

func TestResolveFails(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := resolve(ctx, "gateway.invalid:5871"); err == nil {
		t.Error("no error")
	}
}
