package suite

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
)

// serverCredentials protects a service's listener: plain text where no certificate is set; with a CA clients must show a certificate of it, and with
// a list of peers one that carries a name of the list.
func (t Transport) serverCredentials() (credentials.TransportCredentials, error) {
	if err := t.secures(); err != nil {
		return nil, err
	}
	if t.Cert == "" {
		return insecure.NewCredentials(), nil
	}
	cfg, err := t.config()
	if err != nil {
		return nil, err
	}
	if cfg.RootCAs != nil {
		cfg.ClientAuth, cfg.ClientCAs, cfg.RootCAs = tls.RequireAndVerifyClientCert, cfg.RootCAs, nil
	}
	if len(t.Peer) > 0 {
		cfg.VerifyConnection = t.allowed
	}
	return credentials.NewTLS(cfg), nil
}

var errPeer = errors.New("suite: the peer's certificate carries no name that may call here")

func (t Transport) allowed(s tls.ConnectionState) error {
	for _, cert := range s.PeerCertificates[:min(1, len(s.PeerCertificates))] {
		if slices.ContainsFunc(cert.DNSNames, func(name string) bool { return slices.Contains(t.Peer, name) }) {
			return nil
		}
	}
	return errPeer
}

// clientCredentials protects connections to other services.
func (t Transport) clientCredentials() (credentials.TransportCredentials, error) {
	if t.Cert == "" && t.CA == "" {
		return insecure.NewCredentials(), nil
	}
	cfg, err := t.config()
	if err != nil {
		return nil, err
	}
	return credentials.NewTLS(cfg), nil
}

// config reads certificate, key and CA. The certificate is read again when its files change; another CA needs another start, so that the file of a CA that comes to its end
// holds the next one too in good time.
func (t Transport) config() (*tls.Config, error) {
	cfg := &tls.Config{MinVersion: tls.VersionTLS13}
	if t.Cert != "" {
		source, err := newCertSource(t.Cert, t.Key, slog.Default())
		if err != nil {
			return nil, fmt.Errorf("ASYSTA_TLS_CERT_FILE, ASYSTA_TLS_KEY_FILE: %w", err)
		}
		cfg.GetCertificate, cfg.GetClientCertificate = source.server, source.client
	}
	if t.CA != "" {
		pem, err := os.ReadFile(t.CA)
		if err != nil {
			return nil, fmt.Errorf("ASYSTA_TLS_CA_FILE: %w", err)
		}
		cfg.RootCAs = x509.NewCertPool()
		if !cfg.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("ASYSTA_TLS_CA_FILE: no certificate in %s", t.CA)
		}
	}
	return cfg, nil
}

// certSource gives the certificate of a pair of files as they are now. Files that cannot be read, or do not fit each other (one was replaced before the other), leave the
// certificate that was there. It is safe for concurrent use.
type certSource struct {
	cert, key string
	log       *slog.Logger

	mu     sync.Mutex
	loaded *tls.Certificate
	as     [2]version // of the files as they were loaded, or last failed to be
}

// version tells two contents of a file apart.
type version struct {
	modified time.Time
	size     int64
}

func newCertSource(cert, key string, log *slog.Logger) (*certSource, error) {
	s := &certSource{cert: cert, key: key, log: log}
	s.as = s.versions()
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	s.loaded = &pair
	return s, nil
}

func (s *certSource) versions() (v [2]version) {
	for i, path := range []string{s.cert, s.key} {
		if info, err := os.Stat(path); err == nil {
			v[i] = version{info.ModTime(), info.Size()}
		}
	}
	return v
}

// current reads the files again where they have changed.
func (s *certSource) current() *tls.Certificate {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.versions()
	if now == s.as {
		return s.loaded
	}
	s.as = now
	pair, err := tls.LoadX509KeyPair(s.cert, s.key)
	if err != nil {
		s.log.Error("the changed certificate cannot be used, the one before goes on", slog.String("cause", err.Error()))
		return s.loaded
	}
	s.loaded = &pair
	s.log.Info("certificate read again")
	return s.loaded
}

func (s *certSource) server(*tls.ClientHelloInfo) (*tls.Certificate, error) { return s.current(), nil }

func (s *certSource) client(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
	return s.current(), nil
}
