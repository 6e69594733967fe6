package server_test

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"
	familyv1 "asysta.example/proto/gen/asysta/family/v1"

	"asysta.example/internal/access"
	"asysta.example/internal/calendar"
	"asysta.example/internal/directory"
	"asysta.example/internal/fault"
	"asysta.example/internal/identity"
	"asysta.example/internal/rpc"
	"asysta.example/internal/seal"
	"asysta.example/internal/store"
	"asysta.example/internal/store/sqlite"
	"asysta.example/services/casefile/caseload/keeper"
	"asysta.example/services/casefile/server"
)

const (
	gmina  = "2004042"
	other  = "2004052"
	county = "2004"
	pesel1 = "44051401359" // published example, born 14 May 1944
)

func staff(id string) string  { return "gminas/" + gmina + "/staff/" + id }
func person(id string) string { return "powiaty/" + county + "/people/p-" + id }
func file(id string) string   { return "gminas/" + gmina + "/familyFiles/" + id }

// world is a county with the casefile service, on a store on disk, behind all interceptors.
type world struct {
	t       *testing.T
	store   store.Store
	deps    rpc.Deps
	keeper  *keeper.Keeper
	service *server.Server
	client  casefilev1.CasefileServiceClient
	system  casefilev1.CaseworkInternalServiceClient
	issuer  *identity.TrialIssuer
	fail    atomic.Pointer[func(store.FailPoint) error]
	mu      sync.Mutex
	clock   time.Time
	n       int
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, clock: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
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
	master, err := seal.NewMaster()
	must(t, err)
	tokens, err := identity.NewSystemTokens(make([]byte, identity.SystemKey), w.now)
	must(t, err)
	vault := seal.NewVault(master, seal.OverEngine(engine))
	w.deps = rpc.Deps{Store: w.store, Vault: vault, Directory: directory.NewReader(w.store), Clock: w.now, Log: slog.New(slog.DiscardHandler), Tokens: tokens, Instance: "test"}
	w.issuer, err = identity.NewTrialIssuer("http://127.0.0.1/issuer", "asysta", w.now, nil)
	must(t, err)
	w.keeper = keeper.New(w.store, w.now)
	w.service = server.New(w.deps, vault, w.keeper)
	conn := w.serve(identity.New(w.issuer.Verifier(), tokens, w.deps.Directory, w.now))
	w.client, w.system = casefilev1.NewCasefileServiceClient(conn), casefilev1.NewCaseworkInternalServiceClient(conn)
	w.people()
	return w
}

