package probe

import (
	"net"
	"net/netip"
	"testing"
	"time"
)

func listen(t *testing.T) (*Prober, netip.AddrPort) {
	t.Helper()
	prober, err := Listen(netip.MustParseAddrPort("127.0.0.1:0"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = prober.Close() })
	return prober, prober.conn.LocalAddr().(*net.UDPAddr).AddrPort()
}

func TestAnswer(t *testing.T) {
	asking, _ := listen(t)
	_, peer := listen(t)
	asking.Send("b", peer)
	for asking.Result("b").Answered.IsZero() {
		time.Sleep(time.Millisecond)
	}
	if result := asking.Result("b"); result.Latency <= 0 || result.Lost != 0 {
		t.Errorf("%+v", result)
	}
	asking.Forget(map[string]bool{})
	if result := asking.Result("b"); result != (Result{}) {
		t.Errorf("%+v", result)
	}
}

func TestLost(t *testing.T) {
	asking, _ := listen(t)
	silent, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	for want := range 3 {
		asking.Send("b", silent.LocalAddr().(*net.UDPAddr).AddrPort())
		if result := asking.Result("b"); result.Lost != want || !result.Answered.IsZero() {
			t.Errorf("%+v", result)
		}
	}
}

func TestOnlyTheProbeIsAnswered(t *testing.T) {
	asking, _ := listen(t)
	_, peer := listen(t)
	asking.Send("c", netip.MustParseAddrPort("127.0.0.1:9"))
	// An answer that nobody could have known of is none.
	asking.answered(asking.scores["c"].nonce + 1)
	asking.Send("b", peer)
	for asking.Result("b").Answered.IsZero() {
		time.Sleep(time.Millisecond)
	}
	if result := asking.Result("c"); !result.Answered.IsZero() {
		t.Errorf("%+v", result)
	}
	for _, text := range []string{"", "heliog\x01Q", "heliog\x01Q12345678x", "heliog\x02Q12345678"} {
		if _, _, isOurs := parse([]byte(text)); isOurs {
			t.Errorf("%q", text)
		}
	}
}
