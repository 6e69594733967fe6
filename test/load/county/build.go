package county

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"asysta.example/internal/access"
	"asysta.example/internal/calendar"
	"asysta.example/internal/seal"
	"asysta.example/internal/store"
	"asysta.example/internal/store/sqlite"
	"asysta.example/services/casefile/caseload"
)

// casefileSeal is a sealed number, as a member carries it.
type casefileSeal = seal.Value

// County is a county that was made, and where it lies.
type County struct {
	Spec    Spec
	Offices []Office
	Files   []File // every family file that has an assistant and is worked with
	Bytes   int    // size of a family file's document as stored, on average
	Entry   int    // size of the journal's entry of a visit, on average
	Took    time.Duration
	Commits int

	Dir string `json:"-"` // holds Data and its master key
}

// Data is the SQLite data file.
func (c *County) Data() string { return filepath.Join(c.Dir, "asysta.db") }

// Master is the file of the master key.
func (c *County) Master() string { return c.Data() + ".master.json" }

// Office is a gmina, for callers.
type Office struct {
	Gmina      string
	Heads      []string // login subjects of the head and who stands in
	Assistants []Assistant
}

// Assistant is an assistant of a gmina, for callers.
type Assistant struct{ Subject, Staff string }

// File is a family file in cooperation, for callers.
type File struct {
	Gmina, ID, Number string
	Subject           string   // login subject of its assistant
	Staff             string   // its assistant
	Adults            []string // member ids
	Visits            int      // entries of its work card
	Version           int64
}

// workerCount is how many families are written at once: their commits share transactions.
const workerCount = 32

// builder writes a county.
type builder struct {
	spec   Spec
	engine *sqlite.Engine
	store  store.Store
	vault  *seal.Vault

	bytes, docs, commits atomic.Int64
}

// Open gives the county of a Spec from the cache folder, and makes it there first where it is not. say is told what takes its time.
func Open(ctx context.Context, cache string, spec Spec, say func(format string, args ...any)) (*County, error) {
	if err := spec.valid(); err != nil {
		return nil, err
	}
	dir := filepath.Join(cache, spec.Name())
	if c, err := read(dir); err == nil {
		return c, nil
	}
	if err := os.MkdirAll(cache, 0o700); err != nil {
		return nil, fmt.Errorf("county: %w", err)
	}
	say("making a county of %d files and %d work-card entries in %s", spec.Files, spec.Entries, dir)
	temporary, err := os.MkdirTemp(cache, spec.Name()+".making-")
	if err != nil {
		return nil, fmt.Errorf("county: %w", err)
	}
	c, err := Make(ctx, temporary, spec)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(temporary))
	}
	if err := errors.Join(os.RemoveAll(dir), os.Rename(temporary, dir)); err != nil {
		return nil, fmt.Errorf("county: %w", err)
	}
	c.Dir = dir
	say("made in %s: %d commits, %d bytes a document", c.Took.Round(time.Second/10), c.Commits, c.Bytes)
	return c, nil
}

// Make makes a county in an empty folder.
func Make(ctx context.Context, dir string, spec Spec) (_ *County, err error) {
	if err := spec.valid(); err != nil {
		return nil, err
	}
	began := time.Now()
	c := &County{Spec: spec, Dir: dir}
	engine, err := sqlite.Open(ctx, c.Data(), sqlite.WithoutSync())
	if err != nil {
		return nil, err
	}
	b := &builder{spec: spec, engine: engine, store: store.Open(bulk{engine})}
	defer func() { err = errors.Join(err, b.store.Close()) }()
	if err := b.store.System().Migrate(ctx); err != nil {
		return nil, err
	}
	master, err := seal.CreateMaster(c.Master())
	if err != nil {
		return nil, err
	}
	b.vault = seal.NewVault(master, seal.OverEngine(engine))
	if err := b.fill(ctx, c); err != nil {
		return nil, err
	}
	if c.Entry, err = b.entry(ctx, c.Files); err != nil {
		return nil, err
	}
	if err := engine.MakeDurable(ctx); err != nil {
		return nil, err
	}
	c.Bytes, c.Commits, c.Took = int(b.bytes.Load()/max(1, b.docs.Load())), int(b.commits.Load()), time.Since(began)
	return c, c.write()
}

// fill writes the offices, the families and the caseloads, and gives all commits their places in the feeds.
func (b *builder) fill(ctx context.Context, c *County) error {
	offices := make([]office, b.spec.gminas())
	for i := range offices {
		offices[i] = b.spec.officeOf(i)
	}
	files := make([][]File, len(offices))
	err := each(ctx, len(offices), func(ctx context.Context, i int) error { return b.found(ctx, offices[i]) })
	if err != nil {
		return err
	}
	made := make([]kept, b.spec.Files)
	var first []int
	for i := range offices {
		for n := b.spec.firstOf(i); n < b.spec.firstOf(i+1); n++ {
			first = append(first, i)
		}
	}
	err = each(ctx, b.spec.Files, func(ctx context.Context, n int) error {
		o := offices[first[n]]
		f, err := b.family(ctx, o, n, n-b.spec.firstOf(o.i))
		made[n] = f
		return err
	})
	if err != nil {
		return err
	}
	err = each(ctx, len(offices), func(ctx context.Context, i int) error {
		own := made[b.spec.firstOf(i):b.spec.firstOf(i+1)]
		files[i] = shown(own)
		return b.caseloads(ctx, offices[i], own)
	})
	if err != nil {
		return err
	}
	for i, o := range offices {
		c.Offices = append(c.Offices, o.shown())
		c.Files = append(c.Files, files[i]...)
	}
	return b.relay(ctx)
}

