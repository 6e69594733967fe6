package storetest

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"asysta.example/internal/store"
)

var scopeCases = []testCase{
	{"another gmina's is not found", acrossGminas},
	{"a document commits in its own scope only", foreignBase},
	{"a scope holds its kinds only", scopeKinds},
	{"coordinator gains and loses", coordinator},
	{"county has its own and no families", countyOwn},
	{"county counts covers without label", countyCovers},
	{"county counts records by named fields", countyRecords},
	{"read set notes what is handed out", readSet},
}

func acrossGminas(t *testing.T, b *bench) {
	a, z := b.store.For(gminaA), b.store.For(gminaB)
	doc := commit(t, a, a.New(fileRef()), visit(cover{State: "OPEN"}, "v", day(1)))
	ref := doc.Ref()
	for name, s := range map[string]store.Scope{
		"gmina of the county": z, "gmina of another": b.store.For(gminaX), "no gmina": b.store.For(""), "its county": b.store.ForCounty(county),
		"a coordinator": b.store.ForCoordinator("c"), "nobody": b.store.ForCoordinator(""),
	} {
		ctx, set := store.WithReadSet(t.Context())
		_, err := s.Load(ctx, ref)
		wantErr(t, name+": load", err, store.ErrNotFound)
		_, err = s.AsKnownAt(ctx, ref, clock())
		wantErr(t, name+": as known at", err, store.ErrNotFound)
		_, err = s.History(ctx, ref, 0, 10)
		wantErr(t, name+": history", err, store.ErrNotFound)
		_, err = s.Records(ctx, store.RecordQuery{Type: store.Visits, File: ref.ID})
		wantErr(t, name+": records", err, store.ErrNotFound)
		_, err = s.Record(ctx, store.Visits, ref.ID, "v")
		wantErr(t, name+": record", err, store.ErrNotFound)
		_, _, err = s.AccessLog(ctx, ref, 10, "")
		wantErr(t, name+": access log", err, store.ErrNotFound)
		if len(set.Refs()) != 0 {
			t.Errorf("%s: noted %v", name, set.Refs())
		}
	}
	page, err := z.List(t.Context(), store.FamilyFiles, store.Query{Index: "by_state", Equal: []any{"OPEN"}, Limit: 10})
	if err != nil || len(page.Hits) != 0 {
		t.Errorf("the other gmina lists %v, %v", ids(page.Hits), err)
	}
	if _, err := z.List(t.Context(), store.FamilyFiles, store.Query{Index: "by_audience", Limit: 10}); err == nil {
		t.Error("a gmina reaches the coordinators' index")
	}
	wantClean(t, b.store)
}

func foreignBase(t *testing.T, b *bench) {
	a, z := b.store.For(gminaA), b.store.For(gminaB)
	doc := create(t, a, fileRef(), cover{})
	disguised := load(t, a, doc.Ref())
	disguised.Gmina = gminaB
	for name, base := range map[string]*store.Document{
		"as loaded elsewhere": doc, "with another gmina": disguised, "made by hand": {ID: doc.ID, Kind: doc.Kind, Gmina: gminaB, Version: 1, Hash: doc.Hash},
	} {
		_, _, err := z.Commit(t.Context(), base, change(cover{State: "STOLEN"}))
		wantErr(t, name, err, store.ErrNotFound)
	}
	seen := load(t, b.store.System(), doc.Ref())
	if next := commit(t, a, seen, change(nil)); next.Version != 2 {
		t.Errorf("a document found by the system, committed in its gmina: version %d", next.Version)
	}
	if doc := load(t, a, doc.Ref()); coverOf(t, doc).State != "" || doc.Gmina != gminaA {
		t.Errorf("the file was changed: %+v", doc)
	}
	move := change(nil)
	move.Gmina = "abc"
	if _, _, err := a.Commit(t.Context(), load(t, a, doc.Ref()), move); err == nil {
		t.Error("moved to what is no gmina")
	}
}

