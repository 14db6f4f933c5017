// Package tunnel is the gateway's WireGuard device: the kernel's where it has WireGuard, else one in this process.
// Private keys go into it and into no log.
package tunnel

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
	"golang.zx2c4.com/wireguard/wgctrl"
	"golang.zx2c4.com/wireguard/wgctrl/wgtypes"

	"heliograph.local/gateway/config"
)

// Device is the WireGuard device, up or not yet.
type Device struct {
	// Index is the device's, for routes.
	Index int
	// IsUserspace tells where it runs.
	IsUserspace bool

	link    netlink.Link
	control *wgctrl.Client
	closing func()
}

// Open makes the device, or takes the one that an agent before this one has left in the kernel.
func Open(mtu int) (*Device, error) {
	device := &Device{closing: func() {}}
	err := device.create(mtu)
	if err == nil {
		device.link, err = netlink.LinkByName(config.TunnelDevice)
	}
	if err == nil {
		// Only now: the kernel's WireGuard may have been loaded by this.
		device.control, err = wgctrl.New()
	}
	if err != nil {
		device.closing()
		return nil, fmt.Errorf("tunnel device %s: %w", config.TunnelDevice, err)
	}
	device.Index = device.link.Attrs().Index
	return device, nil
}

// Close ends what runs in this process; a device of the kernel stays, and goes with the Pod.
func (d *Device) Close() {
	_ = d.control.Close()
	d.closing()
}

func (d *Device) create(mtu int) error {
	attributes := netlink.NewLinkAttrs()
	attributes.Name, attributes.MTU = config.TunnelDevice, mtu
	err := netlink.LinkAdd(&netlink.Wireguard{LinkAttrs: attributes})
	switch {
	case errors.Is(err, unix.EOPNOTSUPP):
		return d.createUserspace(mtu)
	case errors.Is(err, unix.EEXIST):
		return nil
	case errors.Is(err, unix.EPERM):
		return fmt.Errorf("%w: the container needs the capability NET_ADMIN", err)
	default:
		return err
	}
}

func (d *Device) createUserspace(mtu int) error {
	if _, err := os.Stat("/dev/net/tun"); err != nil {
		return fmt.Errorf("the node's kernel has neither WireGuard nor TUN devices: load the module wireguard, or tun: %w", err)
	}
	closing, err := startUserspace(config.TunnelDevice, mtu)
	if err == nil {
		d.IsUserspace, d.closing = true, closing
	}
	return err
}

// Setup sets what is the gateway's own, and brings the device up. The port is set once: userspace WireGuard opens its
// socket anew each time that it is told one, and loses what arrives meanwhile.
func (d *Device) Setup(key wgtypes.Key, address netip.Addr, port, mtu int) error {
	have, err := d.control.Device(config.TunnelDevice)
	if err != nil {
		return fmt.Errorf("tunnel device: %w", err)
	}
	var change wgtypes.Config
	if have.PrivateKey != key {
		change.PrivateKey = &key
	}
	if have.ListenPort != port {
		change.ListenPort = &port
	}
	if mark := config.CarrierMark; have.FirewallMark != mark {
		change.FirewallMark = &mark
	}
	if change.PrivateKey != nil || change.ListenPort != nil || change.FirewallMark != nil {
		if err := d.control.ConfigureDevice(config.TunnelDevice, change); err != nil {
			return fmt.Errorf("tunnel device: %w", err)
		}
	}
	if d.link.Attrs().MTU != mtu {
		if err := netlink.LinkSetMTU(d.link, mtu); err != nil {
			return fmt.Errorf("tunnel device: mtu %d: %w", mtu, err)
		}
		d.link.Attrs().MTU = mtu
	}
	own := &netlink.Addr{IPNet: &net.IPNet{IP: address.AsSlice(), Mask: net.CIDRMask(32, 32)}}
	if err := errors.Join(netlink.AddrReplace(d.link, own), netlink.LinkSetUp(d.link)); err != nil {
		return fmt.Errorf("tunnel device: %w", err)
	}
	return nil
}

// SetPeers makes the device's peers exactly these.
func (d *Device) SetPeers(peers []Peer) error {
	have, err := d.control.Device(config.TunnelDevice)
	if err != nil {
		return fmt.Errorf("tunnel device: %w", err)
	}
	changes := plan(peers, have.Peers)
	if len(changes) == 0 {
		return nil
	}
	if err := d.control.ConfigureDevice(config.TunnelDevice, wgtypes.Config{Peers: changes}); err != nil {
		return fmt.Errorf("tunnel peers: %w", err)
	}
	return nil
}

// Peers returns the device's peers by public key.
func (d *Device) Peers() (map[wgtypes.Key]wgtypes.Peer, error) {
	have, err := d.control.Device(config.TunnelDevice)
	if err != nil {
		return nil, fmt.Errorf("tunnel device: %w", err)
	}
	peers := map[wgtypes.Key]wgtypes.Peer{}
	for _, peer := range have.Peers {
		peers[peer.PublicKey] = peer
	}
	return peers, nil
}

// Overhead is what carrying a packet adds to it, bytes: IPv4, UDP and WireGuard's own.
const Overhead = 20 + 8 + 32
