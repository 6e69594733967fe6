package e2e

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql" //nolint:depguard // the store is looked at from beside the program, whose own code could hide a write
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	_ "modernc.org/sqlite" //nolint:depguard // as above

	"asysta.example/cmd/asysta/suite"

	"asysta.example/internal/access"
	"asysta.example/internal/calendar"
	"asysta.example/internal/directory"
	"asysta.example/internal/identity"
	"asysta.example/internal/rpc"
	"asysta.example/internal/scenario"
	"asysta.example/internal/seal"
)

const (
	gmina = "2004042"
	other = "2004052"
)

// noon of the county's today; scenarios of this package begin thirty days before.
var noon = time.Date(2026, 3, 31, 10, 0, 0, 0, time.UTC)

// county is a small county that was set up through the contract, served in this process over gRPC and REST.
type county struct {
	t        *testing.T
	suite    *suite.Suite
	stranger *identity.TrialIssuer
	clock    atomic.Pointer[time.Time]
	dir      string
	log      *lockedLog
	answers  map[string]any // of the steps so far, by step id
	vars     map[string]any // names that steps refer to
	seed     atomic.Int64
	store    *sql.DB
	tokens   sync.Map // by person
	last     holding
	lastSeen int64 // SQLite's data version at last
}

// newCounty starts a suite on SQLite and plays the given files of testdata in it.
func newCounty(t *testing.T, files ...string) *county {
	t.Helper()
	c := begin(t, suite.First{Gmina: gmina, GminaName: "gmina Radziłów", CountyName: "powiat grajewski", Person: "Ada Admin", Subject: "admin",
		Office: directory.Office{Name: "Gminny Ośrodek Pomocy Społecznej w Radziłowie", Place: "19-213 Radziłów"}})
	for _, f := range files {
		c.play(c.grpc(), read(t, f))
	}
	return c
}

// begin starts a suite on SQLite with nothing in it but what a county begins with.
func begin(t *testing.T, first suite.First) *county {
	t.Helper()
	c := &county{t: t, dir: t.TempDir(), log: &lockedLog{}, answers: map[string]any{}, vars: map[string]any{"gmina": gmina, "other": other, "county": gmina[:4]}}
	c.at(noon)
	cfg := suite.AllConfig{}
	must(t, suite.Load(t.Context(), &cfg, []string{"ASYSTA_TRIAL=true", "ASYSTA_STORE=sqlite:" + c.file(), "ASYSTA_GATEWAY_LISTEN=127.0.0.1:0", "ASYSTA_DRAIN=1s"}))
	master, err := seal.NewMaster()
	must(t, err)
	c.suite, err = suite.Start(t.Context(), cfg, suite.Options{Clock: c.now, Log: rpc.NewLogger(c.log, slog.LevelInfo), Master: master, Fill: func(ctx context.Context, deps rpc.Deps) error {
		_, err := suite.Bootstrap(ctx, deps, first)
		return err
	}})
	must(t, err)
	t.Cleanup(func() { must(t, c.suite.Close()) })
	c.stranger, err = identity.NewTrialIssuer("http://127.0.0.1:1/elsewhere", "asysta", c.now, nil)
	must(t, err)
	c.store, err = sql.Open("sqlite", "file:"+c.file()+"?mode=ro&_pragma=busy_timeout(5000)")
	must(t, err)
	c.store.SetMaxOpenConns(1) // the data version is that of one connection
	t.Cleanup(func() { must(t, c.store.Close()) })
	return c
}

func (c *county) file() string { return filepath.Join(c.dir, "county.db") }

func (c *county) now() time.Time { return *c.clock.Load() }

func (c *county) at(instant time.Time) { c.clock.Store(&instant) }

// token gives the tokens of the county's people, whose login subject is the key itself, and of some who must not come in.
func (c *county) token(_ context.Context, as string) (string, error) {
	if token, ok := c.tokens.Load(as); ok {
		return token.(string), nil //nolint:forcetypeassert // nothing else is put there
	}
	token, err := c.newToken(as)
	c.tokens.Store(as, token)
	return token, err
}

func (c *county) newToken(as string) (string, error) {
	switch as {
	case "no-token":
		return "", nil
	case "malformed-token":
		return "to.nie.token", nil
	case "expired-token":
		now := c.now()
		c.at(now.AddDate(0, 0, -2))
		defer c.at(now)
		return c.suite.Trial.Token("head")
	case "foreign-issuer":
		return c.stranger.Token("head")
	case "unsigned-token":
		claims := fmt.Sprintf(`{"iss":"http://%s%s","aud":"asysta","sub":"head","iat":%d,"exp":%d}`, c.suite.Address(), suite.TrialPath, c.now().Unix(), c.now().Add(time.Hour).Unix())
		return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".", nil
	case "forged-service":
		forged, err := identity.NewSystemTokens(bytes.Repeat([]byte("x"), identity.SystemKey), c.now)
		if err != nil {
			return "", err
		}
		return forged.SystemToken("referral", access.Grant{Principal: access.Principal{County: gmina[:4]}, Gmina: gmina})
	}
	return c.suite.Trial.Token(as)
}

func (c *county) grpc() scenario.Transport {
	return scenario.GRPC{Conn: func(string) grpc.ClientConnInterface { return c.suite.Conn }, Token: c.token}
}

