package config

import (
	"bytes"
	"log/slog"
	"maps"
)

// Newest is the newest configuration, and the one that the kernel has. Where something is wrong in the newest, it is
// refused, and the one before stays.
type Newest[T any] struct {
	// InForce is the one that was applied last.
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

// Ensure applies the newest configuration if it can be read and passes the check, else the one in force again. Without any
// it withdraws what there is, unless there is one that was refused: what an agent before this one has made stays then.
func (n *Newest[T]) Ensure(check, apply func(*T) error, withdraw func() error) error {
	wanted, refused := n.newest, n.unreadable
	if refused == nil && wanted != nil && wanted != n.InForce {
		refused = check(wanted)
	}
	if refused != nil {
		wanted = n.InForce
		if n.Refused == nil || n.Refused.Error() != refused.Error() {
			slog.Error("configuration refused, the one before stays", "error", refused)
		}
	}
	n.Refused = refused
	switch {
	case wanted != nil:
		if err := apply(wanted); err != nil {
			return err
		}
	case refused == nil:
		if err := withdraw(); err != nil {
			return err
		}
	}
	n.InForce = wanted
	return nil
}
