package rpc_test

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	familyv1 "asysta.example/proto/gen/asysta/family/v1"
	planningv1 "asysta.example/proto/gen/asysta/planning/v1"
	referralv1 "asysta.example/proto/gen/asysta/referral/v1"

	"asysta.example/internal/access"
	"asysta.example/internal/fault"
	"asysta.example/internal/name"
	"asysta.example/internal/rpc"
	"asysta.example/internal/store"
)

func client(w *world) referralv1.ReferralServiceClient {
	return referralv1.NewReferralServiceClient(w.conn)
}

func ref(g, id string) string { return name.In(g, name.Referrals, id) }

func TestWhoMayCallWhere(t *testing.T) {
	w := newWorld(t)
	w.referrals.get = func(ctx context.Context, _ *referralv1.GetReferralRequest) (*referralv1.Referral, error) {
		g := access.GrantFrom(ctx)
		return &referralv1.Referral{Name: fmt.Sprint(g.Person, " ", g.Gmina, " ", g.Roles, " ", g.Employment.Staff)}, nil
	}
	tests := map[string]struct {
		who, name string
		want      string // of the handler; "" denied
	}{
		"head in the own gmina":           {"head", ref(gmina, "r1"), "head 3024035 [HEAD] s-head"},
		"worker in the own gmina":         {"worker", ref(gmina, "r1"), "worker 3024035 [SOCIAL_WORKER] s-worker"},
		"role that the method refuses":    {"assistant", ref(gmina, "r1"), ""},
		"county role the method refuses":  {"coordinator", ref(gmina, "r1"), ""},
		"another gmina of the county":     {"head", ref(empty, "r1"), ""},
		"foreign gmina":                   {"head", ref(foreign, "r1"), ""},
		"unknown gmina":                   {"head", ref("3024999", "r1"), ""},
		"head of elsewhere":               {"stranger", ref(gmina, "r1"), ""},
		"malformed name":                  {"head", "gminas/../referrals/r1", ""},
		"no name":                         {"head", "", ""},
		"name of the county":              {"head", "powiaty/3024/people/head", ""},
		"gmina code with a line break":    {"head", "gminas/3024035\n/referrals/r1", ""},
		"gmina code in Arabic-Indic form": {"head", "gminas/٣٠٢٤٠٣٥/referrals/r1", ""},
	}
	var denied []byte
	for label, tt := range tests {
		t.Run(label, func(t *testing.T) {
			got, err := client(w).GetReferral(w.as(tt.who), &referralv1.GetReferralRequest{Name: tt.name})
			if tt.want != "" {
				must(t, err)
				if got.GetName() != tt.want {
					t.Errorf("grant %q, want %q", got.GetName(), tt.want)
				}
				return
			}
			st := status.Convert(err)
			if st.Code() != codes.PermissionDenied {
				t.Fatalf("code %v, want PermissionDenied", err)
			}
			raw, err := proto.MarshalOptions{Deterministic: true}.Marshal(st.Proto())
			must(t, err)
			if denied == nil {
				denied = raw
			}
			if diff := cmp.Diff(denied, raw); diff != "" {
				t.Errorf("a denial that differs from the others: %s", diff)
			}
		})
	}
	// An absent object is denied with the same bytes to who does not see the whole gmina.
	w.referrals.get = func(context.Context, *referralv1.GetReferralRequest) (*referralv1.Referral, error) {
		return nil, fmt.Errorf("load: %w", store.ErrNotFound)
	}
	_, err := client(w).GetReferral(w.as("worker"), &referralv1.GetReferralRequest{Name: ref(gmina, "none")})
	raw, _ := proto.MarshalOptions{Deterministic: true}.Marshal(status.Convert(err).Proto())
	if diff := cmp.Diff(denied, raw); diff != "" {
		t.Errorf("absent and foreign differ: %s", diff)
	}
	if _, err := client(w).GetReferral(w.as("head"), &referralv1.GetReferralRequest{Name: ref(gmina, "none")}); status.Code(err) != codes.NotFound {
		t.Errorf("the head is told %v, want NotFound", err)
	}
}

