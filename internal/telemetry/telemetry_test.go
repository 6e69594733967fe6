package telemetry_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"asysta.example/internal/store"
	"asysta.example/internal/store/sqlite"
	"asysta.example/internal/telemetry"
)

const marker = "Anna Kowalska"

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestSpansLeaveWithWhatIsOnTheListAlone(t *testing.T) {
	into := tracetest.NewInMemoryExporter()
	tracing, err := telemetry.To(into, "test")
	must(t, err)
	_, span := tracing.Tracer().Start(t.Context(), "Ł"+marker, trace.WithLinks(trace.Link{Attributes: []attribute.KeyValue{attribute.String("of", marker)}}))
	span.AddEvent(marker)
	span.SetAttributes(attribute.String("note", marker), telemetry.StoreKind.String("familyFiles"), telemetry.StoreIndex.String("„"+marker+"”"), telemetry.StoreCount.Int(3), attribute.StringSlice("rpc.method", []string{marker}))
	span.RecordError(errors.New(marker))
	span.SetStatus(codes.Error, marker)
	span.End()
	s := into.GetSpans()[0]
	want := []attribute.KeyValue{telemetry.StoreKind.String("familyFiles"), telemetry.StoreCount.Int(3)}
	if diff := cmp.Diff(want, s.Attributes, cmp.Comparer(func(a, b attribute.KeyValue) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
	if s.Name != "call" || len(s.Events) > 0 || len(s.Links) > 0 || s.Status.Description != "" || s.Status.Code != codes.Error {
		t.Errorf("told: %q %v %v %v", s.Name, s.Events, s.Links, s.Status)
	}
}

func TestNoTracingIsNothing(t *testing.T) {
	var none *telemetry.Tracing
	if none.Tracer() != nil || none.Server() != nil || none.Client() != nil || none.Close(t.Context()) != nil {
		t.Error("a nil tracing does something")
	}
	w, err := telemetry.NewWatch(none, nil)
	if w != nil || err != nil {
		t.Errorf("a watch of nothing: %v, %v", w, err)
	}
	s := store.Open(nil)
	if w.Over(s) != s {
		t.Error("nothing stands before a store that nobody watches")
	}
}

func TestPropagatorCarriesTheTraceAndNothingElse(t *testing.T) {
	in := propagation.MapCarrier{"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "tracestate": "who=Kowalska", "baggage": "who=Kowalska"}
	ctx := telemetry.Propagator{}.Extract(t.Context(), in)
	out := propagation.MapCarrier{}
	telemetry.Propagator{}.Inject(ctx, out)
	if diff := cmp.Diff(propagation.MapCarrier{"traceparent": in["traceparent"]}, out); diff != "" {
		t.Error(diff)
	}
	for _, bad := range []string{"", "00-0-0-0", "Kowalska", strings.Repeat("0", 4000)} {
		if sc := trace.SpanContextFromContext(telemetry.Propagator{}.Extract(t.Context(), propagation.MapCarrier{"traceparent": bad})); sc.IsValid() {
			t.Errorf("%q is a trace: %v", bad, sc)
		}
	}
}

// opened is a store under a watch.
func opened(t *testing.T, tracing *telemetry.Tracing, r prometheus.Registerer, fail *atomic.Bool) (store.Store, store.Engine) {
	t.Helper()
	engine, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "t.db"), store.WithFailPoint(func(p store.FailPoint) error {
		if fail.Load() && p == store.PointAccess {
			return errors.New(marker)
		}
		return nil
	}))
	must(t, err)
	w, err := telemetry.NewWatch(tracing, r)
	must(t, err)
	s := w.Over(store.Open(plain{engine}))
	t.Cleanup(func() { must(t, s.Close()) })
	must(t, s.System().Migrate(t.Context()))
	return s, plain{engine}
}

// plain is an engine that can do no more than every engine can.
type plain struct{ store.Engine }

var now = time.Date(2026, 3, 10, 9, 0, 0, 0, time.UTC)

func TestStoreIsWatched(t *testing.T) {
	into, r, fail := tracetest.NewInMemoryExporter(), prometheus.NewPedanticRegistry(), &atomic.Bool{}
	tracing, err := telemetry.To(into, "test")
	must(t, err)
	s, engine := opened(t, tracing, r, fail)
	ctx, root := tracing.Tracer().Start(t.Context(), "root")
	change := store.Change{Actor: store.Actor{Person: marker}, Method: "test", RecordedAt: now, Purpose: marker}
	of := s.For("3024035")
	ref := store.Ref{Kind: store.FamilyFiles, ID: "01k9zzzzzzzzzzzzzzzzzzzzzz"}
	base := of.New(ref)
	doc, _, err := of.Commit(ctx, base, change)
	must(t, err)
	if _, _, err := of.Commit(ctx, base, change); !errors.Is(err, store.ErrConflict) {
		t.Fatalf("got %v", err)
	}
	if _, err := of.Load(ctx, ref); err != nil {
		t.Fatal(err)
	}
	if _, err := of.Load(ctx, store.Ref{Kind: store.FamilyFiles, ID: "absent"}); !errors.Is(err, store.ErrNotFound) {
		t.Fatalf("got %v", err)
	}
	_, err = of.History(ctx, doc.Ref(), 0, 10)
	must(t, err)
	_, err = s.ForCounty("3024").Feed(ctx, 0, 10)
	must(t, err)
	_, err = s.System().Relay(ctx, 10)
	must(t, err)
	access := store.Access{At: now, Actor: store.Actor{Person: marker}, Method: "test", Refs: []string{ref.String()}}
	must(t, s.LogAccess(ctx, access))
	fail.Store(true)
	if err := s.LogAccess(ctx, access); err == nil {
		t.Fatal("the log did not fail")
	}
	root.End()
	want := map[string]int{"root": 1, "store.commit": 2, "store.load": 2, "store.history": 1, "store.feed": 1, "store.relay": 1, "store.log_access": 2}
	got := map[string]int{}
	for _, span := range into.GetSpans() {
		got[span.Name]++
		if span.SpanContext.TraceID() != root.SpanContext().TraceID() {
			t.Errorf("%s is of another trace", span.Name)
		}
		for _, a := range span.Attributes {
			if v := a.Value.String(); strings.Contains(v, "01k9") || strings.Contains(v, "Anna") || strings.Contains(v, "3024") {
				t.Errorf("%s tells %s=%s", span.Name, a.Key, v)
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("spans (-want +got):\n%s", diff)
	}
	exp := `# HELP asysta_store_operations_total Operations of the store, by operation and result. A conflict is a commit whose version another one had taken.
# TYPE asysta_store_operations_total counter
asysta_store_operations_total{op="commit",result="conflict"} 1
asysta_store_operations_total{op="commit",result="ok"} 1
asysta_store_operations_total{op="feed",result="ok"} 1
asysta_store_operations_total{op="history",result="ok"} 1
asysta_store_operations_total{op="load",result="not_found"} 1
asysta_store_operations_total{op="load",result="ok"} 1
asysta_store_operations_total{op="log_access",result="error"} 1
asysta_store_operations_total{op="log_access",result="ok"} 1
asysta_store_operations_total{op="relay",result="ok"} 1
`
	if err := testutil.GatherAndCompare(r, strings.NewReader(exp), "asysta_store_operations_total"); err != nil {
		t.Error(err)
	}
	if waiting, _, err := store.Backlog(t.Context(), engine); waiting != 0 || err != nil {
		t.Errorf("%d wait after the relay: %v", waiting, err)
	}
}

func TestOutsideOfATraceNoSpanIsMade(t *testing.T) {
	into := tracetest.NewInMemoryExporter()
	tracing, err := telemetry.To(into, "test")
	must(t, err)
	s, _ := opened(t, tracing, nil, &atomic.Bool{})
	must(t, s.Ping(t.Context()))
	if n := len(into.GetSpans()); n != 0 {
		t.Errorf("%d spans", n)
	}
}

func TestBacklogTellsWhatWaits(t *testing.T) {
	s, engine := opened(t, nil, nil, &atomic.Bool{})
	for i, id := range []string{"a", "b"} {
		of := s.For("3024035")
		_, _, err := of.Commit(t.Context(), of.New(store.Ref{Kind: store.FamilyFiles, ID: id}), store.Change{Actor: store.Actor{System: "test"}, Method: "test", RecordedAt: now.Add(time.Duration(i) * time.Hour)})
		must(t, err)
	}
	r := prometheus.NewPedanticRegistry()
	must(t, telemetry.WatchBacklog(r, engine, func() time.Time { return now.Add(90 * time.Second) }))
	want := `# HELP asysta_relay_lag_seconds How long the oldest commit has waited for its position in the change feed; 0 where none waits.
# TYPE asysta_relay_lag_seconds gauge
asysta_relay_lag_seconds 90
# HELP asysta_relay_waiting Commits that wait for their position in the change feed, counted up to 500.
# TYPE asysta_relay_waiting gauge
asysta_relay_waiting 2
`
	if err := testutil.GatherAndCompare(r, strings.NewReader(want)); err != nil {
		t.Error(err)
	}
}

func TestFromEnvironment(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	for _, key := range []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_SDK_DISABLED", "OTEL_TRACES_EXPORTER", "OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_TRACES_SAMPLER"} {
		t.Setenv(key, "")
	}
	if tracing, err := telemetry.FromEnvironment(t.Context(), "test", log); tracing != nil || err != nil {
		t.Errorf("tracing without an endpoint: %v, %v", tracing, err)
	}
	var told sync.Map
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		told.Store(r.URL.Path, body)
	}))
	defer collector.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.URL)
	t.Setenv("OTEL_SDK_DISABLED", "true")
	if tracing, err := telemetry.FromEnvironment(t.Context(), "test", log); tracing != nil || err != nil {
		t.Errorf("tracing while it is disabled: %v, %v", tracing, err)
	}
	t.Setenv("OTEL_SDK_DISABLED", "")
	t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
	if tracing, err := telemetry.FromEnvironment(t.Context(), "test", log); tracing != nil || err == nil {
		t.Errorf("a protocol that is not spoken: %v, %v", tracing, err)
	}
	t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "")
	t.Setenv("OTEL_TRACES_SAMPLER", "always_on")
	tracing, err := telemetry.FromEnvironment(t.Context(), "test", log)
	must(t, err)
	_, span := tracing.Tracer().Start(t.Context(), "call")
	span.SetAttributes(attribute.String("note", marker))
	span.End()
	must(t, tracing.Close(t.Context()))
	body, ok := told.Load("/v1/traces")
	if !ok {
		t.Fatal("the collector was told nothing")
	}
	if text := string(body.([]byte)); !strings.Contains(text, "asysta-test") || strings.Contains(text, marker) { //nolint:forcetypeassert // stored above
		t.Errorf("told: %q", text)
	}
}

