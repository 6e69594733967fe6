package storetest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"asysta.example/internal/store"
)

var recordCases = []testCase{
	{"records of a file, in order, by pages", recordsOfFile},
	{"records of a gmina and dates", recordsOfGmina},
	{"records follow their file", recordsFollowFile},
	{"record ids differ within the file only", recordIDs},
	{"record of another kind refused", recordKinds},
}

func recordsOfFile(t *testing.T, b *bench) {
	s := b.store.For(gminaA)
	doc := create(t, s, fileRef(), cover{})
	other := create(t, s, fileRef(), cover{})
	for _, n := range []int{3, 1, 2, 5, 4} {
		doc = commit(t, s, doc, visit(nil, "v"+day(n), day(n)))
		other = commit(t, s, other, visit(nil, "w"+day(n), day(n)))
	}
	for _, c := range []struct {
		name string
		q    store.RecordQuery
		want []string
	}{
		{"all", store.RecordQuery{}, []string{day(1), day(2), day(3), day(4), day(5)}},
		{"newest first", store.RecordQuery{Desc: true}, []string{day(5), day(4), day(3), day(2), day(1)}},
		{"within dates", store.RecordQuery{From: day(2), To: day(4)}, []string{day(2), day(3)}},
	} {
		c.q.Type, c.q.File, c.q.Limit = store.Visits, doc.ID, 2
		var got []string
		for {
			page, err := s.Records(t.Context(), c.q)
			if err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
			for _, r := range page.Records {
				got = append(got, r.Date)
				if r.ID != "v"+r.Date || r.File != doc.ID || r.Type != store.Visits || r.Gmina != gminaA || r.Actor != actor() || r.Version < 2 {
					t.Errorf("%s: %+v", c.name, r)
				}
			}
			if c.q.Token = page.Next; page.Next == "" {
				break
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
	page, err := s.Records(t.Context(), store.RecordQuery{Type: store.Visits, File: doc.ID, Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Records(t.Context(), store.RecordQuery{Type: store.Visits, File: other.ID, Limit: 1, Token: page.Next})
	wantErr(t, "token of another file", err, store.ErrPageToken)
}

func recordsOfGmina(t *testing.T, b *bench) {
	for _, gmina := range []string{gminaA, gminaB} {
		s := b.store.For(gmina)
		for n := range 4 {
			commit(t, s, s.New(fileRef()), visit(cover{}, gmina, day(n+1)))
		}
	}
	page, err := b.store.For(gminaA).Records(t.Context(), store.RecordQuery{Type: store.Visits, From: day(2), To: day(4), Limit: 10})
	if err != nil || len(page.Records) != 2 {
		t.Fatalf("%d records, %v", len(page.Records), err)
	}
	for _, r := range page.Records {
		if r.Gmina != gminaA || r.ID != gminaA {
			t.Errorf("record %+v", r)
		}
	}
	_, err = b.store.System().Records(t.Context(), store.RecordQuery{Type: store.Visits})
	wantErr(t, "records of everybody", err, store.ErrNotFound)
}

// recordsFollowFile moves a file: its records are open where it is now, and count where they were made.
func recordsFollowFile(t *testing.T, b *bench) {
	a, z := b.store.For(gminaA), b.store.For(gminaB)
	doc := commit(t, a, a.New(fileRef()), visit(cover{}, "v", day(1)))
	move := change(nil)
	move.Gmina = gminaB
	if doc = commit(t, a, doc, move); doc.Gmina != gminaB || doc.County != county {
		t.Fatalf("moved to %q", doc.Gmina)
	}
	_, err := a.Load(t.Context(), doc.Ref())
	wantErr(t, "load where it was", err, store.ErrNotFound)
	_, err = a.Records(t.Context(), store.RecordQuery{Type: store.Visits, File: doc.ID})
	wantErr(t, "records where it was", err, store.ErrNotFound)
	_, _, err = a.Commit(t.Context(), doc, change(nil))
	wantErr(t, "commit where it was", err, store.ErrNotFound)
	if page, err := z.Records(t.Context(), store.RecordQuery{Type: store.Visits, File: doc.ID}); err != nil || len(page.Records) != 1 {
		t.Errorf("records where it is: %d, %v", len(page.Records), err)
	}
	if page, err := a.Records(t.Context(), store.RecordQuery{Type: store.Visits}); err != nil || len(page.Records) != 1 {
		t.Errorf("recorded in the first gmina: %d, %v", len(page.Records), err)
	}
	if page, err := z.Records(t.Context(), store.RecordQuery{Type: store.Visits}); err != nil || len(page.Records) != 0 {
		t.Errorf("recorded in the second gmina: %d, %v", len(page.Records), err)
	}
	drain(t, b.store)
	left, came := feedOf(t, a), feedOf(t, z)
	if len(left) != 2 || !left[1].Gone || left[0].Gone {
		t.Errorf("feed of the first gmina: %+v", left)
	}
	if len(came) != 1 || came[0].Gone || came[0].Version != 2 {
		t.Errorf("feed of the second gmina: %+v", came)
	}
	wantClean(t, b.store)
}

func recordIDs(t *testing.T, b *bench) {
	s := b.store.For(gminaA)
	one := commit(t, s, s.New(fileRef()), visit(cover{}, "1", day(1)))
	two := commit(t, s, s.New(fileRef()), visit(cover{}, "1", day(2)))
	for file, want := range map[string]string{one.ID: day(1), two.ID: day(2)} {
		if r, err := s.Record(t.Context(), store.Visits, file, "1"); err != nil || r.Date != want || r.ID != "1" {
			t.Errorf("record 1 of %s: %+v, %v", file, r, err)
		}
	}
	_, _, err := s.Commit(t.Context(), one, visit(cover{}, "1", day(3)))
	wantErr(t, "the same id again", err, store.ErrRecordExists)
	if doc := load(t, s, one.Ref()); doc.Version != 1 {
		t.Errorf("version %d after the refusal", doc.Version)
	}
}

func recordKinds(t *testing.T, b *bench) {
	s := b.store.For(gminaA)
	referral := s.New(store.Ref{Kind: store.Referrals, ID: newID()})
	if _, _, err := s.Commit(t.Context(), referral, visit(cover{}, "1", day(1))); err == nil {
		t.Error("a referral took a work-card entry")
	}
	if _, _, err := s.Commit(t.Context(), s.New(fileRef()), visit(cover{}, "", day(1))); err == nil {
		t.Error("a record without id was taken")
	}
}