func TestAuthorizationHeader(t *testing.T) {
	w := newWorld(t)
	token, err := w.issuer.Token("head")
	must(t, err)
	for label, tt := range map[string]struct {
		headers []string
		reason  string
	}{
		"none":            {nil, "TOKEN_MISSING"},
		"another scheme":  {[]string{"Basic " + token}, "TOKEN_MALFORMED"},
		"no token":        {[]string{"Bearer "}, "TOKEN_MALFORMED"},
		"two headers":     {[]string{"Bearer " + token, "Bearer " + token}, "TOKEN_MALFORMED"},
		"two in one":      {[]string{"Bearer " + token + ",Bearer " + token}, "TOKEN_MALFORMED"},
		"not a JWT":       {[]string{"Bearer abc"}, "TOKEN_MALFORMED"},
		"tampered":        {[]string{"Bearer " + token[:len(token)-4] + "AAAA"}, "TOKEN_INVALID"},
		"revoked person":  {w.header("revoked"), "NO_SUCH_PERSON"},
		"unknown subject": {w.header("nobody"), "NO_SUCH_PERSON"},
	} {
		t.Run(label, func(t *testing.T) {
			ctx := t.Context()
			for _, h := range tt.headers {
				ctx = metadata.AppendToOutgoingContext(ctx, "authorization", h)
			}
			_, err := client(w).GetReferral(ctx, &referralv1.GetReferralRequest{Name: ref(gmina, "r1")})
			if status.Code(err) != codes.Unauthenticated || info(err).GetReason() != tt.reason {
				t.Errorf("got %v %v, want UNAUTHENTICATED %s", err, info(err), tt.reason)
			}
		})
	}
	// A good token of somebody who may not log in is noted, once in a while; nothing else that strangers send is.
	for range 5 {
		for _, who := range []string{"revoked", "nobody"} {
			if _, err := client(w).GetReferral(w.as(who), &referralv1.GetReferralRequest{Name: ref(gmina, "r1")}); status.Code(err) != codes.Unauthenticated {
				t.Error(err)
			}
		}
	}
	var noted []string
	for _, a := range w.accesses() {
		noted = append(noted, a.Denied+" "+a.Actor.Person+" "+a.Actor.Subject+" "+path.Base(a.Method))
	}
	slices.Sort(noted)
	if diff := cmp.Diff([]string{"PERSON  nobody GetReferral", "PERSON  revoked GetReferral"}, noted); diff != "" {
		t.Errorf("what strangers leave in the access log: %s", diff)
	}
}

func TestStrangersDoNotFillTheLog(t *testing.T) {
	w := newWorld(t)
	began := time.Now()
	for range 1000 {
		if _, err := client(w).GetReferral(t.Context(), &referralv1.GetReferralRequest{}); status.Code(err) != codes.Unauthenticated {
			t.Fatal(err)
		}
	}
	lines := strings.Count(w.log.String(), "TOKEN_MISSING")
	if most := 201 + int(20*time.Since(began).Seconds()); lines < 200 || lines > most {
		t.Errorf("%d lines about 1000 calls of strangers, at most %d may be", lines, most)
	}
	time.Sleep(60 * time.Millisecond) // one line may be written again
	_, _ = client(w).GetReferral(t.Context(), &referralv1.GetReferralRequest{})
	if lines < 1000 && !strings.Contains(w.log.String(), "calls not logged") {
		t.Error("nobody is told how many calls were not logged")
	}
	if len(w.accesses()) != 0 {
		t.Error("strangers are in the access log")
	}
}

// A call that is refused before anybody has looked at its token is one of a stranger too.
func TestStrangersWithoutTimeDoNotFillTheLog(t *testing.T) {
	w := newWorld(t)
	began := time.Now()
	for range 1000 {
		ctx, cancel := context.WithTimeout(t.Context(), rpc.ShortestCall-10*time.Millisecond)
		if _, err := client(w).GetReferral(ctx, &referralv1.GetReferralRequest{}); status.Code(err) != codes.DeadlineExceeded {
			t.Fatal(err)
		}
		cancel()
	}
	lines := strings.Count(w.log.String(), `"reason":"DEADLINE"`)
	if most := 201 + int(20*time.Since(began).Seconds()); lines < 200 || lines > most {
		t.Errorf("%d lines about 1000 calls of strangers, at most %d may be", lines, most)
	}
}

func (w *world) header(subject string) []string {
	token, err := w.issuer.Token(subject)
	must(w.t, err)
	return []string{"Bearer " + token}
}

func info(err error) *errdetails.ErrorInfo {
	for _, d := range status.Convert(err).Details() {
		if i, ok := d.(*errdetails.ErrorInfo); ok {
			return i
		}
	}
	return nil
}

