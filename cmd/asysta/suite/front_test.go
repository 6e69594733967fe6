package suite

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"asysta.example/internal/store"
)

func TestFront(t *testing.T) {
	echo := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Header.Get("X-Forwarded-For")+"|"+r.Header.Get("X-Forwarded-Proto"))
	})
	for name, tt := range map[string]struct {
		proxies   []string
		plain     bool
		from      string
		header    map[string]string
		path      string
		want      string // "": refused
		encrypted bool   // as the browser is told
	}{
		"this machine":                     {from: "127.0.0.1:1", want: "|"},
		"this machine, IPv6":               {from: "[::1]:1", want: "|"},
		"another machine in the clear":     {from: "10.0.0.7:1"},
		"another machine, allowed":         {from: "10.0.0.7:1", plain: true, want: "|"},
		"another machine that says https":  {from: "10.0.0.7:1", header: map[string]string{"X-Forwarded-Proto": "https"}},
		"another machine, its own address": {from: "10.0.0.7:1", plain: true, header: map[string]string{"X-Forwarded-For": "1.2.3.4"}, want: "|"},
		"a proxy after TLS":                {from: "10.0.0.7:1", proxies: []string{"10.0.0.0/24"}, header: map[string]string{"X-Forwarded-For": "1.2.3.4", "X-Forwarded-Proto": "https"}, want: "1.2.3.4|https", encrypted: true},
		"a proxy after plain HTTP":         {from: "10.0.0.7:1", proxies: []string{"10.0.0.7"}, header: map[string]string{"X-Forwarded-Proto": "http"}},
		"a proxy that does not say":        {from: "10.0.0.7:1", proxies: []string{"10.0.0.7"}},
		"a proxy of this machine, TLS":     {from: "127.0.0.1:1", header: map[string]string{"X-Forwarded-Proto": "https"}, want: "|https", encrypted: true},
		"a proxy of this machine, plain":   {from: "127.0.0.1:1", header: map[string]string{"X-Forwarded-Proto": "http"}},
		"beside the proxies":               {from: "10.0.1.7:1", proxies: []string{"10.0.0.0/24"}, header: map[string]string{"X-Forwarded-Proto": "https"}},
		"a proxy, IPv4 in IPv6":            {from: "[::ffff:10.0.0.7]:1", proxies: []string{"10.0.0.7"}, header: map[string]string{"X-Forwarded-Proto": "https"}, want: "|https", encrypted: true},
		"nobody's address":                 {from: "@", proxies: []string{"10.0.0.7"}},
		"a probe in the clear":             {from: "10.0.0.7:1", path: "/readyz", want: "|"},
		"what only looks like a probe":     {from: "10.0.0.7:1", path: "/readyz/x"},
	} {
		t.Run(name, func(t *testing.T) {
			proxies, err := networks(tt.proxies)
			if err != nil {
				t.Fatal(err)
			}
			path := tt.path
			if path == "" {
				path = "/v1/gminas/3030053"
			}
			req := httptest.NewRequest(http.MethodGet, path, nil)
			req.RemoteAddr = tt.from
			for k, v := range tt.header {
				req.Header.Set(k, v)
			}
			rec := httptest.NewRecorder()
			(&front{proxies: proxies, plain: tt.plain, next: echo}).ServeHTTP(rec, req)
			if tt.want == "" {
				if rec.Code != http.StatusForbidden || !strings.Contains(rec.Body.String(), "https://") || rec.Header().Get("Strict-Transport-Security") != "" {
					t.Errorf("%d %s", rec.Code, rec.Body)
				}
				return
			}
			if rec.Code != http.StatusOK || rec.Body.String() != tt.want || (rec.Header().Get("Strict-Transport-Security") != "") != tt.encrypted {
				t.Errorf("%d %s %v", rec.Code, rec.Body, rec.Header())
			}
		})
	}
}