func (c *county) rest() scenario.Transport {
	return scenario.REST{Base: "http://" + c.suite.Address(), Client: http.DefaultClient, Token: c.token}
}

// transports are the ways in on which every case runs.
func (c *county) transports() map[string]scenario.Transport {
	return map[string]scenario.Transport{"gRPC": c.grpc(), "REST": c.rest()}
}

// env is where steps are played: day 0 is thirty days before the county's today.
func (c *county) env(way scenario.Transport, seen func(scenario.Step, any, *scenario.Refusal)) scenario.Env {
	return scenario.Env{
		Transport: way, Start: calendar.In(noon).AddDays(-30), Known: c.answers, Seed: fmt.Sprintf("e2e-%d", c.seed.Add(1)), Seen: seen,
		Vars: c.vars,
	}
}

// play carries out steps that must succeed, and keeps their answers.
func (c *county) play(way scenario.Transport, f *scenario.File) {
	c.t.Helper()
	answers, err := scenario.Play(c.t.Context(), f, c.env(way, nil))
	must(c.t, err)
	maps.Copy(c.answers, answers)
}

// do carries out one step.
func (c *county) do(way scenario.Transport, s scenario.Step) map[string]any {
	c.t.Helper()
	c.play(way, &scenario.File{Steps: []scenario.Step{s}})
	answer, _ := c.answers[s.ID].(map[string]any)
	return answer
}

// refused plays one step that must be refused as it says, and gives the refusal.
func (c *county) refused(t *testing.T, way scenario.Transport, s scenario.Step) *scenario.Refusal {
	t.Helper()
	var got *scenario.Refusal
	env := c.env(way, func(_ scenario.Step, _ any, r *scenario.Refusal) { got = r })
	if _, err := scenario.Play(t.Context(), &scenario.File{Steps: []scenario.Step{s}}, env); err != nil {
		t.Error(err)
	}
	return got
}

// tried plays one step however it ends, and gives its refusal, nil for none.
func (c *county) tried(t *testing.T, way scenario.Transport, s scenario.Step) *scenario.Refusal {
	t.Helper()
	k := &keeping{Transport: way}
	_, err := scenario.Play(t.Context(), &scenario.File{Steps: []scenario.Step{s}}, c.env(k, nil))
	if err != nil && k.refusal == nil {
		t.Fatal(err)
	}
	if err == nil {
		return nil
	}
	return k.refusal
}

// keeping remembers the last request and the refusal that passed.
type keeping struct {
	scenario.Transport
	request proto.Message
	refusal *scenario.Refusal
}

// Call implements scenario.Transport.
func (k *keeping) Call(ctx context.Context, as string, m protoreflect.MethodDescriptor, req proto.Message, take int) ([]any, error) {
	answers, err := k.Transport.Call(ctx, as, m, req, take)
	k.request, k.refusal = req, nil
	errors.As(err, &k.refusal)
	return answers, err
}

// holding is what the store holds: a digest of every document, and the number of commits and of accesses. Left out of the digest are the access log, the feeds'
// relay, and keys: a key is made before what it would seal is judged, and a key that seals nothing says nothing.
type holding struct {
	digest            string
	commits, accesses int
}

func (c *county) holding(t *testing.T) holding {
	t.Helper()
	var seen int64
	must(t, c.store.QueryRowContext(t.Context(), `PRAGMA data_version`).Scan(&seen))
	if seen == c.lastSeen {
		return c.last // nobody has committed anything since
	}
	c.last, c.lastSeen = c.look(t), seen
	return c.last
}

func (c *county) look(t *testing.T) holding {
	t.Helper()
	rows, err := c.store.QueryContext(t.Context(), `SELECT c.name, d.id, CAST(d.body || COALESCE(p.body, '') AS BLOB) FROM docs d JOIN collections c USING (cid) LEFT JOIN parts p USING (rid) WHERE c.name NOT IN ('access', 'accessLines', 'accessPostings', 'accessSegments', 'outbox', 'feed', 'meta', 'gminaKeys', 'fileKeys') ORDER BY c.name, d.id`)
	must(t, err)
	defer rows.Close()
	var h holding
	sum := sha256.New()
	for rows.Next() {
		var name, id string
		var body []byte
		must(t, rows.Scan(&name, &id, &body))
		if name == "journal" {
			h.commits++
		}
		fmt.Fprintf(sum, "%s\x00%s\x00%d\x00", name, id, len(body))
		sum.Write(body)
	}
	must(t, rows.Err())
	h.digest = hex.EncodeToString(sum.Sum(nil))
	must(t, c.store.QueryRowContext(t.Context(), `SELECT count(*) FROM docs d JOIN collections c USING (cid) WHERE c.name = 'accessLines'`).Scan(&h.accesses))
	return h
}

// unchanged fails the test where something but the access log was written since.
func (c *county) unchanged(t *testing.T, before holding) {
	t.Helper()
	after := c.holding(t)
	if before.digest != after.digest || before.commits != after.commits {
		t.Errorf("a refused call wrote: %d commits before, %d after; documents %.8s before, %.8s after", before.commits, after.commits, before.digest, after.digest)
	}
}

func read(t *testing.T, file string) *scenario.File {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", file))
	must(t, err)
	f, err := scenario.Read(bytes.NewReader(raw))
	must(t, err)
	return f
}

// lockedLog collects what the process logs.
type lockedLog struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lockedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lockedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
