package rpc_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	planningv1 "asysta.example/proto/gen/asysta/planning/v1"
	referralv1 "asysta.example/proto/gen/asysta/referral/v1"

	"asysta.example/internal/identity"
	"asysta.example/internal/rpc"
	"asysta.example/internal/store"
)

func TestLoggerWithholdsWhatIsNotOnItsList(t *testing.T) {
	log := &lockedBuffer{}
	ctx := trace.ContextWithSpanContext(t.Context(), trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}}))
	l := rpc.NewLogger(log, slog.LevelDebug)
	l.ErrorContext(ctx, "line", slog.String("method", "shown"), slog.String("surname", "Kowalska"), slog.Group("person", slog.String("method", "Nowak")),
		slog.String("cause", `duplicate "Wiśniewska" 44051401359`), slog.Any("error", errors.New("of 'Zielińska'")))
	l.With(slog.String("note", "Lewandowska")).WithGroup("group").InfoContext(t.Context(), "other", slog.String("method", "Kamińska"))
	for _, hidden := range []string{"Kowalska", "Nowak", "Wiśniewska", "44051401359", "Zielińska", "Lewandowska", "Kamińska"} {
		if strings.Contains(log.String(), hidden) {
			t.Errorf("%s is in the log: %s", hidden, log)
		}
	}
	for _, shown := range []string{`"method":"shown"`, `"cause":"duplicate … #"`, `"error":"of …"`, `"trace_id":"01000000000000000000000000000000"`} {
		if !strings.Contains(log.String(), shown) {
			t.Errorf("%s is not in the log: %s", shown, log)
		}
	}
	if strings.Count(log.String(), "trace_id") != 1 {
		t.Error("a line outside of a trace has the id of one")
	}
}

// counted gives a world whose calls are counted.
func counted(t *testing.T, opts ...rpc.ServerOption) (*world, *prometheus.Registry) {
	t.Helper()
	r := prometheus.NewPedanticRegistry()
	m, err := rpc.NewMetrics(r)
	must(t, err)
	return newWorld(t, append(opts, rpc.WithMetrics(m))...), r
}

func TestMetricsTellOfCalls(t *testing.T) {
	w, r := counted(t)
	w.referrals.get = func(context.Context, *referralv1.GetReferralRequest) (*referralv1.Referral, error) { panic("x") }
	_, _ = client(w).GetReferral(w.as("head"), &referralv1.GetReferralRequest{Name: ref(gmina, "r1")})
	w.referrals.get = func(context.Context, *referralv1.GetReferralRequest) (*referralv1.Referral, error) {
		n, err := testutil.GatherAndCount(r, "asysta_calls_in_flight")
		if n != 1 || err != nil {
			t.Errorf("%d gauges of calls in flight: %v", n, err)
		}
		return &referralv1.Referral{}, nil
	}
	_, err := client(w).GetReferral(w.as("head"), &referralv1.GetReferralRequest{Name: ref(gmina, "r1")})
	must(t, err)
	w.logFails.Store(true)
	_, _ = client(w).GetReferral(w.as("head"), &referralv1.GetReferralRequest{Name: ref(gmina, "r1")})
	_, _ = client(w).GetReferral(w.as("head"), &referralv1.GetReferralRequest{Name: ref(foreign, "r1")})
	const get = `method="/asysta.referral.v1.ReferralService/GetReferral",reason=`
	want := `# HELP asysta_access_log_failures_total Lines of the access log that could not be written: of a read, whose answer was kept back, or of a denial.
# TYPE asysta_access_log_failures_total counter
asysta_access_log_failures_total{of="denial"} 1
asysta_access_log_failures_total{of="read"} 1
# HELP asysta_calls_in_flight Calls that are being answered now.
# TYPE asysta_calls_in_flight gauge
asysta_calls_in_flight 0
# HELP asysta_calls_total Calls answered, by method, code and reason.
# TYPE asysta_calls_total counter
asysta_calls_total{code="Internal",` + get + `"INTERNAL"} 1
asysta_calls_total{code="OK",` + get + `""} 1
asysta_calls_total{code="PermissionDenied",` + get + `"DENIED"} 1
asysta_calls_total{code="Unavailable",` + get + `"ACCESS_LOG"} 1
# HELP asysta_panics_total Calls that ended in a panic.
# TYPE asysta_panics_total counter
asysta_panics_total 1
# HELP asysta_store_up 1 where the store answered the last probe of health, 0 where it did not.
# TYPE asysta_store_up gauge
asysta_store_up 1
`
	if err := testutil.GatherAndCompare(r, strings.NewReader(want), "asysta_access_log_failures_total", "asysta_calls_in_flight", "asysta_calls_total", "asysta_panics_total", "asysta_store_up"); err != nil {
		t.Error(err)
	}
	if problems, err := testutil.GatherAndLint(r); err != nil || len(problems) > 0 {
		t.Errorf("%v %v", problems, err)
	}
}

