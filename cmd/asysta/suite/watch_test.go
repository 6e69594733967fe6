package suite_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"

	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"google.golang.org/grpc/metadata"

	directoryv1 "asysta.example/proto/gen/asysta/directory/v1"

	"asysta.example/cmd/asysta/suite"

	"asysta.example/internal/rpc"
	"asysta.example/internal/telemetry"
)

type lockedLog struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

var toldAt = regexp.MustCompile(`"msg":"telling metrics","address":"([^"]+)"`)

// TestOneTraceFromRESTToTheStore follows one request: the gateway, its call, the service and the store belong to one trace, whose id is in the log and, of a
// refusal, in the answer.
func TestOneTraceFromRESTToTheStore(t *testing.T) {
	into, log := tracetest.NewInMemoryExporter(), &lockedLog{}
	tracing, err := telemetry.To(into, "all")
	must(t, err)
	s, err := suite.Start(t.Context(), trialConfig(t), suite.Options{Clock: clock, Log: rpc.NewLogger(log, slog.LevelInfo), Fill: fill, Tracing: tracing})
	must(t, err)
	defer func() {
		http.DefaultClient.CloseIdleConnections()
		must(t, s.Close())
	}()
	token, err := s.Trial.Token("hanna")
	must(t, err)
	ask := func(path string) (int, string) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.Address()+path, nil)
		must(t, err)
		req.Header.Set("Authorization", "Bearer "+token)
		req.Header.Set("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
		req.Header.Set("Tracestate", "who=Kowalska")
		res, err := http.DefaultClient.Do(req)
		must(t, err)
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		must(t, err)
		return res.StatusCode, string(body)
	}
	if code, body := ask("/v1/gminas/3024035/referrals"); code != http.StatusOK {
		t.Fatalf("%d %s", code, body)
	}
	if code, body := ask("/v1/gminas/3024044/referrals"); code != http.StatusForbidden || !strings.Contains(body, `"traceId":"0af7651916cd43dd8448eb211c80319c"`) {
		t.Errorf("a refusal: %d %s", code, body)
	}
	if n := strings.Count(log.String(), `"trace_id":"0af7651916cd43dd8448eb211c80319c"`); n != 2 {
		t.Errorf("%d lines of the log have the trace, want one of each call: %s", n, log)
	}
	parents, names := map[string]string{}, map[string]string{}
	for _, span := range into.GetSpans() {
		if span.SpanContext.TraceID().String() == "0af7651916cd43dd8448eb211c80319c" {
			parents[span.SpanContext.SpanID().String()] = span.Parent.SpanID().String()
			names[span.SpanContext.SpanID().String()] = span.SpanKind.String() + " " + span.Name
		}
	}
	want := "internal store.list < server asysta.referral.v1.ReferralService/ListReferrals < client asysta.referral.v1.ReferralService/ListReferrals < server GET /v1/{parent=gminas/*}/referrals"
	ways := 0
	for id, name := range names {
		if name != "internal store.list" {
			continue
		}
		var way []string
		for at := id; names[at] != ""; at = parents[at] {
			way = append(way, names[at])
		}
		if got := strings.Join(way, " < "); got != want {
			t.Errorf("the way is %s\nwant %s", got, want)
		}
		ways++
	}
	if ways == 0 {
		t.Errorf("no span of the store among %v", names)
	}
}

