package rpc_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"

	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"
	planningv1 "asysta.example/proto/gen/asysta/planning/v1"
	referralv1 "asysta.example/proto/gen/asysta/referral/v1"

	"asysta.example/internal/access"
	"asysta.example/internal/calendar"
	"asysta.example/internal/directory"
	"asysta.example/internal/identity"
	"asysta.example/internal/rpc"
	"asysta.example/internal/store"
	"asysta.example/internal/store/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(bothWays{m}) }

// bothWays runs the tests of this package twice: what holds of a call over a wire holds of one within the process.
type bothWays struct{ m *testing.M }

// Run implements goleak.TestingM.
func (b bothWays) Run() int {
	over := b.m.Run()
	within = true
	return max(over, b.m.Run())
}

// within says that the clients of worlds go the direct way.
var within bool

// way is a way to a server.
type way interface {
	grpc.ClientConnInterface
	Close() error
}

// dial gives the way that the present run of the tests takes.
func dial(t *testing.T, pipe *rpc.Pipe, opts ...rpc.DialOption) (conn way) {
	t.Helper()
	if within {
		t.Log("within the process")
		return direct(t, pipe, opts...)
	}
	conn, err := pipe.Dial(opts...)
	must(t, err)
	return conn
}

// direct gives the way within the process to a server that serves by then: before, it would be the wire.
func direct(t *testing.T, pipe *rpc.Pipe, opts ...rpc.DialOption) *rpc.Direct {
	t.Helper()
	conn, err := pipe.Direct(opts...)
	must(t, err)
	_, err = healthpb.NewHealthClient(conn).Check(t.Context(), &healthpb.HealthCheckRequest{}, grpc.WaitForReady(true))
	must(t, err)
	return conn
}

const (
	county  = "3024"
	gmina   = "3024035"
	empty   = "3024044" // of the county, nobody works there
	foreign = "3025011"
)

var now = time.Date(2026, 3, 10, 9, 0, 0, 0, time.UTC)

// world is a store with a county, its people and a server with two services of the contract, whose handlers a test sets.
type world struct {
	t         *testing.T
	deps      rpc.Deps
	engine    store.Engine
	issuer    *identity.TrialIssuer
	tokens    *identity.SystemTokens
	server    *rpc.Server
	conn      way
	pipe      *rpc.Pipe
	referrals *referrals
	plans     *coordination
	log       *lockedBuffer
	logFails  atomic.Bool  // the access log cannot be written
	later     atomic.Int64 // how much later than now it is, a time.Duration
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// referrals is a service of the contract whose answers the test gives.
type referrals struct {
	referralv1.UnimplementedReferralServiceServer
	get    func(context.Context, *referralv1.GetReferralRequest) (*referralv1.Referral, error)
	create func(context.Context, *referralv1.CreateReferralRequest) (*referralv1.Referral, error)
}

func (r *referrals) GetReferral(ctx context.Context, req *referralv1.GetReferralRequest) (*referralv1.Referral, error) {
	return r.get(ctx, req)
}

func (r *referrals) CreateReferral(ctx context.Context, req *referralv1.CreateReferralRequest) (*referralv1.Referral, error) {
	return r.create(ctx, req)
}

type coordination struct {
	planningv1.UnimplementedCoordinationServiceServer
	sync  func(*planningv1.SyncPlansRequest, grpc.ServerStreamingServer[planningv1.SyncPlansResponse]) error
	slice func(context.Context, *planningv1.GetFileSliceRequest) (*planningv1.FileSlice, error)
}

func (c *coordination) GetFileSlice(ctx context.Context, req *planningv1.GetFileSliceRequest) (*planningv1.FileSlice, error) {
	return c.slice(ctx, req)
}

func (c *coordination) SyncPlans(req *planningv1.SyncPlansRequest, stream grpc.ServerStreamingServer[planningv1.SyncPlansResponse]) error {
	return c.sync(req, stream)
}

var errLog = errors.New("disk full")

func newWorld(t *testing.T, opts ...rpc.ServerOption) *world {
	t.Helper()
	w := &world{t: t, log: &lockedBuffer{}, referrals: &referrals{}, plans: &coordination{}}
	engine, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "test.db"), store.WithFailPoint(func(p store.FailPoint) error {
		if p == store.PointAccess && w.logFails.Load() {
			return errLog
		}
		return nil
	}))
	must(t, err)
	w.engine = engine
	s := store.Open(engine)
	t.Cleanup(func() { must(t, s.Close()) })
	must(t, s.System().Migrate(t.Context()))
	clock := func() time.Time { return now.Add(time.Duration(w.later.Load())) }
	w.deps = rpc.Deps{Store: s, Directory: directory.NewReader(s), Clock: clock, Log: rpc.NewLogger(w.log, slog.LevelDebug), Instance: "test"}
	w.populate()
	w.tokens, err = identity.NewSystemTokens(bytes.Repeat([]byte("k"), identity.SystemKey), clock)
	must(t, err)
	w.deps.Tokens = w.tokens
	w.issuer, err = identity.NewTrialIssuer("http://127.0.0.1/trial", "asysta", clock, nil)
	must(t, err)
	w.serve(identity.New(w.issuer.Verifier(), w.tokens, w.deps.Directory, clock), opts)
	return w
}