// deaf is a store that does not answer.
type deaf struct{ store.Store }

func (deaf) Ping(context.Context) error { return errors.New("sqlite: ping: disk I/O error") }

// TestOnlyWhoHasAStoreTellsOfIt: the gateway counts calls too and has no store; an alert on 0 would call somebody for it day and night.
func TestOnlyWhoHasAStoreTellsOfIt(t *testing.T) {
	r := prometheus.NewPedanticRegistry()
	m, err := rpc.NewMetrics(r)
	must(t, err)
	if n, err := testutil.GatherAndCount(r, "asysta_store_up"); n != 0 || err != nil {
		t.Errorf("a process without a store tells %d times whether it is up: %v", n, err)
	}
	w := newWorld(t)
	deps := w.deps
	deps.Store = deaf{w.deps.Store}
	server, err := rpc.NewServer(deps, identity.New(w.issuer.Verifier(), w.tokens, w.deps.Directory, deps.Clock), rpc.WithMetrics(m))
	must(t, err)
	server.FollowHealth(t.Context())
	server.Shutdown(t.Context())
	if err := testutil.GatherAndCompare(r, strings.NewReader("# HELP asysta_store_up 1 where the store answered the last probe of health, 0 where it did not.\n# TYPE asysta_store_up gauge\nasysta_store_up 0\n"), "asysta_store_up"); err != nil {
		t.Error(err)
	}
	if !strings.Contains(w.log.String(), `"msg":"store does not answer","cause":"sqlite: ping: disk I/O error"`) {
		t.Errorf("the log does not say why: %s", w.log)
	}
}

func TestMoreCallsThanAtOnceAreRefusedAndHealthIsNot(t *testing.T) {
	w := newWorld(t, rpc.WithAtOnce(2))
	in, out := make(chan struct{}), make(chan struct{})
	w.referrals.get = func(context.Context, *referralv1.GetReferralRequest) (*referralv1.Referral, error) {
		in <- struct{}{}
		<-out
		return &referralv1.Referral{}, nil
	}
	done := make(chan error, 2)
	for range 2 {
		go func() {
			_, err := client(w).GetReferral(w.as("head"), &referralv1.GetReferralRequest{Name: ref(gmina, "r1")})
			done <- err
		}()
		<-in
	}
	_, err := client(w).GetReferral(w.as("head"), &referralv1.GetReferralRequest{Name: ref(gmina, "r1")})
	if status.Code(err) != codes.Unavailable || info(err).GetReason() != "BUSY" || polish(err) == "" {
		t.Errorf("the third call: %v", err)
	}
	if _, err := grpc_health_v1.NewHealthClient(w.conn).Check(t.Context(), &grpc_health_v1.HealthCheckRequest{}); err != nil {
		t.Errorf("health of a busy server: %v", err)
	}
	close(out)
	for range 2 {
		must(t, <-done)
	}
	go func() { <-in }()
	if _, err := client(w).GetReferral(w.as("head"), &referralv1.GetReferralRequest{Name: ref(gmina, "r1")}); err != nil {
		t.Errorf("a call after the busy time: %v", err)
	}
}

func TestAPanicLeavesTheGate(t *testing.T) {
	w := newWorld(t, rpc.WithAtOnce(1))
	w.referrals.get = func(context.Context, *referralv1.GetReferralRequest) (*referralv1.Referral, error) { panic("x") }
	for range 3 {
		if _, err := client(w).GetReferral(w.as("head"), &referralv1.GetReferralRequest{Name: ref(gmina, "r1")}); status.Code(err) != codes.Internal {
			t.Fatalf("got %v", err)
		}
	}
}

func TestHeadersAreBounded(t *testing.T) {
	w := newWorld(t)
	w.referrals.get = func(context.Context, *referralv1.GetReferralRequest) (*referralv1.Referral, error) {
		return &referralv1.Referral{}, nil
	}
	ctx := metadata.AppendToOutgoingContext(w.as("head"), "x-long", strings.Repeat("a", 80<<10))
	if _, err := client(w).GetReferral(ctx, &referralv1.GetReferralRequest{Name: ref(gmina, "r1")}); err == nil {
		t.Error("80 KB of headers were taken")
	}
}

