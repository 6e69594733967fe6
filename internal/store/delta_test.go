package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"
)

// facts gives a document of some of twelve fields, in their order, and a large one that hardly ever changes, so that a difference is short.
func facts(t *rapid.T, label string) bson.Raw {
	d := bson.D{}
	for i := range 12 {
		if n := rapid.IntRange(0, 3).Draw(t, fmt.Sprintf("%s %d", label, i)); n > 0 {
			d = append(d, bson.E{Key: fmt.Sprintf("f%d", i), Value: []any{nil, "2026-11-20", int64(n), bson.D{{Key: "in", Value: n}}}[n]})
		}
		if i == 5 {
			d = append(d, bson.E{Key: "label", Value: strings.Repeat("x", 2000)}, bson.E{Key: "state", Value: "COOPERATION"})
		}
	}
	return marshalled(t, d)
}

func marshalled(t interface{ Fatal(...any) }, v any) bson.Raw {
	raw, err := bson.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// What differs between two covers makes one of the other, whichever facts come, go and change.
func TestCoverDeltaMakesTheNewCover(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base, next := facts(t, "before"), facts(t, "after")
		set, unset, ok := coverDelta(base, next)
		if !ok {
			t.Fatalf("no difference of %s and %s", base, next)
		}
		made, err := coverWith(base, set, unset)
		if err != nil || !bytes.Equal(made, next) {
			t.Fatalf("%v\n got %s\nwant %s", err, made, next)
		}
		if bytes.Equal(base, next) && (len(set) != emptyDocument || len(unset) > 0) {
			t.Fatalf("%s, %v between equal covers", set, unset)
		}
	})
}

// Whatever two documents are (fields in any order, twice, of the same name), what is taken for their difference is it.
func TestCoverDeltaIsNeverWrong(t *testing.T) {
	used := 0
	rapid.Check(t, func(t *rapid.T) {
		field := rapid.Custom(func(t *rapid.T) bson.E {
			return bson.E{Key: rapid.SampledFrom([]string{"a", "b", "c", "d", "e"}).Draw(t, "key"), Value: strings.Repeat("y", rapid.IntRange(0, 200).Draw(t, "n"))}
		})
		before := rapid.SliceOfN(field, 0, 6).Draw(t, "before")
		after := slices.Clone(before)
		for range rapid.IntRange(0, 3).Draw(t, "changes") {
			at := rapid.IntRange(0, len(after)).Draw(t, "at")
			if at < len(after) && rapid.Bool().Draw(t, "gone") {
				after = slices.Delete(after, at, at+1)
			} else {
				after = slices.Insert(after, at, field.Draw(t, "new"))
			}
		}
		base, next := marshalled(t, bson.D(before)), marshalled(t, bson.D(after))
		if set, unset, ok := coverDelta(base, next); ok {
			made, err := coverWith(base, set, unset)
			if err != nil || !bytes.Equal(made, next) || len(set) > len(next)/2 {
				t.Fatalf("%v: %s and %v made %s of %s, want %s", err, set, unset, made, base, next)
			}
			used++
		}
	})
	if used == 0 {
		t.Error("no difference was short enough to be tried")
	}
}

// Elements of an array come, go, change and move.
func TestArrayDeltaMakesTheNewArray(t *testing.T) {
	used := 0
	rapid.Check(t, func(t *rapid.T) {
		elements := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string {
			return strings.Repeat(rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "what"), rapid.IntRange(1, 80).Draw(t, "n"))
		}), 0, 15)
		before := elements.Draw(t, "before")
		after := slices.Clone(before)
		for range rapid.IntRange(0, 3).Draw(t, "changes") {
			at := rapid.IntRange(0, len(after)).Draw(t, "at")
			if at < len(after) && rapid.Bool().Draw(t, "cut") {
				after = slices.Delete(after, at, at+1)
			} else {
				after = slices.Insert(after, at, fmt.Sprint("new", at))
			}
		}
		base, next := arrayOf(t, before), arrayOf(t, after)
		if cut, put, ok := arrayDelta(base, next); ok {
			made, err := arrayWith(base, cut, put)
			if err != nil || made.Type != bson.TypeArray || !bytes.Equal(made.Value, next.Value) {
				t.Fatalf("%v: %v and %s made %s of %s, want %s", err, cut, put, made, base, next)
			}
			used++
		}
	})
	if used == 0 {
		t.Error("no difference was short enough to be tried")
	}
}

