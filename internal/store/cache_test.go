package store

import (
	"fmt"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"asysta.example/internal/bsonform"
)

// Whatever is put and asked for, the cache gives the version that was asked for, with its own content, and stays within its bounds.
func TestCacheGivesTheVersionAskedFor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := newCache(66 << 10)
		newest := map[string]int64{}
		for range rapid.IntRange(1, 120).Draw(t, "steps") {
			id := fmt.Sprint(rapid.IntRange(0, 9).Draw(t, "id"))
			ref := Ref{Kind: rapid.SampledFrom([]Kind{FamilyFiles, ChildPlans}).Draw(t, "kind"), ID: id} // with outlines and without
			if rapid.Bool().Draw(t, "put") {
				doc := sample(t, ref, rapid.Int64Range(1, 4).Draw(t, "version"), extents(ref.Kind).Draw(t, "extent"))
				c.put(doc)
				newest[ref.String()] = max(newest[ref.String()], doc.Version)
			}
			version, asked := rapid.Int64Range(1, 4).Draw(t, "asked"), extents(ref.Kind).Draw(t, "extent asked")
			if got := c.version(ref, version, asked); got != nil {
				check(t, got, id, version)
				if got.extent > asked {
					t.Fatalf("a document to the extent %d for who wants %d", got.extent, asked)
				}
			}
			if got := c.any(ref); got != nil {
				check(t, got, id, newest[ref.String()])
				if got.extent != whole {
					t.Fatal("any gives a document that is not whole")
				}
			}
		}
		weights := map[bool]int{}
		for _, doc := range c.all() {
			weights[doc.extent != whole] += doc.weight()
			if c.places[doc.Ref()] == nil {
				t.Fatalf("%s is kept and cannot be found", doc.ID)
			}
		}
		if len(c.all()) != len(c.places) || weights[false] != c.whole.weight || weights[true] != c.less.weight || c.whole.full() || c.less.full() {
			t.Fatalf("%d documents of %d places, weights %v, noted %d and %d", len(c.all()), len(c.places), weights, c.whole.weight, c.less.weight)
		}
	})
}

// A list in which a document has several hits has it for all of them, though the cache lets go of it between the first and the last.
func TestEveryHitOfADocumentHasIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := &core{whole: true, cache: newCache(66 << 10)}
		var q EngineQuery
		list := c.have(FamilyFiles, &q, whole)
		ref := Ref{Kind: FamilyFiles, ID: "a"}
		c.cache.put(sample(t, ref, 2, whole))
		if !q.Known("a", 2) {
			t.Fatal("what was just put is not at hand")
		}
		for i := range 100 {
			c.cache.put(sample(t, Ref{Kind: FamilyFiles, ID: fmt.Sprint(i)}, 1, whole))
		}
		if c.cache.version(ref, 2, whole) != nil {
			t.Fatal("the cache has not let go")
		}
		if q.Known("a", 2) {
			doc, err := list.document(EngineHit{Key: []any{"a"}})
			if err != nil || doc.Version != 2 {
				t.Fatalf("%v, %v", doc, err)
			}
		}
		doc, err := list.document(EngineHit{Key: []any{"a"}}) // the first hit, for which the engine left the document out
		if err != nil {
			t.Fatal(err)
		}
		check(t, doc, "a", 2)
		if q.Known("a", 3) {
			t.Error("another version is said to be at hand")
		}
	})
}

// extents are those to which documents of a kind are read.
func extents(k Kind) *rapid.Generator[extent] {
	if HasOutline(string(k)) {
		return rapid.SampledFrom([]extent{whole, narrow, outline})
	}
	return rapid.SampledFrom([]extent{whole, narrow})
}

// sampled has facts that an outline of a family file has too.
type sampled struct {
	ID string `bson:"number"`
	N  int64  `bson:"difficulty"`
}

func raw(t *rapid.T, v any) bson.Raw {
	b, err := bsonform.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// sample is a version of a document as it is read, with its cover decoded.
func sample(t *rapid.T, ref Ref, version int64, to extent) *Document {
	d := &Document{ID: ref.ID, Kind: ref.Kind, Schema: Schema, Version: version, Hash: []byte{byte(version)}, Cover: raw(t, sampled{ref.ID, version})}
	if to == whole {
		d.Sections = map[string]bson.Raw{"a": raw(t, sampled{ref.ID, version}), "b": raw(t, bson.D{{Key: "x", Value: make([]byte, 2000)}})}
	}
	stored := encodeDocument(d)
	if to == outline {
		var err error
		if stored, err = OutlineOf(string(ref.Kind), stored); err != nil {
			t.Fatal(err)
		}
	}
	read, err := readDocument(stored)
	if err != nil {
		t.Fatal(err)
	}
	read.extent = to
	check(t, read, ref.ID, version)
	return read
}

func check(t *rapid.T, d *Document, id string, version int64) {
	want := sampled{id, version}
	if cover, err := Decoded[sampled](d, d.Cover); err != nil || cover != want || d.ID != id || d.Version != version {
		t.Fatalf("%s in version %d has the cover %v, %v", d.ID, d.Version, cover, err)
	}
	bare := d.extent != whole
	if section, err := Decoded[sampled](d, d.Sections["a"]); err != nil || (!bare && section != want) || (bare && len(d.Sections) > 0) {
		t.Fatalf("%s has the sections %v: %v, %v", d.ID, d.Sections, section, err)
	}
}
