package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"asysta.example/internal/store"
	"asysta.example/internal/store/sqlite"
	"asysta.example/internal/testkit/disk"

	"asysta.example/test/crash/rig"
)

// powerRun writes to a store while every write and sync of its files is recorded, and then opens what a loss of power at many moments would have left.
type powerRun struct {
	seed    uint64
	cuts    int
	until   time.Time
	dir     string
	commits int                  // how many are made before the first cut is looked at
	engine  []store.EngineOption // of the store that is written to, whose log is short; the test that proves the guard takes the syncs away
}

// powerFigures is what a powerRun has found.
type powerFigures struct {
	cuts, ops, syncs, acknowledged int
	anew                           int // how often the log began anew
	lost, broken                   int
	notes                          []string
}

// String gives the figures as they are recorded.
func (f *powerFigures) String() string {
	return fmt.Sprintf("%d cuts in %d writes and %d syncs, the log begun %d times, acknowledged commits and access lines %d, lost %d, images that do not verify %d", f.cuts, f.ops, f.syncs, f.anew, f.acknowledged, f.lost, f.broken)
}

func (f *powerFigures) note(format string, args ...any) {
	if len(f.notes) < 20 {
		f.notes = append(f.notes, fmt.Sprintf(format, args...))
	}
}

// acknowledged is something that the store has said is durable, and how many operations of the disk there were when it did.
type acknowledged struct {
	ops     int
	ref     store.Ref // of a commit
	version int64
	access  string // id of a line of the access log, "" for a commit
}

// writers is how many write at once, each to aggregates of its own.
const writers = 4

func (r powerRun) run(ctx context.Context) (*powerFigures, error) {
	watch := disk.New(filepath.Join(r.dir, "written"))
	defer watch.Close()
	acks, err := r.write(ctx, watch)
	if err != nil {
		return nil, err
	}
	f := &powerFigures{acknowledged: len(acks)}
	ops := watch.Ops()
	for _, op := range ops {
		switch {
		case op.Kind == disk.Sync:
			f.syncs++
			continue
		case op.Kind == disk.Write && op.Offset == 0 && strings.HasSuffix(op.Path, "-wal"):
			f.anew++ // its head is written when it begins
		}
		f.ops++
	}
	dice := rand.New(rand.NewPCG(r.seed, 3)) //nolint:gosec // repeatable by its seed
	at := make([]int, r.cuts)
	for i := range at {
		at[i] = dice.IntN(len(ops) + 1)
	}
	slices.Sort(at)
	image := newImage(ops)
	for i, cut := range at {
		if time.Now().After(r.until) {
			break
		}
		image.advance(cut)
		dir := filepath.Join(r.dir, fmt.Sprintf("cut%d", i))
		if err := image.save(dir, survivors(i%4), dice); err != nil {
			return f, err
		}
		f.cuts++
		if err := r.judge(ctx, dir, cut, acks, f); err != nil {
			return f, err
		}
		if err := os.RemoveAll(dir); err != nil {
			return f, err
		}
	}
	return f, nil
}

// write fills a store and gives what was acknowledged when. The store is left open to the last: a loss of power closes nothing.
func (r powerRun) write(ctx context.Context, watch *disk.Watch) (_ []acknowledged, err error) {
	dir := filepath.Join(r.dir, "written")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	engine, err := sqlite.Open(ctx, filepath.Join(dir, "county.db"), append([]store.EngineOption{sqlite.WithShortLog()}, r.engine...)...)
	if err != nil {
		return nil, err
	}
	s := store.Open(engine)
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := s.System().Migrate(ctx); err != nil {
		return nil, err
	}
	var mu sync.Mutex
	var acks []acknowledged
	var failed error
	var wait sync.WaitGroup
	for n := range writers {
		w := &writer{store: s, name: fmt.Sprintf("%d", n), dice: rand.New(rand.NewPCG(r.seed, uint64(100+n))), docs: map[string]*store.Document{}} //nolint:gosec // repeatable by its seed
		wait.Go(func() {
			for range r.commits / writers {
				a, err := w.write(ctx)
				mu.Lock()
				a.ops = watch.Len()
				acks, failed = append(acks, a), errors.Join(failed, err)
				mu.Unlock()
				if err != nil {
					return
				}
			}
		})
	}
	wait.Wait()
	return acks, failed
}

