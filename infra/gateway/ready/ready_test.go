package ready

import (
	"errors"
	"fmt"
	"os"
	"testing"
)

func TestReady(t *testing.T) {
	mode := fmt.Sprintf("test-%d", os.Getpid())
	if err := Check(mode); err == nil {
		t.Error("nobody is there")
	}
	state := &State{}
	if err := Serve(mode, state.Get); err != nil {
		t.Fatal(err)
	}
	if err := Serve(mode, state.Get); err == nil {
		t.Error("two of a mode")
	}
	for _, problem := range []error{errors.New("no configuration"), nil, errors.New("no device")} {
		state.Set(problem)
		if err := Check(mode); fmt.Sprint(err) != fmt.Sprint(problem) {
			t.Errorf("got %v, want %v", err, problem)
		}
	}
}

func TestStateBeforeAnything(t *testing.T) {
	if (&State{}).Get() == nil {
		t.Error("ready from the start")
	}
}
