// Package space gives a Go test a network namespace of its own.
package space

import (
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// Enter moves the test into a new network namespace, which goes with it, or skips it where that is not permitted. What
// the test starts itself is in there too, its other goroutines are not.
func Enter(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("network namespaces need root")
	}
	for _, tool := range []string{"ip", "nft"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip("install iproute2 and nftables: ", err)
		}
	}
	// Never unlocked: the thread ends with the test, and no other one gets into the namespace.
	runtime.LockOSThread()
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Skip("network namespaces are not permitted here: ", err)
	}
	Run(t, "ip link set lo up")
}

// Run runs a command there and returns what it says; it has to succeed.
func Run(t *testing.T, command string) string {
	t.Helper()
	said, err := Try(command)
	if err != nil {
		t.Fatalf("%s: %v: %s", command, err, said)
	}
	return said
}

// Try runs a command that may fail.
func Try(command string) (string, error) {
	words := strings.Fields(command)
	said, err := exec.Command(words[0], words[1:]...).CombinedOutput()
	return string(said), err
}
