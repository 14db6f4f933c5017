package config

import "encoding/json"

// PeerIDs reads of gateway.json whom its tunnels lead to, whatever else it says: one of another version still says whose
// TunnelEndpoints are to tell that it is refused. No files have no peers; false where not even that can be read.
func PeerIDs(files map[string][]byte) (ids []string, isKnown bool) {
	if files == nil {
		return nil, true
	}
	var file struct {
		Tunnel struct {
			Peers []struct {
				ID string `json:"id"`
			} `json:"peers"`
		} `json:"tunnel"`
	}
	if json.Unmarshal(files["gateway.json"], &file) != nil {
		return nil, false
	}
	for _, peer := range file.Tunnel.Peers {
		if peer.ID != "" {
			ids = append(ids, peer.ID)
		}
	}
	return ids, true
}
