package rpc_test

import (
	"bytes"
	"context"
	"errors"
	"regexp"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	planningv1 "asysta.example/proto/gen/asysta/planning/v1"
	referralv1 "asysta.example/proto/gen/asysta/referral/v1"

	"asysta.example/internal/access"
	"asysta.example/internal/fault"
	"asysta.example/internal/name"
	"asysta.example/internal/rpc"
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

// compared is a call that is made over a wire and within the process.
type compared struct {
	get  get
	ctx  func(*testing.T, *world) context.Context // nil: as("head")
	req  proto.Message                            // nil: GetReferral of one
	want codes.Code
	late bool // whether the server says so or the caller's own clock, is up to the machine
}

func as(who string) func(*testing.T, *world) context.Context {
	return func(_ *testing.T, w *world) context.Context { return w.as(who) }
}

// ending gives a context that ends by its deadline.
func ending(after time.Duration) func(*testing.T, *world) context.Context {
	return func(t *testing.T, w *world) context.Context {
		t.Helper()
		ctx, cancel := context.WithTimeout(w.as("head"), after)
		t.Cleanup(cancel)
		return ctx
	}
}

// left gives a context of a caller who goes away; after 0: before the call.
func left(after time.Duration) func(*testing.T, *world) context.Context {
	return func(_ *testing.T, w *world) context.Context {
		ctx, cancel := context.WithCancel(w.as("head"))
		time.AfterFunc(after, cancel)
		if after == 0 {
			cancel()
		}
		return ctx
	}
}

func callsToCompare() map[string]compared {
	return map[string]compared{
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
	}
}

// What a caller of the same process is told is what they would be told over a wire.
func TestDirectAnswersAsAWireDoes(t *testing.T) {
	w := newWorld(t)
	for label, tt := range callsToCompare() {
		t.Run(label, func(t *testing.T) {
			w.referrals.get, w.referrals.create = tt.get, nil
			if tt.ctx == nil {
				tt.ctx = as("head")
			}
			if tt.req == nil {
				tt.req = &referralv1.GetReferralRequest{Name: ref(gmina, "r1")}
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