func polish(err error) string {
	for _, d := range status.Convert(err).Details() {
		if m, ok := d.(*errdetails.LocalizedMessage); ok && m.GetLocale() == "pl" {
			return m.GetMessage()
		}
	}
	return ""
}

func violations(err error) map[string]string {
	out := map[string]string{}
	for _, d := range status.Convert(err).Details() {
		if b, ok := d.(*errdetails.BadRequest); ok {
			for _, v := range b.GetFieldViolations() {
				out[v.GetField()] = v.GetDescription()
			}
		}
	}
	return out
}

func TestValidationSpeaksPolishAfterAuthorization(t *testing.T) {
	w := newWorld(t)
	w.referrals.create = func(context.Context, *referralv1.CreateReferralRequest) (*referralv1.Referral, error) {
		t.Error("the handler ran")
		return nil, nil
	}
	req := &referralv1.CreateReferralRequest{
		Parent: name.Gmina(gmina), RequestId: "x",
		Referral: &referralv1.Referral{Area: strings.Repeat("a", 65), Source: familyv1.Source(77), Members: make([]*familyv1.FamilyMember, 31)},
	}
	for i := range req.GetReferral().GetMembers() {
		req.Referral.Members[i] = &familyv1.FamilyMember{}
	}
	_, err := client(w).CreateReferral(w.as("head"), req)
	if status.Code(err) != codes.InvalidArgument {
		t.Fatalf("got %v", err)
	}
	got := violations(err)
	for field, want := range map[string]string{
		"referral.area":    "za długie: można wpisać do 64 znaków.",
		"referral.source":  "wybierz wartość z listy.",
		"referral.members": "za dużo pozycji: najwyżej 30.",
		"request_id":       "identyfikator żądania (request_id) ma od 8 do 64 znaków: litery, cyfry i łączniki.",
	} {
		if strings.TrimSuffix(got[field], ".") != strings.TrimSuffix(want, ".") {
			t.Errorf("%s: %q, want %q", field, got[field], want)
		}
	}
	if !strings.HasPrefix(polish(err), "Popraw dane: ") {
		t.Errorf("localized message %q", polish(err))
	}
	// Who may not create here learns nothing of what is wrong with the request.
	if _, err := client(w).CreateReferral(w.as("assistant"), req); status.Code(err) != codes.PermissionDenied {
		t.Errorf("got %v, want PermissionDenied", err)
	}
}

func TestCallCarriesTheEnvelope(t *testing.T) {
	w := newWorld(t)
	var calls []rpc.Call
	var ids []string
	w.referrals.create = func(ctx context.Context, _ *referralv1.CreateReferralRequest) (*referralv1.Referral, error) {
		calls, ids = append(calls, rpc.CallFrom(ctx)), append(ids, rpc.DerivedID(ctx))
		return &referralv1.Referral{}, nil
	}
	send := func(id, reason string) {
		t.Helper()
		_, err := client(w).CreateReferral(w.as("head"), &referralv1.CreateReferralRequest{
			Parent: name.Gmina(gmina), RequestId: id, Purpose: "zgłoszenie szkoły", Referral: &referralv1.Referral{Source: 1, ClientKind: 1, DescribedReason: reason},
		})
		must(t, err)
	}
	send("request-1", "a")
	send("request-2", "a")
	send("request-1", "b")
	if c := calls[0]; c.Method != "/asysta.referral.v1.ReferralService/CreateReferral" || c.RequestID != "request-1" || c.Purpose != "zgłoszenie szkoły" {
		t.Errorf("call %+v", c)
	}
	if string(calls[0].BodyHash) != string(calls[1].BodyHash) {
		t.Error("the hash of the body depends on the request id")
	}
	if string(calls[0].BodyHash) == string(calls[2].BodyHash) {
		t.Error("two bodies with one hash")
	}
	if ids[0] == ids[1] || ids[0] != ids[2] || len(ids[0]) != 26 {
		t.Errorf("derived ids %v: one for each request id", ids)
	}
}