// askOver asks a server over TLS and gives the serial number of the certificate that it showed.
func askOver(t *testing.T, address string, cfg *tls.Config) (serial string, version uint16, err error) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: cfg, DisableKeepAlives: true, ForceAttemptHTTP2: true}}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+address+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := client.Do(req)
	if err != nil {
		return "", 0, err
	}
	if err := res.Body.Close(); err != nil {
		t.Fatal(err)
	}
	if res.Header.Get("Strict-Transport-Security") == "" || res.ProtoMajor != 2 {
		t.Errorf("%s, %v", res.Proto, res.Header)
	}
	return res.TLS.PeerCertificates[0].SerialNumber.String(), res.TLS.Version, nil
}

func TestGatewayEndsTLSAndReadsItsCertificateAgain(t *testing.T) {
	a := newAuthority(t)
	of := a.transport("gateway")
	w, err := listenWeb(t.Context(), "GATEWAY_LISTEN", "127.0.0.1:0", time.Second)
	if err != nil {
		t.Fatal(err)
	}
	handler, err := Web{WebCert: of.Cert, WebKey: of.Key}.protect(w, http.NotFoundHandler(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	w.serve(t.Context(), handler, make(chan error, 1))
	t.Cleanup(w.close)
	address := w.lis.Addr().String()
	roots := x509.NewCertPool()
	roots.AddCert(a.cert)
	trusting := &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	first, version, err := askOver(t, address, trusting)
	if err != nil || version != tls.VersionTLS13 {
		t.Fatalf("%x, %v", version, err)
	}
	if _, _, err := askOver(t, address, &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}); err == nil {
		t.Error("TLS 1.1 is spoken")
	}
	if conn, err := net.Dial("tcp", address); err == nil { // plain HTTP on the same port gets no answer of the handler's
		_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		_ = conn.SetReadDeadline(time.Now().Add(30 * time.Second))
		answer, _ := io.ReadAll(conn)
		if strings.Contains(string(answer), "404") {
			t.Errorf("answered in the clear: %s", answer)
		}
		_ = conn.Close()
	}
	time.Sleep(10 * time.Millisecond) // so that the files' times differ
	if err := os.WriteFile(of.Cert, []byte("half a cer"), 0o600); err != nil {
		t.Fatal(err)
	}
	if again, _, err := askOver(t, address, trusting); err != nil || again != first {
		t.Errorf("with a damaged file: %s, %v", again, err)
	}
	a.sign("gateway", false)
	if again, _, err := askOver(t, address, trusting); err != nil || again == first {
		t.Errorf("after the renewal: the same certificate %v, %v", again == first, err)
	}
}

func TestWebSettings(t *testing.T) {
	dir := t.TempDir()
	for _, w := range []Web{{WebCert: "x"}, {WebKey: "x"}, {Before: []string{"proxy.example"}}, {Before: []string{"10.0.0.0/99"}}} {
		if len(w.faults()) == 0 {
			t.Errorf("%+v is accepted", w)
		}
	}
	if f := (Web{Before: []string{"10.0.0.1", "10.1.0.0/16", "fd00::/8"}, WebCert: "a", WebKey: "b"}).faults(); len(f) > 0 {
		t.Error(f)
	}
	if _, err := newCertSource(filepath.Join(dir, "a"), filepath.Join(dir, "b"), slog.Default()); err == nil {
		t.Error("a certificate that is not there")
	}
	if f := (&ToolConfig{Storage: Storage{Store: "sqlite:x"}, Anchoring: Anchoring{AnchorDir: "x"}}).faults(); errors.Join(f...) == nil {
		t.Error("a folder of anchors without a key")
	}
	var shipped ToolConfig
	if err := Load(t.Context(), &shipped, nil); err != nil || shipped.Documents<<20 != store.DefaultAtHand {
		t.Errorf("%d MB for documents where nothing is said, the store has %d: %v", shipped.Documents, store.DefaultAtHand>>20, err)
	}
	for mb, refused := range map[int]bool{-1: true, 0: false, 44: false, 100_000: false, 100_001: true} {
		if f := (&ToolConfig{Storage: Storage{Store: "sqlite:x", Documents: mb}}).faults(); (errors.Join(f...) != nil) != refused {
			t.Errorf("%d MB for documents: %v", mb, f)
		}
	}
}
