package storetest

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"asysta.example/internal/store"
)

var contentCases = []testCase{
	{"sections replaced, kept and removed", sections},
	{"unknown cover facts survive", unknownFacts},
	{"deadlines kept, replaced, emptied", deadlines},
	{"the journal holds what differs", differences},
	{"newer schema refused", newerSchema},
	{"size limit", sizeLimit},
	{"sealed bytes survive", sealed},
}

func sections(t *testing.T, b *bench) {
	s := b.store.For(gminaA)
	c := change(cover{State: "OPEN"})
	c.Sections = map[string]any{"casefile": bson.D{{Key: "a", Value: "1"}}, "planning": bson.D{{Key: "b", Value: "1"}}, "other": bson.D{{Key: "c", Value: "1"}}}
	doc := commit(t, s, s.New(fileRef()), c)
	c = change(nil)
	c.Sections = map[string]any{"casefile": bson.D{{Key: "a", Value: "2"}}, "other": nil}
	commit(t, s, doc, c)
	doc = load(t, s, doc.Ref())
	got := map[string]string{}
	for name, raw := range doc.Sections {
		got[name] = raw.String()
	}
	want := map[string]string{"casefile": `{"a": "2"}`, "planning": `{"b": "1"}`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("sections (-want +got):\n%s", diff)
	}
	if coverOf(t, doc).State != "OPEN" {
		t.Error("a nil cover did not keep the cover")
	}
	wantClean(t, b.store)
}

func unknownFacts(t *testing.T, b *bench) {
	s := b.store.For(gminaA)
	doc := create(t, s, fileRef(), bson.D{{Key: "state", Value: "OPEN"}, {Key: "from_the_future", Value: bson.D{{Key: "x", Value: int64(7)}}}})
	var old struct {
		State string         `bson:"state"`
		Extra map[string]any `bson:",inline"`
	}
	if err := bson.Unmarshal(doc.Cover, &old); err != nil {
		t.Fatal(err)
	}
	old.State = "CLOSED"
	doc = load(t, s, commit(t, s, doc, change(old)).Ref())
	if v := doc.Cover.Lookup("from_the_future", "x"); v.Type != bson.TypeInt64 || v.Int64() != 7 {
		t.Errorf("cover %s", doc.Cover)
	}
}

func deadlines(t *testing.T, b *bench) {
	s := b.store.For(gminaA)
	c := change(cover{State: "OPEN"})
	c.Deadlines = []deadline{{Due: day(3), Open: true, Rule: "plan"}}
	doc := commit(t, s, s.New(fileRef()), c)
	doc = commit(t, s, doc, change(nil))
	var got []deadline
	if err := load(t, s, doc.Ref()).Deadlines.Unmarshal(&got); err != nil || len(got) != 1 || got[0].Due != day(3) {
		t.Errorf("kept deadlines: %v %v", got, err)
	}
	c = change(nil)
	c.Deadlines = []deadline(nil)
	doc = load(t, s, commit(t, s, doc, c).Ref())
	if err := doc.Deadlines.Unmarshal(&got); err != nil || len(got) != 0 {
		t.Errorf("emptied deadlines: %v %v", got, err)
	}
	c = change(nil)
	c.Deadlines = deadline{}
	if _, _, err := s.Commit(t.Context(), doc, c); err == nil {
		t.Error("deadlines that are no array were taken")
	}
}