// A stored hash does not let anybody try the PESEL numbers that a request may have held: it is keyed.
func TestHashOfBodyIsKeyed(t *testing.T) {
	var hashes []string
	for range 2 {
		w := newWorld(t)
		w.referrals.create = func(ctx context.Context, _ *referralv1.CreateReferralRequest) (*referralv1.Referral, error) {
			hashes = append(hashes, string(rpc.CallFrom(ctx).BodyHash))
			return &referralv1.Referral{}, nil
		}
		req := &referralv1.CreateReferralRequest{Parent: name.Gmina(gmina), RequestId: "request-1", Referral: &referralv1.Referral{Source: 1, ClientKind: 1, DescribedReason: "a"}}
		for range 2 {
			_, err := client(w).CreateReferral(w.as("head"), req)
			must(t, err)
		}
	}
	if hashes[0] != hashes[1] || hashes[0] == hashes[2] {
		t.Errorf("hashes %x: want the same for one deployment, another for another", hashes)
	}
}

func (w *world) storeReferral(id string) {
	w.put(w.deps.Store.For(gmina), store.Referrals, id, bson.D{{Key: "state", Value: "RECEIVED"}})
}

func loading(w *world) func(context.Context, *referralv1.GetReferralRequest) (*referralv1.Referral, error) {
	return func(ctx context.Context, req *referralv1.GetReferralRequest) (*referralv1.Referral, error) {
		n, err := name.Parse(req.GetName())
		if err != nil {
			return nil, err
		}
		doc, err := w.deps.Scope(ctx).Load(ctx, store.Ref{Kind: store.Referrals, ID: n.ID})
		if err != nil {
			return nil, err
		}
		return &referralv1.Referral{Name: req.GetName(), Etag: rpc.Etag(doc.Version)}, nil
	}
}

func TestReadsAreInTheAccessLogBeforeTheAnswerLeaves(t *testing.T) {
	w := newWorld(t)
	w.storeReferral("r1")
	w.referrals.get = loading(w)
	req := &referralv1.GetReferralRequest{Name: ref(gmina, "r1")}
	_, err := client(w).GetReferral(w.as("head"), req)
	must(t, err)
	log := w.accesses()
	if len(log) != 1 {
		t.Fatalf("%d lines, want 1", len(log))
	}
	want := store.Access{
		ID: log[0].ID, At: log[0].At, Gminas: []string{gmina}, Method: "/asysta.referral.v1.ReferralService/GetReferral", Refs: []string{"referrals/r1"},
		Actor: store.Actor{Person: "head", Staff: "s-head", Role: "HEAD", Subject: "head", Instance: "test"},
	}
	if diff := cmp.Diff(want, log[0]); diff != "" {
		t.Errorf("access log (-want +got):\n%s", diff)
	}
	w.logFails.Store(true)
	got, err := client(w).GetReferral(w.as("head"), req)
	if status.Code(err) != codes.Unavailable || got.GetName() != "" {
		t.Errorf("without the log the answer is %v, %v; want UNAVAILABLE", got, err)
	}
}

func TestDenialsAreAudited(t *testing.T) {
	w := newWorld(t)
	w.storeReferral("r1")
	w.referrals.get = func(ctx context.Context, req *referralv1.GetReferralRequest) (*referralv1.Referral, error) {
		if _, err := loading(w)(ctx, req); err != nil {
			return nil, err
		}
		return nil, fault.Denied()
	}
	_, _ = client(w).GetReferral(w.as("assistant"), &referralv1.GetReferralRequest{Name: ref(gmina, "r1")})
	_, _ = client(w).GetReferral(w.as("worker"), &referralv1.GetReferralRequest{Name: ref(gmina, "r1")})
	type line struct{ Person, Denied, Refs string }
	got := map[line]bool{}
	for _, a := range w.accesses() {
		got[line{a.Actor.Person, a.Denied, strings.Join(a.Refs, ",")}] = true
	}
	want := map[line]bool{{"assistant", "TENANT", ""}: true, {"worker", "OBJECT", "referrals/r1"}: true}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("denials (-want +got):\n%s", diff)
	}
}

const secret = "PESEL 44051401359 Kowalska"

