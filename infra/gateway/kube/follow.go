package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"reflect"
	"sync"
	"time"
)

// View is a collection of the API server as it was last seen; Follow keeps it up to date.
type View[T any] struct {
	// Changed receives after every change of what T reads, however many there were since; the first time when all was read
	// once.
	Changed chan struct{}

	lock    sync.Mutex
	objects map[string]T
	isRead  bool
}

// All returns the objects by namespace/name; false until they have been read once.
func (v *View[T]) All() (map[string]T, bool) {
	v.lock.Lock()
	defer v.lock.Unlock()
	return maps.Clone(v.objects), v.isRead
}

// IsRead tells whether they have been read once.
func (v *View[T]) IsRead() bool {
	v.lock.Lock()
	defer v.lock.Unlock()
	return v.isRead
}

// One returns the only object, if there is one; false until the collection has been read once.
func (v *View[T]) One() (*T, bool) {
	all, isRead := v.All()
	for _, object := range all {
		return &object, isRead
	}
	return nil, isRead
}

// replace takes what a list says.
func (v *View[T]) replace(objects map[string]T) {
	v.lock.Lock()
	isNews := !v.isRead || !reflect.DeepEqual(v.objects, objects)
	v.objects, v.isRead = objects, true
	v.lock.Unlock()
	if isNews {
		v.tell()
	}
}

// set takes what a watch says of an object; nil when it is gone.
func (v *View[T]) set(key string, object *T) {
	v.lock.Lock()
	before, isThere := v.objects[key]
	isNews := isThere
	if object == nil {
		delete(v.objects, key)
	} else {
		v.objects[key] = *object
		isNews = !isThere || !reflect.DeepEqual(before, *object)
	}
	v.lock.Unlock()
	if isNews {
		v.tell()
	}
}

func (v *View[T]) tell() {
	select {
	case v.Changed <- struct{}{}:
	default: // It has not looked yet since the last time.
	}
}

// Follow lists the collection at the path, watches it from there, and begins again whenever that ends, until the context
// does. The field selector may be empty. Errors are logged; what was seen stays until something newer is.
func Follow[T any](ctx context.Context, client *Client, path, fieldSelector string) *View[T] {
	view := &View[T]{Changed: make(chan struct{}, 1), objects: map[string]T{}}
	go func() {
		const least, most = time.Second, 30 * time.Second
		for wait := least; ctx.Err() == nil; wait = min(2*wait, most) {
			start := time.Now()
			err := view.follow(ctx, client, path, fieldSelector)
			if time.Since(start) > most {
				wait = least
				if err == nil {
					continue // The watch has come to its agreed end.
				}
			}
			if err != nil && ctx.Err() == nil {
				slog.Warn("watch broken, trying again", "path", path, "error", err, "in", wait.String())
			}
			select {
			case <-ctx.Done():
			case <-time.After(wait/2 + rand.N(wait/2)):
			}
		}
	}()
	return view
}

type meta struct {
	Metadata struct {
		Namespace       string `json:"namespace"`
		Name            string `json:"name"`
		ResourceVersion string `json:"resourceVersion"`
	} `json:"metadata"`
}

func (m meta) key() string { return m.Metadata.Namespace + "/" + m.Metadata.Name }

// follow lists and watches once. It returns nil when the watch was ended in order.
func (v *View[T]) follow(ctx context.Context, client *Client, path, fieldSelector string) error {
	version, err := v.list(ctx, client, path, fieldSelector)
	if err != nil {
		return err
	}
	// With an end after minutes, so that what a watch may have missed is found by the next list.
	query := url.Values{"watch": {"true"}, "resourceVersion": {version}, "fieldSelector": {fieldSelector}, "allowWatchBookmarks": {"true"}}
	query.Set("timeoutSeconds", fmt.Sprint(300+rand.IntN(300)))
	ctx, cancel := context.WithTimeout(ctx, 15*time.Minute)
	defer cancel()
	body, err := client.open(ctx, http.MethodGet, path+"?"+query.Encode(), nil)
	if err != nil {
		return err
	}
	defer body.Close()
	for events := json.NewDecoder(body); events.More(); {
		var event struct {
			Type   string          `json:"type"`
			Object json.RawMessage `json:"object"`
		}
		if err := events.Decode(&event); err != nil {
			return err
		}
		if err := v.handle(event.Type, event.Object); err != nil {
			return err
		}
	}
	return nil
}

func (v *View[T]) handle(kind string, raw json.RawMessage) error {
	switch kind {
	case "BOOKMARK":
		return nil
	case "ERROR":
		var status StatusError
		_ = json.Unmarshal(raw, &status)
		return &status
	}
	key, object, err := decode[T](raw)
	if err != nil {
		return err
	}
	if kind == "DELETED" {
		v.set(key, nil)
	} else {
		v.set(key, &object)
	}
	return nil
}

// list replaces what is known by all pages of one list, and returns the version to watch from.
func (v *View[T]) list(ctx context.Context, client *Client, path, fieldSelector string) (string, error) {
	objects := map[string]T{}
	query := url.Values{"limit": {"500"}, "fieldSelector": {fieldSelector}}
	for {
		var page struct {
			Metadata struct {
				ResourceVersion string `json:"resourceVersion"`
				Continue        string `json:"continue"`
			} `json:"metadata"`
			Items []json.RawMessage `json:"items"`
		}
		if err := client.Get(ctx, path+"?"+query.Encode(), &page); err != nil {
			return "", err
		}
		for _, item := range page.Items {
			key, object, err := decode[T](item)
			if err != nil {
				return "", err
			}
			objects[key] = object
		}
		if page.Metadata.Continue == "" {
			v.replace(objects)
			return page.Metadata.ResourceVersion, nil
		}
		query.Set("continue", page.Metadata.Continue)
	}
}

func decode[T any](raw json.RawMessage) (key string, object T, err error) {
	var named meta
	err = errors.Join(json.Unmarshal(raw, &named), json.Unmarshal(raw, &object))
	return named.key(), object, err
}