func scopeKinds(t *testing.T, b *bench) {
	try := func(s store.Scope, kind store.Kind) error {
		_, _, err := s.Commit(t.Context(), s.New(store.Ref{Kind: kind, ID: newID()}), change(cover{}))
		return err
	}
	for _, kind := range store.Kinds {
		gmina, county := try(b.store.For(gminaA), kind), try(b.store.ForCounty(county), kind)
		if (gmina == nil) == (county == nil) {
			t.Errorf("%s: gmina %v, county %v; one of them holds it", kind, gmina, county)
		}
		wantErr(t, "coordinator creates "+string(kind), try(b.store.ForCoordinator("c"), kind), store.ErrNotFound)
	}
	s := b.store.For(gminaA)
	for _, id := range []string{"", "a/b", "a@1"} {
		if _, _, err := s.Commit(t.Context(), s.New(store.Ref{Kind: store.FamilyFiles, ID: id}), change(cover{})); err == nil {
			t.Errorf("id %q was taken", id)
		}
	}
}

func coordinator(t *testing.T, b *bench) {
	a, c := b.store.For(gminaA), b.store.ForCoordinator("coordinator-1")
	doc := create(t, a, fileRef(), cover{State: "OPEN"})
	link := change(nil)
	link.Audience = []string{"coordinator-2", "coordinator-1", "coordinator-1"}
	doc = commit(t, a, doc, link)
	seen := load(t, c, doc.Ref())
	if seen = commit(t, c, seen, change(cover{State: "BY COORDINATOR"})); len(seen.Audience) != 2 {
		t.Errorf("audience %v", seen.Audience)
	}
	page, err := c.List(t.Context(), store.FamilyFiles, store.Query{Index: "by_audience", Limit: 10})
	if err != nil || len(page.Hits) != 1 {
		t.Errorf("list: %v, %v", ids(page.Hits), err)
	}
	_, err = c.Feed(t.Context(), 0, 10)
	wantErr(t, "feed", err, store.ErrNoFeed)
	_, _, err = c.AccessLog(t.Context(), doc.Ref(), 10, "")
	wantErr(t, "access log", err, store.ErrNotFound)
	_, err = c.Records(t.Context(), store.RecordQuery{Type: store.Visits})
	wantErr(t, "records of everybody", err, store.ErrNotFound)

	unlink := change(nil)
	unlink.Audience = []string{"coordinator-2"}
	commit(t, a, load(t, a, doc.Ref()), unlink)
	_, err = c.Load(t.Context(), doc.Ref())
	wantErr(t, "load after unlinking", err, store.ErrNotFound)
	_, _, err = c.Commit(t.Context(), seen, change(nil))
	wantErr(t, "commit after unlinking", err, store.ErrConflict)
	if page, err := c.List(t.Context(), store.FamilyFiles, store.Query{Index: "by_audience", Limit: 10}); err != nil || len(page.Hits) != 0 {
		t.Errorf("list after unlinking: %v, %v", ids(page.Hits), err)
	}
	drain(t, b.store)
	feed := feedOf(t, a)
	if diff := cmp.Diff([]string{"coordinator-1"}, feed[len(feed)-1].Left); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
	nobody := change(nil)
	nobody.Audience = []string{}
	if doc := commit(t, a, load(t, a, doc.Ref()), nobody); len(doc.Audience) != 0 {
		t.Errorf("audience %v after an empty one", doc.Audience)
	}
}

func countyOwn(t *testing.T, b *bench) {
	own, other := b.store.ForCounty(county), b.store.ForCounty(countyX)
	ref := store.Ref{Kind: store.ChildPlans, ID: newID()}
	doc := create(t, own, ref, cover{})
	if doc.County != county || doc.Gmina != "" {
		t.Errorf("county %q, gmina %q", doc.County, doc.Gmina)
	}
	load(t, own, ref)
	_, err := other.Load(t.Context(), ref)
	wantErr(t, "another county", err, store.ErrNotFound)
	_, err = b.store.For(gminaA).Load(t.Context(), ref)
	wantErr(t, "a gmina", err, store.ErrNotFound)
	if _, err := own.List(t.Context(), store.FamilyFiles, store.Query{Index: "by_opened", Limit: 10}); err == nil {
		t.Error("the county lists family files")
	}
	drain(t, b.store)
	if feed := feedOf(t, own); len(feed) != 1 || feed[0].Feed != county {
		t.Errorf("feed of the county: %+v", feed)
	}
	wantClean(t, b.store)
}

