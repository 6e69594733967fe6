package storetest

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"asysta.example/internal/store"
)

var auditCases = []testCase{
	{"access log by aggregate, newest first", accessLog},
	{"access log under concurrent calls", accessLogConcurrent},
	{"access log: a line with a commit", accessWithCommit},
	{"access log: a log of several segments, page by page", accessSegments},
	{"access log: crash while lines are indexed", crashWhileIndexing},
	{"access log: lines of before segments are found", accessBefore},
	{"verify finds what the access log lacks", verifyAccess},
	{"verify finds nothing in what is whole", verifyWhole},
	{"verify finds what was tampered with", verifyTampered},
}

// accessWithCommit commits with a line of the access log: it is there with the commit and names the file; where it cannot be written the commit fails, and on an
// engine with transactions leaves nothing.
func accessWithCommit(t *testing.T, b *bench) {
	s := b.store.For(gminaA)
	other := fileRef().String()
	change := visit(cover{State: "OPEN"}, newID(), day(1))
	change.Access = &store.Access{At: clock(), Actor: actor(), Method: "/x", Refs: []string{other}}
	doc := commit(t, s, s.New(fileRef()), change)
	lines, _, err := s.AccessLog(t.Context(), doc.Ref(), 10, "")
	if err != nil || len(lines) != 1 || !slices.Equal(lines[0].Refs, []string{other, doc.Ref().String()}) || lines[0].ID == "" {
		t.Errorf("lines %+v, %v", lines, err)
	}
	b.onPoint(failAt(store.PointAccess))
	defer b.onPoint(nil)
	change.RequestID, change.Records = newID(), nil
	_, _, err = s.Commit(t.Context(), doc, change)
	wantErr(t, "commit", err, errCrash)
	now, err := s.Load(t.Context(), doc.Ref())
	if err != nil || (b.factory.Whole && now.Version != doc.Version) {
		t.Errorf("version %d, %v", now.Version, err)
	}
}

func accessLog(t *testing.T, b *bench) {
	s := b.store.For(gminaA)
	one, two := create(t, s, fileRef(), cover{}).Ref(), create(t, s, fileRef(), cover{}).Ref()
	var want []string
	for n := range 5 {
		a := store.Access{At: clock(), Actor: actor(), Purpose: day(n), Method: "/x", Gminas: []string{gminaA}, Refs: []string{one.String()}}
		if n%2 == 0 {
			a.Refs = append(a.Refs, two.String())
			want = append([]string{a.Purpose}, want...)
		}
		if err := b.store.LogAccess(t.Context(), a); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for token := ""; ; {
		lines, next, err := s.AccessLog(t.Context(), two, 2, token)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range lines {
			got = append(got, a.Purpose)
			if a.ID == "" || a.At.IsZero() || a.Actor != actor() {
				t.Errorf("line %+v", a)
			}
		}
		if token = next; next == "" {
			break
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	lines, next, err := s.AccessLog(t.Context(), one, 2, "")
	if err != nil || len(lines) != 2 {
		t.Fatalf("first page: %v", err)
	}
	_, _, err = s.AccessLog(t.Context(), two, 2, next)
	wantErr(t, "token of another file", err, store.ErrPageToken)
	denied := store.Access{At: clock(), Method: "/x", Denied: "not authenticated"}
	if err := b.store.LogAccess(t.Context(), denied); err != nil {
		t.Errorf("a refusal of a caller without identity: %v", err)
	}
}

func accessLogConcurrent(t *testing.T, b *bench) {
	const calls = 16
	s := b.store.For(gminaA)
	ref := create(t, s, fileRef(), cover{}).Ref()
	var group sync.WaitGroup
	for range calls {
		group.Go(func() {
			a := store.Access{At: clock(), Actor: actor(), Method: "/x", Refs: []string{ref.String()}}
			if err := b.store.LogAccess(t.Context(), a); err != nil {
				t.Errorf("log: %v", err)
			}
		})
	}
	group.Wait()
	if lines, _, err := s.AccessLog(t.Context(), ref, 100, ""); err != nil || len(lines) != calls {
		t.Errorf("%d lines, %v", len(lines), err)
	}
}

func verifyWhole(t *testing.T, b *bench) {
	s := b.store.For(gminaA)
	doc := commit(t, s, s.New(fileRef()), visit(cover{}, "v", day(1)))
	commit(t, s, doc, change(cover{State: "NEXT"}))
	create(t, b.store.ForCounty(county), store.Ref{Kind: store.People, ID: newID()}, cover{})
	drain(t, b.store)
	report, err := b.store.System().Verify(t.Context())
	if err != nil || len(report.Faults) != 0 || report.Aggregates != 2 || report.Commits != 3 {
		t.Errorf("%+v, %v", report, err)
	}
}

func verifyTampered(t *testing.T, b *bench) {
	files := string(store.FamilyFiles)
	for name, c := range map[string]struct {
		tamper func(b *bench, d *store.Document)
		want   string
	}{
		"an edited commit": {func(b *bench, d *store.Document) {
			b.rewrite(t, "journal", store.SequenceKey(d.Ref().String(), 2), func(c bson.D) bson.D { return set(c, "purpose", "another") })
		}, "altered"},
		"a field added to a commit": {func(b *bench, d *store.Document) {
			b.rewrite(t, "journal", store.SequenceKey(d.Ref().String(), 3), func(c bson.D) bson.D { return set(c, "extra", int64(1)) })
		}, "altered"},
		"the first commit removed": {func(b *bench, d *store.Document) { b.remove(t, "journal", store.SequenceKey(d.Ref().String(), 1)) }, "missing"},
		"a middle commit removed":  {func(b *bench, d *store.Document) { b.remove(t, "journal", store.SequenceKey(d.Ref().String(), 2)) }, "missing"},
		"the last commit removed":  {func(b *bench, d *store.Document) { b.remove(t, "journal", store.SequenceKey(d.Ref().String(), 3)) }, "ahead"},
		"a document that differs": {func(b *bench, d *store.Document) {
			b.rewrite(t, files, d.ID, func(c bson.D) bson.D { return set(c, "gmina", gminaB) })
		}, "differs"},
		"a cover that differs": {func(b *bench, d *store.Document) {
			b.rewrite(t, files, d.ID, func(c bson.D) bson.D { return set(c, "cover", bson.D{}) })
		}, "differs"},
		"a record that differs": {func(b *bench, d *store.Document) {
			b.rewrite(t, "visits", d.ID+"/v", func(c bson.D) bson.D { return set(c, "body", bson.D{}) })
		}, "record differs"},
		"a record that is missing": {func(b *bench, d *store.Document) { b.remove(t, "visits", d.ID+"/v") }, "missing"},
		"a document never journaled": {func(b *bench, d *store.Document) {
			b.put(t, files, newID(), bson.D{{Key: "kind", Value: files}, {Key: "gmina", Value: gminaA}, {Key: "version", Value: int64(1)}})
		}, "no journal"},
		"a gap in the feed": {func(b *bench, d *store.Document) { b.remove(t, "feed", store.SequenceKey(gminaA, 2)) }, "out of place"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, b.factory)
			s := b.store.For(gminaA)
			doc := commit(t, s, s.New(fileRef()), visit(cover{}, "v", day(1)))
			doc = commit(t, s, doc, change(cover{State: "2"}))
			doc = commit(t, s, doc, change(cover{State: "3"}))
			drain(t, b.store)
			c.tamper(b, doc)
			report, err := b.store.System().Verify(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(strings.Join(report.Faults, "\n"), c.want) {
				t.Errorf("faults %q, want one with %q", report.Faults, c.want)
			}
		})
	}
}
