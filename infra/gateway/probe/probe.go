// Package probe asks the gateways of peers, through their tunnels, whether they answer, and answers them. A probe is one
// UDP datagram of 16 bytes, its answer the same but for the kind.
package probe

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"
)

const (
	size     = 16
	question = 'Q'
	answer   = 'A'
)

// magic begins every datagram, before the kind and 8 bytes by which an answer is known; nobody else can guess them.
var magic = []byte("heliog\x01")

// Prober sends probes and keeps the score of each peer.
type Prober struct {
	conn net.PacketConn

	lock   sync.Mutex
	scores map[string]*score
}

type score struct {
	nonce   uint64
	sent    time.Time
	pending bool
	result  Result
}

// Result is how a peer has answered so far.
type Result struct {
	// Lost counts the probes since the last answer.
	Lost int
	// Answered is when the last answer came, the zero time while there was none, and Latency what it took.
	Answered time.Time
	Latency  time.Duration
}

// Listen opens the socket, on the tunnel's own address, and answers from then on.
func Listen(address netip.AddrPort) (*Prober, error) {
	conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(address))
	if err != nil {
		return nil, err
	}
	prober := &Prober{conn: conn, scores: map[string]*score{}}
	go prober.receive()
	return prober, nil
}

// Close ends it.
func (p *Prober) Close() error { return p.conn.Close() }

// Send probes a peer. A probe that is still unanswered counts as lost.
func (p *Prober) Send(id string, to netip.AddrPort) {
	var bits [8]byte
	_, _ = rand.Read(bits[:])
	p.lock.Lock()
	peer := p.scores[id]
	if peer == nil {
		peer = &score{}
		p.scores[id] = peer
	}
	if peer.pending {
		peer.result.Lost++
	}
	peer.nonce, peer.sent, peer.pending = binary.BigEndian.Uint64(bits[:]), time.Now(), true
	p.lock.Unlock()
	// One that cannot be sent is one that is not answered.
	_, _ = p.conn.WriteTo(datagram(question, peer.nonce), net.UDPAddrFromAddrPort(to))
}

// Result tells how a peer has answered; the zero value before it was asked.
func (p *Prober) Result(id string) Result {
	p.lock.Lock()
	defer p.lock.Unlock()
	if peer := p.scores[id]; peer != nil {
		return peer.result
	}
	return Result{}
}

// Forget drops the scores of all peers but those.
func (p *Prober) Forget(except map[string]bool) {
	p.lock.Lock()
	defer p.lock.Unlock()
	for id := range p.scores {
		if !except[id] {
			delete(p.scores, id)
		}
	}
}

func (p *Prober) receive() {
	buffer := make([]byte, size+1)
	for {
		length, from, err := p.conn.ReadFrom(buffer)
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return
			}
			continue
		}
		kind, nonce, isOurs := parse(buffer[:length])
		switch {
		case !isOurs:
		case kind == question:
			_, _ = p.conn.WriteTo(datagram(answer, nonce), from)
		case kind == answer:
			p.answered(nonce)
		}
	}
}

func (p *Prober) answered(nonce uint64) {
	p.lock.Lock()
	defer p.lock.Unlock()
	for _, peer := range p.scores {
		if peer.pending && peer.nonce == nonce {
			now := time.Now()
			peer.pending = false
			peer.result = Result{Answered: now, Latency: now.Sub(peer.sent)}
		}
	}
}

func datagram(kind byte, nonce uint64) []byte {
	return binary.BigEndian.AppendUint64(append(bytes.Clone(magic), kind), nonce)
}

func parse(datagram []byte) (kind byte, nonce uint64, isOurs bool) {
	if len(datagram) != size || !bytes.HasPrefix(datagram, magic) {
		return 0, 0, false
	}
	return datagram[len(magic)], binary.BigEndian.Uint64(datagram[len(magic)+1:]), true
}
