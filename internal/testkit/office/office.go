// Package office is a small county for tests of services: a store on disk, people with logins, and the services behind all interceptors, which it runs,
// travels in time and lets fail. What a test needs beyond that, such as a family file, it commits as data with Write. It is for tests alone and knows no service.
package office

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/grpc/metadata"

	"asysta.example/internal/calendar"
	"asysta.example/internal/directory"
	"asysta.example/internal/identity"
	"asysta.example/internal/rpc"
	"asysta.example/internal/seal"
	"asysta.example/internal/store"
	"asysta.example/internal/store/sqlite"
)

// Now is the instant at which tests begin unless At says otherwise: Saturday, 21 November 2026, in the morning.
var Now = time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)

// Office is the county and what services need to be served in it. Several goroutines may use it at once.
type Office struct {
	t        *testing.T
	issuer   *identity.TrialIssuer
	auth     rpc.Authenticator
	log      logBook
	fail     atomic.Pointer[func(store.FailPoint) error]
	requests atomic.Int64
	mu       sync.Mutex
	now      time.Time
	bare     bool
	Deps     rpc.Deps
}

// Option changes how a county begins.
type Option func(*Office)

// At begins at another instant than Now.
func At(start time.Time) Option { return func(o *Office) { o.now = start } }

// Bare begins with an empty store: no gmina is founded.
func Bare() Option { return func(o *Office) { o.bare = true } }

// New makes a county with its two gminas and no people.
func New(t *testing.T, opts ...Option) *Office {
	t.Helper()
	o := &Office{t: t, now: Now}
	for _, opt := range opts {
		opt(o)
	}
	engine, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "asysta.db"), store.WithFailPoint(o.failPoint), func(e *store.EngineOptions) { e.NoSync = true })
	Must(t, err)
	st := store.Open(engine)
	t.Cleanup(func() {
		if err := store.CheckShared(st); err != nil {
			t.Error(err)
		}
		Must(t, st.Close())
	})
	Must(t, st.System().Migrate(t.Context()))
	master, err := seal.NewMaster()
	Must(t, err)
	tokens, err := identity.NewSystemTokens(make([]byte, identity.SystemKey), o.Now)
	Must(t, err)
	o.Deps = rpc.Deps{Store: st, Vault: seal.NewVault(master, seal.OverEngine(engine)), Directory: directory.NewReader(st), Clock: o.Now,
		Log: o.log.logger(), Tokens: tokens, Instance: "test"}
	o.issuer, err = identity.NewTrialIssuer("http://127.0.0.1/issuer", "asysta", o.Now, nil)
	Must(t, err)
	o.auth = identity.New(o.issuer.Verifier(), tokens, o.Deps.Directory, o.Now)
	if !o.bare {
		o.Settle(Gmina, directory.Settings{})
		o.Settle(Nearby, directory.Settings{})
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

// Now is the time on the county's clock.
func (o *Office) Now() time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.now
}

// SetNow moves the clock.
func (o *Office) SetNow(at time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.now = at
}

// Travel moves the clock to nine in the morning of a day ("2026-03-10").
func (o *Office) Travel(day string) { o.SetNow(calendar.MustParse(day).Start().Add(9 * time.Hour)) }

// Fail lets the store fail where a hook says so; nil ends it.
func (o *Office) Fail(hook func(store.FailPoint) error) {
	if hook == nil {
		o.fail.Store(nil)
		return
	}
	o.fail.Store(&hook)
}

func (o *Office) failPoint(p store.FailPoint) error {
	if hook := o.fail.Load(); hook != nil {
		return (*hook)(p)
	}
	return nil
}

// Logged is everything the services logged, as lines of JSON, before any redaction.
func (o *Office) Logged() string { return o.log.String() }

// Write commits a cover as test data, on top of what there is.
func (o *Office) Write(scope store.Scope, kind store.Kind, id string, cover any, more ...func(*store.Change)) {
	o.t.Helper()
	ref := store.Ref{Kind: kind, ID: id}
	base, err := scope.Load(o.t.Context(), ref)
	if err != nil {
		base = scope.New(ref)
	}
	c := store.Change{Actor: store.Actor{System: "test"}, Method: "test", RecordedAt: o.Now(), Cover: cover}
	for _, m := range more {
		m(&c)
	}
	_, _, err = scope.Commit(o.t.Context(), base, c)
	Must(o.t, err)
}

// RequestID is a new request id.
func (o *Office) RequestID() string { return fmt.Sprintf("request-%06d", o.requests.Add(1)) }

// Token is a bearer token of a login.
func (o *Office) Token(login string) string {
	o.t.Helper()
	token, err := o.issuer.Token(login)
	Must(o.t, err)
	return token
}

// As gives a context in which somebody calls.
func (o *Office) As(login string) context.Context {
	o.t.Helper()
	return metadata.NewOutgoingContext(o.t.Context(), metadata.Pairs("authorization", "Bearer "+o.Token(login)))
}

// Day is a civil date of a request ("2026-03-10").
func Day(s string) *date.Date { return rpc.Date(calendar.MustParse(s)) }