func (w *world) serve(auth rpc.Authenticator, opts []rpc.ServerOption) {
	server, err := rpc.NewServer(w.deps, auth, opts...)
	must(w.t, err)
	referralv1.RegisterReferralServiceServer(server, w.referrals)
	planningv1.RegisterCoordinationServiceServer(server, w.plans)
	casefilev1.RegisterCasefileServiceServer(server, files{})
	pipe := rpc.NewPipe()
	served := make(chan error, 1)
	go func() { served <- server.Serve(pipe) }()
	server.FollowHealth(w.t.Context())
	w.server = server
	w.pipe, w.conn = pipe, dial(w.t, pipe)
	w.t.Cleanup(func() {
		must(w.t, w.conn.Close())
		ctx, cancel := context.WithTimeout(context.WithoutCancel(w.t.Context()), 5*time.Second)
		defer cancel()
		server.Shutdown(ctx)
		must(w.t, <-served)
	})
}

// put stores one aggregate.
func (w *world) put(scope store.Scope, kind store.Kind, id string, cover any) {
	w.t.Helper()
	_, _, err := scope.Commit(w.t.Context(), scope.New(store.Ref{Kind: kind, ID: id}), store.Change{
		Actor: store.Actor{System: "test"}, Method: "test", RecordedAt: now, Cover: cover,
	})
	must(w.t, err)
}

// people of the county: subject → person; the subject is also the id.
func (w *world) populate() {
	day := calendar.MustOf(2020, 1, 1)
	own, other := w.deps.Store.ForCounty(county), w.deps.Store.ForCounty(foreign[:4])
	for _, g := range []string{gmina, empty} {
		w.put(own, store.Gminas, g, directory.Gmina{TERYT: g, DisplayName: g})
	}
	w.put(other, store.Gminas, foreign, directory.Gmina{TERYT: foreign, DisplayName: foreign})
	person := func(scope store.Scope, id string, to calendar.Date, roles ...access.Role) {
		w.put(scope, store.People, id, directory.Person{DisplayName: id, Subjects: []string{id}, CountyRoles: roles, ActiveFrom: day, ActiveTo: to})
	}
	person(own, "head", calendar.Date{})
	person(own, "assistant", calendar.Date{})
	person(own, "worker", calendar.Date{})
	person(own, "coordinator", calendar.Date{}, access.Coordinator)
	person(own, "admin", calendar.Date{}, access.CountyAdministrator)
	person(own, "revoked", calendar.In(now).AddDays(-1))
	person(other, "stranger", calendar.Date{}, access.Coordinator)
	staff := func(g, id string, role access.Role) {
		w.put(w.deps.Store.For(g), store.Staff, "s-"+id, directory.Staff{Person: id, DisplayName: id, Roles: []access.Role{role}, Contract: "EMPLOYMENT", FTE: 100, ActiveFrom: day})
	}
	staff(gmina, "head", access.Head)
	staff(gmina, "assistant", access.Assistant)
	staff(gmina, "worker", access.SocialWorker)
	staff(gmina, "revoked", access.Head)
	staff(foreign, "stranger", access.Head)
}

// as gives a context with a person's token.
func (w *world) as(subject string) context.Context {
	w.t.Helper()
	token, err := w.issuer.Token(subject)
	must(w.t, err)
	return metadata.AppendToOutgoingContext(w.t.Context(), "authorization", "Bearer "+token)
}

// accesses gives every line of the access log.
func (w *world) accesses() []store.Access {
	w.t.Helper()
	hits, err := w.engine.Find(w.t.Context(), store.EngineQuery{Collection: "accessLines", Limit: 100})
	must(w.t, err)
	var out []store.Access
	for _, h := range hits {
		var a store.Access
		must(w.t, bson.Unmarshal(h.Body, &a))
		out = append(out, a)
	}
	return out
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