// An array whose elements are not named by their places could not be made again: it is held in full.
func TestArrayOfOtherNamesIsHeldInFull(t *testing.T) {
	terms := []string{strings.Repeat("a", 50), strings.Repeat("b", 50), strings.Repeat("c", 50)}
	base := arrayOf(t, terms)
	if _, _, ok := arrayDelta(base, base); !ok {
		t.Error("no difference of an array and itself")
	}
	odd := bson.RawValue{Type: bson.TypeArray, Value: marshalled(t, bson.D{{Key: "0", Value: terms[0]}, {Key: "2", Value: terms[1]}, {Key: "4", Value: terms[2]}})}
	if cut, put, ok := arrayDelta(base, odd); ok {
		t.Errorf("cut %v and put %s", cut, put)
	}
}

func arrayOf(t interface{ Fatal(...any) }, v any) bson.RawValue {
	typ, data, err := bson.MarshalValue(v)
	if err != nil {
		t.Fatal(err)
	}
	return bson.RawValue{Type: typ, Value: data}
}

func TestDeltasReadAsTheContractSays(t *testing.T) {
	long := bson.E{Key: "label", Value: strings.Repeat("x", 500)}
	for _, c := range []struct {
		name         string
		before, next bson.D
		set          string
		unset        []string
	}{
		{"nothing", bson.D{long}, bson.D{long}, `{}`, nil},
		{"changed", bson.D{{Key: "a", Value: "1"}, long}, bson.D{{Key: "a", Value: "2"}, long}, `{"a": "2"}`, nil},
		{"gone", bson.D{{Key: "a", Value: "1"}, long, {Key: "b", Value: "1"}}, bson.D{long}, `{}`, []string{"a", "b"}},
		{"new, first", bson.D{{Key: "b", Value: "1"}, long}, bson.D{{Key: "a", Value: "1"}, {Key: "b", Value: "1"}, long}, `{"a": "1"}`, nil},
		{
			"new, with the one that it follows", bson.D{long, {Key: "a", Value: "1"}, {Key: "d", Value: "1"}}, bson.D{long, {Key: "a", Value: "1"}, {Key: "b", Value: "1"}, {Key: "c", Value: "1"}, {Key: "d", Value: "1"}},
			`{"a": "1","b": "1","c": "1"}`, nil,
		},
	} {
		set, unset, ok := coverDelta(marshalled(t, c.before), marshalled(t, c.next))
		if !ok || set.String() != c.set || !slices.Equal(unset, c.unset) {
			t.Errorf("%s: %s, %v, %v; want %s, %v", c.name, set, unset, ok, c.set, c.unset)
		}
	}
	terms := []string{strings.Repeat("a", 50), "visit until the 3rd", strings.Repeat("b", 50), strings.Repeat("c", 50)}
	moved := []string{terms[0], terms[2], "visit until the 17th", terms[3]}
	cut, put, ok := arrayDelta(arrayOf(t, terms), arrayOf(t, moved))
	if !ok || !slices.Equal(cut, []int{1}) || put.String() != `{"2": "visit until the 17th"}` {
		t.Errorf("a term that moved: cut %v, put %s, %v", cut, put, ok)
	}
}

