package server_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"

	"asysta.example/internal/access"
	"asysta.example/internal/calendar"
	"asysta.example/internal/deadline"
	"asysta.example/internal/directory"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/fault"
	"asysta.example/internal/name"
	"asysta.example/internal/rpc"
	"asysta.example/internal/seal"
	"asysta.example/internal/store"
	"asysta.example/internal/store/sqlite"
	"asysta.example/services/casefile"
	"asysta.example/services/casefile/workcard/server"
)

const (
	county, gmina, nearby = "2004", "2004042", "2004052"
	pesel                 = "44051401359"
)

// now is Saturday, 21 November 2026.
var now = time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)

// logBook keeps what the service logs.
type logBook struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// world is a county with a running work card, on a store on disk.
type world struct {
	t      *testing.T
	store  store.Store
	vault  *seal.Vault
	client casefilev1.WorkCardServiceClient
	log    *logBook
	mu     sync.Mutex
	seq    int
}

// logins takes the token for the login subject.
type logins struct{ r *directory.Reader }

func (l logins) Authenticate(ctx context.Context, token string) (access.Principal, error) {
	p, err := l.r.Principal(ctx, token, calendar.In(now))
	if err != nil {
		return p, fault.Unauthenticated("TOKEN")
	}
	return p, nil
}

func newWorld(t *testing.T) *world {
	t.Helper()
	engine, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "asysta.db"), func(o *store.EngineOptions) { o.NoSync = true })
	must(t, err)
	w := &world{t: t, store: store.Open(engine), log: &logBook{}}
	t.Cleanup(func() { w.store.Close() })
	must(t, w.store.System().Migrate(t.Context()))
	master, err := seal.NewMaster()
	must(t, err)
	w.vault = seal.NewVault(master, seal.OverEngine(engine))
	deps := rpc.Deps{Store: w.store, Vault: w.vault, Directory: directory.NewReader(w.store), Clock: func() time.Time { return now }, Log: slog.New(slog.NewJSONHandler(w.log, nil)), Instance: "test"}
	srv, err := rpc.NewServer(deps, logins{deps.Directory})
	must(t, err)
	server.New(deps).Register(srv)
	must(t, srv.Check())
	pipe, done := rpc.NewPipe(), make(chan error, 1)
	go func() { done <- srv.Serve(pipe) }()
	conn, err := pipe.Dial()
	must(t, err)
	t.Cleanup(func() {
		conn.Close()
		srv.Shutdown(context.WithoutCancel(t.Context()))
		must(t, <-done)
	})
	w.client = casefilev1.NewWorkCardServiceClient(conn)
	w.people()
	return w
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%v %v", err, status.Convert(err).Details())
	}
}

func (w *world) put(scope store.Scope, kind store.Kind, id string, c store.Change) {
	w.t.Helper()
	c.Actor, c.Method, c.RecordedAt = store.Actor{System: "test"}, "test", now
	_, _, err := scope.Commit(w.t.Context(), scope.New(store.Ref{Kind: kind, ID: id}), c)
	must(w.t, err)
}

// people fills the directory: each staff id is the login too.
func (w *world) people() {
	from := calendar.MustOf(2020, 1, 1)
	for _, p := range []struct {
		id, gmina string
		role      access.Role
		area      string
		body      string
	}{
		{"as1", gmina, access.Assistant, "", ""}, {"as2", gmina, access.Assistant, "", ""}, {"sw1", gmina, access.SocialWorker, "a1", ""},
		{"sw2", gmina, access.SocialWorker, "a2", ""}, {"head", gmina, access.Head, "", ""}, {"body", gmina, access.ContractedBody, "", "ngo"},
		{"far", nearby, access.Head, "", ""},
	} {
		person := directory.Person{DisplayName: p.id, Subjects: []string{p.id}, ActiveFrom: from}
		w.put(w.store.ForCounty(county), store.People, "p-"+p.id, store.Change{Cover: person})
		staff := directory.Staff{Person: "p-" + p.id, DisplayName: "Pracownik " + p.id, Roles: []access.Role{p.role}, Contract: directory.ContractEmployment, FTE: directory.FullTime, Body: p.body, ActiveFrom: from}
		if p.area != "" {
			staff.Areas = []string{p.area}
		}
		w.put(w.store.For(p.gmina), store.Staff, p.id, store.Change{Cover: staff})
	}
	for _, g := range []string{gmina, nearby} {
		w.put(w.store.ForCounty(county), store.Gminas, g, store.Change{Cover: directory.Gmina{TERYT: g, DisplayName: "gmina", Office: directory.Office{
			Name: "Gminny Ośrodek Pomocy Społecznej w Radziłowie", Address: "Plac 500-lecia 15", Place: "19-213 Radziłów", Phone: "86 273 68 72"}}})
	}
	w.put(w.store.For(gmina), store.Institutions, "school", store.Change{Cover: directory.Institution{DisplayName: "Szkoła Podstawowa", Kind: directory.InstitutionSchool}})
}

