package tunnel

import (
	"fmt"
	"log/slog"

	"golang.zx2c4.com/wireguard/conn"
	"golang.zx2c4.com/wireguard/device"
	"golang.zx2c4.com/wireguard/ipc"
	"golang.zx2c4.com/wireguard/tun"
)

// startUserspace runs WireGuard in this process, on a TUN device of that name, with the control socket of its kind
// (/var/run/wireguard/<name>.sock). The function returned ends it, the device too.
func startUserspace(name string, mtu int) (closing func(), err error) {
	link, err := tun.CreateTUN(name, mtu)
	if err != nil {
		return nil, err
	}
	logger := &device.Logger{
		Verbosef: device.DiscardLogf,
		Errorf:   func(format string, values ...any) { slog.Warn("wireguard: " + fmt.Sprintf(format, values...)) },
	}
	wireguard := device.NewDevice(link, conn.NewDefaultBind(), logger)
	file, err := ipc.UAPIOpen(name)
	if err != nil {
		wireguard.Close()
		return nil, err
	}
	socket, err := ipc.UAPIListen(name, file)
	if err != nil {
		wireguard.Close()
		return nil, err
	}
	go func() {
		for {
			connection, err := socket.Accept()
			if err != nil {
				return
			}
			go wireguard.IpcHandle(connection)
		}
	}()
	return func() {
		_ = socket.Close()
		wireguard.Close()
	}, nil
}
