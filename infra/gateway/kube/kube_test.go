package kube

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"testing"
)

// serve is an API server that answers as the handler does, and the client of a Pod there.
func serve(t *testing.T, handler http.HandlerFunc) (*Client, string) {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	address, _ := url.Parse(server.URL)
	t.Setenv("KUBERNETES_SERVICE_HOST", address.Hostname())
	t.Setenv("KUBERNETES_SERVICE_PORT", address.Port())
	folder := t.TempDir()
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	for name, text := range map[string]string{"ca.crt": string(ca), "token": "first\n", "namespace": "heliograph\n"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	client, err := InCluster(folder)
	if err != nil {
		t.Fatal(err)
	}
	return client, folder
}

func TestInClusterSaysWhatIsMissing(t *testing.T) {
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	if _, err := InCluster(t.TempDir()); err == nil {
		t.Error("no error")
	}
	t.Setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1")
	t.Setenv("KUBERNETES_SERVICE_PORT", "443")
	if _, err := InCluster(t.TempDir()); err == nil {
		t.Error("no error")
	}
}

func TestApply(t *testing.T) {
	client, folder := serve(t, func(answer http.ResponseWriter, request *http.Request) {
		body, _ := io.ReadAll(request.Body)
		said := fmt.Sprint(request.Method, " ", request.URL, " ", request.Header["Content-Type"], request.Header["Authorization"], string(body))
		answer.WriteHeader(http.StatusConflict)
		_ = json.NewEncoder(answer).Encode(map[string]string{"message": said})
	})
	const path = "PATCH /api/v1/namespaces/heliograph/secrets/a%2Fb?fieldManager=heliograph-agent&force=true"
	for _, token := range []string{"first", "second"} {
		if err := os.WriteFile(filepath.Join(folder, "token"), []byte(token), 0o600); err != nil {
			t.Fatal(err)
		}
		err := client.Apply(t.Context(), client.Path("/api/v1", "secrets", "a/b"), map[string]int{"x": 1})
		want := "409: " + path + " [application/apply-patch+yaml] [Bearer " + token + "]" + `{"x":1}`
		if !IsCode(err, http.StatusConflict) || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}

func TestFollow(t *testing.T) {
	events := make(chan string)
	lists := make(chan string, 10)
	client, _ := serve(t, func(answer http.ResponseWriter, request *http.Request) {
		query := request.URL.Query()
		if query.Get("watch") != "true" {
			_, _ = io.WriteString(answer, <-lists)
			return
		}
		answer.WriteHeader(http.StatusOK)
		for {
			answer.(http.Flusher).Flush()
			select {
			case event, isOpen := <-events:
				if !isOpen || event == "end" {
					return
				}
				_, _ = io.WriteString(answer, event+"\n")
			case <-request.Context().Done():
				return
			}
		}
	})
	object := func(name, value string) string {
		return fmt.Sprintf(`{"metadata": {"namespace": "n", "name": %q}, "data": {"v": %q}}`, name, value)
	}
	event := func(kind, object string) string { return fmt.Sprintf(`{"type": %q, "object": %s}`, kind, object) }
	view := Follow[struct {
		Data map[string]string `json:"data"`
	}](t.Context(), client, "/api/v1/namespaces/n/secrets", "")
	see := func(want map[string]string) {
		t.Helper()
		for {
			all, isRead := view.All()
			values := map[string]string{}
			for key, object := range all {
				values[key] = object.Data["v"]
			}
			if isRead && fmt.Sprint(values) == fmt.Sprint(want) {
				return
			}
			<-view.Changed
		}
	}
	if _, isRead := view.All(); isRead {
		t.Error("read before it was listed")
	}
	lists <- `{"metadata": {"resourceVersion": "5", "continue": "more"}, "items": [` + object("a", "1") + `]}`
	lists <- `{"metadata": {"resourceVersion": "5"}, "items": [` + object("b", "1") + `]}`
	see(map[string]string{"n/a": "1", "n/b": "1"})
	events <- event("MODIFIED", object("a", "2"))
	events <- event("BOOKMARK", `{"metadata": {"resourceVersion": "6"}}`)
	events <- event("DELETED", object("b", "1"))
	see(map[string]string{"n/a": "2"})
	// The version is too old by now: all is listed again.
	events <- event("ERROR", `{"code": 410, "message": "too old"}`)
	lists <- `{"metadata": {"resourceVersion": "9"}, "items": [` + object("c", "1") + `]}`
	see(map[string]string{"n/c": "1"})
	// A watch that ends is begun again, and an error on the way changes nothing.
	events <- "end"
	lists <- `{"items": "broken"}`
	lists <- `{"metadata": {"resourceVersion": "9"}, "items": []}`
	see(map[string]string{})
	if one, isRead := view.One(); one != nil || !isRead {
		t.Error(one, isRead)
	}
}
