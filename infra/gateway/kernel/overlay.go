package kernel

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"heliograph.local/gateway/config"
)

// EnsureOverlay makes the VXLAN device with this end's address and MAC, and its other ends. It returns the device's
// index, which stays the same unless the device had to be made anew: only then are packets lost.
func EnsureOverlay(overlay config.Overlay, self config.Neighbour, mtu int) (int, error) {
	link, err := ensureVxlan(overlay, self, mtu)
	if err != nil {
		return 0, fmt.Errorf("overlay device %s: %w", config.OverlayDevice, err)
	}
	index := link.Attrs().Index
	if err := Forward(config.OverlayDevice, index); err != nil {
		return 0, err
	}
	if err := ensureNeighbours(index, overlay.Neighbours); err != nil {
		return 0, fmt.Errorf("overlay device %s: %w", config.OverlayDevice, err)
	}
	return index, nil
}

// RemoveOverlay removes the device, if it is there, and with it all of its state but routing rules.
func RemoveOverlay() error { return RemoveLink(config.OverlayDevice) }

// RemoveLink removes the device of that name, if it is there.
func RemoveLink(name string) error {
	link, err := netlink.LinkByName(name)
	if isLinkMissing(err) {
		return nil
	}
	if err != nil {
		return err
	}
	return netlink.LinkDel(link)
}

func ensureVxlan(overlay config.Overlay, self config.Neighbour, mtu int) (netlink.Link, error) {
	link, err := netlink.LinkByName(config.OverlayDevice)
	switch {
	case isLinkMissing(err):
	case err != nil:
		return nil, err
	case isVxlan(link, overlay, self):
		return link, errors.Join(setMTU(link, mtu), netlink.LinkSetUp(link))
	default:
		if err := netlink.LinkDel(link); err != nil {
			return nil, err
		}
	}
	if err := addVxlan(overlay, self, mtu); err != nil {
		return nil, err
	}
	if link, err = netlink.LinkByName(config.OverlayDevice); err != nil {
		return nil, err
	}
	return link, netlink.LinkSetUp(link)
}

// addVxlan makes the device, without checksums of the outer UDP: one that is left to the network card is wrong after a
// CNI has masqueraded the packet. The netlink library cannot say so.
func addVxlan(overlay config.Overlay, self config.Neighbour, mtu int) error {
	request := nl.NewNetlinkRequest(unix.RTM_NEWLINK, unix.NLM_F_CREATE|unix.NLM_F_EXCL|unix.NLM_F_ACK)
	request.AddData(nl.NewIfInfomsg(unix.AF_UNSPEC))
	request.AddData(nl.NewRtAttr(unix.IFLA_IFNAME, nl.ZeroTerminated(config.OverlayDevice)))
	request.AddData(nl.NewRtAttr(unix.IFLA_MTU, nl.Uint32Attr(uint32(mtu))))
	request.AddData(nl.NewRtAttr(unix.IFLA_ADDRESS, self.MAC.HardwareAddr))
	info := nl.NewRtAttr(unix.IFLA_LINKINFO, nil)
	info.AddRtAttr(nl.IFLA_INFO_KIND, nl.NonZeroTerminated("vxlan"))
	data := info.AddRtAttr(nl.IFLA_INFO_DATA, nil)
	data.AddRtAttr(nl.IFLA_VXLAN_ID, nl.Uint32Attr(uint32(overlay.ID)))
	data.AddRtAttr(nl.IFLA_VXLAN_LOCAL, self.IP.AsSlice())
	data.AddRtAttr(nl.IFLA_VXLAN_PORT, binary.BigEndian.AppendUint16(nil, overlay.Port))
	data.AddRtAttr(nl.IFLA_VXLAN_LEARNING, nl.Uint8Attr(0))
	data.AddRtAttr(nl.IFLA_VXLAN_UDP_CSUM, nl.Uint8Attr(0))
	request.AddData(info)
	_, err := request.Execute(unix.NETLINK_ROUTE, 0)
	return err
}

func isVxlan(link netlink.Link, overlay config.Overlay, self config.Neighbour) bool {
	have, isVxlan := link.(*netlink.Vxlan)
	return isVxlan && have.VxlanId == overlay.ID && have.Port == int(overlay.Port) && !have.Learning && !have.UDPCSum &&
		have.SrcAddr.Equal(self.IP.AsSlice()) && have.HardwareAddr.String() == self.MAC.String()
}

func setMTU(link netlink.Link, mtu int) error {
	if link.Attrs().MTU == mtu {
		return nil
	}
	return netlink.LinkSetMTU(link, mtu)
}

func isLinkMissing(err error) bool {
	var missing netlink.LinkNotFoundError
	return errors.As(err, &missing)
}

// ensureNeighbours makes the permanent entries of both tables: MAC of a next hop (ARP), and host of a MAC (forwarding
// database). A MAC that has moved to another host is changed in place.
func ensureNeighbours(index int, neighbours []config.Neighbour) error {
	arp, fdb := map[netip.Addr]string{}, map[string]netip.Addr{}
	for _, neighbour := range neighbours {
		arp[neighbour.IP] = neighbour.MAC.String()
		fdb[neighbour.MAC.String()] = neighbour.IP
	}
	entries, err := netlink.NeighList(index, unix.AF_INET)
	if err != nil {
		return err
	}
	haveARP := map[netip.Addr]string{}
	for _, entry := range entries {
		// What the kernel resolves itself, or tried to, is none of ours, and changed by ours.
		if address, isIP := netip.AddrFromSlice(entry.IP); isIP && entry.State&unix.NUD_PERMANENT != 0 {
			haveARP[address.Unmap()] = entry.HardwareAddr.String()
		}
	}
	if entries, err = netlink.NeighList(index, unix.AF_BRIDGE); err != nil {
		return err
	}
	haveFDB := map[string]netip.Addr{}
	for _, entry := range entries {
		address, _ := netip.AddrFromSlice(entry.IP)
		haveFDB[entry.HardwareAddr.String()] = address.Unmap()
	}
	changeFDB, removeFDB := differ(haveFDB, fdb)
	changeARP, removeARP := differ(haveARP, arp)
	var problems []error
	for mac, ip := range changeFDB {
		problems = append(problems, netlink.NeighSet(fdbEntry(index, mac, ip)))
	}
	for ip, mac := range changeARP {
		problems = append(problems, netlink.NeighSet(arpEntry(index, ip, mac)))
	}
	for _, ip := range removeARP {
		problems = append(problems, netlink.NeighDel(arpEntry(index, ip, haveARP[ip])))
	}
	for _, mac := range removeFDB {
		problems = append(problems, netlink.NeighDel(fdbEntry(index, mac, haveFDB[mac])))
	}
	return errors.Join(problems...)
}

func arpEntry(index int, ip netip.Addr, mac string) *netlink.Neigh {
	return entry(index, unix.AF_INET, 0, ip, mac)
}

func fdbEntry(index int, mac string, ip netip.Addr) *netlink.Neigh {
	return entry(index, unix.AF_BRIDGE, unix.NTF_SELF, ip, mac)
}

func entry(index, family, flags int, ip netip.Addr, mac string) *netlink.Neigh {
	hardware, _ := net.ParseMAC(mac)
	return &netlink.Neigh{
		LinkIndex: index, Family: family, State: unix.NUD_PERMANENT, Flags: flags, IP: ip.AsSlice(), HardwareAddr: hardware,
	}
}
