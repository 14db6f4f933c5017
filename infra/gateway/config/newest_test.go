package config

import (
	"errors"
	"testing"
)

func TestNewest(t *testing.T) {
	parse := func(files map[string][]byte) (*string, error) {
		text := string(files["file"])
		if text == "unreadable" {
			return nil, errors.New(text)
		}
		return &text, nil
	}
	check := func(text *string) error {
		if *text == "wrong" {
			return errors.New(*text)
		}
		return nil
	}
	newest := Newest[string]{}
	for _, row := range []struct{ text, want, refused string }{
		{"first", "first", ""},
		{"wrong", "first", "wrong"},
		{"unreadable", "first", "unreadable"},
		{"second", "second", ""},
		{"second", "second", ""},
		{"", "", ""},
		{"wrong", "", "wrong"},
	} {
		var files map[string][]byte
		if row.text != "" {
			files = map[string][]byte{"file": []byte(row.text)}
		}
		newest.Take(files, parse)
		chosen := newest.Choose(check)
		got, refused := "", ""
		if chosen != nil {
			got = *chosen
		}
		if newest.Refused != nil {
			refused = newest.Refused.Error()
		}
		if got != row.want || refused != row.refused {
			t.Errorf("%q: got %q, refused %q", row.text, got, refused)
		}
		newest.InForce = chosen
	}
}

func TestNewestIsTheSameWhileItsFilesAre(t *testing.T) {
	parse := func(files map[string][]byte) (*string, error) { return new(string), nil }
	newest := Newest[string]{}
	newest.Take(map[string][]byte{"file": []byte("text")}, parse)
	first := newest.Choose(func(*string) error { return nil })
	newest.Take(map[string][]byte{"file": []byte("text")}, parse)
	if newest.Choose(func(*string) error { return nil }) != first {
		t.Error("read again")
	}
}
