package county

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	_ "modernc.org/sqlite" // the store is looked at from beside the program, whose own code could hide a write

	"asysta.example/cmd/asysta/suite"
	"asysta.example/deploy/demo"
	"asysta.example/test/e2e"

	"asysta.example/internal/calendar"
	"asysta.example/internal/directory"
	"asysta.example/internal/identity"
	"asysta.example/internal/rpc"
	"asysta.example/internal/scenario"
	"asysta.example/internal/seal"
	"asysta.example/internal/store"
	"asysta.example/internal/store/sqlite"
)

// Gminas of the counties.
const (
	Gmina   = "2004042" // where the people of test/e2e work
	Other   = "2004052" // another gmina of the same county
	Far     = "3030012" // a gmina of the other county
	Digits  = "2004"    // the county of Gmina and Other
	FarAway = "3030"    // the county of Far
)

// Noon is the instant at which the counties live; their clock stands still.
var Noon = time.Date(2026, 3, 31, 10, 0, 0, 0, time.UTC)

// Sent is a request that made the counties what they are.
type Sent struct {
	As      string
	Method  protoreflect.MethodDescriptor
	Request proto.Message
	Refused bool
}

// County is what Start serves. Its methods may be called by several goroutines, Play and Close by one.
type County struct {
	Suite   *suite.Suite
	Answers map[string]any // of the steps played, by step id
	Vars    map[string]any // that steps refer to
	Sent    []Sent         // in the order of sending

	clock    atomic.Pointer[time.Time]
	expired  string // token that was good two days ago
	stranger *identity.TrialIssuer
	tokens   sync.Map // by person
	beside   *sql.DB
	count    *sql.Stmt // of what was written
	plays    int
}

// Start serves the counties on a data file in dir, which need not survive a loss of power. What the process logs goes to log.
func Start(ctx context.Context, dir string, log io.Writer) (*County, error) {
	c := &County{Answers: map[string]any{}, Vars: map[string]any{"gmina": Gmina, "other": Other, "county": Digits}}
	cfg, path := suite.AllConfig{}, filepath.Join(dir, "county.db")
	c.clock.Store(&Noon)
	if err := suite.Load(ctx, &cfg, []string{
		"ASYSTA_TRIAL=true", "ASYSTA_STORE=sqlite:" + path, "ASYSTA_GATEWAY_LISTEN=127.0.0.1:0", "ASYSTA_DRAIN=5s", "ASYSTA_CALLS_PER_SECOND=0",
	}); err != nil {
		return nil, err
	}
	master, err := seal.NewMaster()
	if err != nil {
		return nil, err
	}
	c.Suite, err = suite.Start(ctx, cfg, suite.Options{
		Clock: func() time.Time { return *c.clock.Load() }, Log: rpc.NewLogger(log, slog.LevelInfo), Master: master, Engine: []store.EngineOption{sqlite.WithoutSync()}, Fill: found,
	})
	if err != nil {
		return nil, err
	}
	if err := c.begin(ctx, path); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// found makes the two counties with an administrator each.
func found(ctx context.Context, deps rpc.Deps) error {
	for _, first := range []suite.First{
		{Gmina: Gmina, GminaName: "gmina Radziłów", CountyName: "powiat grajewski", Person: "Ada Admin", Subject: "admin",
			Office: directory.Office{Name: "Gminny Ośrodek Pomocy Społecznej w Radziłowie", Place: "19-213 Radziłów"}},
		{Gmina: demo.FirstGmina, GminaName: "gmina Września", CountyName: "powiat wrzesiński", Person: "Ada Administratorska", Subject: demo.Administrator,
			Office: directory.Office{Name: "Ośrodek Pomocy Społecznej we Wrześni", Place: "62-300 Września"}},
	} {
		if _, err := suite.Bootstrap(ctx, deps, first); err != nil {
			return err
		}
	}
	return nil
}

func (c *County) begin(ctx context.Context, path string) (err error) {
	if c.stranger, err = identity.NewTrialIssuer("http://127.0.0.1:1/elsewhere", "asysta", func() time.Time { return Noon }, nil); err != nil {
		return err
	}
	past := Noon.AddDate(0, 0, -2)
	c.clock.Store(&past)
	c.expired, err = c.Suite.Trial.Token("head")
	if c.clock.Store(&Noon); err != nil {
		return err
	}
	for _, name := range []string{"county.yaml", "families.yaml"} {
		f, err := Fixture(name)
		if err != nil {
			return err
		}
		if err := c.Play(ctx, f, 30); err != nil {
			return err
		}
	}
	f, err := demo.Scenario()
	if err != nil {
		return err
	}
	if err := c.Play(ctx, f, f.Days); err != nil {
		return err
	}
	return c.watch(ctx, path)
}

// Fixture reads a file of test/e2e/testdata.
func Fixture(name string) (*scenario.File, error) {
	r, err := e2e.Fixture.Open("testdata/" + name)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return scenario.Read(r)
}

// Play carries out steps over gRPC, whose day 0 is so many days ago, and keeps answers and requests.
func (c *County) Play(ctx context.Context, f *scenario.File, days int) error {
	today := calendar.In(Noon)
	c.plays++
	vars := maps.Clone(c.Vars)
	maps.Copy(vars, f.Vars)
	answers, err := scenario.Play(ctx, f, scenario.Env{
		Transport: keeping{c}, Start: today.AddDays(-days), Today: func() calendar.Date { return today }, Known: c.Answers, Vars: vars, Seed: fmt.Sprintf("county-%d", c.plays),
	})
	maps.Copy(c.Answers, answers)
	return err
}

// keeping carries calls over gRPC and keeps the requests.
type keeping struct{ c *County }

// Call implements scenario.Transport.
func (k keeping) Call(ctx context.Context, as string, m protoreflect.MethodDescriptor, req proto.Message, take int) ([]any, error) {
	way := scenario.GRPC{Conn: func(string) grpc.ClientConnInterface { return k.c.Suite.Conn }, Token: func(_ context.Context, as string) (string, error) { return k.c.Token(as) }}
	answers, err := way.Call(ctx, as, m, req, take)
	k.c.Sent = append(k.c.Sent, Sent{As: as, Method: m, Request: req, Refused: err != nil})
	return answers, err
}

// Verify checks every chain of the store and every document against its journal.
func (c *County) Verify(ctx context.Context) (aggregates, commits int, err error) {
	report, err := c.Suite.Deps.Store.System().Verify(ctx)
	if err == nil && len(report.Faults) > 0 {
		err = fmt.Errorf("county: audit verify: %d faults, first %v", len(report.Faults), report.Faults[:min(3, len(report.Faults))])
	}
	return report.Aggregates, report.Commits, err
}

// Close ends everything.
func (c *County) Close() error {
	var errs []error
	if c.count != nil {
		errs = append(errs, c.count.Close())
	}
	if c.beside != nil {
		errs = append(errs, c.beside.Close())
	}
	return errors.Join(append(errs, c.Suite.Close())...)
}

// unwatched are the collections that a refused call may write: the access log, whose line is the proof of the refusal, keys, which are made before what they
// would seal is judged and say nothing while they seal nothing, and what the relay writes of commits made before.
var unwatched = []string{"access", "accessLines", "accessPostings", "accessSegments", "outbox", "feed", "meta", "gminaKeys", "fileKeys"}

// watch has the data file itself note every document that is written, from now on.
func (c *County) watch(ctx context.Context, path string) (err error) {
	if c.beside, err = sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(10000)&_pragma=synchronous(0)"); err != nil {
		return err
	}
	c.beside.SetMaxOpenConns(1)
	steps := []string{`CREATE TABLE watched (n INTEGER PRIMARY KEY, cid INTEGER NOT NULL, id TEXT NOT NULL)`}
	for verb, row := range map[string]string{"INSERT": "NEW", "UPDATE": "NEW", "DELETE": "OLD"} {
		steps = append(steps, fmt.Sprintf(`CREATE TRIGGER watch_%s AFTER %s ON docs WHEN %s.cid NOT IN (SELECT cid FROM collections WHERE name IN ('%s'))
			BEGIN INSERT INTO watched (cid, id) VALUES (%s.cid, %s.id); END`, verb, verb, row, strings.Join(unwatched, "', '"), row, row))
	}
	for _, step := range steps {
		if _, err := c.beside.ExecContext(ctx, step); err != nil {
			return fmt.Errorf("county: watch: %w", err)
		}
	}
	c.count, err = c.beside.PrepareContext(ctx, `SELECT ifnull(max(n), 0) FROM watched`)
	return err
}

