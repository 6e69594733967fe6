package e2e

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"asysta.example/deploy/demo"

	"asysta.example/internal/rpc"
)

// certified serves five processes with the certificates that `asysta certs` has made: services know their callers by name, the gateway ends TLS itself.
func certified(t *testing.T) (d *deployment, certs string) {
	t.Helper()
	uri, name := database(t)
	d = newDeployment(t, uri, "ASYSTA_DATABASE="+name)
	certs = filepath.Join(d.dir, "certs")
	d.tool("certs", "-dir", certs)
	for _, s := range append([]string{"gateway"}, services...) {
		d.at[s] = port(t)
	}
	for _, s := range services {
		d.env = append(d.env, "ASYSTA_"+strings.ToUpper(s)+"_ADDRESS="+d.at[s])
	}
	shown := func(name string) []string {
		return []string{"ASYSTA_TLS_CERT_FILE=" + filepath.Join(certs, name+".crt"), "ASYSTA_TLS_KEY_FILE=" + filepath.Join(certs, name+".key"), "ASYSTA_TLS_CA_FILE=" + filepath.Join(certs, "ca.crt")}
	}
	for _, s := range services {
		peers := "gateway"
		if s == "casefile" {
			peers = "gateway,referral,planning,reporting"
		}
		d.start(s, append(shown(s), "ASYSTA_LISTEN="+d.at[s], "ASYSTA_TLS_PEERS="+peers)...)
	}
	d.start("gateway", append(shown("gateway"), "ASYSTA_GATEWAY_LISTEN="+d.at["gateway"],
		"ASYSTA_GATEWAY_TLS_CERT_FILE="+filepath.Join(certs, "gateway.crt"), "ASYSTA_GATEWAY_TLS_KEY_FILE="+filepath.Join(certs, "gateway.key"))...)
	return d, certs
}

// caller is TLS for somebody who shows a certificate of the CA; "" shows none.
func caller(t *testing.T, certs, name string) *tls.Config {
	t.Helper()
	pem, err := os.ReadFile(filepath.Join(certs, "ca.crt"))
	must(t, err)
	cfg := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: x509.NewCertPool()}
	if !cfg.RootCAs.AppendCertsFromPEM(pem) {
		t.Fatal("no CA")
	}
	if name != "" {
		pair, err := tls.LoadX509KeyPair(filepath.Join(certs, name+".crt"), filepath.Join(certs, name+".key"))
		must(t, err)
		cfg.Certificates = []tls.Certificate{pair}
	}
	return cfg
}

// asked asks the gateway until it answers with the status.
func (d *deployment) asked(client *http.Client, path, token string, want int) *http.Response {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), readyWithin)
	defer cancel()
	for {
		if p := slices.IndexFunc(d.running, func(p *process) bool { return ended(p.done) }); p >= 0 {
			d.t.Fatalf("%s ended by itself", d.running[p].name)
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+d.at["gateway"]+path, nil)
		must(d.t, err)
		req.Header.Set("Authorization", "Bearer "+token)
		res, err := client.Do(req)
		if err == nil {
			res.Body.Close()
			if res.StatusCode == want {
				return res
			}
		}
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			d.t.Fatalf("%s did not answer %d within %s: %v", path, want, readyWithin, err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// TestCertifiedProcesses: with the certificates of `asysta certs` five processes serve, and nobody else is let in.
func TestCertifiedProcesses(t *testing.T) {
	d, certs := certified(t)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: caller(t, certs, ""), ForceAttemptHTTP2: true}}
	t.Cleanup(client.CloseIdleConnections)
	d.asked(client, "/readyz", "", http.StatusOK)
	token, err := d.issuer.Token(demo.Administrator)
	must(t, err)
	res := d.asked(client, "/v1/gminas/"+demo.FirstGmina, token, http.StatusOK)
	if res.Header.Get("Strict-Transport-Security") == "" || res.TLS.Version < tls.VersionTLS12 || res.ProtoMajor != 2 {
		t.Errorf("%s, %v", res.Proto, res.Header)
	}
	if res, err := http.Get("http://" + d.at["gateway"] + "/readyz"); err == nil {
		res.Body.Close()
		if res.StatusCode == http.StatusOK {
			t.Error("the gateway answers in the clear")
		}
	}
	health := healthy(d, "gateway", "ASYSTA_GATEWAY_LISTEN="+d.at["gateway"], "ASYSTA_GATEWAY_TLS_CERT_FILE="+filepath.Join(certs, "gateway.crt"), "ASYSTA_GATEWAY_TLS_KEY_FILE="+filepath.Join(certs, "gateway.key"))
	if health != nil {
		t.Errorf("asysta health: %v", health)
	}
	for _, tt := range []struct {
		as, to string
		in     bool
	}{
		{"gateway", "referral", true}, {"gateway", "casefile", true}, {"planning", "casefile", true}, {"reporting", "casefile", true},
		{"planning", "referral", false}, {"casefile", "planning", false}, {"", "casefile", false}, {"", "reporting", false},
	} {
		cfg := caller(t, certs, tt.as)
		cfg.MinVersion = tls.VersionTLS13
		conn, err := rpc.Dial(d.at[tt.to], rpc.WithTransport(credentials.NewTLS(cfg)))
		must(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		_, err = healthpb.NewHealthClient(conn).Check(ctx, &healthpb.HealthCheckRequest{})
		cancel()
		must(t, conn.Close())
		if in := err == nil; in != tt.in || (!in && status.Code(err) != codes.Unavailable) {
			t.Errorf("%q at %s: %v", tt.as, tt.to, err)
		}
	}
}

// healthy asks a process of the deployment whether it serves, with the program's own command.
func healthy(d *deployment, what string, env ...string) error {
	ctx, cancel := context.WithTimeout(d.t.Context(), toolWithin)
	defer cancel()
	return d.command(ctx, env, "health", what).Run()
}
