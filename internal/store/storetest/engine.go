package storetest

import (
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"asysta.example/internal/store"
)

var engineCases = []testCase{
	{"engine: of concurrent inserts one succeeds", insertRace},
	{"engine: first insert decides, later ones may be done", insertOrder},
	{"engine: replace never goes back", replaceOrder},
	{"engine: find as the model says", findModel},
	{"engine: find over values of all types", findTypes},
	{"engine: find by key", findByKey},
	{"engine: migrate again", migrateAgain},
}

func insertRace(t *testing.T, b *bench) {
	for range 20 {
		id := newID()
		var won atomic.Int64
		var group sync.WaitGroup
		for n := range 8 {
			group.Go(func() {
				err := b.engine.Write(t.Context(), []store.Step{insertStep(t, "journal", id, bson.D{{Key: "n", Value: int64(n)}})})
				if err == nil {
					won.Add(1)
				} else if !errors.Is(err, store.ErrExists) {
					t.Errorf("insert: %v", err)
				}
			})
		}
		group.Wait()
		if won.Load() != 1 {
			t.Fatalf("%d inserts of one key succeeded", won.Load())
		}
	}
}

func insertOrder(t *testing.T, b *bench) {
	one, two, three := newID(), newID(), newID()
	doc := bson.D{{Key: "n", Value: int64(1)}}
	if err := b.engine.Write(t.Context(), []store.Step{insertStep(t, "journal", one, doc)}); err != nil {
		t.Fatal(err)
	}
	err := b.engine.Write(t.Context(), []store.Step{insertStep(t, "journal", one, doc), insertStep(t, "journal", two, doc)})
	wantErr(t, "first insert taken", err, store.ErrExists)
	_, err = b.engine.Get(t.Context(), "journal", two)
	wantErr(t, "step after it", err, store.ErrNotFound)
	err = b.engine.Write(t.Context(), []store.Step{insertStep(t, "journal", three, doc), insertStep(t, "journal", one, set(doc, "n", int64(2)))})
	if err != nil {
		t.Errorf("later insert taken: %v", err)
	}
	raw, err := b.engine.Get(t.Context(), "journal", one)
	if err != nil || raw.Lookup("n").Int64() != 1 {
		t.Errorf("the stored document was changed: %v %v", raw, err)
	}
	if _, err := b.engine.Get(t.Context(), "journal", three); err != nil {
		t.Errorf("first insert: %v", err)
	}
}

// findByKey walks the documents of a collection in the order of their keys.
func findByKey(t *testing.T, b *bench) {
	var all []string
	for _, sequence := range []string{"a", "a@", "aa", "ż"} {
		for n := range int64(12) {
			key := store.SequenceKey(sequence, n+1)
			all = append(all, key)
			if err := b.engine.Write(t.Context(), []store.Step{insertStep(t, "journal", key, bson.D{{Key: "n", Value: n}})}); err != nil {
				t.Fatal(err)
			}
		}
	}
	slices.Sort(all)
	for _, desc := range []bool{false, true} {
		for _, sequence := range []string{"", "a", "aa", "ż", "z"} {
			q := store.EngineQuery{Collection: "journal", Desc: desc, Limit: 5}
			want := slices.Clone(all)
			if sequence != "" {
				q.From, q.To = store.SequenceKey(sequence, 3), store.SequenceKey(sequence, 11)
				want = slices.DeleteFunc(want, func(key string) bool { return key < q.From.(string) || key >= q.To.(string) })
			}
			if desc {
				slices.Reverse(want)
			}
			var got []string
			for _, key := range pages(t, b.engine, q) {
				got = append(got, key[0].(string))
			}
			if !slices.Equal(got, want) {
				t.Errorf("%q, descending %v: got %v, want %v", sequence, desc, got, want)
			}
		}
	}
}

func replaceOrder(t *testing.T, b *bench) {
	id := newID()
	replace := func(version int64, opened string) {
		t.Helper()
		step := insertStep(t, string(store.FamilyFiles), id, bson.D{
			{Key: "version", Value: version}, {Key: "gmina", Value: gminaA}, {Key: "cover", Value: bson.D{{Key: "opened_on", Value: opened}}},
		})
		step.Op, step.Version = store.Replace, version
		if err := b.engine.Write(t.Context(), []store.Step{step}); err != nil {
			t.Fatalf("replace: %v", err)
		}
	}
	q := store.EngineQuery{
		Collection: string(store.FamilyFiles), Index: "by_opened", Fields: []string{"gmina", "cover.opened_on"}, Equal: []any{gminaA}, Limit: 10,
	}
	for _, c := range []struct {
		version int64
		opened  string
		want    string
	}{{2, day(2), day(2)}, {1, day(1), day(2)}, {2, day(9), day(2)}, {3, day(3), day(3)}} {
		replace(c.version, c.opened)
		hits, err := b.engine.Find(t.Context(), q)
		if err != nil || len(hits) != 1 || hits[0].Key[1] != c.want {
			t.Errorf("after version %d: %v %v, want %s", c.version, hits, err, c.want)
		}
	}
	remove := []store.Step{{Op: store.Delete, Collection: string(store.FamilyFiles), ID: id, Point: store.PointOutboxDone}}
	for range 2 {
		if err := b.engine.Write(t.Context(), remove); err != nil {
			t.Fatalf("delete: %v", err)
		}
	}
	if hits, err := b.engine.Find(t.Context(), q); err != nil || len(hits) != 0 {
		t.Errorf("after delete: %v %v", hits, err)
	}
}

