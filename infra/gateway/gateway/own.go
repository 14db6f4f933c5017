package gateway

import (
	"errors"
	"log/slog"
	"net/netip"
	"strings"
)

// errReplaced is why a gateway that still runs has no tunnels any more.
var errReplaced = errors.New("the gateway's Pod is deleted: another one has its key")

// isReplaced tells whether this agent's own Pod is deleted, or about to be: then there is another gateway, or will be,
// although nobody has ended this one. So it is where a node's kubelet is dead and its containers run on.
func (a *agent) isReplaced() bool {
	pods, isRead := a.pods.All()
	if !isRead {
		return false
	}
	if a.own == "" {
		a.own = ownPod(pods, a.client.Namespace, a.podIP)
	}
	own, isThere := pods[a.own]
	return a.own != "" && (!isThere || own.isDeleted())
}

// cede leaves the peers to the gateway that follows: two with one key would take each other's packets.
func (a *agent) cede() {
	a.isCeded = true
	a.reporter.tell(nil)
	if err := a.removePeers(); err != nil {
		slog.Error("tunnels not ended", "error", err)
	}
	a.state.Set(errReplaced)
}

// ownPod is the key of the Pod that has the address, none while no Pod says so.
func ownPod(pods map[string]pod, namespace string, ip netip.Addr) string {
	for key, one := range pods {
		isHere := strings.HasPrefix(key, namespace+"/") && !one.Spec.HostNetwork && one.Status.PodIP.Addr == ip
		if isHere && !one.isOver() && !one.isDeleted() {
			return key
		}
	}
	return ""
}
