package gateway

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"

	"golang.zx2c4.com/wireguard/wgctrl/wgtypes"

	"heliograph.local/gateway/config"
	"heliograph.local/gateway/kube"
)

// Fields of the Secret, and of the ConfigMap.
const (
	privateKey = "privateKey"
	publicKey  = "publicKey"
)

// configMap is what the gateway reads of ConfigMaps.
type configMap struct {
	Data map[string]string `json:"data"`
}

// followKey takes the private key of the Secret, makes one where there is none, and publishes the public key.
func (a *agent) followKey(ctx context.Context) {
	found, isRead := a.secret.One()
	if !isRead {
		return
	}
	if found == nil {
		if err := createKey(ctx, a.client); err != nil {
			slog.Error("key pair not made", "error", err)
		}
		return
	}
	key, err := keyOf(found)
	if err != nil {
		slog.Error("key not used, the one before stays", "error", err)
		return
	}
	a.key = key
	if isPublished, isRead := a.isPublished(); isPublished || !isRead {
		return
	}
	if err := publish(ctx, a.client, key.PublicKey()); err != nil {
		slog.Error("public key not published", "error", err)
		return
	}
	slog.Info("public key published", "publicKey", key.PublicKey().String())
}

// isPublished tells whether the key in use is the one that the ConfigMap has; false until that has been read once.
func (a *agent) isPublished() (isPublished, isRead bool) {
	found, isRead := a.published.One()
	return found != nil && found.Data[publicKey] == a.key.PublicKey().String(), isRead
}

// keyOf reads the private key of the Secret. The error does not repeat what is there.
func keyOf(found *kube.Secret) (wgtypes.Key, error) {
	key, err := wgtypes.ParseKey(string(found.Data[privateKey]))
	if err != nil || key == (wgtypes.Key{}) {
		const remedy = "delete the Secret, and a new one is made"
		return wgtypes.Key{}, fmt.Errorf("Secret %s: %s is no WireGuard key: %s", config.KeyName, privateKey, remedy)
	}
	return key, nil
}

// createKey makes a key pair, and its Secret unless another agent was faster; the view of the Secret tells either way.
func createKey(ctx context.Context, client *kube.Client) error {
	key, err := wgtypes.GeneratePrivateKey()
	if err != nil {
		return err
	}
	object := ours("v1", "Secret", map[string]any{"resourceVersion": "1"})
	object["data"] = map[string][]byte{privateKey: []byte(key.String())}
	err = client.Apply(ctx, client.Path("/api/v1", "secrets", config.KeyName), object)
	if kube.IsCode(err, http.StatusConflict) {
		return nil
	}
	if err == nil {
		slog.Info("key pair made", "publicKey", key.PublicKey().String())
	}
	return err
}

// publish puts the public key where the network function reads it.
func publish(ctx context.Context, client *kube.Client, public wgtypes.Key) error {
	object := ours("v1", "ConfigMap", map[string]any{})
	labels := object["metadata"].(map[string]any)["labels"].(map[string]string)
	labels["net.liqo.io/key"] = "wireguard"
	object["data"] = map[string]string{publicKey: public.String()}
	return client.Apply(ctx, client.Path("/api/v1", "configmaps", config.KeyName), object)
}

// ours is an object of the key's name with the mark of all that is Heliograph's.
func ours(apiVersion, kind string, metadata map[string]any) map[string]any {
	metadata["name"] = config.KeyName
	metadata["labels"] = map[string]string{"app.kubernetes.io/managed-by": "heliograph"}
	return map[string]any{"apiVersion": apiVersion, "kind": kind, "metadata": metadata}
}