// family makes one family file.
func (b *builder) family(ctx context.Context, o office, n, k int) (kept, error) {
	f := b.spec.newFamily(o, n, k)
	if err := f.household(func(pesel string) (seal.Value, error) { return b.vault.Seal(ctx, o.teryt, f.id, pesel) }); err != nil {
		return kept{}, err
	}
	if err := f.live(); err != nil {
		return kept{}, fmt.Errorf("county: family %d (%d of its gmina): %w", n, k, err)
	}
	if err := f.write(ctx, b); err != nil {
		return kept{}, err
	}
	return kept{fate: f.fate, person: f.assistant.person, opened: f.opened, file: File{Gmina: o.teryt, ID: f.id, Number: f.number, Subject: f.assistant.subject, Staff: f.assistant.staff,
		Adults: f.adults(), Visits: f.visits, Version: int64(len(f.commits))}}, nil
}

// kept is what is remembered of a family that was written.
type kept struct {
	fate   fate
	person string // of the assistant
	opened calendar.Date
	file   File
}

// caseloadCover is a caseload as the keeper stores it.
type caseloadCover struct {
	caseload.Caseload `bson:",inline"`
	Taken             int        `bson:"taken"`
	OldestReservation *time.Time `bson:"oldest_reservation"`
}

// caseloads writes the places that the families of an office take.
func (b *builder) caseloads(ctx context.Context, o office, families []kept) error {
	loads := map[string]caseload.Caseload{}
	for _, f := range families {
		if f.fate.placed() {
			load, over := loads[f.person].Hold(o.teryt, f.file.ID, noon(f.opened))
			if over {
				return fmt.Errorf("county: more families than the law allows with an assistant of %s", o.teryt)
			}
			loads[f.person] = load
		}
	}
	scope := b.store.ForCounty(o.teryt[:4])
	for _, m := range o.assistants {
		cover := caseloadCover{Caseload: loads[m.person], Taken: loads[m.person].Taken()}
		if err := b.commit(ctx, scope, scope.New(store.Ref{Kind: store.Caseloads, ID: m.person}), b.change("caseload/sweep", b.spec.Day.AddDays(-1), cover)); err != nil {
			return err
		}
	}
	return nil
}

// relay gives every commit its position in its feed.
func (b *builder) relay(ctx context.Context) error {
	for {
		n, err := b.store.System().Relay(ctx, 500)
		if err != nil || n == 0 {
			return err
		}
	}
}

// change is a commit of the loader's own.
func (b *builder) change(method string, on calendar.Date, cover any) store.Change {
	return store.Change{Actor: store.Actor{System: "load", Role: string(access.System)}, Method: method, RecordedAt: noon(on), Cover: cover}
}

func (b *builder) commit(ctx context.Context, scope store.Scope, base *store.Document, c store.Change) error {
	b.commits.Add(1)
	if _, _, err := scope.Commit(ctx, base, c); err != nil {
		return fmt.Errorf("county: %s: %w", base.Kind, err)
	}
	return nil
}

// size counts a finished document.
func (b *builder) size(doc *store.Document) {
	raw, err := bson.Marshal(doc)
	if err != nil {
		return
	}
	b.bytes.Add(int64(len(raw)))
	b.docs.Add(1)
	b.commits.Add(doc.Version)
}

// entry measures the journal's entries of some last visits.
func (b *builder) entry(ctx context.Context, files []File) (int, error) {
	sum, n := 0, 0
	for _, f := range files[:min(len(files), 50)] {
		commits, err := b.store.For(f.Gmina).History(ctx, store.Ref{Kind: store.FamilyFiles, ID: f.ID}, f.Version-1, 1)
		if err != nil || len(commits) != 1 {
			return 0, fmt.Errorf("county: last commit of a file: %w", err)
		}
		raw, err := bson.Marshal(commits[0])
		if err != nil {
			return 0, fmt.Errorf("county: last commit of a file: %w", err)
		}
		sum, n = sum+len(raw), n+1
	}
	return sum / max(1, n), nil
}

// noon is noon of a day, when offices are open.
func noon(d calendar.Date) time.Time { return d.Start().Add(12 * time.Hour) }

func hashOf(s string) []byte {
	sum := sha256.Sum256([]byte(s))
	return sum[:]
}

func (o office) shown() Office {
	out := Office{Gmina: o.teryt, Heads: []string{o.head.subject}}
	for _, d := range o.deputies {
		out.Heads = append(out.Heads, d.subject)
	}
	for _, a := range o.assistants {
		out.Assistants = append(out.Assistants, Assistant{Subject: a.subject, Staff: a.staff})
	}
	return out
}

func shown(families []kept) []File {
	var out []File
	for _, f := range families {
		if f.fate == cooperating {
			out = append(out, f.file)
		}
	}
	return out
}

// each runs fn for 0 to n-1, some at once, and stops at the first error.
func each(ctx context.Context, n int, fn func(context.Context, int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var running sync.WaitGroup
	for range min(n, max(workerCount, runtime.GOMAXPROCS(0))) {
		running.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				if err := fn(ctx, i); err != nil {
					cancel(err)
				}
			}
		})
	}
	running.Wait()
	return context.Cause(ctx)
}

const manifest = "county.json"

func (c *County) write() error {
	f, err := os.OpenFile(filepath.Join(c.Dir, manifest), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("county: %w", err)
	}
	return errors.Join(json.NewEncoder(f).Encode(c), f.Close())
}

func read(dir string) (*County, error) {
	f, err := os.Open(filepath.Join(dir, manifest))
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	var c County
	err = json.NewDecoder(f).Decode(&c)
	c.Dir = dir
	return &c, err
}
