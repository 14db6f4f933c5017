// Package kernel makes the state of the network namespace that the agent runs in what its configuration says. Every
// function may be called again at any time, changes only what differs, and needs no right but CAP_NET_ADMIN.
package kernel

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// Indices of a device's IPv4 settings (linux/ip.h), and the attribute that holds them (linux/if_link.h).
const (
	devconfForwarding = 1
	devconfRPFilter   = 8
	iflaInetConf      = 1
)

// Forward makes the kernel forward IPv4 packets that come in by the device. By rtnetlink: in a container /proc/sys is
// read-only, and being allowed to write to it takes a privileged one.
func Forward(device string, index int) error {
	if isForwarding(device) {
		return nil
	}
	if err := setDevconf(index, devconfForwarding, 1); err != nil {
		return fmt.Errorf("forwarding of %s: %w", device, err)
	}
	if !isForwarding(device) {
		return fmt.Errorf("forwarding of %s cannot be switched on: set net.ipv4.ip_forward=1 on the node", device)
	}
	return nil
}

// Loosen takes packets of any source that is reachable at all, also where the namespace is strict: what comes in by the
// overlay has not always its way back there. The kernel does so only with a device that has an address, whichever.
func Loosen(index int, address netip.Addr) error {
	link := &netlink.GenericLink{LinkAttrs: netlink.LinkAttrs{Index: index}}
	own := &netlink.Addr{IPNet: ipNet(netip.PrefixFrom(address, address.BitLen())), Scope: unix.RT_SCOPE_HOST}
	if err := errors.Join(setDevconf(index, devconfRPFilter, 2), netlink.AddrReplace(link, own)); err != nil {
		return fmt.Errorf("reverse path filter: %w", err)
	}
	return nil
}

func isForwarding(device string) bool {
	text, err := os.ReadFile(filepath.Join("/proc/sys/net/ipv4/conf", device, "forwarding"))
	return err == nil && bytes.Equal(bytes.TrimSpace(text), []byte("1"))
}

// setDevconf sends RTM_SETLINK { IFLA_AF_SPEC { AF_INET { IFLA_INET_CONF { setting: value } } } }.
func setDevconf(index int, setting int, value uint32) error {
	request := nl.NewNetlinkRequest(unix.RTM_SETLINK, unix.NLM_F_ACK)
	message := nl.NewIfInfomsg(unix.AF_UNSPEC)
	message.Index = int32(index)
	request.AddData(message)
	spec := nl.NewRtAttr(unix.IFLA_AF_SPEC, nil)
	conf := spec.AddRtAttr(unix.AF_INET, nil).AddRtAttr(iflaInetConf, nil)
	conf.AddRtAttr(setting, nl.Uint32Attr(value))
	request.AddData(spec)
	_, err := request.Execute(unix.NETLINK_ROUTE, 0)
	return err
}