// Writes counts the documents that were written since Start returned; the access log, the relay's work and keys are left out.
func (c *County) Writes(ctx context.Context) (n int64, err error) {
	err = c.count.QueryRowContext(ctx).Scan(&n)
	return n, err
}

// Written names the documents written after the first so many, as collection/id.
func (c *County) Written(ctx context.Context, after int64) ([]string, error) {
	rows, err := c.beside.QueryContext(ctx, `SELECT c.name || '/' || w.id FROM watched w JOIN collections c USING (cid) WHERE n > ? ORDER BY n`, after)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return slices.Compact(names), rows.Err()
}

// OwnWork tells whether all that was written after the first so many documents is of work that the services do by themselves, such as caseloads that follow a setting of the
// county: the journal names it so.
func (c *County) OwnWork(ctx context.Context, after int64) (bool, error) {
	rows, err := c.beside.QueryContext(ctx, `SELECT c.name, w.id, d.body FROM watched w JOIN collections c USING (cid) LEFT JOIN docs d ON d.cid = w.cid AND d.id = w.id
		WHERE w.n > ? ORDER BY c.name = 'journal' DESC`, after)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	own := map[string]bool{}
	for rows.Next() {
		var collection, id string
		var body []byte
		if err := rows.Scan(&collection, &id, &body); err != nil {
			return false, err
		}
		if collection != "journal" {
			if !own[collection+"/"+id] {
				return false, nil
			}
			continue
		}
		method, _ := bson.Raw(body).Lookup("method").StringValueOK()
		if !strings.HasSuffix(method, "/sweep") {
			return false, nil
		}
		aggregate, _, _ := strings.Cut(id, "@")
		own[aggregate] = true
	}
	return len(own) > 0, rows.Err()
}
