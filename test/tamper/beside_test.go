package main

import (
	"fmt"
	"io"
	"path/filepath"
	"sync"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"asysta.example/internal/store"
	"asysta.example/internal/testkit/county"
)

// TestNoFalseAlarmBesideWriters verifies a county again and again, as another process does, while others write it.
func TestNoFalseAlarmBesideWriters(t *testing.T) {
	dir := t.TempDir()
	c, err := county.Start(t.Context(), dir, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}()
	w := &world{dir: dir, path: filepath.Join(dir, "county.db"), anchors: t.TempDir()}
	var writers sync.WaitGroup
	for i := range 4 {
		writers.Go(func() {
			for n := range 40 {
				if err := visits(t, c.Suite.Deps.Store, fmt.Sprintf("01jd0000000000000000%02d%04d", i, n)); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for range 3 {
		f, err := w.verify(t.Context(), w.path)
		if err != nil {
			t.Fatal(err)
		}
		if len(f.chains) > 0 {
			t.Errorf("false alarm: %v", f.chains)
		}
	}
	writers.Wait()
}

// visits makes a file with a few commits, each with a record.
func visits(t *testing.T, s store.Store, id string) error {
	scope := s.For(county.Gmina)
	doc := scope.New(store.Ref{Kind: store.FamilyFiles, ID: id})
	for n := range 3 {
		next, _, err := scope.Commit(t.Context(), doc, store.Change{
			Actor: store.Actor{Person: "01jd0000000000000000person", Role: "ASSISTANT"}, Method: "/asysta.test/Commit", RecordedAt: county.Noon, Cover: bson.D{{Key: "n", Value: n}},
			Records: []store.Record{{Type: store.Visits, ID: fmt.Sprint(n), Date: "2026-03-31", Body: bson.D{{Key: "n", Value: n}}}},
		})
		if err != nil {
			return err
		}
		doc = next
	}
	return nil
}
