package server_test

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/grpc/metadata"

	planningv1 "asysta.example/proto/gen/asysta/planning/v1"

	"asysta.example/internal/access"
	"asysta.example/internal/calendar"
	"asysta.example/internal/directory"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/fault"
	"asysta.example/internal/identity"
	"asysta.example/internal/rpc"
	"asysta.example/internal/seal"
	"asysta.example/internal/store"
	"asysta.example/internal/store/sqlite"
	"asysta.example/services/planning/server"
)

const (
	county = "2004"
	gmina  = "2004042"
	other  = "2004052"
	fileID = "01j0000000000000000000file"
	file   = "gminas/" + gmina + "/familyFiles/" + fileID
	plan1  = file + "/plans/1"
)

var now = time.Date(2026, 7, 31, 10, 0, 0, 0, time.UTC)

// world is a county with a running planning service and a store on disk.
type world struct {
	t        *testing.T
	store    store.Store
	service  *server.Server
	plans    planningv1.PlanningServiceClient
	coord    planningv1.CoordinationServiceClient
	issuer   *identity.TrialIssuer
	pipe     *rpc.Pipe
	fail     func(store.FailPoint) error
	requests int
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t}
	engine, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "asysta.db"), store.WithFailPoint(func(p store.FailPoint) error {
		if w.fail != nil {
			return w.fail(p)
		}
		return nil
	}))
	must(t, err)
	w.store = store.Open(engine)
	t.Cleanup(func() { w.store.Close() })
	must(t, w.store.System().Migrate(t.Context()))
	master, err := seal.NewMaster()
	must(t, err)
	clock := func() time.Time { return now }
	tokens, err := identity.NewSystemTokens(make([]byte, identity.SystemKey), clock)
	must(t, err)
	d := rpc.Deps{Store: w.store, Vault: seal.NewVault(master, seal.OverEngine(engine)), Directory: directory.NewReader(w.store), Clock: clock,
		Log: slog.New(slog.DiscardHandler), Tokens: tokens, Instance: "test"}
	w.issuer, err = identity.NewTrialIssuer("http://127.0.0.1/issuer", "asysta", clock, nil)
	must(t, err)
	w.service = server.New(d)
	w.serve(d, identity.New(w.issuer.Verifier(), tokens, d.Directory, clock))
	w.people()
	return w
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// serve runs the service behind all interceptors and connects to it.
func (w *world) serve(d rpc.Deps, auth rpc.Authenticator) {
	w.t.Helper()
	srv, err := rpc.NewServer(d, auth)
	must(w.t, err)
	w.service.Register(srv)
	must(w.t, srv.Check())
	w.pipe = rpc.NewPipe()
	done := make(chan error, 1)
	go func() { done <- srv.Serve(w.pipe) }()
	conn, err := w.pipe.Dial(rpc.WithFaults())
	must(w.t, err)
	w.t.Cleanup(func() {
		conn.Close()
		srv.Shutdown(context.WithoutCancel(w.t.Context()))
		if err := <-done; err != nil {
			w.t.Error(err)
		}
	})
	w.plans, w.coord = planningv1.NewPlanningServiceClient(conn), planningv1.NewCoordinationServiceClient(conn)
}

// write commits a cover of test data, on top of what there is.
func (w *world) write(scope store.Scope, kind store.Kind, id string, cover any, audience ...string) {
	w.t.Helper()
	ref := store.Ref{Kind: kind, ID: id}
	base, err := scope.Load(w.t.Context(), ref)
	if err != nil {
		base = scope.New(ref)
	}
	_, _, err = scope.Commit(w.t.Context(), base, store.Change{Actor: store.Actor{System: "test"}, Method: "test", RecordedAt: now, Cover: cover, Audience: append([]string{}, audience...)})
	must(w.t, err)
}

// people fills the directory.
func (w *world) people() {
	from := calendar.MustOf(2020, 1, 1)
	for _, p := range []struct {
		id, gmina string
		role      access.Role
	}{
		{"sw-1", gmina, access.SocialWorker}, {"head", gmina, access.Head}, {"as-1", gmina, access.Assistant}, {"as-2", gmina, access.Assistant}, {"far", other, access.Head},
	} {
		w.write(w.store.ForCounty(county), store.People, "p-"+p.id, directory.Person{DisplayName: p.id, Subjects: []string{p.id}, ActiveFrom: from})
		w.write(w.store.For(p.gmina), store.Staff, p.id, directory.Staff{Person: "p-" + p.id, DisplayName: p.id, Roles: []access.Role{p.role}, Contract: directory.ContractEmployment, FTE: directory.FullTime, ActiveFrom: from})
	}
	for _, id := range []string{"co-a", "co-b", "co-c"} {
		w.write(w.store.ForCounty(county), store.People, "p-"+id, directory.Person{DisplayName: id, Subjects: []string{id}, CountyRoles: []access.Role{access.Coordinator}, ActiveFrom: from})
	}
	w.settings(directory.Settings{})
	w.write(w.store.ForCounty(county), store.Gminas, other, directory.Gmina{TERYT: other, DisplayName: "gmina Wąsosz"})
}

