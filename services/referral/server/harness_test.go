package server_test

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
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
	"asysta.example/internal/fault"
	"asysta.example/internal/identity"
	"asysta.example/internal/rpc"
	"asysta.example/internal/seal"
	"asysta.example/internal/store"
	"asysta.example/internal/store/sqlite"
	"asysta.example/services/referral/server"
)

const (
	gmina = "2004042"
	other = "2004052"
	asa   = "gminas/" + gmina + "/staff/as-1"
)

var now = time.Date(2026, 3, 31, 10, 0, 0, 0, time.UTC)

// world is a county with one running referral service, a store on disk and a casefile service.
type world struct {
	t        *testing.T
	store    store.Store
	service  *server.Server
	client   referralv1.ReferralServiceClient
	casefile *casefile
	issuer   *identity.TrialIssuer
	fail     func(store.FailPoint) error
	requests int
	mu       sync.Mutex
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, casefile: &casefile{places: map[string]string{}, files: map[string]*casefilev1.OpenFamilyFileRequest{}, fenced: map[string]bool{}, room: 15}}
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
	auth := identity.New(w.issuer.Verifier(), tokens, d.Directory, clock)
	casework := serve(t, d, auth, w.casefile, rpc.WithFaults())
	w.service = server.New(d, casefilev1.NewCaseworkInternalServiceClient(casework))
	w.client = referralv1.NewReferralServiceClient(serve(t, d, auth, w.service, rpc.WithFaults()))
	w.people()
	return w
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// serve runs a service behind all interceptors and connects to it.
func serve(t *testing.T, d rpc.Deps, auth rpc.Authenticator, s rpc.Service, opts ...rpc.DialOption) *grpc.ClientConn {
	t.Helper()
	srv, err := rpc.NewServer(d, auth)
	must(t, err)
	s.Register(srv)
	must(t, srv.Check())
	pipe := rpc.NewPipe()
	done := make(chan error, 1)
	go func() { done <- srv.Serve(pipe) }()
	conn, err := pipe.Dial(opts...)
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
	_, _, err := scope.Commit(w.t.Context(), scope.New(store.Ref{Kind: kind, ID: id}), store.Change{Actor: store.Actor{System: "test"}, Method: "test", RecordedAt: now, Cover: cover})
	must(w.t, err)
}

// people fills the directory.
func (w *world) people() {
	from := calendar.MustOf(2020, 1, 1)
	for _, p := range []struct {
		id, gmina string
		roles     []access.Role
		body      string
		deputy    bool
	}{
		{"sw-1", gmina, []access.Role{access.SocialWorker}, "", false}, {"sw-2", gmina, []access.Role{access.SocialWorker}, "", false},
		{"head", gmina, []access.Role{access.Head}, "", false}, {"both", gmina, []access.Role{access.Head, access.SocialWorker}, "", false},
		{"dep", gmina, []access.Role{access.Assistant}, "", true}, {"as-1", gmina, []access.Role{access.Assistant}, "", false},
		{"body", gmina, []access.Role{access.ContractedBody}, "ngo", false}, {"far", other, []access.Role{access.Head, access.SocialWorker}, "", false},
	} {
		w.put(w.store.ForCounty("2004"), store.People, "p-"+p.id, directory.Person{DisplayName: p.id, Subjects: []string{p.id}, ActiveFrom: from})
		s := directory.Staff{Person: "p-" + p.id, DisplayName: p.id, Roles: p.roles, Contract: directory.ContractEmployment, FTE: directory.FullTime, Body: p.body, ActiveFrom: from}
		if p.deputy {
			s.DeputyFor = []directory.Deputy{{ID: "d1", From: from}}
		}
		w.put(w.store.For(p.gmina), store.Staff, p.id, s)
	}
	w.put(w.store.ForCounty("2004"), store.People, "p-admin", directory.Person{DisplayName: "admin", Subjects: []string{"admin"}, CountyRoles: []access.Role{access.CountyAdministrator, access.CountyReporting, access.Auditor}, ActiveFrom: from})
	w.put(w.store.For(gmina), store.Institutions, "school", directory.Institution{DisplayName: "SP", Kind: directory.InstitutionSchool})
	w.put(w.store.ForCounty("2004"), store.Gminas, other, directory.Gmina{TERYT: other, DisplayName: "gmina Wąsosz"})
	w.settle(directory.Organiser{})
}