func countyCovers(t *testing.T, b *bench) {
	for _, gmina := range []string{gminaA, gminaB, gminaB, gminaX} {
		create(t, b.store.For(gmina), fileRef(), cover{State: "OPEN", Label: label{Name: "Kowalscy"}})
	}
	create(t, b.store.For(gminaA), fileRef(), nil)
	var gminas []string
	err := b.store.ForCounty(county).EachCover(t.Context(), func(gmina string, c bson.Raw) error {
		gminas = append(gminas, gmina)
		if _, err := c.LookupErr("label"); err == nil {
			t.Error("a cover came with its label")
		}
		return c.Validate()
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{gminaA, gminaA, gminaB, gminaB}, gminas); diff != "" {
		t.Errorf("gminas (-want +got):\n%s", diff)
	}
	wantErr(t, "an error of fn", b.store.ForCounty(county).EachCover(t.Context(), func(string, bson.Raw) error { return errCrash }), errCrash)
}

func countyRecords(t *testing.T, b *bench) {
	for n, gmina := range []string{gminaA, gminaB, gminaX} {
		s := b.store.For(gmina)
		commit(t, s, s.New(fileRef()), visit(cover{}, "in", day(3+n)))
		commit(t, s, s.New(fileRef()), visit(cover{}, "out", day(20)))
	}
	n := 0
	err := b.store.ForCounty(county).EachRecord(t.Context(), store.Visits, day(3), day(10), []string{"minutes"}, func(gmina, file string, body bson.Raw) error {
		n++
		if body.String() != `{"minutes": {"$numberInt":"60"}}` || file == "" || gmina[:4] != county {
			t.Errorf("%s: %s", gmina, body)
		}
		return nil
	})
	if err != nil || n != 2 {
		t.Errorf("%d records, %v", n, err)
	}
}

func readSet(t *testing.T, b *bench) {
	s := b.store.For(gminaA)
	one := commit(t, s, s.New(fileRef()), visit(cover{State: "OPEN"}, "v", day(1))).Ref()
	two := create(t, s, fileRef(), cover{State: "CLOSED"}).Ref()
	staff := create(t, s, store.Ref{Kind: store.Staff, ID: newID()}, cover{}).Ref()
	for name, c := range map[string]struct {
		want []string
		read func(ctx context.Context) error
	}{
		"load": {[]string{one.String()}, func(ctx context.Context) error { _, err := s.Load(ctx, one); return err }},
		"as known at": {[]string{one.String()}, func(ctx context.Context) error {
			_, err := s.AsKnownAt(ctx, one, clock())
			return err
		}},
		"history": {[]string{two.String()}, func(ctx context.Context) error { _, err := s.History(ctx, two, 0, 1); return err }},
		"list": {[]string{two.String()}, func(ctx context.Context) error {
			_, err := s.List(ctx, store.FamilyFiles, store.Query{Index: "by_state", Equal: []any{"CLOSED"}})
			return err
		}},
		"records": {[]string{one.String()}, func(ctx context.Context) error {
			_, err := s.Records(ctx, store.RecordQuery{Type: store.Visits})
			return err
		}},
		"record": {[]string{one.String()}, func(ctx context.Context) error {
			_, err := s.Record(ctx, store.Visits, one.ID, "v")
			return err
		}},
		"no family data": {[]string{}, func(ctx context.Context) error { _, err := s.Load(ctx, staff); return err }},
	} {
		ctx, set := store.WithReadSet(t.Context())
		if err := c.read(ctx); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(c.want, set.Refs()); diff != "" {
			t.Errorf("%s: noted (-want +got):\n%s", name, diff)
		}
		if len(c.want) > 0 && !cmp.Equal(set.Gminas(), []string{gminaA}) {
			t.Errorf("%s: gminas %v", name, set.Gminas())
		}
	}
}
