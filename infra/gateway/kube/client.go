// Package kube speaks with the API server of the cluster that the agent runs in: few requests, plain JSON. The client
// library would be five times the rest of the agent.
package kube

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// ServiceAccountFolder is where a Pod finds its credential.
const ServiceAccountFolder = "/var/run/secrets/kubernetes.io/serviceaccount"

// requestTimeout bounds every request that is no watch.
const requestTimeout = 15 * time.Second

// Client is the Pod's ServiceAccount at its API server.
type Client struct {
	server    string
	folder    string
	Namespace string
	http      *http.Client
}

// StatusError is an answer of the API server that is no success.
type StatusError struct {
	Code    int
	Message string
}

func (e *StatusError) Error() string { return fmt.Sprintf("%d: %s", e.Code, e.Message) }

// IsCode tells whether the API server has answered with the HTTP status.
func IsCode(err error, code int) bool {
	var status *StatusError
	return errors.As(err, &status) && status.Code == code
}

// InCluster makes the client from what every Pod is given: two variables and the ServiceAccount's folder.
func InCluster(folder string) (*Client, error) {
	host, port := os.Getenv("KUBERNETES_SERVICE_HOST"), os.Getenv("KUBERNETES_SERVICE_PORT")
	if host == "" || port == "" {
		return nil, errors.New("KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set: the agent runs in a Pod")
	}
	namespace, err := os.ReadFile(filepath.Join(folder, "namespace"))
	if err != nil {
		return nil, fmt.Errorf("the ServiceAccount of the Pod: %w", err)
	}
	ca, err := os.ReadFile(filepath.Join(folder, "ca.crt"))
	if err != nil {
		return nil, fmt.Errorf("the ServiceAccount of the Pod: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(ca) {
		return nil, fmt.Errorf("%s/ca.crt holds no certificate", folder)
	}
	server := &url.URL{Scheme: "https", Host: net.JoinHostPort(host, port)}
	return &Client{
		server:    server.String(),
		folder:    folder,
		Namespace: strings.TrimSpace(string(namespace)),
		http: &http.Client{Transport: &http.Transport{
			TLSClientConfig:   &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
			ForceAttemptHTTP2: true,
			// A watch is silent for minutes: without pings a connection that has died would be one too.
			HTTP2:               &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 10 * time.Second},
			TLSHandshakeTimeout: requestTimeout,
			DialContext:         (&net.Dialer{Timeout: requestTimeout}).DialContext,
		}},
	}, nil
}

// Path is that of a collection in the agent's namespace or, with a name, of an object: Path("/api/v1", "secrets", "x").
func (c *Client) Path(group string, parts ...string) string {
	for i, part := range parts {
		parts[i] = url.PathEscape(part)
	}
	return fmt.Sprintf("%s/namespaces/%s/%s", group, url.PathEscape(c.Namespace), strings.Join(parts, "/"))
}

// Get reads an object. It fails with a StatusError of code 404 where there is none.
func (c *Client) Get(ctx context.Context, path string, into any) error {
	return c.call(ctx, http.MethodGet, path, nil, into)
}

// Apply makes the object as given, by server-side apply as field manager "heliograph-agent". With the resourceVersion
// "1", which no stored object has, it only creates: one that exists is a StatusError of code 409.
func (c *Client) Apply(ctx context.Context, path string, object any) error {
	return c.call(ctx, http.MethodPatch, path+"?fieldManager=heliograph-agent&force=true", object, nil)
}

func (c *Client) call(ctx context.Context, method, path string, object, into any) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	body, err := c.open(ctx, method, path, object)
	if err != nil {
		return err
	}
	defer body.Close()
	if into == nil {
		_, err = io.Copy(io.Discard, body)
		return err
	}
	return json.NewDecoder(body).Decode(into)
}

// open sends a request and returns the body of its answer, a success.
func (c *Client) open(ctx context.Context, method, path string, object any) (io.ReadCloser, error) {
	var payload io.Reader
	if object != nil {
		text, err := json.Marshal(object)
		if err != nil {
			return nil, err
		}
		payload = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.server+path, payload)
	if err != nil {
		return nil, err
	}
	// Read each time: tokens are replaced while the Pod runs.
	token, err := os.ReadFile(filepath.Join(c.folder, "token"))
	if err != nil {
		return nil, fmt.Errorf("the ServiceAccount of the Pod: %w", err)
	}
	request.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", "heliograph-agent")
	if object != nil {
		request.Header.Set("Content-Type", "application/apply-patch+yaml")
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode < 300 {
		return response.Body, nil
	}
	defer response.Body.Close()
	var status struct{ Message string }
	text, _ := io.ReadAll(io.LimitReader(response.Body, 1<<16))
	if json.Unmarshal(text, &status) != nil || status.Message == "" {
		status.Message = response.Status
	}
	return nil, &StatusError{Code: response.StatusCode, Message: status.Message}
}
