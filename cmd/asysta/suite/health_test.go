package suite

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
)

func TestHealth(t *testing.T) {
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	state, server := health.NewServer(), grpc.NewServer()
	healthpb.RegisterHealthServer(server, state)
	go func() { _ = server.Serve(lis) }()
	t.Cleanup(server.Stop)
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/readyz" {
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	t.Cleanup(web.Close)
	_, port, _ := net.SplitHostPort(lis.Addr().String())

	ask := func(what string, cfg HealthConfig) error {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		return Health(ctx, what, cfg)
	}
	gateway := HealthConfig{Web: Web{Listen: strings.TrimPrefix(web.URL, "http://")}}
	if err := ask("gateway", gateway); err != nil {
		t.Error(err)
	}
	web.Config.Handler = http.NotFoundHandler()
	if err := ask("gateway", gateway); err == nil {
		t.Error("a gateway that is not ready is healthy")
	}
	// Who listens everywhere is asked on this machine.
	if err := ask("casefile", HealthConfig{Listen: "0.0.0.0:" + port}); err != nil {
		t.Error(err)
	}
	state.SetServingStatus("", healthpb.HealthCheckResponse_NOT_SERVING)
	if err := ask("casefile", HealthConfig{Listen: ":" + port}); err == nil {
		t.Error("a service that says NOT_SERVING is healthy")
	}
	if err := ask("archive", HealthConfig{}); err == nil {
		t.Error("a service that does not exist is healthy")
	}
}

// With certificates a process knows itself by its own one, whatever names are in it, and nobody else.
func TestHealthBehindTLS(t *testing.T) {
	ca := newAuthority(t)
	own, other := ca.transport("casefile"), ca.transport("planning")
	creds, err := own.serverCredentials()
	if err != nil {
		t.Fatal(err)
	}
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(grpc.Creds(creds))
	healthpb.RegisterHealthServer(server, health.NewServer())
	go func() { _ = server.Serve(lis) }()
	t.Cleanup(server.Stop)
	for label, tt := range map[string]struct {
		with Transport
		ok   bool
	}{"its own certificate": {own, true}, "another certificate": {other, false}, "none": {Transport{}, false}} {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		err := Health(ctx, "casefile", HealthConfig{Listen: lis.Addr().String(), Transport: tt.with})
		cancel()
		if (err == nil) != tt.ok {
			t.Errorf("asked with %s: %v", label, err)
		}
	}
}