// What does not fit is refused and never panics.
func TestDeltasThatDoNotFit(t *testing.T) {
	base := marshalled(t, bson.D{{Key: "a", Value: "1"}, {Key: "b", Value: "2"}})
	one := marshalled(t, bson.D{{Key: "a", Value: "3"}})
	for name, c := range map[string]struct {
		base, set bson.Raw
		unset     []string
	}{
		"no cover before":       {nil, one, nil},
		"damaged cover before":  {base[:len(base)-2], one, nil},
		"damaged":               {base, one[:len(one)-2], nil},
		"gone that is not here": {base, one, []string{"c"}},
		"gone twice":            {base, one, []string{"b", "b"}},
		"gone and changed":      {base, one, []string{"a"}},
		"twice changed":         {base, marshalled(t, bson.D{{Key: "a", Value: "3"}, {Key: "a", Value: "4"}}), nil},
	} {
		if made, err := coverWith(c.base, c.set, c.unset); !errors.Is(err, errDelta) {
			t.Errorf("cover, %s: %s, %v", name, made, err)
		}
	}
	terms := arrayOf(t, []string{"a", "b"})
	two := marshalled(t, bson.D{{Key: "2", Value: "c"}})
	for name, c := range map[string]struct {
		base bson.RawValue
		cut  []int
		put  bson.Raw
	}{
		"none before":            {bson.RawValue{}, []int{0}, nil},
		"damaged before":         {bson.RawValue{Type: bson.TypeArray, Value: terms.Value[:7]}, []int{0}, nil},
		"damaged":                {terms, nil, two[:len(two)-2]},
		"cut behind the end":     {terms, []int{2}, nil},
		"cut there, and put":     {terms, []int{2}, two},
		"cut before the start":   {terms, []int{-1}, nil},
		"cut twice":              {terms, []int{1, 1}, nil},
		"cut in another order":   {terms, []int{1, 0}, nil},
		"put behind the end":     {terms, []int{1}, two},
		"put where nothing goes": {terms, nil, marshalled(t, bson.D{{Key: "x", Value: "c"}})},
		"put in another order":   {terms, nil, marshalled(t, bson.D{{Key: "3", Value: "d"}, {Key: "2", Value: "c"}})},
	} {
		if made, err := arrayWith(c.base, c.cut, c.put); !errors.Is(err, errDelta) {
			t.Errorf("deadlines, %s: %s, %v", name, made, err)
		}
	}
}

// A journal, read back entry by entry, adds up to the document that its commits left, byte by byte: with differences, with all, and with entries of schema 1 before them.
func TestFoldOverHistoryIsTheDocument(t *testing.T) {
	held := 0
	rapid.Check(t, func(t *rapid.T) {
		start := Document{ID: "f", Kind: FamilyFiles, Gmina: "0201062", County: "0201", Schema: Schema}
		doc, again := &start, &Document{ID: "f", Kind: FamilyFiles}
		for n := range rapid.IntRange(1, 12).Draw(t, "commits") {
			change := Change{Actor: Actor{Person: "p"}, Method: "m", RequestID: fmt.Sprint("r", n), BodyHash: []byte{1}, RecordedAt: time.UnixMilli(int64(n)).UTC()}
			if rapid.Bool().Draw(t, "cover") {
				change.Cover = facts(t, "cover")
			}
			if rapid.Bool().Draw(t, "terms") {
				change.Deadlines = rapid.SliceOfN(rapid.SampledFrom([]string{strings.Repeat("a", 90), strings.Repeat("b", 70), "c", "d"}), 0, 8).Draw(t, "deadlines")
			}
			c, err := newCommit(doc, change)
			if err != nil {
				t.Fatal(err)
			}
			if rapid.Bool().Draw(t, "as schema 1 had it") {
				wholly(doc, c)
			}
			next, steps, err := (&core{whole: true}).plan(doc, c)
			if err != nil {
				t.Fatal(err)
			}
			if c.CoverSet != nil {
				held++
			}
			read, err := decodeCommit(steps[0].Body)
			if err != nil {
				t.Fatal(err)
			}
			if again, err = fold(again, read); err != nil {
				t.Fatal(err)
			}
			wantBytes(t, "document", encodeDocument(again), next.stored)
			doc = next
		}
	})
	if held == 0 {
		t.Error("no commit held a difference")
	}
}

