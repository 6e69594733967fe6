package rpc_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	familyv1 "asysta.example/proto/gen/asysta/family/v1"
	referralv1 "asysta.example/proto/gen/asysta/referral/v1"

	"asysta.example/internal/fault"
	"asysta.example/internal/rpc"
	"asysta.example/internal/telemetry"
)

// Neither side can change what the other one has, and what a caller knows by its context is not for the handler.
func TestDirectKeepsTheSidesApart(t *testing.T) {
	type key struct{}
	w := newWorld(t)
	shared := &familyv1.Deadline{Rule: "shared"}
	var asked *referralv1.GetReferralRequest
	w.referrals.get = func(ctx context.Context, req *referralv1.GetReferralRequest) (*referralv1.Referral, error) {
		asked = req
		if ctx.Value(key{}) != nil || trace.SpanContextFromContext(ctx).IsValid() {
			t.Error("the handler sees the caller's values")
		}
		req.Name = "changed"
		return &referralv1.Referral{Name: "n", Deadlines: []*familyv1.Deadline{shared}}, nil
	}
	for _, tt := range []struct {
		name string
		opts []rpc.DialOption
		lent bool
	}{{"copied", nil, false}, {"lent", []rpc.DialOption{rpc.WithLentAnswers()}, true}} {
		t.Run(tt.name, func(t *testing.T) {
			conn := direct(t, w.pipe, tt.opts...)
			req := &referralv1.GetReferralRequest{Name: ref(gmina, "r1")}
			ctx := trace.ContextWithSpanContext(context.WithValue(w.as("head"), key{}, 1), trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}}))
			got, err := referralv1.NewReferralServiceClient(conn).GetReferral(ctx, req)
			must(t, err)
			if asked == req || req.GetName() != ref(gmina, "r1") {
				t.Error("the handler has the caller's request")
			}
			if lent := got.GetDeadlines()[0] == shared; lent != tt.lent {
				t.Errorf("the answer's parts are the handler's: %v", lent)
			}
			must(t, conn.Close())
		})
	}
}

// A server that ends lets calls within the process end, takes no new ones and breaks off those that last too long.
func TestShutdownAndCallsWithinTheProcess(t *testing.T) {
	for _, tt := range []struct {
		name string
		wait time.Duration
		want codes.Code
	}{{"waits", 10 * time.Second, codes.OK}, {"breaks off", 10 * time.Millisecond, codes.Unavailable}} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			in, out, ended := make(chan struct{}), make(chan struct{}), make(chan struct{})
			w.referrals.get = func(ctx context.Context, _ *referralv1.GetReferralRequest) (*referralv1.Referral, error) {
				defer close(ended)
				close(in)
				select {
				case <-out:
					return &referralv1.Referral{}, nil
				case <-ctx.Done():
					time.Sleep(20 * time.Millisecond) // what a handler still does
					return nil, ctx.Err()
				}
			}
			conn := direct(t, w.pipe)
			got, down := make(chan error, 1), make(chan struct{})
			go func() {
				_, err := referralv1.NewReferralServiceClient(conn).GetReferral(w.as("head"), &referralv1.GetReferralRequest{Name: ref(gmina, "r1")})
				got <- err
			}()
			<-in
			go func() {
				ctx, cancel := context.WithTimeout(t.Context(), tt.wait)
				defer cancel()
				w.server.Shutdown(ctx)
				close(down)
			}()
			for refused := false; !refused; time.Sleep(time.Millisecond) { // as soon as the server ends, no call begins
				_, err := healthpb.NewHealthClient(conn).Check(t.Context(), &healthpb.HealthCheckRequest{})
				refused = status.Code(err) == codes.Unavailable
			}
			if tt.want == codes.OK {
				select {
				case <-down:
					t.Error("Shutdown returned while a handler ran: the store would be closed under it")
				default:
				}
				close(out)
			}
			<-down
			select {
			case <-ended:
			default:
				t.Error("Shutdown returned while a handler ran: the store would be closed under it")
			}
			if err := <-got; status.Code(err) != tt.want {
				t.Errorf("the call that ran: %v, want %v", err, tt.want)
			}
			must(t, conn.Close())
		})
	}
}

// A call makes the same spans on both ways.
func TestDirectIsTraced(t *testing.T) {
	into := tracetest.NewInMemoryExporter()
	tracing, err := telemetry.To(into, "test")
	must(t, err)
	defer func() { must(t, tracing.Close(context.WithoutCancel(t.Context()))) }()
	w := newWorld(t, rpc.WithTraces(tracing.Server()))
	for label, answer := range map[string]get{"success": answered, "refusal": refusing(fault.Conflict()), "panic": func(context.Context, *referralv1.GetReferralRequest) (*referralv1.Referral, error) { panic("x") }} {
		t.Run(label, func(t *testing.T) {
			w.referrals.get = answer
			spans := func(conn way) []string {
				into.Reset()
				_, _ = referralv1.NewReferralServiceClient(conn).GetReferral(w.as("head"), &referralv1.GetReferralRequest{Name: ref(gmina, "r1")})
				must(t, conn.Close())
				for range 1000 { // a server's span ends when the answer has left
					if len(into.GetSpans()) > 1 {
						break
					}
					time.Sleep(time.Millisecond)
				}
				var got []string
				for _, s := range into.GetSpans() {
					got = append(got, fmt.Sprint(s.SpanKind, s.Name, s.Status, s.Attributes, s.Events, s.Parent.IsRemote(), s.Parent.IsValid()))
				}
				slices.Sort(got)
				return got
			}
			wire, err := w.pipe.Dial(rpc.WithTracing(tracing.Client()))
			must(t, err)
			want := spans(wire)
			if len(want) != 2 {
				t.Fatalf("%d spans over the wire: %v", len(want), want)
			}
			if diff := cmp.Diff(want, spans(direct(t, w.pipe, rpc.WithTracing(tracing.Client())))); diff != "" {
				t.Errorf("over the wire (-), within the process (+):\n%s", diff)
			}
		})
	}
}

// Before a server serves, a call waits for it as it does over the wire; a pipe that is closed has none.
func TestDirectWaitsForTheServer(t *testing.T) {
	pipe := rpc.NewPipe()
	conn, err := pipe.Direct()
	must(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	check := func(ctx context.Context) error {
		_, err := healthpb.NewHealthClient(conn).Check(ctx, &healthpb.HealthCheckRequest{})
		return err
	}
	if err := check(ctx); status.Code(err) != codes.DeadlineExceeded {
		t.Errorf("before anybody serves: %v", err)
	}
	must(t, pipe.Close())
	if err := check(t.Context()); status.Code(err) != codes.Unavailable {
		t.Errorf("of a pipe that is closed: %v", err)
	}
	must(t, conn.Close())
}
