package kube

// Secret is what the agents read of Secrets.
type Secret struct {
	Data map[string][]byte `json:"data"`
}

// Files are the Secret's fields; nil where there is no Secret.
func (s *Secret) Files() map[string][]byte {
	if s == nil {
		return nil
	}
	if s.Data == nil {
		return map[string][]byte{}
	}
	return s.Data
}
