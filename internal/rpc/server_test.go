package rpc_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"
	referralv1 "asysta.example/proto/gen/asysta/referral/v1"

	"asysta.example/internal/access"
	"asysta.example/internal/calendar"
	"asysta.example/internal/fault"
	"asysta.example/internal/name"
	"asysta.example/internal/rpc"
)

func TestServerRefusesMethodsWithoutPermission(t *testing.T) {
	w := newWorld(t)
	server, err := rpc.NewServer(w.deps, nil)
	must(t, err)
	grpc_testing.RegisterTestServiceServer(server, grpc_testing.UnimplementedTestServiceServer{})
	defer server.Shutdown(t.Context())
	err = server.Serve(rpc.NewPipe())
	if err == nil || !strings.Contains(err.Error(), "grpc.testing.TestService.UnaryCall: no permission") {
		t.Errorf("the server started: %v", err)
	}
}

// internals answers the services' own calls with the grant it was called with.
type internals struct {
	casefilev1.UnimplementedCaseworkInternalServiceServer
	grant access.Grant
	err   error
}

func (i *internals) ReservePlace(ctx context.Context, _ *casefilev1.ReservePlaceRequest) (*casefilev1.ReservePlaceResponse, error) {
	i.grant = access.GrantFrom(ctx)
	return &casefilev1.ReservePlaceResponse{}, i.err
}

func TestServicesAskOneAnotherOnBehalf(t *testing.T) {
	w := newWorld(t)
	impl := &internals{}
	server, err := rpc.NewServer(w.deps, tokensOnly{w})
	must(t, err)
	casefilev1.RegisterCaseworkInternalServiceServer(server, impl)
	pipe := rpc.NewPipe()
	served := make(chan error, 1)
	go func() { served <- server.Serve(pipe) }()
	conn := dial(t, pipe, rpc.WithFaults())
	ask := casefilev1.NewCaseworkInternalServiceClient(conn)
	request := func(g string) *casefilev1.ReservePlaceRequest {
		return &casefilev1.ReservePlaceRequest{RequestId: "request-1", FamilyFile: name.In(g, name.FamilyFiles, "01j9z6y5w4v3t2s1r0q9p8n7m6"), Assistant: name.In(g, name.Staff, "01j9z6y5w4v3t2s1r0q9p8n7m6")}
	}
	reserve := func(ctx context.Context, g string) error {
		_, err := ask.ReservePlace(ctx, request(g))
		return err
	}
	head := access.WithGrant(t.Context(), access.Grant{Principal: access.Principal{Person: "head", County: county}, Gmina: gmina, Roles: []access.Role{access.Head}})
	must(t, reserve(w.deps.SystemContext(head, "referral"), gmina))
	g := impl.grant
	if g.System != "referral" || g.Person != "head" || g.ActingRole != access.Head || g.Gmina != gmina || !cmp.Equal(g.Roles, []access.Role{access.System}) {
		t.Errorf("grant of the system %+v", g)
	}
	if err := reserve(w.deps.SystemContext(head, "referral"), empty); !errors.Is(err, fault.Denied()) {
		t.Errorf("a system token for one gmina reached another: %v", err)
	}
	if err := reserve(w.as("head"), gmina); !errors.Is(err, fault.Denied()) {
		t.Errorf("a person called a method of the system: %v", err)
	}
	// What the other side refuses comes back as the fault that it was.
	impl.err = fault.Precondition("CASELOAD_FULL", "art. 15(4)", "Asystent ma już 15 rodzin.")
	f, ok := fault.As(reserve(w.deps.SystemContext(head, "referral"), gmina))
	if !ok || !cmp.Equal(f, impl.err) {
		t.Errorf("fault %+v, want %+v", f, impl.err)
	}
	// A system token gives nobody's rights.
	if _, err := referralv1.NewReferralServiceClient(w.conn).GetReferral(w.deps.SystemContext(head, "referral"), &referralv1.GetReferralRequest{Name: ref(gmina, "r1")}); status.Code(err) != codes.PermissionDenied {
		t.Errorf("a service called a person's method: %v", err)
	}
	must(t, conn.Close())
	server.Shutdown(t.Context())
	must(t, <-served)
}

// tokensOnly accepts services' tokens, and people's as the world's own server does.
type tokensOnly struct{ w *world }

func (a tokensOnly) Authenticate(_ context.Context, token string) (access.Principal, error) {
	if p, err := a.w.tokens.Verify(token); err == nil {
		return p, nil
	}
	return access.Principal{Person: "head", County: county, Employments: []access.Employment{{Staff: "s-head", Gmina: gmina, Roles: []access.Role{access.Head}}}}, nil
}

func TestShutdownBreaksOffWhatDoesNotEnd(t *testing.T) {
	w := newWorld(t)
	running, broken := make(chan struct{}), make(chan struct{})
	w.referrals.get = func(ctx context.Context, _ *referralv1.GetReferralRequest) (*referralv1.Referral, error) {
		close(running)
		<-ctx.Done()
		close(broken)
		return nil, ctx.Err()
	}
	failed := make(chan error, 1)
	go func() {
		_, err := client(w).GetReferral(w.as("head"), &referralv1.GetReferralRequest{Name: ref(gmina, "r1")})
		failed <- err
	}()
	<-running
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	w.server.Shutdown(ctx)
	<-broken
	if err := <-failed; err == nil {
		t.Error("the call ended as if nothing had happened")
	}
}

