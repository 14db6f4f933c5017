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
	got := ""
	apply := func(text *string) error {
		if *text == "impossible" {
			return errors.New("no such device")
		}
		got = *text
		return nil
	}
	withdraw := func() error {
		got = "nothing"
		return nil
	}
	for _, row := range []struct{ text, want, refused, problem string }{
		{"wrong", "", "wrong", ""},
		{"first", "first", "", ""},
		{"wrong", "first", "wrong", ""},
		{"unreadable", "first", "unreadable", ""},
		{"second", "second", "", ""},
		{"second", "second", "", ""},
		{"impossible", "", "", "no such device"},
		{"unreadable", "second", "unreadable", ""},
		{"", "nothing", "", ""},
		{"wrong", "", "wrong", ""},
	} {
		var files map[string][]byte
		if row.text != "" {
			files = map[string][]byte{"file": []byte(row.text)}
		}
		got = ""
		newest.Take(files, parse)
		err := newest.Ensure(check, apply, withdraw)
		if got != row.want || text(newest.Refused) != row.refused || text(err) != row.problem {
			t.Errorf("%q: got %q, refused %v, %v", row.text, got, newest.Refused, err)
		}
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestNewestIsReadAgainOnlyWhenItsFilesChange(t *testing.T) {
	read := 0
	parse := func(files map[string][]byte) (*string, error) {
		read++
		return new(string), nil
	}
	newest := Newest[string]{}
	for range 2 {
		newest.Take(map[string][]byte{"file": []byte("text")}, parse)
	}
	if read != 1 {
		t.Error(read)
	}
}
