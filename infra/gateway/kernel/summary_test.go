package kernel

import (
	"errors"
	"fmt"
	"testing"
)

func TestSummary(t *testing.T) {
	a, b, c, d, e := errors.New("a"), errors.New("b"), errors.New("c"), errors.New("d"), errors.New("e")
	for _, row := range []struct {
		problems []error
		want     string
	}{
		{nil, "<nil>"},
		{[]error{nil, nil}, "<nil>"},
		{[]error{b, nil, a}, "a; b"},
		{[]error{e, d, c, b, a}, "a; b; c; and 2 more"},
	} {
		if got := fmt.Sprint(summary(row.problems)); got != row.want {
			t.Errorf("%v: got %q", row.problems, got)
		}
	}
}