// differences changes one fact and one term of many: the commit holds these, the document all of them, and looking back gives what was.
func differences(t *testing.T, b *bench) {
	s := b.store.For(gminaA)
	facts := cover{State: "1", Label: label{Name: strings.Repeat("x", 600)}}
	terms := []deadline{{Due: day(3), Rule: strings.Repeat("a", 200)}, {Due: day(4), Rule: "visit-gap"}, {Due: day(8), Rule: strings.Repeat("b", 200)}}
	c := change(facts)
	c.Deadlines = terms
	first := commit(t, s, s.New(fileRef()), c)
	facts.State = "2"
	c = change(facts)
	c.Deadlines = []deadline{terms[0], terms[2], {Due: day(9), Rule: "visit-gap"}}
	second := commit(t, s, first, c)
	commits, err := s.History(t.Context(), first.Ref(), 0, 10)
	if err != nil || len(commits) != 2 {
		t.Fatalf("history: %d commits, %v", len(commits), err)
	}
	if all, some := commits[0], commits[1]; all.Cover == nil || some.Cover != nil || some.CoverSet.String() != `{"state": "2"}` || !some.ChangesCover() ||
		all.Deadlines.IsZero() || !some.Deadlines.IsZero() || !slices.Equal(some.DeadlinesCut, []int{1}) || some.DeadlinesPut.Lookup("2", "due").StringValue() != day(9) {
		t.Errorf("the first holds %v, the second %v", all, some)
	}
	now := load(t, s, first.Ref())
	then, err := s.AsKnownAt(t.Context(), first.Ref(), first.Updated)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []struct{ got, want *store.Document }{{now, second}, {then, first}} {
		if diff := cmp.Diff(d.want, d.got, compareDocuments); diff != "" {
			t.Errorf("version %d (-committed +read):\n%s", d.want.Version, diff)
		}
	}
	if !bytes.Equal(now.Cover, document(t, facts)) {
		t.Errorf("cover %s", now.Cover)
	}
	wantClean(t, b.store)
}

func document(t *testing.T, v any) bson.Raw {
	t.Helper()
	raw, err := bson.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func newerSchema(t *testing.T, b *bench) {
	s := b.store.For(gminaA)
	doc := create(t, s, fileRef(), cover{State: "OPEN"})
	b.rewrite(t, string(store.FamilyFiles), doc.ID, func(d bson.D) bson.D { // as a newer program's commit leaves it
		return set(set(d, "schema", int32(store.Schema+1)), "version", doc.Version+1)
	})
	_, err := s.Load(t.Context(), doc.Ref())
	wantErr(t, "load", err, store.ErrSchema)
	_, err = s.List(t.Context(), store.FamilyFiles, store.Query{Index: "by_opened", Limit: 10})
	wantErr(t, "list", err, store.ErrSchema)
	doc.Schema = store.Schema + 1
	_, _, err = s.Commit(t.Context(), doc, change(nil))
	wantErr(t, "commit", err, store.ErrSchema)
}

func sizeLimit(t *testing.T, b *bench) {
	s := b.store.For(gminaA)
	doc := create(t, s, fileRef(), cover{State: "OPEN"})
	_, _, err := s.Commit(t.Context(), doc, change(cover{State: strings.Repeat("x", store.MaxDocument)}))
	wantErr(t, "document", err, store.ErrTooLarge)
	big := change(nil)
	big.Records = []store.Record{{Type: store.Visits, ID: newID(), Date: day(1), Body: bson.D{{Key: "n", Value: strings.Repeat("x", store.MaxDocument)}}}}
	_, _, err = s.Commit(t.Context(), doc, big)
	wantErr(t, "record", err, store.ErrTooLarge)
	if now := load(t, s, doc.Ref()); now.Version != 1 {
		t.Errorf("version %d after refusals", now.Version)
	}
	commit(t, s, doc, change(cover{State: strings.Repeat("x", store.MaxDocument-4096)}))
}

func sealed(t *testing.T, b *bench) {
	s := b.store.For(gminaA)
	secret := make([]byte, 256)
	for i := range secret {
		secret[i] = byte(i)
	}
	c := visit(cover{Sealed: secret}, "v", day(1))
	c.Records[0].Body = bson.D{{Key: "sealed", Value: secret}}
	c.Sections = map[string]any{"casefile": bson.D{{Key: "sealed", Value: secret}}}
	doc := load(t, s, commit(t, s, s.New(fileRef()), c).Ref())
	r, err := s.Record(t.Context(), store.Visits, doc.ID, "v")
	if err != nil {
		t.Fatal(err)
	}
	for name, raw := range map[string]bson.Raw{"cover": doc.Cover, "section": doc.Sections["casefile"], "record": r.Body} {
		if _, got := raw.Lookup("sealed").Binary(); !bytes.Equal(got, secret) {
			t.Errorf("%s: bytes differ", name)
		}
	}
	wantClean(t, b.store)
}
