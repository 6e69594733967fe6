package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"go.uber.org/goleak"

	"asysta.example/internal/testkit/loopback"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// output is a writer that a running command and the test share.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

func run(t *testing.T, env []string, args ...string) (string, error) {
	t.Helper()
	var out, log output
	err := realMain(t.Context(), args, env, &out, &log)
	return out.String(), err
}

// background runs a command until stop is called, which gives what it returned.
func background(t *testing.T, env []string, args ...string) (log *output, stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	log = &output{}
	done := make(chan error, 1)
	go func() { done <- realMain(ctx, args, env, io.Discard, log) }()
	var once sync.Once
	var err error
	stop = func() error {
		once.Do(func() { cancel(); err = <-done })
		return err
	}
	t.Cleanup(func() { must(t, stop()) })
	return log, stop
}

func freeAddress(t *testing.T) string {
	t.Helper()
	free, err := loopback.Free(1)
	must(t, err)
	return free[0]
}

// patience bounds what a test waits for; no test fails for a machine that is merely slow.
const patience = time.Minute

// fetch repeats a request until it answers with the status, or until patience ends.
func fetch(t *testing.T, url, token string, want int) string {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	last := ""
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(30 * time.Millisecond) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		must(t, err)
		req.Header.Set("Authorization", "Bearer "+token)
		resp, err := client.Do(req)
		if err != nil {
			last = err.Error()
			continue
		}
		body, err := io.ReadAll(resp.Body)
		must(t, err)
		must(t, resp.Body.Close())
		if last = string(body); resp.StatusCode == want {
			return last
		}
	}
	t.Fatalf("%s never answered %d; the last answer was %s", url, want, last)
	return ""
}

func TestSmallCommands(t *testing.T) {
	out, err := run(t, nil, "help")
	if err != nil || !strings.Contains(out, "asysta demo") {
		t.Errorf("%s, %v", out, err)
	}
	out, err = run(t, nil, "version")
	if err != nil || !strings.HasPrefix(out, "asysta ") {
		t.Errorf("%s, %v", out, err)
	}
	out, err = run(t, nil, "settings")
	if err != nil || !strings.Contains(out, "ASYSTA_STORE") {
		t.Errorf("%s, %v", out, err)
	}
	for _, line := range strings.Split(strings.TrimSpace(out), "\n") {
		if len(strings.Fields(line)) < 3 {
			t.Errorf("setting without a word of help: %s", line)
		}
	}
	for _, args := range [][]string{{"serve"}, {"audit"}, {"audit", "mend"}, {"all"}, {"case"}} {
		if _, err := run(t, nil, args...); err == nil {
			t.Errorf("%v is accepted without settings", args)
		}
	}
}

func TestDemo(t *testing.T) {
	env := []string{"ASYSTA_GATEWAY_LISTEN=" + freeAddress(t), "TMPDIR=" + t.TempDir()}
	address := strings.TrimPrefix(env[0], "ASYSTA_GATEWAY_LISTEN=")
	log, stop := background(t, env, "demo")
	fetch(t, "http://"+address+"/readyz", "", http.StatusOK)
	said := func() bool { return strings.Contains(log.String(), "TRYB PRÓBNY") }
	for end := time.Now().Add(patience); !said() && time.Now().Before(end); { // it is printed while the process begins to answer
		time.Sleep(30 * time.Millisecond)
	}
	if !said() {
		t.Errorf("no banner:\n%s", log)
	}
	if out, err := run(t, env, "token"); err != nil || !strings.Contains(out, "administrator") {
		t.Errorf("%s, %v", out, err)
	}
	token, err := run(t, env, "token", "administrator")
	must(t, err)
	fetch(t, "http://"+address+"/v1/gminas/3030053", strings.TrimSpace(token), http.StatusOK)
	if _, err := run(t, env, "token", "nobody"); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("a token for nobody: %v", err)
	}
	must(t, stop())
	if _, err := run(t, env, "token"); err == nil || !strings.Contains(err.Error(), "is a trial running") {
		t.Errorf("after the end: %v", err)
	}
	http.DefaultClient.CloseIdleConnections()
}

// login is an OpenID Connect issuer over HTTP.
func login(t *testing.T) (url string, token func(subject string) string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(func() { server.Close(); http.DefaultTransport.(*http.Transport).CloseIdleConnections() })
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"issuer": server.URL, "jwks_uri": server.URL + "/keys", "id_token_signing_alg_values_supported": []string{"ES256"}})
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "1", Algorithm: "ES256", Use: "sig"}}})
	})
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, (&jose.SignerOptions{}).WithHeader("kid", "1"))
	must(t, err)
	return server.URL, func(subject string) string {
		s, err := jwt.Signed(signer).Claims(jwt.Claims{
			Issuer: server.URL, Subject: subject, Audience: jwt.Audience{"asysta"}, Expiry: jwt.NewNumericDate(time.Now().Add(time.Hour)),
		}).Serialize()
		must(t, err)
		return s
	}
}

