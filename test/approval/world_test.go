package approval_test

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"
	familyv1 "asysta.example/proto/gen/asysta/family/v1"
	referralv1 "asysta.example/proto/gen/asysta/referral/v1"

	"asysta.example/internal/access"
	"asysta.example/internal/calendar"
	"asysta.example/internal/directory"
	"asysta.example/internal/identity"
	"asysta.example/internal/rpc"
	"asysta.example/internal/seal"
	"asysta.example/internal/store"
	"asysta.example/internal/store/sqlite"
	"asysta.example/services/casefile/caseload/keeper"
	casefile "asysta.example/services/casefile/server"
	"asysta.example/services/referral/server"
)

const (
	county    = "2004"
	gmina     = "2004042"
	parent    = "gminas/" + gmina
	assistant = parent + "/staff/as-1"
)

// world is a county with both services on one store, each behind its own server.
type world struct {
	t         *testing.T
	store     store.Store
	keeper    *keeper.Keeper
	service   *server.Server
	referrals referralv1.ReferralServiceClient
	casefiles casefilev1.CasefileServiceClient
	issuer    *identity.TrialIssuer
	fail      atomic.Pointer[func(store.FailPoint) error]
	requests  atomic.Int32
	clock     time.Time
	putting   sync.Mutex
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, clock: time.Date(2026, 3, 31, 10, 0, 0, 0, time.UTC)}
	engine, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "asysta.db"), store.WithFailPoint(func(p store.FailPoint) error {
		if f := w.fail.Load(); f != nil {
			return (*f)(p)
		}
		return nil
	}))
	must(t, err)
	w.store = store.Open(engine)
	t.Cleanup(func() { w.store.Close() })
	must(t, w.store.System().Migrate(t.Context()))
	now := func() time.Time { return w.clock }
	master, err := seal.NewMaster()
	must(t, err)
	tokens, err := identity.NewSystemTokens(make([]byte, identity.SystemKey), now)
	must(t, err)
	d := rpc.Deps{Store: w.store, Vault: seal.NewVault(master, seal.OverEngine(engine)), Directory: directory.NewReader(w.store), Clock: now,
		Log: slog.New(slog.DiscardHandler), Tokens: tokens, Instance: "test"}
	w.issuer, err = identity.NewTrialIssuer("http://127.0.0.1/issuer", "asysta", now, nil)
	must(t, err)
	auth := identity.New(w.issuer.Verifier(), tokens, d.Directory, now)
	w.keeper = keeper.New(w.store, now)
	casework := serve(t, d, auth, casefile.New(d, d.Vault, w.keeper))
	w.service = server.New(d, casefilev1.NewCaseworkInternalServiceClient(casework))
	w.casefiles = casefilev1.NewCasefileServiceClient(casework)
	w.referrals = referralv1.NewReferralServiceClient(serve(t, d, auth, w.service))
	w.people()
	return w
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func serve(t *testing.T, d rpc.Deps, auth rpc.Authenticator, s rpc.Service) *grpc.ClientConn {
	t.Helper()
	srv, err := rpc.NewServer(d, auth)
	must(t, err)
	s.Register(srv)
	pipe := rpc.NewPipe()
	done := make(chan error, 1)
	go func() { done <- srv.Serve(pipe) }()
	conn, err := pipe.Dial(rpc.WithFaults())
	must(t, err)
	t.Cleanup(func() {
		conn.Close()
		srv.Shutdown(context.WithoutCancel(t.Context()))
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return conn
}

func (w *world) put(scope store.Scope, kind store.Kind, id string, cover any) {
	w.t.Helper()
	w.putting.Lock()
	defer w.putting.Unlock()
	_, _, err := scope.Commit(w.t.Context(), scope.New(store.Ref{Kind: kind, ID: id}), store.Change{Actor: store.Actor{System: "test"}, Method: "test", RecordedAt: w.clock, Cover: cover})
	must(w.t, err)
}

func (w *world) people() {
	from := calendar.MustOf(2020, 1, 1)
	for id, role := range map[string]access.Role{"sw-1": access.SocialWorker, "sw-2": access.SocialWorker, "head": access.Head, "as-1": access.Assistant} {
		w.put(w.store.ForCounty(county), store.People, "p-"+id, directory.Person{DisplayName: id, Subjects: []string{id}, ActiveFrom: from})
		w.put(w.store.For(gmina), store.Staff, id, directory.Staff{Person: "p-" + id, DisplayName: id, Roles: []access.Role{role}, Contract: directory.ContractEmployment,
			FTE: directory.FullTime, ActiveFrom: from})
	}
	w.put(w.store.ForCounty(county), store.Gminas, gmina, directory.Gmina{TERYT: gmina, DisplayName: "gmina Radziłów", Settings: directory.Settings{Areas: []directory.Area{
		{ID: "a1", SocialWorker: "sw-1", Places: []string{"Radziłów"}}, {ID: "a2", SocialWorker: "sw-2", Places: []string{"Słucz"}}}}})
}

// as gives a context in which somebody calls.
func (w *world) as(subject string) context.Context {
	token, err := w.issuer.Token(subject)
	must(w.t, err)
	return metadata.NewOutgoingContext(w.t.Context(), metadata.Pairs("authorization", "Bearer "+token))
}

func (w *world) rid() string { return fmt.Sprintf("request-%04d", w.requests.Add(1)) }

func day(s string) *date.Date { return rpc.Date(calendar.MustParse(s)) }

// asked takes a family to the opinion of step 6.
func (w *world) asked(surname string, ordered bool) *referralv1.Referral {
	w.t.Helper()
	in := &referralv1.Referral{ReceivedOn: day("2026-03-02"), Source: familyv1.Source_SOURCE_OWN_DIAGNOSIS, DescribedReason: "trudności w opiece",
		Members: []*familyv1.FamilyMember{{Role: familyv1.MemberRole_MEMBER_ROLE_MOTHER, GivenName: "Anna", FamilyName: surname, ParentalAuthority: true},
			{Role: familyv1.MemberRole_MEMBER_ROLE_CHILD, GivenName: "Ola", FamilyName: surname, BirthDate: day("2020-01-31")}},
		Address: &familyv1.Address{Place: "Radziłów", Street: "ul. Polna 4/2"}}
	if ordered {
		in.Source = familyv1.Source_SOURCE_COURT_ORDER
		in.CourtOrders = []*familyv1.CourtOrder{{Court: "Sąd Rejonowy", CaseNumber: "III Nsm 1/26", OrderedOn: day("2026-02-20")}}
	}
	sw, c := w.as("sw-1"), w.referrals
	r, err := c.CreateReferral(sw, &referralv1.CreateReferralRequest{Parent: parent, Referral: in, RequestId: w.rid()})
	must(w.t, err)
	r, err = c.RecordInterview(sw, &referralv1.RecordInterviewRequest{Name: r.GetName(), Etag: r.GetEtag(), RequestId: w.rid(), HeldOn: day("2026-03-10")})
	must(w.t, err)
	r, err = c.RecordAnalysis(sw, &referralv1.RecordAnalysisRequest{Name: r.GetName(), Etag: r.GetEtag(), RequestId: w.rid(), AnalysedOn: day("2026-03-11"),
		AssistantNeeded: true, FamilyInterested: true, Reasons: "potrzebne wsparcie", Difficulty: 2})
	must(w.t, err)
	if !ordered {
		r, err = c.RecordConsent(sw, &referralv1.RecordConsentRequest{Name: r.GetName(), Etag: r.GetEtag(), RequestId: w.rid(), OfferPresentedOn: day("2026-03-12"),
			Consents: []*familyv1.Consent{{MemberId: "m1", Decision: familyv1.Consent_DECISION_GIVEN, Signature: &familyv1.Signature{SignedOn: day("2026-03-12")}}}})
		must(w.t, err)
	}
	r, err = c.RequestAssistant(sw, &referralv1.RequestAssistantRequest{Name: r.GetName(), Etag: r.GetEtag(), RequestId: w.rid(), RequestedOn: day("2026-03-13")})
	must(w.t, err)
	r, err = c.GiveOpinion(w.as("head"), &referralv1.GiveOpinionRequest{Name: r.GetName(), Etag: r.GetEtag(), RequestId: w.rid(), GivenOn: day("2026-03-16"), Favourable: true})
	must(w.t, err)
	return r
}

func (w *world) approval(r *referralv1.Referral, assistant string) *referralv1.ApproveReferralRequest {
	return &referralv1.ApproveReferralRequest{Name: r.GetName(), Etag: r.GetEtag(), RequestId: w.rid(), Assistant: assistant}
}

func (w *world) state(r *referralv1.Referral) referralv1.ReferralState {
	w.t.Helper()
	out, err := w.referrals.GetReferral(w.as("head"), &referralv1.GetReferralRequest{Name: r.GetName()})
	must(w.t, err)
	return out.GetState()
}

// files are the family files of the gmina that were opened.
func (w *world) files() []*casefilev1.FamilyFileSummary {
	w.t.Helper()
	out, err := w.casefiles.ListFamilyFiles(w.as("head"), &casefilev1.ListFamilyFilesRequest{Parent: parent, PageSize: 100})
	must(w.t, err)
	return out.GetFamilyFiles()
}