// wholly makes a commit hold its cover and deadlines in full.
func wholly(base *Document, c *Commit) {
	next := *base
	if err := foldDeltas(&next, c); err != nil {
		panic(err)
	}
	if c.CoverSet != nil {
		c.Cover, c.CoverSet, c.CoverUnset, c.Schema = next.Cover, nil, nil, 1
	}
	if c.DeadlinesCut != nil || c.DeadlinesPut != nil {
		c.Deadlines, c.DeadlinesCut, c.DeadlinesPut, c.Schema = next.Deadlines, nil, nil, 1
	}
}

// A commit whose change does not fit is found even where its hash was taken anew; one whose hash was not is found anyway.
func TestVerifyFindsWhatDoesNotFit(t *testing.T) {
	base, visit := visited(t)
	good := made(t, base, visit(RememberedRequests+1))
	good.Records = nil
	if good.CoverSet == nil || len(good.DeadlinesCut) == 0 || good.DeadlinesPut == nil {
		t.Fatalf("a visit's commit holds all: %+v", good)
	}
	for name, c := range map[string]struct {
		alter func(*Commit)
		want  []string
	}{
		"as it was":         {func(*Commit) {}, nil},
		"cover":             {func(c *Commit) { c.CoverUnset = []string{"unheard"} }, []string{good.Key + ": the commit was altered"}},
		"deadlines":         {func(c *Commit) { c.DeadlinesCut = []int{99} }, []string{good.Key + ": the commit was altered"}},
		"the commit before": {func(c *Commit) { c.PrevHash = []byte("another") }, []string{good.Key + ": the commit before it is missing or another one"}},
	} {
		altered := *good
		altered.after = after{}
		c.alter(&altered)
		v := &verifier{doc: base, fed: map[string]int{}, added: map[RecordType]int{}}
		if err := v.add(context.Background(), good.Key, encodeCommit(&altered)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(c.want, v.report.Faults); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	raw := encodeCommit(good)
	at := bytes.Index(raw, []byte("next_visit_on"))
	if at < 0 {
		t.Fatal("the entry of a visit does not have the next one")
	}
	raw[at+len("next_visit_on")+1+4] = '3'
	v := &verifier{doc: base}
	if err := v.add(context.Background(), good.Key, raw); err != nil || len(v.report.Faults) != 1 {
		t.Errorf("an altered date: %v, %v", v.report.Faults, err)
	}
}

// FuzzDelta makes something of any bytes or refuses them.
func FuzzDelta(f *testing.F) {
	terms := arrayOf(f, []string{"a", "b"})
	f.Add([]byte(marshalled(f, bson.D{{Key: "a", Value: "1"}})), []byte(marshalled(f, bson.D{{Key: "b", Value: "1"}})))
	f.Add(terms.Value, []byte(marshalled(f, bson.D{{Key: "1", Value: "1"}})))
	f.Fuzz(func(t *testing.T, base, put []byte) {
		if made, err := coverWith(base, put, []string{"a"}); err == nil && bson.Raw(base).Validate() == nil && bson.Raw(put).Validate() == nil && made.Validate() != nil {
			t.Errorf("made %x", made)
		}
		if set, unset, ok := coverDelta(base, put); ok {
			if made, err := coverWith(base, set, unset); err != nil || !bytes.Equal(made, put) {
				t.Errorf("%x, %v", made, err)
			}
		}
		_, _ = arrayWith(bson.RawValue{Type: bson.TypeArray, Value: base}, []int{0}, put)
		_, _, _ = arrayDelta(bson.RawValue{Type: bson.TypeArray, Value: base}, bson.RawValue{Type: bson.TypeArray, Value: put})
	})
}
