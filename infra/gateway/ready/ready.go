// Package ready lets the kubelet ask an agent whether it is ready, by `agent ready <mode>` in its container. Over an
// abstract socket: there is no file system to write to, and on a node every TCP port may be another's.
package ready

import (
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

func address(mode string) *net.UnixAddr {
	return &net.UnixAddr{Name: "@heliograph-agent-" + mode, Net: "unix"}
}

// Serve answers in the background with what status says, until the process ends: nil when ready, else why not. One agent
// of a mode can be in a network namespace; for a second one it fails.
func Serve(mode string, status func() error) error {
	listener, err := net.ListenUnix("unix", address(mode))
	if err != nil {
		return fmt.Errorf("another agent %s runs here: %w", mode, err)
	}
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			if problem := status(); problem != nil {
				_, _ = io.WriteString(connection, problem.Error())
			}
			_ = connection.Close()
		}
	}()
	return nil
}

// Check asks the agent.
func Check(mode string) error {
	connection, err := net.DialUnix("unix", nil, address(mode))
	if err != nil {
		return fmt.Errorf("no agent %s runs here: %w", mode, err)
	}
	defer connection.Close()
	if err := connection.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return err
	}
	text, err := io.ReadAll(connection)
	if err == nil && len(text) > 0 {
		err = errors.New(string(text))
	}
	return err
}