func TestACallerCannotHaveATraceRecorded(t *testing.T) {
	var spans atomic.Int64
	collector := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { spans.Add(1) }))
	defer collector.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.URL)
	t.Setenv("OTEL_TRACES_SAMPLER", "")
	tracing, err := telemetry.FromEnvironment(t.Context(), "test", slog.New(slog.DiscardHandler))
	must(t, err)
	// A trace id above the ratio, with the flag that its caller wants it recorded.
	ctx := telemetry.Propagator{}.Extract(context.Background(), propagation.MapCarrier{"traceparent": "00-ffffffffffffffffffffffffffffffff-b7ad6b7169203331-01"})
	_, span := tracing.Tracer().Start(ctx, "call")
	if span.SpanContext().IsSampled() {
		t.Error("the caller's flag decides")
	}
	span.End()
	must(t, tracing.Close(t.Context()))
	if spans.Load() > 0 {
		t.Error("the collector was told of it")
	}
}

// TestTheStartIsToldByTheProcessItself: what the process collector works out from /proc/stat is missing where a unit of systemd hides that.
func TestTheStartIsToldByTheProcessItself(t *testing.T) {
	families, err := telemetry.NewRegistry().Gather()
	must(t, err)
	for _, f := range families {
		if f.GetName() == "asysta_start_time_seconds" {
			if age := time.Since(time.Unix(int64(f.GetMetric()[0].GetGauge().GetValue()), 0)); age < 0 || age > time.Minute {
				t.Errorf("the process is %s old", age)
			}
			return
		}
	}
	t.Error("the time of the start is not told")
}
