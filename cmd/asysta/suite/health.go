package suite

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"asysta.example/internal/rpc"
)

// Health asks a process of this machine ("gateway", "all" or a service) whether it serves; nil says that it does. The configuration is that of the process:
// with it the question goes where the process listens and shows the process's own certificate. It is what probes run that cannot speak the
// protocol themselves, such as those of an image without a shell, or of Kubernetes, which knows no TLS in a gRPC probe.
func Health(ctx context.Context, what string, cfg HealthConfig) error {
	if what == "gateway" || what == "all" {
		return cfg.askWeb(ctx)
	}
	address := cfg.Listen
	if address == "" {
		address = defaultListen[what]
	}
	if address == "" {
		return fmt.Errorf("health: there is no service %q", what)
	}
	creds := insecure.NewCredentials()
	if cfg.Cert != "" {
		own, err := cfg.itself(cfg.Cert, cfg.Key)
		if err != nil {
			return err
		}
		creds = credentials.NewTLS(own)
	}
	conn, err := rpc.Dial(here(address), rpc.WithTransport(creds))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	answer, err := healthpb.NewHealthClient(conn).Check(ctx, &healthpb.HealthCheckRequest{})
	if err != nil {
		return fmt.Errorf("health: %w", err)
	}
	if answer.GetStatus() != healthpb.HealthCheckResponse_SERVING {
		return fmt.Errorf("health: %s says %s", what, answer.GetStatus())
	}
	return nil
}

func (c HealthConfig) askWeb(ctx context.Context) error {
	scheme, client := "http", http.DefaultClient
	if c.WebCert != "" {
		own, err := c.itself(c.WebCert, c.WebKey)
		if err != nil {
			return err
		}
		scheme, client = "https", &http.Client{Transport: &http.Transport{TLSClientConfig: own, DisableKeepAlives: true}}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://"+here(c.Web.Listen)+"/readyz", nil)
	if err != nil {
		return fmt.Errorf("health: %w", err)
	}
	res, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("health: %w", err)
	}
	if err := res.Body.Close(); err != nil {
		return fmt.Errorf("health: %w", err)
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("health: the gateway says %s", res.Status)
	}
	return nil
}

// here gives the address at which a listener of this machine is asked: one that listens everywhere is asked on the loopback interface.
func here(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return listen
	}
	if ip := net.ParseIP(host); host == "" || (ip != nil && ip.IsUnspecified()) {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

// itself is TLS for a process that asks itself: it shows the own certificate and takes no other one. Names do not matter then: it holds the key.
func (t Transport) itself(certFile, keyFile string) (*tls.Config, error) {
	own, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return nil, fmt.Errorf("health: certificate: %w", err)
	}
	return &tls.Config{
		MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{own},
		InsecureSkipVerify: true, //nolint:gosec // VerifyConnection is stricter: the one certificate, not any that somebody signed
		VerifyConnection: func(s tls.ConnectionState) error {
			if len(s.PeerCertificates) == 0 || !bytes.Equal(s.PeerCertificates[0].Raw, own.Certificate[0]) {
				return errors.New("health: whoever listens shows another certificate")
			}
			return nil
		},
	}, nil
}
