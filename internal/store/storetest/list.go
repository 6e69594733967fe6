package storetest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"asysta.example/internal/store"
)

var listCases = []testCase{
	{"every declared index serves its scope", everyIndex},
	{"list by state, in order", listByState},
	{"list by prefix", listByPrefix},
	{"list of deadlines, element by element", listDeadlines},
	{"list follows changes", listFollows},
	{"pages under insertion", pagesUnderInsertion},
	{"page tokens are bound to their list", tokensBound},
	{"page tokens hide their keys", tokensHide},
}

// everyIndex asks each index through the scope it is declared for, and through the system.
func everyIndex(t *testing.T, b *bench) {
	for _, ix := range store.Indexes {
		var scope store.Scope
		var doc *store.Document
		ref := store.Ref{Kind: ix.Kind, ID: newID()}
		c := change(bson.D{{Key: "opened_on", Value: day(1)}})
		c.Audience = []string{"coordinator-1"}
		switch ix.Scope {
		case store.ByGmina:
			scope = b.store.For(gminaA)
		case store.ByCounty:
			scope = b.store.ForCounty(county)
		case store.ByCoordinator:
			doc = commit(t, b.store.For(gminaA), b.store.For(gminaA).New(ref), c)
			scope = b.store.ForCoordinator("coordinator-1")
		case store.BySystem:
			scope = b.store.ForCounty(county)
			if _, err := scope.List(t.Context(), ix.Kind, store.Query{Index: ix.Name, Limit: 500}); err == nil {
				t.Errorf("%s %s: a county reaches the system's index", ix.Kind, ix.Name)
			}
		}
		if ix.Scope == store.ByGmina || ix.Scope == store.ByCounty {
			doc = commit(t, scope, scope.New(ref), c)
			page, err := b.store.System().List(t.Context(), ix.Kind, store.Query{Index: ix.Name, Limit: 500})
			if err != nil || len(page.Hits) == 0 {
				t.Errorf("%s %s: the system lists %d, %v", ix.Kind, ix.Name, len(page.Hits), err)
			}
		}
		if doc == nil {
			if _, err := b.store.System().List(t.Context(), ix.Kind, store.Query{Index: ix.Name, Limit: 500}); err != nil {
				t.Errorf("%s %s: %v", ix.Kind, ix.Name, err)
			}
			continue
		}
		page, err := scope.List(t.Context(), ix.Kind, store.Query{Index: ix.Name, Limit: 500})
		if err != nil || !strings.Contains(fmt.Sprint(ids(page.Hits)), doc.ID) {
			t.Errorf("%s %s: %v, %v", ix.Kind, ix.Name, ids(page.Hits), err)
		}
		for _, h := range page.Hits {
			if len(h.Key) != len(ix.Fields)-1 {
				t.Errorf("%s %s: key %v for fields %v", ix.Kind, ix.Name, h.Key, ix.Fields)
			}
		}
	}
}

