package sqlite_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"asysta.example/internal/store"
)

// plain is an engine whose transactions are hidden from the store.
type plain struct{ store.Engine }

// TestFileFromBeforeSegments opens a file whose lines of the access log have their entries in the engine's index, as all had: before it is migrated it can be asked and
// verified, and takes no lines; then new lines stand above the old ones.
func TestFileFromBeforeSegments(t *testing.T) {
	engine := open(t, filepath.Join(t.TempDir(), "asysta.db"))
	specs := slices.DeleteFunc(store.Specs(true), func(s store.CollectionSpec) bool { return strings.HasPrefix(s.Name, "access") && s.Name != "access" })
	if err := engine.Migrate(t.Context(), specs); err != nil {
		t.Fatal(err)
	}
	st := store.Open(engine)
	defer st.Close()
	s, file := st.For("2004022"), store.Ref{Kind: store.FamilyFiles, ID: "f"}
	actor, now := store.Actor{Person: "p", Role: "HEAD"}, time.Now()
	if _, _, err := s.Commit(t.Context(), s.New(file), store.Change{Actor: actor, Method: "/m", RecordedAt: now, Cover: bson.D{}}); err != nil {
		t.Fatal(err)
	}
	log := func(st store.Store, n int) error {
		at := now.Add(time.Duration(n) * time.Second)
		return st.LogAccess(t.Context(), store.Access{At: at, Actor: actor, Method: "/m", Purpose: fmt.Sprint(n), Refs: []string{file.String()}})
	}
	want := func(lines ...string) {
		t.Helper()
		var got []string
		for token := ""; ; {
			page, next, err := s.AccessLog(t.Context(), file, 2, token)
			if err != nil {
				t.Fatal(err)
			}
			for _, a := range page {
				got = append(got, a.Purpose)
			}
			if token = next; token == "" {
				break
			}
		}
		if !slices.Equal(got, lines) {
			t.Errorf("lines %v, want %v", got, lines)
		}
		if report, err := st.System().Verify(t.Context()); err != nil || len(report.Faults) > 0 {
			t.Errorf("verify: %v, %v", report.Faults, err)
		}
	}
	for n := range 3 {
		if err := log(store.Open(plain{engine}), n); err != nil {
			t.Fatal(err)
		}
	}
	want("2", "1", "0")
	if err := log(st, 3); !errors.Is(err, store.ErrNoCollection) {
		t.Errorf("a line before the migration: %v", err)
	}
	if err := st.System().Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	want("2", "1", "0")
	for n := range 2 {
		if err := log(st, 3-5*n); err != nil { // the second by a clock that is behind
			t.Fatal(err)
		}
	}
	want("-2", "3", "2", "1", "0")
}
