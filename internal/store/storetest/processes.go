package storetest

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"asysta.example/internal/store"
)

var processCases = []testCase{
	{"what another process commits is read at once", readAtOnce},
	{"a narrow list has no sections, and nothing is committed on it", narrowList},
	{"pages go on behind any of their hits", pagesGoOn},
	{"the revision grows with the directory, in every process", revisionGrows},
}

// readAtOnce has two processes take turns: what one has read before is never what it reads after the other's commit.
func readAtOnce(t *testing.T, b *bench) {
	scopes := []store.Scope{b.store.For(gminaA), b.another(t).For(gminaA)}
	doc := commit(t, scopes[0], scopes[0].New(fileRef()), sectioned(0))
	for turn := range 6 {
		writes, reads := scopes[turn%2], scopes[(turn+1)%2]
		base := load(t, writes, doc.Ref())
		load(t, reads, doc.Ref())
		doc = commit(t, writes, base, sectioned(turn+1))
		for name, s := range map[string]store.Scope{"the writer": writes, "the other": reads} {
			if diff := cmp.Diff(doc, load(t, s, doc.Ref()), compareDocuments); diff != "" {
				t.Errorf("%s loads (-committed +read):\n%s", name, diff)
			}
			for _, q := range []store.Query{{Narrow: true}, {}, {Narrow: true}} {
				q.Index, q.Limit = "by_opened", 10
				page, err := s.List(t.Context(), store.FamilyFiles, q)
				if err != nil || len(page.Hits) != 1 || page.Hits[0].Doc.Version != doc.Version || !cmp.Equal(page.Hits[0].Doc.Cover, doc.Cover) {
					t.Errorf("%s lists %v, %v", name, page.Hits, err)
				}
			}
			page, err := s.List(t.Context(), store.FamilyFiles, store.Query{Index: "by_opened", Limit: 10, Outline: true})
			if err != nil || len(page.Hits) != 1 || page.Hits[0].Doc.Version != doc.Version || difficulty(page.Hits[0].Doc) != int64(turn+1) {
				t.Errorf("%s lists by outlines %v, %v", name, page.Hits, err)
			}
		}
	}
}

func sectioned(n int) store.Change {
	c := change(bson.D{{Key: "opened_on", Value: day(1)}, {Key: "n", Value: int64(n)}, {Key: "difficulty", Value: int64(n)}})
	c.Sections = map[string]any{"casefile": bson.D{{Key: "n", Value: int64(n / 2)}}} // every other commit leaves it as it is
	return c
}

// difficulty is a fact that outlines have.
func difficulty(d *store.Document) int64 {
	n, _ := d.Cover.Lookup("difficulty").AsInt64OK()
	return n
}

func narrowList(t *testing.T, b *bench) {
	s := b.store.For(gminaA)
	doc := commit(t, s, s.New(fileRef()), sectioned(1))
	for _, reader := range []store.Scope{s, b.another(t).For(gminaA)} { // with the document at hand, and without
		page, err := reader.List(t.Context(), store.FamilyFiles, store.Query{Index: "by_opened", Limit: 10, Narrow: true})
		if err != nil || len(page.Hits) != 1 {
			t.Fatalf("list: %v, %v", page, err)
		}
		narrow := page.Hits[0].Doc
		if len(narrow.Sections) > 0 || !cmp.Equal(narrow.Cover, doc.Cover) {
			t.Errorf("a narrow list gives the sections %v and the cover %v", slices.Sorted(maps.Keys(narrow.Sections)), narrow.Cover)
		}
		_, _, err = reader.Commit(t.Context(), narrow, sectioned(2))
		wantErr(t, "commit", err, store.ErrNarrow)
		if page, err = reader.List(t.Context(), store.FamilyFiles, store.Query{Index: "by_opened", Limit: 10, Outline: true}); err != nil || len(page.Hits) != 1 {
			t.Fatalf("list by outlines: %v, %v", page, err)
		}
		outline := page.Hits[0].Doc
		if len(outline.Sections) > 0 || difficulty(outline) != difficulty(doc) || outline.ID != doc.ID || outline.Version != doc.Version || outline.Gmina != doc.Gmina || outline.County != doc.County {
			t.Errorf("an outline is %v with the cover %v", outline, outline.Cover)
		}
		_, _, err = reader.Commit(t.Context(), outline, sectioned(2))
		wantErr(t, "commit on an outline", err, store.ErrNarrow)
		full := load(t, reader, doc.Ref())
		if diff := cmp.Diff(doc, full, compareDocuments); diff != "" {
			t.Errorf("loaded after the list (-committed +read):\n%s", diff)
		}
	}
}

func pagesGoOn(t *testing.T, b *bench) {
	s := b.store.For(gminaA)
	for range 5 {
		commit(t, s, s.New(fileRef()), sectioned(0))
	}
	q := store.Query{Index: "by_opened", Limit: 5}
	whole, err := s.List(t.Context(), store.FamilyFiles, q)
	if err != nil || len(whole.Hits) != 5 {
		t.Fatalf("list: %v, %v", whole, err)
	}
	for i := range whole.Hits {
		if q.Token, err = whole.After(i); err != nil {
			t.Fatal(err)
		}
		rest, err := s.List(t.Context(), store.FamilyFiles, q)
		if err != nil {
			t.Fatal(err)
		}
		ids := func(hits []store.Hit) (out []string) {
			for _, h := range hits {
				out = append(out, h.Doc.ID)
			}
			return out
		}
		if diff := cmp.Diff(ids(whole.Hits[i+1:]), ids(rest.Hits)); diff != "" {
			t.Errorf("behind hit %d (-want +got):\n%s", i, diff)
		}
	}
}

func revisionGrows(t *testing.T, b *bench) {
	other := b.another(t)
	revision := func(s store.Store) int64 {
		t.Helper()
		n, known, err := s.Revision(t.Context())
		if err != nil || known != b.factory.Whole {
			t.Fatalf("revision: known %v, %v", known, err)
		}
		return n
	}
	if !b.factory.Whole {
		revision(b.store) // it says that it cannot tell
		return
	}
	s := b.store.For(gminaA)
	commit(t, s, s.New(fileRef()), sectioned(0))
	before := revision(other)
	if revision(b.store) != before {
		t.Error("two processes see two revisions")
	}
	for _, at := range []struct {
		scope store.Scope
		kind  store.Kind
	}{{s, store.Staff}, {b.store.ForCounty(county), store.People}, {b.store.ForCounty(county), store.Gminas}, {other.For(gminaA), store.Institutions}} {
		commit(t, at.scope, at.scope.New(store.Ref{Kind: at.kind, ID: newID()}), change(bson.D{{Key: "display_name", Value: "x"}}))
		if now := revision(other); now <= before || revision(b.store) != now {
			t.Errorf("the revision was %d and is %d after a change of %s", before, now, at.kind)
		} else {
			before = now
		}
	}
}
