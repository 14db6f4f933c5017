package gateway

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"heliograph.local/gateway/kube"
)

// reportInterval is how often a status without news is written (as Liqo).
const reportInterval = 30 * time.Second

// reporter writes connections to the TunnelEndpoints: news at once, measurements now and then.
type reporter struct {
	client *kube.Client
	wake   chan struct{}

	lock    sync.Mutex
	current map[string]connection
}

type report struct {
	connection
	at time.Time
}

func newReporter(ctx context.Context, client *kube.Client) *reporter {
	reporter := &reporter{client: client, wake: make(chan struct{}, 1)}
	go reporter.run(ctx)
	return reporter
}

// tell gives the state of all peers.
func (r *reporter) tell(current map[string]connection) {
	r.lock.Lock()
	r.current = current
	r.lock.Unlock()
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

func (r *reporter) run(ctx context.Context) {
	written := map[string]report{}
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.wake:
		}
		r.lock.Lock()
		current := r.current
		r.lock.Unlock()
		for id, state := range current {
			before := written[id]
			if !state.isNews(before.connection) && time.Since(before.at) < reportInterval {
				continue
			}
			if r.write(ctx, id, state) {
				written[id] = report{state, time.Now()}
			}
		}
		for id := range written {
			if _, isPeer := current[id]; !isPeer {
				delete(written, id)
			}
		}
	}
}

// write reports whether the API server has an answer to it, and not whether it is right to be asked: without the
// TunnelEndpoint there is nobody to tell, until there is one.
func (r *reporter) write(ctx context.Context, id string, state connection) bool {
	path := r.client.Path("/apis/net.liqo.io/v1alpha1", "tunnelendpoints", id, "status")
	err := r.client.Apply(ctx, path, state.object(id, time.Now()))
	if err != nil && !kube.IsCode(err, http.StatusNotFound) {
		slog.Warn("status not written", "peer", id, "error", err)
	}
	return err == nil
}