func TestUnknownErrorsAreOpaque(t *testing.T) {
	w := newWorld(t)
	for label, handler := range map[string]func(context.Context, *referralv1.GetReferralRequest) (*referralv1.Referral, error){
		"error": func(context.Context, *referralv1.GetReferralRequest) (*referralv1.Referral, error) {
			return nil, errors.New("cause " + secret)
		},
		"panic": func(context.Context, *referralv1.GetReferralRequest) (*referralv1.Referral, error) { panic(secret) },
	} {
		t.Run(label, func(t *testing.T) {
			w.referrals.get = handler
			_, err := client(w).GetReferral(w.as("head"), &referralv1.GetReferralRequest{Name: ref(gmina, "r1")})
			id := info(err).GetMetadata()["error_id"]
			if status.Code(err) != codes.Internal || len(id) != 26 || !strings.Contains(polish(err), id) {
				t.Fatalf("got %v, id %q, polish %q", err, id, polish(err))
			}
			if raw, _ := proto.Marshal(status.Convert(err).Proto()); strings.Contains(string(raw), "Kowalska") {
				t.Error("the cause left with the answer")
			}
			if !strings.Contains(w.log.String(), id) {
				t.Error("the log does not know the error's id")
			}
		})
	}
	for _, part := range strings.Fields(secret)[1:] {
		if strings.Contains(w.log.String(), part) {
			t.Errorf("%q of an error's cause or a panic's value is in the log:\n%s", part, w.log)
		}
	}
	for _, told := range []string{`"cause":"cause PESEL # …"`, `"cause":"panic: string"`, "rpc_test.TestUnknownErrorsAreOpaque"} {
		if !strings.Contains(w.log.String(), told) {
			t.Errorf("the log does not tell %q:\n%s", told, w.log)
		}
	}
	if n := strings.Count(w.log.String(), `"msg":"call"`); n != 2 {
		t.Errorf("%d lines of calls, want one each for the error and the panic", n)
	}
}

func TestDeadlineGuard(t *testing.T) {
	w := newWorld(t)
	var left time.Duration
	ran := 0
	w.referrals.get = func(ctx context.Context, _ *referralv1.GetReferralRequest) (*referralv1.Referral, error) {
		end, ok := ctx.Deadline()
		if !ok {
			t.Error("a handler without a deadline")
		}
		left, ran = time.Until(end), ran+1
		return &referralv1.Referral{}, nil
	}
	req := &referralv1.GetReferralRequest{Name: ref(gmina, "r1")}
	_, err := client(w).GetReferral(w.as("head"), req)
	must(t, err)
	if left > rpc.DefaultDeadline || left < rpc.DefaultDeadline-5*time.Second {
		t.Errorf("default deadline %v", left)
	}
	ctx, cancel := context.WithTimeout(w.as("head"), 2*time.Second)
	defer cancel()
	_, err = client(w).GetReferral(ctx, req)
	must(t, err)
	if left > 2*time.Second-rpc.Shaving {
		t.Errorf("%v left: nothing was kept back for the answer", left)
	}
	ctx, cancel = context.WithTimeout(w.as("head"), rpc.ShortestCall-10*time.Millisecond)
	defer cancel()
	if _, err = client(w).GetReferral(ctx, req); status.Code(err) != codes.DeadlineExceeded || ran != 2 {
		t.Errorf("got %v after %d runs; want DEADLINE_EXCEEDED and no third run", err, ran)
	}
}

func TestUnimplementedAndHealth(t *testing.T) {
	w := newWorld(t)
	_, err := client(w).ListReferrals(w.as("head"), &referralv1.ListReferralsRequest{Parent: name.Gmina(gmina)})
	if status.Code(err) != codes.Unimplemented {
		t.Errorf("got %v, want UNIMPLEMENTED", err)
	}
	health := healthpb.NewHealthClient(w.conn)
	resp, err := health.Check(t.Context(), &healthpb.HealthCheckRequest{Service: "asysta.referral.v1.ReferralService"})
	must(t, err)
	if resp.GetStatus() != healthpb.HealthCheckResponse_SERVING {
		t.Errorf("health %v", resp.GetStatus())
	}
	if strings.Contains(w.log.String(), "health") {
		t.Error("probes fill the log")
	}
}

// TestACountysRoleEndsAtTheCounty calls what is open to coordinators in their own county and in a gmina of another.
func TestACountysRoleEndsAtTheCounty(t *testing.T) {
	w := newWorld(t)
	w.plans.slice = func(context.Context, *planningv1.GetFileSliceRequest) (*planningv1.FileSlice, error) {
		return &planningv1.FileSlice{}, nil
	}
	plans := planningv1.NewCoordinationServiceClient(w.conn)
	for in, want := range map[string]codes.Code{gmina: codes.OK, empty: codes.OK, foreign: codes.PermissionDenied} {
		_, err := plans.GetFileSlice(w.as("coordinator"), &planningv1.GetFileSliceRequest{Name: name.In(in, name.FamilyFiles, "01jabcdefghjkmnpqrstvwxyz0")})
		if status.Code(err) != want {
			t.Errorf("in %s: %v, want %v", in, err, want)
		}
	}
}
