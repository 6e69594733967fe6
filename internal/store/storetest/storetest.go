package storetest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"asysta.example/internal/store"
)

// Factory makes engines for the suite.
type Factory struct {
	// Name of the engine.
	Name string
	// New gives an engine over an empty database; closing it is the suite's. The hook is called before each step (store.WithFailPoint).
	New func(t *testing.T, hook func(store.FailPoint) error) store.Engine
	// Reopen gives a second engine over the database of one that New gave, as another process would open it; nil when there is no such thing. The first engine
	// is still open.
	Reopen func(t *testing.T, engine store.Engine, hook func(store.FailPoint) error) store.Engine
	// Whole lets the store use the transactions of an engine that is store.Whole. Without it the suite hides them, so that the way of an engine without is
	// run on this one too.
	Whole bool
	// Omissions says, by the name of a case, why the engine does not run it.
	Omissions map[string]string
}

// testCase is one promise of the store.
type testCase struct {
	name string
	run  func(t *testing.T, b *bench)
}

// cases are all promises, in the order of the contract.
func cases() []testCase {
	return slices.Concat(engineCases, commitCases, contentCases, crashCases, listCases, processCases, recordCases, scopeCases, feedCases, auditCases)
}

// Run runs every case on a fresh database.
func Run(t *testing.T, f Factory) {
	t.Helper()
	ran := 0
	known := map[string]bool{}
	for _, c := range cases() {
		if known[c.name] {
			t.Errorf("two cases are named %q", c.name)
		}
		known[c.name] = true
		if reason, omitted := f.Omissions[c.name]; omitted {
			t.Logf("%s: omitted %q: %s", f.Name, c.name, reason)
			continue
		}
		ran++
		t.Run(c.name, func(t *testing.T) { c.run(t, newBench(t, f)) })
	}
	for name := range f.Omissions {
		if !known[name] {
			t.Errorf("omission of %q: no such case", name)
		}
	}
	t.Logf("%s: %d cases run, %d omitted", f.Name, ran, len(f.Omissions))
}

// bench is an engine with a store over it, and a fail point that a case may set.
type bench struct {
	factory Factory
	engine  *watched
	store   store.Store

	mu   sync.Mutex
	hook func(store.FailPoint) error
}

func newBench(t *testing.T, f Factory) *bench {
	t.Helper()
	b := &bench{factory: f}
	b.engine = &watched{Engine: f.New(t, b.failPoint)}
	b.store = b.open(b.engine)
	t.Cleanup(func() {
		if err := b.store.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		for _, point := range b.engine.unknown() {
			t.Errorf("a step was written with the point %q, which store.FailPoints lacks", point)
		}
	})
	if err := b.store.System().Migrate(t.Context()); err != nil {
		t.Fatalf("migrate: %v", err)
	}
	return b
}

// open gives the store over an engine, which sees the engine's transactions or does not.
func (b *bench) open(e *watched) store.Store {
	if below, ok := e.Engine.(store.Whole); ok && b.factory.Whole {
		return store.Open(whole{e, below})
	}
	return store.Open(e)
}

// whole lets the transactions of an engine be seen.
type whole struct {
	*watched
	below store.Whole
}

// GetNewer implements store.Whole.
func (w whole) GetNewer(ctx context.Context, collection, id string, version int64) (bson.Raw, error) {
	return w.below.GetNewer(ctx, collection, id, version)
}

// Revision implements store.Whole.
func (w whole) Revision(ctx context.Context) (int64, error) { return w.below.Revision(ctx) }

// another gives a second store over the same database, as another process would have it.
func (b *bench) another(t *testing.T) store.Store {
	t.Helper()
	if b.factory.Reopen == nil {
		return b.store
	}
	other := b.open(&watched{Engine: b.factory.Reopen(t, b.engine.Engine, b.failPoint)})
	t.Cleanup(func() {
		if err := other.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return other
}

func (b *bench) failPoint(p store.FailPoint) error {
	b.mu.Lock()
	hook := b.hook
	b.mu.Unlock()
	if hook == nil {
		return nil
	}
	return hook(p)
}

// onPoint sets what happens before each step; nil for nothing.
func (b *bench) onPoint(hook func(store.FailPoint) error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.hook = hook
}

// watched notes the points of all steps that pass.
type watched struct {
	store.Engine
	mu     sync.Mutex
	points map[store.FailPoint]bool
}

func (w *watched) Write(ctx context.Context, steps []store.Step) error {
	w.mu.Lock()
	if w.points == nil {
		w.points = map[store.FailPoint]bool{}
	}
	for _, s := range steps {
		w.points[s.Point] = true
	}
	w.mu.Unlock()
	return w.Engine.Write(ctx, steps)
}

func (w *watched) unknown() (out []store.FailPoint) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for p := range w.points {
		if !slices.Contains(store.FailPoints, p) {
			out = append(out, p)
		}
	}
	return out
}

func (w *watched) passed(p store.FailPoint) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.points[p]
}

// errCrash is what a case's fail point answers.
var errCrash = fmt.Errorf("storetest: crash")