// settings writes the gmina.
func (w *world) settings(s directory.Settings) {
	w.write(w.store.ForCounty(county), store.Gminas, gmina, directory.Gmina{TERYT: gmina, DisplayName: "gmina Radziłów", Settings: s,
		Office: directory.Office{Name: "Gminny Ośrodek Pomocy Społecznej w Radziłowie", Address: "ul. Plac 500-lecia 15", Place: "19-213 Radziłów", Phone: "86 273 68 72"}})
}

// cover of a file in cooperation: one child at home, and with coordinators one in care for each.
func cover(coordinators ...string) familyfile.Cover {
	c := familyfile.Cover{
		Number: "AR/1/2026", Label: familyfile.Label{FamilyName: "Świątek", Place: "Słucz", Address: "Słucz 17", Members: []familyfile.MemberName{{Member: "m1", Name: "Anna Świątek"}}},
		State: familyfile.Cooperation, Basis: familyfile.BasisConsent, OpenedOn: calendar.MustOf(2026, 1, 10), SocialWorker: "sw-1", Assistant: "as-1", AssistantPer: "p-as-1",
		Day0: calendar.MustOf(2026, 1, 31), Spells: []familyfile.Spell{{From: calendar.MustOf(2026, 1, 10), Day0: calendar.MustOf(2026, 1, 31), Basis: familyfile.BasisConsent}},
		Adults: 1, Children: []familyfile.Child{{Member: "home", BornOn: calendar.MustOf(2015, 5, 1)}},
	}
	for i, p := range coordinators {
		member := fmt.Sprintf("care%d", i+1)
		c.Children = append(c.Children, familyfile.Child{Member: member, BornOn: calendar.MustOf(2018, 5, 1), InCareSince: calendar.MustOf(2026, 2, 1), Coordinator: p})
		c.Label.Members = append(c.Label.Members, familyfile.MemberName{Member: member, Name: "Dziecko " + member})
	}
	return c
}

// family puts the family file into the store.
func (w *world) family(c familyfile.Cover) {
	w.t.Helper()
	w.write(w.store.For(gmina), store.FamilyFiles, fileID, c, c.Coordinators()...)
}

// cover reads the file's cover as stored.
func (w *world) cover() familyfile.Cover {
	w.t.Helper()
	doc, err := w.store.For(gmina).Load(w.t.Context(), store.Ref{Kind: store.FamilyFiles, ID: fileID})
	must(w.t, err)
	c, err := rpc.Decode[familyfile.Cover](doc.Cover)
	must(w.t, err)
	return c
}

// as gives a context in which somebody calls.
func (w *world) as(subject string) context.Context {
	token, err := w.issuer.Token(subject)
	must(w.t, err)
	return metadata.NewOutgoingContext(w.t.Context(), metadata.Pairs("authorization", "Bearer "+token))
}

// rid gives a new request id.
func (w *world) rid() string {
	w.requests++
	return fmt.Sprintf("request-%04d", w.requests)
}

func on(s string) *date.Date { return rpc.Date(calendar.MustParse(s)) }

// content of a complete plan; with children in care a goal about them.
func content(children ...string) *planningv1.PlanContent {
	c := &planningv1.PlanContent{
		Reason:    "pierwszy plan",
		Diagnosis: []*planningv1.Diagnosis{{LifeArea: "UPBRINGING", Problem: "brak rytmu dnia", Expectations: []*planningv1.Expectation{{MemberId: "m1", Text: "więcej spokoju"}}}},
		Goals:     []*planningv1.Goal{{GoalId: "g1", Title: "stały rytm dnia", Aims: []string{"PARENTING"}}},
		Actions: []*planningv1.Action{{ActionId: "a1", GoalId: "g1", Description: "plan tygodnia", Responsible: planningv1.ResponsibleKind_RESPONSIBLE_KIND_MEMBER, Who: "m1",
			TaskCode: "6", DueDate: on("2026-09-30"), ExpectedEffect: "dzieci chodzą do szkoły"}},
	}
	for _, child := range children {
		c.Goals = append(c.Goals, &planningv1.Goal{GoalId: "return" + child, Title: "powrót dziecka", Aims: []string{"REINTEGRATION"}, Children: []string{child}, CareGoal: planningv1.CareGoal_CARE_GOAL_RETURN})
		c.Actions = append(c.Actions, &planningv1.Action{ActionId: "visit" + child, GoalId: "return" + child, Description: "odwiedziny", Responsible: planningv1.ResponsibleKind_RESPONSIBLE_KIND_ASSISTANT,
			TaskCode: "2", DueDate: on("2026-10-31"), ExpectedEffect: "utrzymana więź"})
	}
	return c
}

// reason checks the reason of a refusal.
func reason(t *testing.T, err error, want string) {
	t.Helper()
	if !fault.IsReason(err, want) {
		t.Fatalf("err = %v, want %s", err, want)
	}
}
