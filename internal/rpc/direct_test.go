package rpc_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	familyv1 "asysta.example/proto/gen/asysta/family/v1"
	planningv1 "asysta.example/proto/gen/asysta/planning/v1"
	referralv1 "asysta.example/proto/gen/asysta/referral/v1"

	"asysta.example/internal/access"
	"asysta.example/internal/fault"
	"asysta.example/internal/name"
	"asysta.example/internal/rpc"
	"asysta.example/internal/telemetry"
)

// told is all that a caller learns of a call.
type told struct {
	Code            codes.Code
	Message         string
	Details         []any
	Header, Trailer metadata.MD
	Answer          proto.Message
}

// errorID is what differs between two failures of one kind.
var errorID = regexp.MustCompile(`[0-9a-hjkmnp-tv-z]{26}`)

func toldOf(err error, answer proto.Message) told {
	p := status.Convert(err).Proto()
	for _, d := range p.GetDetails() {
		d.Value = errorID.ReplaceAll(d.GetValue(), bytes.Repeat([]byte("x"), 26))
	}
	got := told{Code: codes.Code(p.GetCode()), Message: p.GetMessage(), Details: status.FromProto(p).Details()}
	if err == nil {
		got.Answer = answer
	}
	return got
}

type get func(context.Context, *referralv1.GetReferralRequest) (*referralv1.Referral, error)

// answered gives the referral of a request, and metadata beside it.
func answered(ctx context.Context, req *referralv1.GetReferralRequest) (*referralv1.Referral, error) {
	in, _ := metadata.FromIncomingContext(ctx)
	at, _ := peer.FromContext(ctx)
	method, _ := grpc.Method(ctx)
	if err := errors.Join(grpc.SetHeader(ctx, metadata.Pairs("x-a", "1")), grpc.SetHeader(ctx, metadata.Pairs("x-a", "2")), grpc.SetTrailer(ctx, metadata.Pairs("x-z", at.Addr.String()))); err != nil {
		return nil, err
	}
	g := access.GrantFrom(ctx)
	return &referralv1.Referral{Name: req.GetName(), Etag: strings.Join(append(in["x-told"], method, g.Person, g.Gmina), " "), AllowedActions: []string{"a", "b"}}, nil
}