func TestShutdownWaitsForHandlersThatItBreaksOff(t *testing.T) {
	w := newWorld(t)
	in, ended := make(chan struct{}), make(chan struct{})
	w.referrals.get = func(ctx context.Context, _ *referralv1.GetReferralRequest) (*referralv1.Referral, error) {
		defer close(ended)
		close(in)
		<-ctx.Done()
		time.Sleep(20 * time.Millisecond) // what a handler still does when its call is broken off
		return nil, ctx.Err()
	}
	go func() {
		_, _ = client(w).GetReferral(w.as("head"), &referralv1.GetReferralRequest{Name: ref(gmina, "r1")})
	}()
	<-in
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	w.server.Shutdown(ctx)
	select {
	case <-ended:
	default:
		t.Error("Shutdown returned while a handler ran: the store would be closed under it")
	}
}

func TestRetiredServersAnswerButAreNotServing(t *testing.T) {
	w := newWorld(t)
	w.referrals.get = func(context.Context, *referralv1.GetReferralRequest) (*referralv1.Referral, error) {
		return &referralv1.Referral{}, nil
	}
	w.server.Retire()
	got, err := grpc_health_v1.NewHealthClient(w.conn).Check(t.Context(), &grpc_health_v1.HealthCheckRequest{}, grpc.WaitForReady(true))
	if err != nil || got.GetStatus() != grpc_health_v1.HealthCheckResponse_NOT_SERVING {
		t.Errorf("health: %v, %v", got, err)
	}
	if _, err := client(w).GetReferral(w.as("head"), &referralv1.GetReferralRequest{Name: ref(gmina, "r1")}); err != nil {
		t.Errorf("a call to a retired server: %v", err)
	}
}

// TestNobodyAloneTakesAllCalls: whoever makes as many slow calls as they may is refused more, and everybody else is answered.
func TestNobodyAloneTakesAllCalls(t *testing.T) {
	w := newWorld(t, rpc.WithRate(1e6, 1e6))
	in, out := make(chan struct{}), make(chan struct{})
	w.referrals.get = func(_ context.Context, req *referralv1.GetReferralRequest) (*referralv1.Referral, error) {
		if req.GetName() == ref(gmina, "slow") {
			in <- struct{}{}
			<-out
		}
		return &referralv1.Referral{}, nil
	}
	var answered sync.WaitGroup
	for range rpc.CallsOfOne {
		answered.Go(func() {
			if _, err := client(w).GetReferral(w.as("head"), &referralv1.GetReferralRequest{Name: ref(gmina, "slow")}); err != nil {
				t.Error(err)
			}
		})
		<-in
	}
	if _, err := client(w).GetReferral(w.as("head"), &referralv1.GetReferralRequest{Name: ref(gmina, "r1")}); status.Code(err) != codes.ResourceExhausted || info(err).GetReason() != "CALLS" || polish(err) == "" {
		t.Errorf("a call beyond those under way: %v", err)
	}
	if _, err := client(w).GetReferral(w.as("worker"), &referralv1.GetReferralRequest{Name: ref(gmina, "r1")}); err != nil {
		t.Errorf("somebody else: %v", err)
	}
	close(out)
	answered.Wait()
	if _, err := client(w).GetReferral(w.as("head"), &referralv1.GetReferralRequest{Name: ref(gmina, "r1")}); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

func TestStreamsOfOnePersonAreBounded(t *testing.T) {
	w := newWorld(t)
	in, out := make(chan struct{}), make(chan struct{})
	w.plans.sync = func(*planningv1.SyncPlansRequest, grpc.ServerStreamingServer[planningv1.SyncPlansResponse]) error {
		in <- struct{}{}
		<-out
		return nil
	}
	plans := planningv1.NewCoordinationServiceClient(w.conn)
	open := func() grpc.ServerStreamingClient[planningv1.SyncPlansResponse] {
		s, err := plans.SyncPlans(w.as("coordinator"), &planningv1.SyncPlansRequest{Parent: "powiaty/" + county})
		must(t, err)
		return s
	}
	var streams []grpc.ServerStreamingClient[planningv1.SyncPlansResponse]
	for range 8 {
		streams = append(streams, open())
		<-in
	}
	if _, err := open().Recv(); status.Code(err) != codes.ResourceExhausted || info(err).GetReason() != "STREAMS" || polish(err) == "" {
		t.Errorf("the ninth stream: %v", err)
	}
	close(out)
	for _, s := range streams {
		if _, err := s.Recv(); !errors.Is(err, io.EOF) {
			t.Errorf("one of eight: %v", err)
		}
	}
	go func() { <-in }()
	if _, err := open().Recv(); !errors.Is(err, io.EOF) {
		t.Errorf("a stream after the others have ended: %v", err)
	}
}
