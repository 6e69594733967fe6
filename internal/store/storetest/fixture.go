package storetest

import (
	"crypto/rand"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"asysta.example/internal/store"
)

// The tenants of the cases: two gminas of one county, one of another.
const (
	gminaA  = "2004022"
	gminaB  = "2004032"
	gminaX  = "1405011"
	county  = "2004"
	countyX = "1405"
)

var start = time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC)

var ticks atomic.Int64

// clock gives an instant later than all before it.
func clock() time.Time { return start.Add(time.Duration(ticks.Add(1)) * time.Second) }

func newID() string { return store.NewID(start, rand.Reader) }

func fileRef() store.Ref { return store.Ref{Kind: store.FamilyFiles, ID: newID()} }

// cover is the part of a family file's cover that the cases use.
type cover struct {
	State     string   `bson:"state"`
	OpenedOn  string   `bson:"opened_on"`
	Assistant string   `bson:"assistant,omitempty"`
	Count     int64    `bson:"count"`
	Pesel     []string `bson:"pesel_hashes,omitempty"`
	Label     label    `bson:"label"`
	Sealed    []byte   `bson:"sealed,omitempty"`
}

type label struct {
	Search []string `bson:"search,omitempty"`
	Name   string   `bson:"name,omitempty"`
}

type deadline struct {
	Due    string `bson:"due"`
	Open   bool   `bson:"open"`
	Person string `bson:"person"`
	Rule   string `bson:"rule"`
}

func actor() store.Actor { return store.Actor{Person: "person-1", Role: "ASSISTANT"} }

// change gives a change with an actor, an instant, a method and a request id of its own.
func change(cover any) store.Change {
	return store.Change{
		Actor: actor(), Purpose: "case", Method: "/asysta.casefile.v1.CasefileService/Test", RequestID: newID(), BodyHash: []byte{1, 2, 3},
		RecordedAt: clock(), Cover: cover,
	}
}

// visit gives a change that adds a record.
func visit(c any, id, date string) store.Change {
	out := change(c)
	out.Records = []store.Record{{Type: store.Visits, ID: id, Date: date, Body: bson.D{{Key: "minutes", Value: int32(60)}, {Key: "note", Value: "zażółć"}}}}
	return out
}

// commit commits and fails the test when that does not succeed at once.
func commit(t *testing.T, s store.Scope, base *store.Document, c store.Change) *store.Document {
	t.Helper()
	doc, replayed, err := s.Commit(t.Context(), base, c)
	if err != nil {
		t.Fatalf("commit: %v", err)
	}
	if replayed {
		t.Fatal("commit: replayed, want a new version")
	}
	return doc
}

// create commits a first version.
func create(t *testing.T, s store.Scope, ref store.Ref, cover any) *store.Document {
	t.Helper()
	return commit(t, s, s.New(ref), change(cover))
}

func load(t *testing.T, r store.Reader, ref store.Ref) *store.Document {
	t.Helper()
	doc, err := r.Load(t.Context(), ref)
	if err != nil {
		t.Fatalf("load %s: %v", ref, err)
	}
	return doc
}

func coverOf(t *testing.T, d *store.Document) cover {
	t.Helper()
	var c cover
	if err := bson.Unmarshal(d.Cover, &c); err != nil {
		t.Fatalf("cover: %v", err)
	}
	return c
}

func wantErr(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: got error %v, want %v", what, got, want)
	}
}

// drain relays until nothing waits.
func drain(t *testing.T, s store.Store) (placed int) {
	t.Helper()
	for {
		n, err := s.System().Relay(t.Context(), 100)
		if err != nil {
			t.Fatalf("relay: %v", err)
		}
		if placed += n; n == 0 {
			return placed
		}
	}
}

// feedOf gives a whole feed and checks its positions.
func feedOf(t *testing.T, s store.Scope) []store.FeedEntry {
	t.Helper()
	var all []store.FeedEntry
	for {
		entries, err := s.Feed(t.Context(), int64(len(all)), 7)
		if err != nil {
			t.Fatalf("feed: %v", err)
		}
		for _, e := range entries {
			if all = append(all, e); e.Position != int64(len(all)) {
				t.Fatalf("feed: position %d, want %d", e.Position, len(all))
			}
		}
		if len(entries) == 0 {
			return all
		}
	}
}

// wantClean fails the test when Verify finds anything.
func wantClean(t *testing.T, s store.Store) {
	t.Helper()
	report, err := s.System().Verify(t.Context())
	if err != nil {
		t.Fatalf("verify: %v", err)
	}
	for _, fault := range report.Faults {
		t.Errorf("verify: %s", fault)
	}
}

// ids gives the ids of hits.
func ids(hits []store.Hit) (out []string) {
	for _, h := range hits {
		out = append(out, h.Doc.ID)
	}
	return out
}

func day(n int) string { return fmt.Sprintf("2026-01-%02d", n) }
