package gateway

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/common/expfmt"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// conn is a connection whose every call ends as a test says.
type conn struct {
	grpc.ClientConnInterface
	end func(context.Context) error
}

// Invoke implements grpc.ClientConnInterface.
func (c conn) Invoke(ctx context.Context, _ string, _, _ any, _ ...grpc.CallOption) error {
	return c.end(ctx)
}

func observed(t *testing.T, cfg Config, end func(context.Context) error) http.Handler {
	t.Helper()
	c := conn{end: end}
	h, err := New(t.Context(), cfg, Conns{Referral: c, Casefile: c, Planning: c, Reporting: c})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

const file = "/v1/gminas/3024035/familyFiles/44051401458"

func TestRequestsAreToldByThePatternOfTheirPath(t *testing.T) {
	r, log, spans := prometheus.NewPedanticRegistry(), &bytes.Buffer{}, tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))
	cfg := Config{
		Metrics: r, Log: slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})), Tracer: provider.Tracer("test"), Propagator: propagation.TraceContext{},
	}
	h := observed(t, cfg, func(context.Context) error { return status.Error(codes.NotFound, "x") })
	const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	_, body := call(t, h, http.MethodGet, file, "", "Traceparent", parent)
	if p := refusal(t, body); p.Trace != "0af7651916cd43dd8448eb211c80319c" {
		t.Errorf("the refusal tells the trace %q", p.Trace)
	}
	for _, path := range []string{"/v1/Kowalska", "/v1/gminas/3024035/familyFiles/44051401458/Kowalska"} {
		if _, body := call(t, h, "KOWALSKA", path, ""); refusal(t, body).Trace == "" {
			t.Errorf("%s: no trace in %s", path, body)
		}
	}
	text, err := testutil.CollectAndFormat(r, expfmt.TypeTextPlain, "asysta_rest_requests_total")
	if err != nil {
		t.Fatal(err)
	}
	want := `asysta_rest_requests_total{code="404",method="GET",route="/v1/{name=gminas/*/familyFiles/*}"} 1`
	if !strings.Contains(string(text), want) || !strings.Contains(string(text), `method="OTHER",route="none"`) {
		t.Errorf("metrics: %s", text)
	}
	all := string(text) + log.String()
	for _, s := range spans.GetSpans() {
		all += s.Name
		for _, a := range s.Attributes {
			all += a.Value.String()
		}
	}
	if len(spans.GetSpans()) != 3 || !strings.Contains(all, "GET /v1/{name=gminas/*/familyFiles/*}") {
		t.Errorf("spans: %v", spans.GetSpans())
	}
	for _, typed := range []string{"44051401458", "owalska", "OWALSKA"} {
		if strings.Contains(all, typed) {
			t.Errorf("%q of a path is told: %s", typed, all)
		}
	}
}

func TestAPanicIsAnsweredAndToldWithoutItsValue(t *testing.T) {
	log := &bytes.Buffer{}
	h := observed(t, Config{Log: slog.New(slog.NewJSONHandler(log, nil))}, func(context.Context) error { panic("Kowalska") })
	res, body := call(t, h, http.MethodGet, file, "")
	p := refusal(t, body)
	if res.StatusCode != http.StatusInternalServerError || p.Reason != "INTERNAL" || p.Error == "" || !strings.Contains(p.Message, p.Error) {
		t.Errorf("answer: %d %s", res.StatusCode, body)
	}
	if text := log.String() + body; strings.Contains(text, "Kowalska") || !strings.Contains(log.String(), "panic: string") || !strings.Contains(log.String(), p.Error) {
		t.Errorf("told: %s", text)
	}
}

func TestMoreRequestsThanAtOnceAreRefused(t *testing.T) {
	in, out := make(chan struct{}), make(chan struct{})
	h := observed(t, Config{AtOnce: 1}, func(context.Context) error {
		in <- struct{}{}
		<-out
		return nil
	})
	done := make(chan int)
	go func() {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, file, nil))
		done <- w.Code
	}()
	<-in
	res, body := call(t, h, http.MethodGet, file, "")
	if res.StatusCode != http.StatusServiceUnavailable || refusal(t, body).Reason != "BUSY" || res.Header.Get("Retry-After") == "" {
		t.Errorf("the second request: %d %s", res.StatusCode, body)
	}
	if res, _ := call(t, h, http.MethodGet, "/healthz", ""); res.StatusCode != http.StatusOK {
		t.Errorf("health of a busy gateway: %d", res.StatusCode)
	}
	close(out)
	if code := <-done; code != http.StatusOK {
		t.Errorf("the first request: %d", code)
	}
}

func TestTheSameMetricsTwiceAreAnError(t *testing.T) {
	r := prometheus.NewRegistry()
	c := conn{}
	conns := Conns{Referral: c, Casefile: c, Planning: c, Reporting: c}
	if _, err := New(t.Context(), Config{Metrics: r}, conns); err != nil {
		t.Fatal(err)
	}
	if _, err := New(t.Context(), Config{Metrics: r}, conns); err == nil {
		t.Error("metrics were registered twice")
	}
}