func (w *world) serve(auth rpc.Authenticator) *grpc.ClientConn {
	srv, err := rpc.NewServer(w.deps, auth)
	must(w.t, err)
	w.service.Register(srv)
	must(w.t, srv.Check())
	pipe := rpc.NewPipe()
	done := make(chan error, 1)
	go func() { done <- srv.Serve(pipe) }()
	conn, err := pipe.Dial(rpc.WithFaults())
	must(w.t, err)
	w.t.Cleanup(func() {
		conn.Close()
		srv.Shutdown(context.WithoutCancel(w.t.Context()))
		if err := <-done; err != nil {
			w.t.Error(err)
		}
	})
	return conn
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// want fails the test unless an error has a reason; "" wants none.
func want(t *testing.T, err error, reason string) {
	t.Helper()
	got := ""
	if f, ok := fault.As(err); ok {
		got = f.Reason
	} else if err != nil {
		got = err.Error()
	}
	if got != reason {
		t.Fatalf("got %q (%v), want %q", got, err, reason)
	}
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.clock
}

// travel moves the clock to the morning of a day.
func (w *world) travel(day string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.clock = calendar.MustParse(day).Start().Add(9 * time.Hour)
}

func (w *world) put(scope store.Scope, kind store.Kind, id string, cover any) {
	w.t.Helper()
	_, _, err := scope.Commit(w.t.Context(), scope.New(store.Ref{Kind: kind, ID: id}), store.Change{Actor: store.Actor{System: "test"}, Method: "test", RecordedAt: w.now(), Cover: cover})
	must(w.t, err)
}

// people fills the directory: two offices and the county.
func (w *world) people() {
	from := calendar.MustOf(2020, 1, 1)
	inCounty := w.store.ForCounty(county)
	for _, p := range []struct {
		id, gmina, body string
		role            access.Role
	}{
		{"sw-1", gmina, "", access.SocialWorker}, {"sw-2", gmina, "", access.SocialWorker}, {"head", gmina, "", access.Head}, {"head-2", gmina, "", access.Head},
		{"as-1", gmina, "", access.Assistant}, {"as-2", gmina, "", access.Assistant}, {"as-3", gmina, "ngo", access.Assistant}, {"ngo", gmina, "ngo", access.ContractedBody},
		{"far-head", other, "", access.Head}, {"far-as", other, "", access.Assistant},
	} {
		w.put(inCounty, store.People, "p-"+p.id, directory.Person{DisplayName: p.id, Subjects: []string{p.id}, ActiveFrom: from})
		w.put(w.store.For(p.gmina), store.Staff, p.id, directory.Staff{Person: "p-" + p.id, DisplayName: p.id, Roles: []access.Role{p.role}, Contract: directory.ContractEmployment,
			FTE: directory.FullTime, Body: p.body, ActiveFrom: from})
	}
	for id, role := range map[string]access.Role{"co-1": access.Coordinator, "auditor": access.Auditor, "auditor-2": access.Auditor, "admin": access.CountyAdministrator} {
		w.put(inCounty, store.People, "p-"+id, directory.Person{DisplayName: id, Subjects: []string{id}, CountyRoles: []access.Role{role}, ActiveFrom: from})
	}
	w.put(w.store.For(gmina), store.Institutions, "ngo", directory.Institution{DisplayName: "Fundacja", Kind: directory.InstitutionBody190})
	w.put(inCounty, store.Gminas, gmina, directory.Gmina{TERYT: gmina, DisplayName: "gmina Radziłów", Settings: directory.Settings{PlanMonths: 2,
		Areas: []directory.Area{{ID: "a1", SocialWorker: "sw-1", Places: []string{"Radziłów"}}, {ID: "a2", SocialWorker: "sw-2", Places: []string{"Słucz"}}}}})
	w.put(inCounty, store.Gminas, other, directory.Gmina{TERYT: other, DisplayName: "gmina Wąsosz"})
}

// as gives a context in which somebody calls.
func (w *world) as(subject string) context.Context {
	token, err := w.issuer.Token(subject)
	must(w.t, err)
	return metadata.NewOutgoingContext(w.t.Context(), metadata.Pairs("authorization", "Bearer "+token))
}

// asking gives the context in which the referral service asks for the head.
func (w *world) asking() context.Context {
	g := access.Grant{Principal: access.Principal{Person: "p-head", County: county}, Gmina: gmina, Roles: []access.Role{access.Head}, Employment: access.Employment{Staff: "head", Gmina: gmina}}
	return w.deps.SystemContext(access.WithGrant(w.t.Context(), g), "referral")
}

// rid gives a new request id.
func (w *world) rid() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.n++
	return fmt.Sprintf("request-%06d", w.n)
}

func on(s string) *date.Date { return rpc.Date(calendar.MustParse(s)) }

func members(pesel string) []*familyv1.FamilyMember {
	return []*familyv1.FamilyMember{
		{MemberId: "m", Role: familyv1.MemberRole_MEMBER_ROLE_MOTHER, GivenName: "Anna", FamilyName: "Świątek", Pesel: pesel, ParentalAuthority: true},
		{MemberId: "c", Role: familyv1.MemberRole_MEMBER_ROLE_CHILD, GivenName: "Ola", FamilyName: "Świątek", BirthDate: on("2020-01-31")},
	}
}