// writer makes commits and lines of the access log, one after the other.
type writer struct {
	store store.Store
	name  string
	dice  *rand.Rand
	docs  map[string]*store.Document
	count int
}

func (w *writer) write(ctx context.Context) (acknowledged, error) {
	w.count++
	now := time.Now()
	id := fmt.Sprintf("file-%s-%d", w.name, w.dice.IntN(4))
	ref := store.Ref{Kind: store.FamilyFiles, ID: id}
	actor := store.Actor{Person: "osoba", Role: "ASSISTANT"}
	if w.count%5 == 0 && w.docs[id] != nil { // whose log nobody can ask for before it is there
		line := store.Access{Purpose: fmt.Sprintf("access-%s-%06d", w.name, w.count), At: now, Gminas: []string{rig.Gmina}, Actor: actor, Method: "/proba/Czytaj", Refs: []string{ref.String()}}
		return acknowledged{ref: ref, access: line.Purpose}, w.store.LogAccess(ctx, line)
	}
	scope := w.store.For(rig.Gmina)
	base := w.docs[id]
	if base == nil {
		base = scope.New(ref)
	}
	filling := make([]byte, w.dice.IntN(4000)) // documents of different sizes, so that pages divide
	next, _, err := scope.Commit(ctx, base, store.Change{Actor: actor, Method: "/proba/Pisz", RequestID: fmt.Sprintf("r-%s-%06d", w.name, w.count), RecordedAt: now,
		Cover:    bson.M{"state": "COOPERATION", "opened_on": "2026-01-02", "assistant": fmt.Sprintf("a%d", w.dice.IntN(9))},
		Sections: map[string]any{"casefile": bson.M{"n": w.count, "filling": filling}},
		Records:  []store.Record{{Type: store.Visits, ID: fmt.Sprintf("v%06d", w.count), Date: "2026-03-04", Body: bson.M{"n": w.count}}}})
	if err != nil {
		return acknowledged{}, err
	}
	w.docs[id] = next
	return acknowledged{ref: ref, version: next.Version}, nil
}

// judge opens an image and looks for what was acknowledged before the cut.
func (r powerRun) judge(ctx context.Context, dir string, cut int, acks []acknowledged, f *powerFigures) (err error) {
	engine, err := sqlite.Open(ctx, filepath.Join(dir, "county.db"))
	if err != nil {
		f.broken++
		f.note("cut %d: the store does not open: %v", cut, err)
		return nil
	}
	s := store.Open(engine)
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := s.System().Migrate(ctx); err != nil {
		f.broken++
		f.note("cut %d: %v", cut, err)
		return nil
	}
	k := &checker{found: &findings{}}
	if err := k.whole(ctx, s); err != nil {
		f.broken++
		f.note("cut %d: %v", cut, err)
		return nil
	}
	if k.found.bad() > 0 {
		f.broken++
		f.note("cut %d: %v", cut, k.found.notes)
	}
	return lostOf(ctx, s, cut, acks, f)
}

// lostOf counts what was acknowledged before the cut and is not there.
func lostOf(ctx context.Context, s store.Store, cut int, acks []acknowledged, f *powerFigures) error {
	scope := s.For(rig.Gmina)
	versions, lines := map[store.Ref]int64{}, map[store.Ref]map[string]bool{}
	for _, a := range acks {
		if a.ops > cut {
			continue
		}
		if _, ok := lines[a.ref]; !ok {
			doc, err := scope.Load(ctx, a.ref)
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
			if err == nil {
				versions[a.ref] = doc.Version
			}
			if lines[a.ref], err = linesOf(ctx, scope, a.ref); err != nil {
				return err
			}
		}
		if (a.access == "" && versions[a.ref] < a.version) || (a.access != "" && !lines[a.ref][a.access]) {
			f.lost++
			f.note("cut %d: %s@%d %s was acknowledged at %d and is gone", cut, a.ref, a.version, a.access, a.ops)
		}
	}
	return nil
}

func linesOf(ctx context.Context, scope store.Scope, ref store.Ref) (map[string]bool, error) {
	found := map[string]bool{}
	for token := ""; ; {
		lines, next, err := scope.AccessLog(ctx, ref, 500, token)
		if errors.Is(err, store.ErrNotFound) {
			return found, nil
		}
		if err != nil {
			return nil, err
		}
		for _, l := range lines {
			found[l.Purpose] = true
		}
		if token = next; token == "" {
			return found, nil
		}
	}
}