// family is a family file: of as1 and sw1 in area a1, in cooperation since 1 September 2026, unless edit says otherwise.
func (w *world) family(id string, edit func(*familyfile.Cover)) {
	w.t.Helper()
	in := gmina
	c := familyfile.Cover{
		Number: "AR/" + id + "/2026", State: familyfile.Cooperation, Source: familyfile.SourceCourtOrder, Basis: familyfile.BasisConsent, OpenedOn: day("2026-08-20"),
		Area: "a1", SocialWorker: "sw1", Assistant: "as1", AssistantPer: "p-as1", Assignments: []familyfile.Assignment{{Staff: "as1", Person: "p-as1", From: day("2026-08-20")}},
		DocsReadOn: day("2026-08-22"), JointVisitOn: day("2026-09-01"), Day0: day("2026-09-01"), Spells: []familyfile.Spell{{From: day("2026-08-20"), Day0: day("2026-09-01")}},
		CourtOrders: []familyfile.CourtTerm{{Matter: "o1", OrderedOn: day("2026-08-01")}}, Label: familyfile.Label{FamilyName: "Świątek", Place: "Radziłów", Address: "ul. Łąkowa 4/2"},
	}
	if edit != nil {
		edit(&c)
	}
	if c.Label.Place == "Wąsosz" { // the gmina next door
		in = nearby
	}
	c.Label.Search = familyfile.SearchKeys(c.Label.FamilyName, c.Label.Place, c.Label.Address)
	section := casefile.Section{
		Members: []casefile.Member{{ID: "m1", Role: casefile.Mother, GivenName: "Anna", FamilyName: "Świątek", Authority: true}, {ID: "m2", Role: casefile.ChildRole, GivenName: "Ola", FamilyName: "Świątek"}},
		Orders:  []casefile.Order{{ID: "o1", Court: "Sąd Rejonowy w Grajewie", CaseNumber: "III Nsm 123/26", OrderedOn: day("2026-08-01")}},
	}
	w.put(w.store.For(in), store.FamilyFiles, id, store.Change{Cover: c, Sections: map[string]any{casefile.SectionName: section}, Deadlines: familyfile.Deadlines(c)})
}

// referral is a referral with one term due on a day, of a social worker and area.
func (w *world) referral(id, worker, area, due string) {
	w.t.Helper()
	cover := map[string]any{"state": "RECEIVED", "received_on": "2026-11-01", "social_worker": worker, "area": area}
	d := deadline.Term(deadline.RuleInterview, day("2026-11-01"), 0, worker)
	d.Due = day(due)
	w.put(w.store.For(gmina), store.Referrals, id, store.Change{Cover: cover, Deadlines: []deadline.Deadline{d}})
}

// cover reads a file's cover.
func (w *world) cover(id string) familyfile.Cover {
	w.t.Helper()
	doc, err := w.store.For(gmina).Load(w.t.Context(), store.Ref{Kind: store.FamilyFiles, ID: id})
	must(w.t, err)
	c, err := rpc.Decode[familyfile.Cover](doc.Cover)
	must(w.t, err)
	return c
}

// as is the context of a call by a login.
func (w *world) as(login string) context.Context {
	return metadata.AppendToOutgoingContext(w.t.Context(), "authorization", "Bearer "+login)
}

// rid gives a new request id.
func (w *world) rid() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seq++
	return fmt.Sprintf("request-%05d", w.seq)
}

var day = calendar.MustParse

func on(s string) *date.Date { return rpc.Date(day(s)) }

func file(id string) string { return name.In(gmina, name.FamilyFiles, id) }

func staff(id string) string { return name.In(gmina, name.Staff, id) }

func meeting(date string) *casefilev1.Visit {
	return &casefilev1.Visit{
		VisitedOn: on(date), Kind: casefilev1.VisitKind_VISIT_KIND_MEETING, Place: casefilev1.VisitPlace_VISIT_PLACE_HOME, FromTimeOfDay: "10:00", ToTimeOfDay: "11:30",
		MemberIds: []string{"m1"}, TaskCodes: []string{"3", "6"}, Findings: "Rozmowa o domowym budżecie.",
	}
}

// record records an entry by as1.
func (w *world) record(id string, v *casefilev1.Visit) *casefilev1.Visit {
	w.t.Helper()
	out, err := w.client.RecordVisit(w.as("as1"), &casefilev1.RecordVisitRequest{Parent: file(id), Visit: v, RequestId: w.rid()})
	must(w.t, err)
	return out
}

// reasonOf gives code and reason of a refusal, "OK" for none.
func reasonOf(err error) string {
	st := status.Convert(err)
	for _, d := range st.Details() {
		if info, ok := d.(*errdetails.ErrorInfo); ok {
			return st.Code().String() + " " + info.GetReason()
		}
	}
	return st.Code().String()
}

func wantCode(t *testing.T, err error, want codes.Code, what string) {
	t.Helper()
	if status.Code(err) != want {
		t.Errorf("%s: %v, want %s", what, err, want)
	}
}