func consent(member string, kind familyv1.Consent_Kind, d familyv1.Consent_Decision, day string) *familyv1.Consent {
	return &familyv1.Consent{MemberId: member, Kind: kind, Decision: d, Signature: &familyv1.Signature{SignedOn: on(day), OriginalAt: "teczka AR, k. 4"}}
}

const (
	participation = familyv1.Consent_KIND_PARTICIPATION
	cooperation   = familyv1.Consent_KIND_COOPERATION
	given         = familyv1.Consent_DECISION_GIVEN
	withdrawn     = familyv1.Consent_DECISION_WITHDRAWN
)

// opening is what the referral hands over for a family.
func (w *world) opening(id, assistant, pesel string) *casefilev1.OpenFamilyFileRequest {
	return &casefilev1.OpenFamilyFileRequest{
		FamilyFile: file(id), Referral: "gminas/" + gmina + "/referrals/r-" + id, Source: familyv1.Source_SOURCE_FAMILY, Basis: familyv1.Basis_BASIS_CONSENT,
		Members: members(pesel), Address: &familyv1.Address{Place: "Radziłów", Street: "ul. Polna 4/2", PostalCode: "19-213"},
		Consents:     []*familyv1.Consent{consent("m", participation, given, "2026-02-20")},
		SocialWorker: staff("sw-1"), Area: "a1", Assistant: assistant, OpenedOn: on("2026-03-02"), RequestId: w.rid(),
	}
}

// open opens a file with an assistant, as an approval does.
func (w *world) open(id, assistant, pesel string) *casefilev1.FamilyFile {
	w.t.Helper()
	if assistant != "" {
		assistant = staff(assistant)
		_, err := w.system.ReservePlace(w.asking(), &casefilev1.ReservePlaceRequest{FamilyFile: file(id), Assistant: assistant, RequestId: w.rid()})
		must(w.t, err)
	}
	f, err := w.system.OpenFamilyFile(w.asking(), w.opening(id, assistant, pesel))
	must(w.t, err)
	return f
}

func (w *world) get(who, name string) *casefilev1.FamilyFile {
	w.t.Helper()
	f, err := w.client.GetFamilyFile(w.as(who), &casefilev1.GetFamilyFileRequest{Name: name})
	must(w.t, err)
	return f
}

// cooperating opens a file and begins the cooperation on 2026-03-10.
func (w *world) cooperating(id, assistant, pesel string) *casefilev1.FamilyFile {
	w.t.Helper()
	f := w.open(id, assistant, pesel)
	w.travel("2026-03-10")
	f, err := w.client.RecordDocumentationRead(w.as(assistant), &casefilev1.RecordDocumentationReadRequest{Name: f.GetName(), Etag: f.GetEtag(), RequestId: w.rid(), ReadOn: on("2026-03-04")})
	must(w.t, err)
	f, err = w.client.RecordJointVisit(w.as(assistant), &casefilev1.RecordJointVisitRequest{Name: f.GetName(), Etag: f.GetEtag(), RequestId: w.rid(),
		Visit:    &casefilev1.JointVisit{VisitedOn: on("2026-03-10"), SocialWorker: staff("sw-1"), MemberIds: []string{"m", "c"}, RulesDiscussed: true},
		Consents: []*familyv1.Consent{consent("m", cooperation, given, "2026-03-10")}})
	must(w.t, err)
	return f
}

// places are the families of an assistant, e.g. "f1 HELD".
func (w *world) places(who string) string {
	w.t.Helper()
	c, err := w.keeper.Load(w.t.Context(), county, "p-"+who)
	must(w.t, err)
	var out []string
	for _, p := range c.Places {
		out = append(out, p.File+" "+string(p.State))
	}
	return strings.Join(out, ", ")
}

// at is a place that belongs to no file.
func at(who string) keeper.At {
	return keeper.At{Gmina: gmina, Person: "p-" + who, File: "stray"}
}
