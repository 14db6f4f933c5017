package config

import (
	"fmt"
	"testing"
)

func TestPeerIDs(t *testing.T) {
	for name, row := range map[string]struct {
		files   map[string][]byte
		ids     []string
		isKnown bool
	}{
		"of this version":    {map[string][]byte{"gateway.json": []byte(gatewayFile)}, []string{"b", "c"}, true},
		"of another version": {map[string][]byte{"gateway.json": []byte(`{"version": 2, "more": 1, "tunnel": {"peers": [{"id": "b", "key": 1}, {}]}}`)}, []string{"b"}, true},
		"no JSON":            {map[string][]byte{"gateway.json": []byte("x")}, nil, false},
		"not there":          {map[string][]byte{}, nil, false},
		"no Secret":          {nil, nil, true},
	} {
		if ids, isKnown := PeerIDs(row.files); fmt.Sprint(ids) != fmt.Sprint(row.ids) || isKnown != row.isKnown {
			t.Errorf("%s: got %v, %v", name, ids, isKnown)
		}
	}
}
