package ready

import (
	"errors"
	"log/slog"
	"sync"
)

// State is why an agent is not ready; the zero value says that it has just started.
type State struct {
	lock    sync.Mutex
	problem error
	isSet   bool
}

// Set notes what is wrong, if anything, and logs it where it is new.
func (s *State) Set(problem error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	switch {
	case problem != nil && (s.problem == nil || s.problem.Error() != problem.Error()):
		slog.Warn("not ready", "why", problem)
	case problem == nil && (s.problem != nil || !s.isSet):
		slog.Info("ready")
	}
	s.problem, s.isSet = problem, true
}

// Get returns nil when the agent is ready.
func (s *State) Get() error {
	s.lock.Lock()
	defer s.lock.Unlock()
	if !s.isSet {
		return errors.New("the agent has just started")
	}
	return s.problem
}
