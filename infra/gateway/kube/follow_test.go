package kube

import "testing"

func TestAViewTellsOfWhatItReadsOnly(t *testing.T) {
	type object struct{ phase string }
	view := &View[object]{Changed: make(chan struct{}, 1), objects: map[string]object{}}
	running, over := object{"Running"}, object{"Succeeded"}
	for _, row := range []struct {
		name   string
		change func()
		isNews bool
	}{
		{"the first list, of nothing", func() { view.replace(map[string]object{}) }, true},
		{"the same again", func() { view.replace(map[string]object{}) }, false},
		{"a new one", func() { view.set("a", &running) }, true},
		{"changed in what is not read", func() { view.set("a", &running) }, false},
		{"changed in what is", func() { view.set("a", &over) }, true},
		{"a list that knows it", func() { view.replace(map[string]object{"a": over}) }, false},
		{"a list without it", func() { view.replace(map[string]object{}) }, true},
		{"gone, and not known before", func() { view.set("a", nil) }, false},
	} {
		row.change()
		isNews := false
		select {
		case <-view.Changed:
			isNews = true
		default:
		}
		if isNews != row.isNews {
			t.Errorf("%s: told: %v", row.name, isNews)
		}
	}
}