func TestFaultsSurviveTheWire(t *testing.T) {
	w := newWorld(t)
	for _, f := range []*fault.Error{
		fault.Precondition("R", "step 6", "P."), fault.Invalid("a.b", "BAD", "źle."), fault.Denied(), fault.NotFound(), fault.Conflict(), fault.Reused(),
		fault.Exists("E", "Jest."), fault.Exhausted("X", "Za dużo."), fault.Unavailable("U"),
	} {
		t.Run(f.Reason, func(t *testing.T) {
			w.referrals.get = func(context.Context, *referralv1.GetReferralRequest) (*referralv1.Referral, error) { return nil, f }
			_, err := client(w).GetReferral(w.as("head"), &referralv1.GetReferralRequest{Name: ref(gmina, "r1")})
			got, ok := fault.As(rpc.FaultFrom(err))
			if !ok {
				t.Fatalf("no fault: %v", err)
			}
			want := *f
			if f.Kind == fault.KindNotFound { // in the words of the referral that the request names
				want.Polish = "Nie ma takiego zgłoszenia w tej gminie. Sprawdź adres albo odczytaj ponownie listę zgłoszeń."
			}
			if diff := cmp.Diff(&want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer a.b.c")
	_, err := client(w).GetReferral(ctx, &referralv1.GetReferralRequest{Name: ref(gmina, "r1")})
	if !fault.IsReason(rpc.FaultFrom(err), "PEER_UNAUTHENTICATED") {
		t.Errorf("a refused token of our own is told as %v", rpc.FaultFrom(err))
	}
	if err := rpc.FaultFrom(nil); err != nil {
		t.Errorf("no error became %v", err)
	}
}

func TestLoggerWithholdsUnknownAttributes(t *testing.T) {
	b := &lockedBuffer{}
	rpc.NewLogger(b, slog.LevelInfo).Info("call", slog.String("surname", "Kowalska"), slog.Group("method", slog.String("code", "Nowak")), slog.String("code", "OK"))
	if s := b.String(); strings.Contains(s, "Kowalska") || strings.Contains(s, "Nowak") || !strings.Contains(s, `"code":"OK"`) {
		t.Error(s)
	}
}

func TestHoursOfTodayArePast(t *testing.T) {
	at := func(h, m int) time.Time { return time.Date(2026, 3, 10, h, m, 0, 0, calendar.Warsaw) }
	today := calendar.MustOf(2026, 3, 10)
	for label, tt := range map[string]struct {
		hour   string
		day    calendar.Date
		now    time.Time
		reason string
	}{
		"past":                              {"09:00", today, at(9, 30), ""},
		"now":                               {"09:30", today, at(9, 30), ""},
		"rounded up":                        {"09:45", today, at(9, 30), ""},
		"a minute more":                     {"09:46", today, at(9, 30), "FUTURE_TIME"},
		"this evening":                      {"18:00", today, at(9, 30), "FUTURE_TIME"},
		"yesterday evening":                 {"18:00", today.AddDays(-1), at(9, 30), ""},
		"not said":                          {"", today, at(9, 30), ""},
		"the last hour":                     {"23:59", today, at(23, 45), ""},
		"before the last hour":              {"23:59", today, at(23, 43), "FUTURE_TIME"},
		"the first minutes of the day":      {"00:10", today, at(0, 0), ""},
		"on Poland's clock in another zone": {"09:46", today, at(9, 30).UTC(), "FUTURE_TIME"},
		"summer time":                       {"10:00", calendar.MustOf(2026, 7, 1), time.Date(2026, 7, 1, 8, 0, 0, 0, time.UTC), ""},
	} {
		t.Run(label, func(t *testing.T) {
			err := rpc.PastTimeOfDay(tt.hour, "visit.to_time_of_day", tt.day, tt.now)
			if (tt.reason == "") != (err == nil) || err != nil && !fault.IsReason(err, tt.reason) {
				t.Errorf("%v, want %q", err, tt.reason)
			}
		})
	}
}

func TestDates(t *testing.T) {
	today := calendar.MustOf(2026, 3, 10)
	for label, tt := range map[string]struct {
		in     *date.Date
		want   calendar.Date
		reason string
	}{
		"none":          {nil, calendar.Date{}, ""},
		"empty message": {&date.Date{}, calendar.Date{}, ""},
		"today":         {&date.Date{Year: 2026, Month: 3, Day: 10}, today, ""},
		"leap day":      {&date.Date{Year: 2024, Month: 2, Day: 29}, calendar.MustOf(2024, 2, 29), ""},
		"30 February":   {&date.Date{Year: 2026, Month: 2, Day: 30}, calendar.Date{}, "NO_SUCH_DATE"},
		"only a year":   {&date.Date{Year: 2026}, calendar.Date{}, "NO_SUCH_DATE"},
		"negative":      {&date.Date{Year: 2026, Month: -1, Day: 1}, calendar.Date{}, "NO_SUCH_DATE"},
		"tomorrow":      {&date.Date{Year: 2026, Month: 3, Day: 11}, calendar.Date{}, "FUTURE_DATE"},
	} {
		t.Run(label, func(t *testing.T) {
			got, err := rpc.PastDate(tt.in, "visited_on", today)
			if got != tt.want || (tt.reason == "") != (err == nil) || err != nil && !fault.IsReason(err, tt.reason) {
				t.Errorf("%v, %v; want %v, %q", got, err, tt.want, tt.reason)
			}
			if err == nil {
				again, err := rpc.DateFrom(rpc.Date(got), "visited_on")
				if err != nil || again != got {
					t.Errorf("there and back: %v, %v", again, err)
				}
			}
		})
	}
}

func TestPageSize(t *testing.T) {
	for in, want := range map[int32]int{-1: 50, 0: 50, 1: 1, 200: 200, 201: 200} {
		if got := rpc.PageSize(in); got != want {
			t.Errorf("PageSize(%d) = %d, want %d", in, got, want)
		}
	}
}