// findModel compares Find with sorting all keys in memory: arrays, missing fields, bounds, both directions, pages.
func findModel(t *testing.T, b *bench) {
	words := []any{"a", "ab", "b", "ż", "", nil}
	model(t, b, words, 40)
}

func findTypes(t *testing.T, b *bench) {
	values := []any{
		nil, int64(-5), int64(0), int64(7), 6.5, -6.5, "7", "", "ą", []byte{1}, []byte{0, 0}, true, false,
		time.UnixMilli(0).UTC(), time.UnixMilli(1_700_000_000_123).UTC(), time.UnixMilli(-1).UTC(),
	}
	model(t, b, values, 60)
}

func model(t *testing.T, b *bench, values []any, docs int) {
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same cases every time, no secret
	pick := func() any { return values[random.IntN(len(values))] }
	fields := []string{"gmina", "deadlines.person", "deadlines.open", "deadlines.due"}
	var all [][]any
	for range docs {
		var list bson.A
		for range random.IntN(4) {
			list = append(list, bson.D{{Key: "person", Value: pick()}, {Key: "open", Value: pick()}, {Key: "due", Value: pick()}})
		}
		doc := bson.D{{Key: "gmina", Value: gminaA}, {Key: "version", Value: int64(1)}}
		if random.IntN(5) > 0 {
			doc = append(doc, bson.E{Key: "deadlines", Value: list})
		}
		id := newID()
		step := insertStep(t, string(store.FamilyFiles), id, doc)
		if err := b.engine.Write(t.Context(), []store.Step{step}); err != nil {
			t.Fatal(err)
		}
		keys, err := store.IndexKeys(step.Body, fields)
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range keys {
			all = append(all, append(key, id))
		}
	}
	slices.SortFunc(all, store.CompareKeys)
	for range 60 {
		q := store.EngineQuery{Collection: string(store.FamilyFiles), Index: "by_person_due", Fields: fields, Equal: []any{gminaA}}
		for range random.IntN(3) {
			q.Equal = append(q.Equal, pick())
		}
		if q.From = pick(); random.IntN(2) == 0 {
			q.From = nil
		}
		if q.To = pick(); random.IntN(2) == 0 || (q.From != nil && !store.SameType(q.From, q.To)) {
			q.To = nil
		}
		q.Desc, q.Limit = random.IntN(2) == 0, 1+random.IntN(9)
		if diff := cmp.Diff(expected(all, q), pages(t, b.engine, q)); diff != "" {
			t.Fatalf("%+v (-want +got):\n%s", q, diff)
		}
	}
}

// expected gives what a query is to find among sorted keys.
func expected(all [][]any, q store.EngineQuery) (out [][]any) {
	n := len(q.Equal)
	for _, key := range all {
		if store.CompareKeys(key[:n], q.Equal) != 0 {
			continue
		}
		if q.From != nil && (!store.SameType(key[n], q.From) || store.CompareKeys(key[n:n+1], []any{q.From}) < 0) {
			continue
		}
		if q.To != nil && (!store.SameType(key[n], q.To) || store.CompareKeys(key[n:n+1], []any{q.To}) >= 0) {
			continue
		}
		out = append(out, key)
	}
	if q.Desc {
		slices.Reverse(out)
	}
	return out
}

// pages gives the keys of all pages of a query.
func pages(t *testing.T, e store.Engine, q store.EngineQuery) (out [][]any) {
	t.Helper()
	for {
		hits, err := e.Find(t.Context(), q)
		if err != nil {
			t.Fatalf("find: %v", err)
		}
		for _, h := range hits {
			out = append(out, h.Key)
			if id := h.Body.Lookup("_id").StringValue(); id != h.Key[len(h.Key)-1] {
				t.Fatalf("hit %v has the body of %s", h.Key, id)
			}
		}
		if len(hits) < q.Limit {
			return out
		}
		q.After = hits[len(hits)-1].Key
	}
}

func migrateAgain(t *testing.T, b *bench) {
	s := b.store.For(gminaA)
	doc := create(t, s, fileRef(), cover{State: "OPEN", OpenedOn: day(1)})
	if err := b.store.System().Migrate(t.Context()); err != nil {
		t.Fatalf("migrate again: %v", err)
	}
	load(t, s, doc.Ref())
	page, err := s.List(t.Context(), store.FamilyFiles, store.Query{Index: "by_opened", Limit: 5})
	if err != nil || len(page.Hits) != 1 {
		t.Errorf("list after migration: %v %v", page.Hits, err)
	}
	if err := b.store.Ping(t.Context()); err != nil {
		t.Errorf("ping: %v", err)
	}
}