// settle writes the gmina with an organiser of family work.
func (w *world) settle(o directory.Organiser) {
	w.t.Helper()
	g := directory.Gmina{TERYT: gmina, DisplayName: "gmina Radziłów", Settings: directory.Settings{Organiser: o, Areas: []directory.Area{
		{ID: "a1", SocialWorker: "sw-1", Places: []string{"Radziłów"}}, {ID: "a2", SocialWorker: "sw-2", Places: []string{"Słucz"}}, {ID: "a3", SocialWorker: "both", Places: []string{"Karwowo"}}}}}
	scope := w.store.ForCounty("2004")
	base, err := scope.Load(w.t.Context(), store.Ref{Kind: store.Gminas, ID: gmina})
	if err != nil {
		base = scope.New(store.Ref{Kind: store.Gminas, ID: gmina})
	}
	_, _, err = scope.Commit(w.t.Context(), base, store.Change{Actor: store.Actor{System: "test"}, Method: "test", RecordedAt: now, Cover: g})
	must(w.t, err)
}

// as gives a context in which somebody calls.
func (w *world) as(subject string) context.Context {
	token, err := w.issuer.Token(subject)
	must(w.t, err)
	return metadata.NewOutgoingContext(w.t.Context(), metadata.Pairs("authorization", "Bearer "+token))
}

// rid gives a new request id.
func (w *world) rid() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.requests++
	return fmt.Sprintf("request-%04d", w.requests)
}

func on(s string) *date.Date { return rpc.Date(calendar.MustParse(s)) }

func family() *referralv1.Referral {
	return &referralv1.Referral{
		ReceivedOn: on("2026-03-02"), Source: familyv1.Source_SOURCE_OWN_DIAGNOSIS, DescribedReason: "trudności w opiece",
		Members: []*familyv1.FamilyMember{
			{Role: familyv1.MemberRole_MEMBER_ROLE_MOTHER, GivenName: "Anna", FamilyName: "Świątek", Pesel: "44051401359", ParentalAuthority: true},
			{Role: familyv1.MemberRole_MEMBER_ROLE_CHILD, GivenName: "Ola", FamilyName: "Świątek", BirthDate: on("2020-01-31")}},
		Address: &familyv1.Address{Place: "Radziłów", Street: "ul. Polna 4/2"},
	}
}

// casefile is the casefile service's side of the contract, with as much state as its promises need: places, files, fences.
type casefile struct {
	casefilev1.UnsafeCaseworkInternalServiceServer
	mu     sync.Mutex
	room   int
	places map[string]string // file -> assistant
	files  map[string]*casefilev1.OpenFamilyFileRequest
	fenced map[string]bool
	down   bool
	refuse error // of OpenFamilyFile
	opened int
	agents []string // who asked, on whose behalf
}

// Register implements rpc.Service.
func (c *casefile) Register(r grpc.ServiceRegistrar) {
	casefilev1.RegisterCaseworkInternalServiceServer(r, c)
}

func (c *casefile) enter(ctx context.Context) error {
	g := access.GrantFrom(ctx)
	c.agents = append(c.agents, g.System+" for "+g.Person+" as "+string(g.ActingRole))
	if c.down {
		return fault.Unavailable("DOWN")
	}
	return nil
}

// ReservePlace implements the contract.
func (c *casefile) ReservePlace(ctx context.Context, req *casefilev1.ReservePlaceRequest) (*casefilev1.ReservePlaceResponse, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.enter(ctx); err != nil {
		return nil, err
	}
	if c.fenced[req.GetFamilyFile()] {
		return nil, fault.Precondition("FILE_FENCED", "", "Numer wycofano.")
	}
	if _, held := c.places[req.GetFamilyFile()]; !held && len(c.places) >= c.room {
		return nil, fault.Precondition("CASELOAD_FULL", "art. 15(4)", "Asystent ma komplet rodzin.")
	}
	c.places[req.GetFamilyFile()] = req.GetAssistant()
	return &casefilev1.ReservePlaceResponse{}, nil
}

// ReleasePlace implements the contract.
func (c *casefile) ReleasePlace(ctx context.Context, req *casefilev1.ReleasePlaceRequest) (*casefilev1.ReleasePlaceResponse, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.enter(ctx); err != nil {
		return nil, err
	}
	if c.files[req.GetFamilyFile()] != nil {
		return nil, fault.Precondition("FILE_ACTIVE", "", "Teczka jest prowadzona.")
	}
	c.fenced[req.GetFamilyFile()] = true
	delete(c.places, req.GetFamilyFile())
	return &casefilev1.ReleasePlaceResponse{}, nil
}

// OpenFamilyFile implements the contract.
func (c *casefile) OpenFamilyFile(ctx context.Context, req *casefilev1.OpenFamilyFileRequest) (*casefilev1.FamilyFile, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.enter(ctx); err != nil {
		return nil, err
	}
	if c.fenced[req.GetFamilyFile()] {
		return nil, fault.Precondition("FILE_FENCED", "", "Numer wycofano.")
	}
	if c.refuse != nil {
		return nil, c.refuse
	}
	if c.files[req.GetFamilyFile()] == nil {
		c.files[req.GetFamilyFile()] = req
		c.opened++
	}
	return &casefilev1.FamilyFile{Name: req.GetFamilyFile()}, nil
}
