// The agent of the internal network: `agent gateway` in the gateway's Pod, `agent route` on every node, and
// `agent ready gateway|route` for the kubelet.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"heliograph.local/gateway/gateway"
	"heliograph.local/gateway/kube"
	"heliograph.local/gateway/ready"
	"heliograph.local/gateway/route"
)

const usage = `usage: agent gateway               in the gateway's Pod; POD_IP is its address
       agent route                 on a node, in its network; NODE_NAME is its name
       agent ready gateway|route   exits 0 when that agent is ready, else says why it is not`

func main() {
	slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stderr, nil)))
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "agent:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	switch strings.Join(args, " ") {
	case "gateway":
		podIP, err := netip.ParseAddr(os.Getenv("POD_IP"))
		if err != nil || !podIP.Is4() {
			return fmt.Errorf("POD_IP: %q is no IPv4 address", os.Getenv("POD_IP"))
		}
		client, err := kube.InCluster(kube.ServiceAccountFolder)
		if err != nil {
			return err
		}
		return gateway.Run(ctx, client, podIP)
	case "route":
		node := os.Getenv("NODE_NAME")
		if node == "" {
			return errors.New("NODE_NAME is not set")
		}
		client, err := kube.InCluster(kube.ServiceAccountFolder)
		if err != nil {
			return err
		}
		return route.Run(ctx, client, node)
	case "ready gateway", "ready route":
		return ready.Check(args[1])
	default:
		return errors.New(usage)
	}
}