// TestFiveProcesses runs the services and the gateway as in production, each on its own address, over one store that was bootstrapped.
func TestFiveProcesses(t *testing.T) {
	dir := t.TempDir()
	issuer, token := login(t)
	systemKey := filepath.Join(dir, "system.key")
	must(t, os.WriteFile(systemKey, bytes.Repeat([]byte("s"), 40), 0o600))
	gateway := freeAddress(t)
	env := []string{
		"ASYSTA_STORE=sqlite:" + filepath.Join(dir, "asysta.db"), "ASYSTA_MASTER_KEY_FILE=" + filepath.Join(dir, "master.json"),
		"ASYSTA_SYSTEM_KEY_FILE=" + systemKey, "ASYSTA_OIDC_ISSUER=" + issuer, "ASYSTA_GATEWAY_LISTEN=" + gateway, "ASYSTA_DRAIN=2s",
	}
	if out, err := run(t, env, "migrate"); err != nil {
		t.Fatal(out, err)
	}
	out, err := run(t, env, "bootstrap", "-gmina", "3024035", "-gmina-name", "gmina Próbna", "-county-name", "powiat próbny", "-office", "GOPS w Próbnej", "-person", "Adam Próbny", "-subject", "adam")
	if err != nil || !strings.Contains(out, "powiaty/3024, gmina gminas/3024035, administrator powiaty/3024/people/") {
		t.Fatal(out, err)
	}
	listen := map[string]string{}
	for _, service := range []string{"referral", "casefile", "planning", "reporting"} {
		listen[service] = freeAddress(t)
		env = append(env, "ASYSTA_"+strings.ToUpper(service)+"_ADDRESS="+listen[service])
	}
	for service, address := range listen {
		background(t, append(env[:len(env):len(env)], "ASYSTA_LISTEN="+address), service)
	}
	background(t, env, "gateway")
	fetch(t, "http://"+gateway+"/readyz", "", http.StatusOK)
	if body := fetch(t, "http://"+gateway+"/v1/gminas/3024035", token("adam"), http.StatusOK); !strings.Contains(body, "gmina Próbna") {
		t.Errorf("the administrator reads %s", body)
	}
	fetch(t, "http://"+gateway+"/v1/gminas/3024035/referrals", token("adam"), http.StatusForbidden)
	fetch(t, "http://"+gateway+"/v1/gminas/3024035", token("nobody"), http.StatusUnauthorized)
	out, err = run(t, env, "audit", "verify")
	if err != nil || !strings.Contains(out, "faults: 0") {
		t.Errorf("%s, %v", out, err)
	}
}

// TestHelpAndWrongWordsDoNothing: who asks a command for help, or mistypes, must not start a server with it nor make a store.
func TestHelpAndWrongWordsDoNothing(t *testing.T) {
	dir := t.TempDir()
	env := []string{"ASYSTA_STORE=sqlite:" + filepath.Join(dir, "a.db"), "ASYSTA_OIDC_ISSUER=https://i", "ASYSTA_GATEWAY_LISTEN=127.0.0.1:0", "ASYSTA_LISTEN=127.0.0.1:0"}
	for _, command := range []string{"all", "demo", "gateway", "referral", "casefile", "planning", "reporting", "migrate", "version", "token", "settings", "health",
		"keys", "keys check", "keys rotate", "audit", "audit keys", "backup", "restore", "bootstrap", "certs"} {
		for _, help := range []string{"-h", "--help"} {
			out, err := run(t, env, append(strings.Fields(command), help)...)
			if err != nil || (out == "" && !strings.Contains("backup restore bootstrap certs", command)) { // these print their flags to standard error
				t.Errorf("asysta %s %s: %q, %v", command, help, out, err)
			}
		}
		words := append(strings.Fields(command), "one", "two")
		if _, err := run(t, env, words...); err == nil || !strings.Contains(err.Error(), strings.Fields(command)[0]+":") {
			t.Errorf("asysta %v: %v", words, err)
		}
	}
	if _, err := run(t, env, "bootstrap", "-gmina", "12"); err == nil || !strings.Contains(err.Error(), "-gmina: ") {
		t.Errorf("a bootstrap with too little: %v", err)
	}
	if made, err := os.ReadDir(dir); err != nil || len(made) > 0 {
		t.Errorf("%v was made, %v", made, err)
	}
	if out, err := run(t, env, "casefile", "-h"); err != nil || !strings.Contains(out, "one service") || !strings.Contains(out, "asysta settings casefile") || strings.Contains(out, "gateway") {
		t.Errorf("%v\n%s", err, out)
	}
}