func until(ctx context.Context, _ *referralv1.GetReferralRequest) (*referralv1.Referral, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func refusing(err error) get {
	return func(context.Context, *referralv1.GetReferralRequest) (*referralv1.Referral, error) { return nil, err }
}

func methodOf(req proto.Message) string {
	return "/asysta.referral.v1.ReferralService/" + strings.TrimSuffix(string(req.ProtoReflect().Descriptor().Name()), "Request")
}

// What a caller of the same process is told is what they would be told over a wire.
func TestDirectAnswersAsAWireDoes(t *testing.T) {
	w := newWorld(t)
	good := &referralv1.GetReferralRequest{Name: ref(gmina, "r1")}
	as := func(who string) func(*testing.T, *world) context.Context {
		return func(_ *testing.T, w *world) context.Context { return w.as(who) }
	}
	ending := func(after time.Duration) func(*testing.T, *world) context.Context {
		return func(t *testing.T, w *world) context.Context {
			t.Helper()
			ctx, cancel := context.WithTimeout(w.as("head"), after)
			t.Cleanup(cancel)
			return ctx
		}
	}
	left := func(after time.Duration) func(*testing.T, *world) context.Context {
		return func(_ *testing.T, w *world) context.Context {
			ctx, cancel := context.WithCancel(w.as("head"))
			time.AfterFunc(after, cancel)
			if after == 0 {
				cancel()
			}
			return ctx
		}
	}
	for label, tt := range map[string]struct {
		get  get
		ctx  func(*testing.T, *world) context.Context
		req  proto.Message
		want codes.Code
		late bool // whether the server says so or the caller's own clock, is up to the machine
	}{
		"success": {get: answered, ctx: func(_ *testing.T, w *world) context.Context {
			ctx := access.WithGrant(w.as("head"), access.Grant{Principal: access.Principal{Person: "somebody"}, Gmina: foreign})
			return metadata.AppendToOutgoingContext(ctx, "X-Told", "so")
		}, want: codes.OK},
		"an answer of nothing":    {get: func(context.Context, *referralv1.GetReferralRequest) (*referralv1.Referral, error) { return nil, nil }, want: codes.OK},
		"refused by the contract": {req: &referralv1.CreateReferralRequest{Parent: name.Gmina(gmina), RequestId: "x", Referral: &referralv1.Referral{Area: strings.Repeat("a", 65)}}, want: codes.InvalidArgument},
		"denied":                  {get: answered, ctx: as("stranger"), want: codes.PermissionDenied},
		"nobody":                  {get: answered, ctx: func(t *testing.T, _ *world) context.Context { t.Helper(); return t.Context() }, want: codes.Unauthenticated},
		"not a token": {get: answered, ctx: func(t *testing.T, _ *world) context.Context {
			t.Helper()
			return metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer x")
		}, want: codes.Unauthenticated},
		"revoked":             {get: answered, ctx: as("revoked"), want: codes.Unauthenticated},
		"deadline too short":  {get: answered, ctx: ending(rpc.ShortestCall / 2), want: codes.DeadlineExceeded, late: true},
		"deadline passes":     {get: until, ctx: ending(rpc.ShortestCall + 2*rpc.Shaving), want: codes.DeadlineExceeded, late: true},
		"deadline past":       {get: answered, ctx: ending(-time.Second), want: codes.DeadlineExceeded},
		"left before":         {get: answered, ctx: left(0), want: codes.Canceled},
		"left during":         {get: until, ctx: left(20 * time.Millisecond), want: codes.Canceled},
		"too large a request": {get: answered, req: &referralv1.GetReferralRequest{Name: strings.Repeat("x", rpc.MaxMessage)}, want: codes.ResourceExhausted},
		"too large an answer": {get: func(context.Context, *referralv1.GetReferralRequest) (*referralv1.Referral, error) {
			return &referralv1.Referral{Name: strings.Repeat("x", rpc.MaxMessage)}, nil
		}, want: codes.ResourceExhausted},
		"not UTF-8": {get: answered, req: &referralv1.GetReferralRequest{Name: "\xff"}, want: codes.Internal},
		"too long headers": {get: answered, ctx: func(_ *testing.T, w *world) context.Context {
			return metadata.AppendToOutgoingContext(w.as("head"), "x-long", strings.Repeat("a", 80<<10))
		}, want: codes.Internal},
		"panic":   {get: func(context.Context, *referralv1.GetReferralRequest) (*referralv1.Referral, error) { panic("x") }, want: codes.Internal},
		"failure": {get: refusing(errors.New("disk")), want: codes.Internal},
		"refused with metadata": {get: func(ctx context.Context, req *referralv1.GetReferralRequest) (*referralv1.Referral, error) {
			_, err := answered(ctx, req)
			return nil, errors.Join(err, grpc.SendHeader(ctx, metadata.Pairs("x-b", "3")), fault.Conflict())
		}, want: codes.Aborted},
		"a header that has left": {get: func(ctx context.Context, _ *referralv1.GetReferralRequest) (*referralv1.Referral, error) {
			return &referralv1.Referral{}, errors.Join(grpc.SendHeader(ctx, metadata.Pairs("x-b", "3")), grpc.SetHeader(ctx, metadata.Pairs("x-b", "4")))
		}, want: codes.Internal},
		"a rule":      {get: refusing(fault.Precondition("R", "step 6", "Najpierw zatwierdź.")), want: codes.FailedPrecondition},
		"fields":      {get: refusing(fault.Invalid("a.b", "BAD", "źle.")), want: codes.InvalidArgument},
		"not there":   {get: refusing(fault.NotFound()), want: codes.NotFound},
		"unavailable": {get: refusing(fault.Unavailable("U")), want: codes.Unavailable},
	} {
		t.Run(label, func(t *testing.T) {
			w.referrals.get, w.referrals.create = tt.get, nil
			if tt.ctx == nil {
				tt.ctx = as("head")
			}
			if tt.req == nil {
				tt.req = good
			}
			ask := func(conn grpc.ClientConnInterface) told {
				var header, trailer metadata.MD
				answer := &referralv1.Referral{Area: "of an earlier call"}
				got := toldOf(conn.Invoke(tt.ctx(t, w), methodOf(tt.req), tt.req, answer, grpc.Header(&header), grpc.Trailer(&trailer)), answer)
				for _, md := range []metadata.MD{header, trailer} { // what HTTP has there, which nobody speaks within the process
					delete(md, "content-type")
					delete(md, "grpc-status-details-bin")
				}
				got.Header, got.Trailer = header, trailer
				if tt.late {
					got.Message, got.Details = "", nil
				}
				return got
			}
			wire, err := w.pipe.Dial()
			must(t, err)
			defer func() { must(t, wire.Close()) }()
			want := ask(wire)
			if want.Code != tt.want {
				t.Fatalf("over the wire: %v %s, want %v", want.Code, want.Message, tt.want)
			}
			for kind, opts := range map[string][]rpc.DialOption{"copied": nil, "lent": {rpc.WithLentAnswers()}} {
				within := direct(t, w.pipe, opts...)
				if diff := cmp.Diff(want, ask(within), protocmp.Transform(), cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("%s: over the wire (-), within the process (+):\n%s", kind, diff)
				}
				must(t, within.Close())
			}
		})
	}
}

// A call within the process passes no wire, and what it cannot do without one it does over the wire.
func TestDirectTakesTheWireWhereItMust(t *testing.T) {
	w := newWorld(t)
	var stack string
	w.referrals.get = func(context.Context, *referralv1.GetReferralRequest) (*referralv1.Referral, error) {
		stack = string(debug.Stack())
		return &referralv1.Referral{}, nil
	}
	conn := direct(t, w.pipe)
	const mine = "rpc.(*Direct).Invoke"
	for _, tt := range []struct {
		name  string
		opts  []grpc.CallOption
		wired bool
	}{{"plain", nil, false}, {"header", []grpc.CallOption{grpc.Header(&metadata.MD{}), grpc.Trailer(&metadata.MD{})}, false}, {"an option of wires", []grpc.CallOption{grpc.WaitForReady(true)}, true}} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := referralv1.NewReferralServiceClient(conn).GetReferral(w.as("head"), &referralv1.GetReferralRequest{Name: ref(gmina, "r1")}, tt.opts...)
			must(t, err)
			if strings.Contains(stack, mine) == tt.wired {
				t.Errorf("the handler ran on\n%s", stack)
			}
		})
	}
	err := conn.Invoke(w.as("head"), "/asysta.referral.v1.ReferralService/NoSuch", &referralv1.GetReferralRequest{}, &referralv1.Referral{})
	if status.Code(err) != codes.Unimplemented {
		t.Errorf("a method that is not there: %v", err)
	}
	w.plans.sync = func(_ *planningv1.SyncPlansRequest, stream grpc.ServerStreamingServer[planningv1.SyncPlansResponse]) error {
		return errors.Join(stream.Send(&planningv1.SyncPlansResponse{}), fault.Conflict())
	}
	stream, err := planningv1.NewCoordinationServiceClient(conn).SyncPlans(w.as("coordinator"), &planningv1.SyncPlansRequest{Parent: "powiaty/" + county})
	must(t, err)
	_, err = stream.Recv()
	must(t, err)
	if _, err := stream.Recv(); status.Code(err) != codes.Aborted {
		t.Errorf("the end of a stream: %v", err)
	}
	must(t, conn.Close())
}

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
