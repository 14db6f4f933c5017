package gateway

import (
	"encoding/json"
	"net/netip"
	"testing"
)

func TestOwnPod(t *testing.T) {
	for name, row := range map[string]struct{ key, pod, want string }{
		"its address":               {"heliograph/gateway-1", `{"status": {"podIP": "10.200.1.7"}}`, "heliograph/gateway-1"},
		"another's":                 {"heliograph/gateway-1", `{"status": {"podIP": "10.200.1.8"}}`, ""},
		"none yet":                  {"heliograph/gateway-1", `{}`, ""},
		"in another namespace":      {"heliograph-2/gateway-1", `{"status": {"podIP": "10.200.1.7"}}`, ""},
		"over, its address is free": {"heliograph/gateway-1", `{"status": {"phase": "Failed", "podIP": "10.200.1.7"}}`, ""},
		"deleted before this one":   {"heliograph/gateway-1", `{"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}, "status": {"podIP": "10.200.1.7"}}`, ""},
	} {
		var found pod
		if err := json.Unmarshal([]byte(row.pod), &found); err != nil {
			t.Fatal(err)
		}
		if got := ownPod(map[string]pod{row.key: found}, "heliograph", netip.MustParseAddr("10.200.1.7")); got != row.want {
			t.Errorf("%s: got %q", name, got)
		}
	}
}
