package suite

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"slices"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
)

// serverCredentials protects a service's listener: plain text where no certificate is set; with a CA clients must show a certificate of it, and with
// a list of peers one that carries a name of the list.
func (t Transport) serverCredentials() (credentials.TransportCredentials, error) {
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

func (t Transport) config() (*tls.Config, error) {
	cfg := &tls.Config{MinVersion: tls.VersionTLS13}
	if t.Cert != "" {
		cert, err := tls.LoadX509KeyPair(t.Cert, t.Key)
		if err != nil {
			return nil, fmt.Errorf("suite: certificate: %w", err)
		}
		cfg.Certificates = []tls.Certificate{cert}
	}
	if t.CA != "" {
		pem, err := os.ReadFile(t.CA)
		if err != nil {
			return nil, fmt.Errorf("suite: CA: %w", err)
		}
		cfg.RootCAs = x509.NewCertPool()
		if !cfg.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("suite: CA: no certificate in %s", t.CA)
		}
	}
	return cfg, nil
}
