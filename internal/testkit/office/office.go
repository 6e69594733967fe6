// Package office is a small county for tests of a service: a store on disk, people with logins, and the service behind all interceptors. What a test needs beyond
// that, such as a family file, it commits as data with Write. It is for tests alone.
package office

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"asysta.example/internal/access"
	"asysta.example/internal/calendar"
	"asysta.example/internal/directory"
	"asysta.example/internal/identity"
	"asysta.example/internal/rpc"
	"asysta.example/internal/seal"
	"asysta.example/internal/store"
	"asysta.example/internal/store/sqlite"
)

// The county of the tests and two of its gminas.
const (
	County = "2004"
	Gmina  = "2004042"
	Nearby = "2004052"
)

// Now is the instant at which tests begin: Saturday, 21 November 2026, in the morning.
var Now = time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)

// Office is the county and what a service needs to be served in it.
type Office struct {
	t      *testing.T
	now    time.Time
	issuer *identity.TrialIssuer
	auth   rpc.Authenticator
	Deps   rpc.Deps
}

// New makes an empty county with its two gminas.
func New(t *testing.T) *Office {
	t.Helper()
	engine, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "asysta.db"))
	Must(t, err)
	o := &Office{t: t, now: Now}
	st := store.Open(engine)
	t.Cleanup(func() { Must(t, st.Close()) })
	Must(t, st.System().Migrate(t.Context()))
	master, err := seal.NewMaster()
	Must(t, err)
	clock := func() time.Time { return o.now }
	tokens, err := identity.NewSystemTokens(make([]byte, identity.SystemKey), clock)
	Must(t, err)
	o.Deps = rpc.Deps{Store: st, Vault: seal.NewVault(master, seal.OverEngine(engine)), Directory: directory.NewReader(st), Clock: clock,
		Log: slog.New(slog.DiscardHandler), Tokens: tokens, Instance: "test"}
	o.issuer, err = identity.NewTrialIssuer("http://127.0.0.1/issuer", "asysta", clock, nil)
	Must(t, err)
	o.auth = identity.New(o.issuer.Verifier(), tokens, o.Deps.Directory, clock)
	for _, g := range []string{Gmina, Nearby} {
		o.Write(st.ForCounty(County), store.Gminas, g, directory.Gmina{TERYT: g, DisplayName: "gmina " + g})
	}
	return o
}

// Must ends the test on an error.
func Must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// SetNow moves the clock.
func (o *Office) SetNow(at time.Time) { o.now = at }

// Serve runs a service behind all interceptors until the test ends and connects to it. Refusals come back as faults.
func (o *Office) Serve(services ...rpc.Service) grpc.ClientConnInterface {
	o.t.Helper()
	srv, err := rpc.NewServer(o.Deps, o.auth)
	Must(o.t, err)
	for _, s := range services {
		s.Register(srv)
	}
	Must(o.t, srv.Check())
	pipe := rpc.NewPipe()
	done := make(chan error, 1)
	go func() { done <- srv.Serve(pipe) }()
	conn, err := pipe.Dial(rpc.WithFaults())
	Must(o.t, err)
	o.t.Cleanup(func() {
		_ = conn.Close() // the server behind it ends with the next line
		srv.Shutdown(context.WithoutCancel(o.t.Context()))
		Must(o.t, <-done)
	})
	return conn
}

// Write commits a cover as test data, on top of what there is.
func (o *Office) Write(scope store.Scope, kind store.Kind, id string, cover any, more ...func(*store.Change)) {
	o.t.Helper()
	ref := store.Ref{Kind: kind, ID: id}
	base, err := scope.Load(o.t.Context(), ref)
	if err != nil {
		base = scope.New(ref)
	}
	c := store.Change{Actor: store.Actor{System: "test"}, Method: "test", RecordedAt: o.now, Cover: cover}
	for _, m := range more {
		m(&c)
	}
	_, _, err = scope.Commit(o.t.Context(), base, c)
	Must(o.t, err)
}

var employedSince = calendar.MustOf(2020, 1, 1)

// Employ makes a person who works in a gmina in a role; the person's id is "p-" before the staff id, which is also the login.
func (o *Office) Employ(gmina, staff string, role access.Role) {
	o.t.Helper()
	o.Write(o.Deps.Store.ForCounty(gmina[:4]), store.People, "p-"+staff, directory.Person{DisplayName: staff, Subjects: []string{staff}, ActiveFrom: employedSince})
	o.Write(o.Deps.Store.For(gmina), store.Staff, staff, directory.Staff{Person: "p-" + staff, DisplayName: staff, Roles: []access.Role{role},
		Contract: directory.ContractEmployment, FTE: directory.FullTime, ActiveFrom: employedSince})
}

// Appoint makes a person with a role of the county; the login is the name, the id "p-" before it.
func (o *Office) Appoint(county, login string, role access.Role) {
	o.t.Helper()
	o.Write(o.Deps.Store.ForCounty(county), store.People, "p-"+login, directory.Person{DisplayName: login, Subjects: []string{login}, CountyRoles: []access.Role{role}, ActiveFrom: employedSince})
}

// As gives a context in which somebody calls.
func (o *Office) As(login string) context.Context {
	o.t.Helper()
	token, err := o.issuer.Token(login)
	Must(o.t, err)
	return metadata.NewOutgoingContext(o.t.Context(), metadata.Pairs("authorization", "Bearer "+token))
}
