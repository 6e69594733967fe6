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
			ref := Ref{Kind: FamilyFiles, ID: id}
			if rapid.Bool().Draw(t, "put") {
				doc := sample(t, id, rapid.Int64Range(1, 4).Draw(t, "version"), rapid.Bool().Draw(t, "narrow"))
				c.put(doc)
				newest[id] = max(newest[id], doc.Version)
			}
			version, narrow := rapid.Int64Range(1, 4).Draw(t, "asked"), rapid.Bool().Draw(t, "without sections")
			if got := c.version(ref, version, narrow); got != nil {
				check(t, got, id, version)
				if got.narrow && !narrow {
					t.Fatal("a document without its sections for who wants them")
				}
			}
			if got := c.any(ref); got != nil {
				check(t, got, id, newest[id])
				if got.narrow {
					t.Fatal("any gives a document without its sections")
				}
			}
		}
		weights := map[bool]int{}
		for _, doc := range c.all() {
			weights[doc.narrow] += doc.weight()
			if c.places[doc.Ref()] == nil {
				t.Fatalf("%s is kept and cannot be found", doc.ID)
			}
		}
		if len(c.all()) != len(c.places) || weights[false] != c.whole.weight || weights[true] != c.narrow.weight || c.whole.full() || c.narrow.full() {
			t.Fatalf("%d documents of %d places, weights %v, noted %d and %d", len(c.all()), len(c.places), weights, c.whole.weight, c.narrow.weight)
		}
	})
}

type sampled struct {
	ID string `bson:"id"`
	N  int64  `bson:"n"`
}

func raw(t *rapid.T, v any) bson.Raw {
	b, err := bsonform.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// sample is a version of a document as it is read, with its cover decoded.
func sample(t *rapid.T, id string, version int64, narrow bool) *Document {
	d := &Document{ID: id, Kind: FamilyFiles, Schema: Schema, Version: version, Hash: []byte{byte(version)}, Cover: raw(t, sampled{id, version})}
	if !narrow {
		d.Sections = map[string]bson.Raw{"a": raw(t, sampled{id, version}), "b": raw(t, bson.D{{Key: "x", Value: make([]byte, 2000)}})}
	}
	read, err := readDocument(encodeDocument(d))
	if err != nil {
		t.Fatal(err)
	}
	read.narrow = narrow
	check(t, read, id, version)
	return read
}

func check(t *rapid.T, d *Document, id string, version int64) {
	want := sampled{id, version}
	if cover, err := Decoded[sampled](d, d.Cover); err != nil || cover != want || d.ID != id || d.Version != version {
		t.Fatalf("%s in version %d has the cover %v, %v", d.ID, d.Version, cover, err)
	}
	if section, err := Decoded[sampled](d, d.Sections["a"]); err != nil || (!d.narrow && section != want) || (d.narrow && len(d.Sections) > 0) {
		t.Fatalf("%s has the sections %v: %v, %v", d.ID, d.Sections, section, err)
	}
}
