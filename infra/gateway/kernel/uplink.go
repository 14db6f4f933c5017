package kernel

import (
	"fmt"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Uplink is the device by which a Pod or node is reached.
type Uplink struct {
	Name       string
	Index, MTU int
}

// FindUplink finds the device that has the address.
func FindUplink(address netip.Addr) (Uplink, error) {
	links, err := netlink.LinkList()
	if err != nil {
		return Uplink{}, err
	}
	for _, link := range links {
		addresses, err := netlink.AddrList(link, unix.AF_INET)
		if err != nil {
			return Uplink{}, err
		}
		for _, own := range addresses {
			if found, _ := netip.AddrFromSlice(own.IP); found.Unmap() == address {
				attributes := link.Attrs()
				return Uplink{Name: attributes.Name, Index: attributes.Index, MTU: attributes.MTU}, nil
			}
		}
	}
	return Uplink{}, fmt.Errorf("no device has the address %s", address)
}