// TestMetricsAreTold scrapes a process and looks for what an operator watches.
func TestMetricsAreTold(t *testing.T) {
	log, cfg := &lockedLog{}, trialConfig(t)
	cfg.Metrics = "127.0.0.1:0"
	s, err := suite.Start(t.Context(), cfg, suite.Options{Clock: clock, Log: rpc.NewLogger(log, slog.LevelInfo), Fill: fill})
	must(t, err)
	defer func() {
		http.DefaultClient.CloseIdleConnections()
		must(t, s.Close())
	}()
	token, err := s.Trial.Token("hanna")
	must(t, err)
	if code, body := get(t, http.MethodGet, "http://"+s.Address()+"/v1/gminas/3024035/referrals", token, ""); code != http.StatusOK {
		t.Fatalf("%d %s", code, body)
	}
	at := toldAt.FindStringSubmatch(log.String())
	if at == nil {
		t.Fatalf("the log does not say where: %s", log)
	}
	_, text := get(t, http.MethodGet, "http://"+at[1]+"/metrics", "", "")
	for _, metric := range []string{
		`asysta_calls_total{code="OK",method="/asysta.referral.v1.ReferralService/ListReferrals",reason=""} 1`, "asysta_call_seconds_bucket", "asysta_calls_in_flight 0", "asysta_store_up 1",
		`asysta_rest_requests_total{code="200",method="GET",route="/v1/{parent=gminas/*}/referrals"} 1`, `asysta_store_operations_total{op="list",result="ok"}`, "asysta_store_seconds_bucket",
		"asysta_relay_lag_seconds", "asysta_relay_waiting", "asysta_access_log_unindexed_lines 1", "asysta_sqlite_waiting", "asysta_sqlite_writes_total", "asysta_sqlite_groups_total", "asysta_work_rounds_total", "asysta_panics_total 0",
		`asysta_access_log_failures_total{of="read"} 0`, "asysta_build_info{", "go_goroutines", "process_resident_memory_bytes",
	} {
		if !strings.Contains(text, "\n"+metric) {
			t.Errorf("%s is not told", metric)
		}
	}
}

// benchmarked starts a suite for a benchmark and gives a token of a person.
func benchmarked(b *testing.B, o suite.Options) (*suite.Suite, string) {
	b.Helper()
	cfg := suite.AllConfig{}
	if err := suite.Load(b.Context(), &cfg, []string{"ASYSTA_TRIAL=true", "ASYSTA_STORE=sqlite:" + b.TempDir() + "/b.db", "ASYSTA_GATEWAY_LISTEN=127.0.0.1:0", "ASYSTA_CALLS_PER_SECOND=0"}); err != nil {
		b.Fatal(err)
	}
	s, err := suite.Start(b.Context(), cfg, o)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	token, err := s.Trial.Token("hanna")
	if err != nil {
		b.Fatal(err)
	}
	return s, token
}

// BenchmarkCall measures a call that asks the store for nothing but its caller, without traces and with all of them.
func BenchmarkCall(b *testing.B) {
	for name, traced := range map[string]bool{"traces off": false, "every trace": true} {
		b.Run(name, func(b *testing.B) {
			o := suite.Options{Clock: clock, Log: slog.New(slog.DiscardHandler), Fill: fill}
			if traced {
				var err error
				if o.Tracing, err = telemetry.To(tracetest.NewNoopExporter(), "all"); err != nil {
					b.Fatal(err)
				}
			}
			s, token := benchmarked(b, o)
			ctx := metadata.AppendToOutgoingContext(context.Background(), "authorization", "Bearer "+token)
			client := directoryv1.NewDirectoryServiceClient(s.Conn)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := client.WhoAmI(ctx, &directoryv1.WhoAmIRequest{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkREST measures what every request of the REST interface costs, from its headers to the end of its answer, without a connection: a short answer that asks
// the store for nothing but its caller. The log is written, to nowhere.
func BenchmarkREST(b *testing.B) {
	s, token := benchmarked(b, suite.Options{Clock: clock, Log: rpc.NewLogger(io.Discard, slog.LevelInfo), Fill: fill})
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest(http.MethodGet, "/v1/catalogueEntries?catalogue=CATALOGUE_SUPPORT_FORMS", nil)
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		if s.Gateway.ServeHTTP(w, r); w.Code != http.StatusOK {
			b.Fatal(w.Code, w.Body)
		}
	}
}