func listByState(t *testing.T, b *bench) {
	s := b.store.For(gminaA)
	want := map[int]string{}
	for _, n := range []int{5, 3, 9, 1, 7} {
		want[n] = create(t, s, fileRef(), cover{State: "OPEN", OpenedOn: day(n)}).ID
		create(t, s, fileRef(), cover{State: "CLOSED", OpenedOn: day(n)})
		create(t, b.store.For(gminaB), fileRef(), cover{State: "OPEN", OpenedOn: day(n)})
	}
	for _, c := range []struct {
		name string
		q    store.Query
		want []string
	}{
		{"all", store.Query{}, []string{want[1], want[3], want[5], want[7], want[9]}},
		{"descending", store.Query{Desc: true}, []string{want[9], want[7], want[5], want[3], want[1]}},
		{"from inclusive", store.Query{From: day(5)}, []string{want[5], want[7], want[9]}},
		{"to exclusive", store.Query{To: day(5)}, []string{want[1], want[3]}},
		{"both, descending", store.Query{From: day(3), To: day(9), Desc: true}, []string{want[7], want[5], want[3]}},
		{"none", store.Query{From: day(9), To: day(3)}, nil},
	} {
		c.q.Index, c.q.Equal, c.q.Limit = "by_state", []any{"OPEN"}, 100
		page, err := s.List(t.Context(), store.FamilyFiles, c.q)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if diff := cmp.Diff(c.want, ids(page.Hits)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
	for name, q := range map[string]store.Query{
		"unknown index":   {Index: "by_shoe_size"},
		"too many values": {Index: "by_opened", Equal: []any{day(1), "x"}},
		"bound past end":  {Index: "by_opened", Equal: []any{day(1)}, From: "x"},
		"mixed bounds":    {Index: "by_opened", From: day(1), To: int64(3)},
		"unfit value":     {Index: "by_opened", Equal: []any{bson.D{{Key: "$gt", Value: ""}}}},
	} {
		if _, err := s.List(t.Context(), store.FamilyFiles, q); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func listByPrefix(t *testing.T, b *bench) {
	s := b.store.For(gminaA)
	var want string
	for _, words := range [][]string{{"nowak", "radziłów"}, {"nowicka"}, {"kowalski", "lipowa"}} {
		doc := create(t, s, fileRef(), cover{Label: label{Search: words}})
		if words[0] == "nowak" {
			want = doc.ID
		}
	}
	page, err := s.List(t.Context(), store.FamilyFiles, store.Query{Index: "by_search", From: "nowa", To: "nowb", Limit: 10})
	if err != nil || len(page.Hits) != 1 || page.Hits[0].Doc.ID != want || page.Hits[0].Key[0] != "nowak" {
		t.Errorf("prefix: %v, %v", page.Hits, err)
	}
}

func listDeadlines(t *testing.T, b *bench) {
	s := b.store.For(gminaA)
	c := change(cover{State: "OPEN"})
	c.Deadlines = []deadline{
		{Due: day(9), Open: true, Person: "p1"}, {Due: day(2), Open: false, Person: "p1"}, {Due: day(4), Open: true, Person: "p2"},
		{Due: day(4), Open: true, Person: "p2", Rule: "same key"},
	}
	one := commit(t, s, s.New(fileRef()), c)
	c = change(cover{State: "OPEN"})
	c.Deadlines = []deadline{{Due: day(6), Open: true, Person: "p1"}}
	two := commit(t, s, s.New(fileRef()), c)
	create(t, s, fileRef(), cover{State: "OPEN"})

	page, err := s.List(t.Context(), store.FamilyFiles, store.Query{Index: "by_due", Equal: []any{true}, Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{one.ID, two.ID, one.ID}, ids(page.Hits)); diff != "" {
		t.Errorf("open, by due (-want +got):\n%s", diff)
	}
	page, err = s.List(t.Context(), store.FamilyFiles, store.Query{Index: "by_person_due", Equal: []any{"p1", true}, To: day(7), Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	if len(page.Hits) != 1 || page.Hits[0].Doc.ID != two.ID || page.Hits[0].Key[2] != day(6) {
		t.Errorf("of p1 before the 7th: %v", page.Hits)
	}
}

func listFollows(t *testing.T, b *bench) {
	s := b.store.For(gminaA)
	doc := create(t, s, fileRef(), cover{State: "OPEN", Assistant: "p1"})
	commit(t, s, doc, change(cover{State: "OPEN", Assistant: "p2"}))
	for person, want := range map[string]int{"p1": 0, "p2": 1} {
		page, err := s.List(t.Context(), store.FamilyFiles, store.Query{Index: "by_assistant", Equal: []any{person}, Limit: 10})
		if err != nil || len(page.Hits) != want {
			t.Errorf("of %s: %d, %v, want %d", person, len(page.Hits), err, want)
		}
	}
}

// pagesUnderInsertion walks a list while files are added before and after the place: what was there all along comes once.
func pagesUnderInsertion(t *testing.T, b *bench) {
	s := b.store.For(gminaA)
	there := map[string]int{}
	for n := range 12 {
		there[create(t, s, fileRef(), cover{OpenedOn: day(10 + n%3)}).ID] = 0
	}
	for _, desc := range []bool{false, true} {
		q := store.Query{Index: "by_opened", Limit: 2, Desc: desc}
		for {
			page, err := s.List(t.Context(), store.FamilyFiles, q)
			if err != nil {
				t.Fatal(err)
			}
			for _, h := range page.Hits {
				if _, ok := there[h.Doc.ID]; ok {
					there[h.Doc.ID]++
				}
			}
			if page.Next == "" {
				break
			}
			create(t, s, fileRef(), cover{OpenedOn: day(1)})
			create(t, s, fileRef(), cover{OpenedOn: day(11)})
			q.Token = page.Next
		}
	}
	for id, times := range there {
		if times != 2 {
			t.Errorf("%s came %d times in two walks", id, times)
		}
	}
}

func tokensBound(t *testing.T, b *bench) {
	s := b.store.For(gminaA)
	for n := range 3 {
		create(t, s, fileRef(), cover{State: "OPEN", OpenedOn: day(n + 1)})
		create(t, b.store.For(gminaB), fileRef(), cover{State: "OPEN", OpenedOn: day(n + 1)})
	}
	q := store.Query{Index: "by_state", Equal: []any{"OPEN"}, From: day(1), Limit: 1}
	page, err := s.List(t.Context(), store.FamilyFiles, q)
	if err != nil || page.Next == "" {
		t.Fatalf("first page: %v", err)
	}
	q.Token = page.Next
	other := func(edit func(*store.Query)) store.Query { c := q; edit(&c); return c }
	for _, c := range []struct {
		name  string
		scope store.Reader
		kind  store.Kind
		q     store.Query
	}{
		{"another gmina", b.store.For(gminaB), store.FamilyFiles, q},
		{"the system, asking for the same", b.store.System(), store.FamilyFiles, other(func(q *store.Query) { q.Equal = []any{gminaA, "OPEN"} })},
		{"another kind", s, store.Referrals, q},
		{"another index", s, store.FamilyFiles, other(func(q *store.Query) { q.Index = "by_body" })},
		{"another value", s, store.FamilyFiles, other(func(q *store.Query) { q.Equal = []any{"CLOSED"} })},
		{"another start", s, store.FamilyFiles, other(func(q *store.Query) { q.From = day(2) })},
		{"another end", s, store.FamilyFiles, other(func(q *store.Query) { q.To = day(2) })},
		{"another direction", s, store.FamilyFiles, other(func(q *store.Query) { q.Desc = true })},
		{"no token at all", s, store.FamilyFiles, other(func(q *store.Query) { q.Token = "nonsense" })},
		{"an edited token", s, store.FamilyFiles, other(func(q *store.Query) { q.Token = "A" + q.Token[1:] + "A" })},
	} {
		_, err := c.scope.List(t.Context(), c.kind, c.q)
		wantErr(t, c.name, err, store.ErrPageToken)
	}
	if page, err = s.List(t.Context(), store.FamilyFiles, q); err != nil || len(page.Hits) != 1 {
		t.Errorf("the list itself: %v", err)
	}
}

func tokensHide(t *testing.T, b *bench) {
	s := b.store.For(gminaA)
	for range 2 {
		create(t, s, fileRef(), cover{Label: label{Search: []string{"brzęczyszczykiewicz"}}})
	}
	q := store.Query{Index: "by_search", Limit: 1}
	one, err := s.List(t.Context(), store.FamilyFiles, q)
	if err != nil {
		t.Fatal(err)
	}
	two, err := s.List(t.Context(), store.FamilyFiles, q)
	if err != nil {
		t.Fatal(err)
	}
	if one.Next == "" || one.Next == two.Next {
		t.Errorf("tokens %q and %q: want two different ones for the same place", one.Next, two.Next)
	}
}
