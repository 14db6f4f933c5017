package config

import (
	"bytes"
	"log/slog"
	"maps"
)

// Newest is the newest configuration, and the one that the kernel has. Where something is wrong in the newest, it is
// refused, and the one before stays.
type Newest[T any] struct {
	// InForce is set by who has made it so.
	InForce *T
	// Refused is what is wrong in the newest.
	Refused error

	files      map[string][]byte
	newest     *T
	unreadable error
}

// Take reads the files of the Secret; none where there is no Secret.
func (n *Newest[T]) Take(files map[string][]byte, parse func(map[string][]byte) (*T, error)) {
	isSame := (files == nil) == (n.files == nil) && maps.EqualFunc(files, n.files, bytes.Equal)
	if isSame {
		return
	}
	n.files, n.newest, n.unreadable = files, nil, nil
	if files != nil {
		n.newest, n.unreadable = parse(files)
	}
}

// Choose returns the newest configuration if it can be read and passes the check, else the one in force. None without
// Refused means that there is no configuration.
func (n *Newest[T]) Choose(check func(*T) error) *T {
	err := n.unreadable
	if err == nil && n.newest != nil && n.newest != n.InForce {
		err = check(n.newest)
	}
	if err == nil {
		n.Refused = nil
		return n.newest
	}
	if n.Refused == nil || n.Refused.Error() != err.Error() {
		slog.Error("configuration refused, the one before stays", "error", err)
	}
	n.Refused = err
	return n.InForce
}
