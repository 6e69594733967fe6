package suite

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"asysta.example/internal/rpc"
)

// authority signs certificates of a test.
type authority struct {
	t    *testing.T
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	a := &authority{t: t, dir: t.TempDir()}
	a.cert, a.key = a.sign("ca", true)
	return a
}

func (a *authority) file(name, kind string, der []byte) {
	a.t.Helper()
	if err := os.WriteFile(filepath.Join(a.dir, name), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		a.t.Fatal(err)
	}
}

// sign makes name.crt and name.key.
func (a *authority) sign(name string, ca bool) (*x509.Certificate, *ecdsa.PrivateKey) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: ca, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	parent, signer := a.cert, a.key
	if ca {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		a.t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	a.file(name+".crt", "CERTIFICATE", der)
	a.file(name+".key", "PRIVATE KEY", private)
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return cert, key
}

func (a *authority) transport(name string) Transport {
	path := func(f string) string { return filepath.Join(a.dir, f) }
	if name == "" {
		return Transport{CA: path("ca.crt")}
	}
	a.sign(name, false)
	return Transport{Cert: path(name + ".crt"), Key: path(name + ".key"), CA: path("ca.crt")}
}

// serveSecured serves nothing, with credentials, until the test ends, and tells where.
func serveSecured(t *testing.T, creds credentials.TransportCredentials) (address string) {
	t.Helper()
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(grpc.Creds(creds))
	served := make(chan error, 1)
	go func() { served <- server.Serve(lis) }()
	t.Cleanup(func() {
		server.Stop()
		if err := <-served; err != nil && !errors.Is(err, grpc.ErrServerStopped) {
			t.Error(err)
		}
	})
	return lis.Addr().String()
}

// asks gives what a client's call of serveSecured ends with: Unimplemented where they connected.
func asks(t *testing.T, client Transport, target string) error {
	t.Helper()
	creds, err := client.clientCredentials()
	if err != nil {
		t.Fatal(err)
	}
	conn, err := rpc.Dial(target, rpc.WithTransport(creds))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	_, err = healthpb.NewHealthClient(conn).Check(ctx, &healthpb.HealthCheckRequest{})
	return err
}

// Whichever way a service's address is written, its certificate must carry the host of it; one of the same CA for another name does not do, nor the address behind the name.
func TestAServerShowsTheNameItIsCalledBy(t *testing.T) {
	ours := newAuthority(t)
	client := ours.transport("gateway")
	for name, want := range map[string]codes.Code{"localhost": codes.Unimplemented, "casefile": codes.Unavailable} {
		creds, err := ours.transport(name).serverCredentials()
		if err != nil {
			t.Fatal(err)
		}
		_, port, err := net.SplitHostPort(serveSecured(t, creds))
		if err != nil {
			t.Fatal(err)
		}
		for _, form := range []string{"localhost:" + port, "dns:///localhost:" + port} {
			if err := peer("CASEFILE_ADDRESS", form); err != nil {
				t.Error(err)
			}
			if err := asks(t, client, form); status.Code(err) != want || want == codes.Unavailable && !strings.Contains(err.Error(), "not localhost") {
				t.Errorf("%s with the certificate of %s: %v, want %v", form, name, err, want)
			}
		}
	}
}

func TestOnlyNamedPeersConnect(t *testing.T) {
	ours, foreign := newAuthority(t), newAuthority(t)
	of := ours.transport("casefile")
	of.Peer = []string{"referral", "gateway"}
	creds, err := of.serverCredentials()
	if err != nil {
		t.Fatal(err)
	}
	at := serveSecured(t, creds)
	strangerOfForeign := foreign.transport("referral")
	strangerOfForeign.CA = ours.transport("").CA
	for label, tt := range map[string]struct {
		client Transport
		want   codes.Code
	}{
		"named peer":             {ours.transport("referral"), codes.Unimplemented}, // connected: there is no such service
		"another peer":           {ours.transport("planning"), codes.Unavailable},
		"no certificate":         {ours.transport(""), codes.Unavailable},
		"plain text":             {Transport{}, codes.Unavailable},
		"named by another CA":    {strangerOfForeign, codes.Unavailable},
		"client of another root": {foreign.transport("gateway"), codes.Unavailable},
	} {
		t.Run(label, func(t *testing.T) {
			if err := asks(t, tt.client, at); status.Code(err) != tt.want {
				t.Errorf("%v, want %v", err, tt.want)
			}
		})
	}
}
