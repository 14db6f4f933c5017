package kernel

import (
	"reflect"
	"testing"
)

func TestDiffer(t *testing.T) {
	have := map[string]int{"same": 1, "other": 1, "gone": 1}
	want := map[string]int{"same": 1, "other": 2, "new": 3}
	change, remove := differ(have, want)
	if !reflect.DeepEqual(change, map[string]int{"other": 2, "new": 3}) || !reflect.DeepEqual(remove, []string{"gone"}) {
		t.Error(change, remove)
	}
}
