package store

import (
	"bytes"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"
)

// reflected gives the bytes that the struct tags describe, the members of sections in order.
func reflected(t *rapid.T, v any) bson.Raw {
	t.Helper()
	raw, err := bson.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	elements, err := bson.Raw(raw).Elements()
	if err != nil {
		t.Fatal(err)
	}
	out := bson.D{}
	for _, e := range elements {
		var value any = e.Value()
		if d, ok := v.(*Document); ok && e.Key() == "requests" && d.Schema == 1 {
			value = slices.Collect(d.Requests.All())
		}
		if e.Key() == "sections" {
			members := map[string]bson.RawValue{}
			if err := e.Value().Unmarshal(&members); err != nil {
				t.Fatal(err)
			}
			sorted := bson.D{}
			for _, name := range slices.Sorted(maps.Keys(members)) {
				sorted = append(sorted, bson.E{Key: name, Value: members[name]})
			}
			value = sorted
		}
		out = append(out, bson.E{Key: e.Key(), Value: value})
	}
	if raw, err = bson.Marshal(out); err != nil {
		t.Fatal(err)
	}
	return raw
}

var (
	texts    = rapid.StringMatching(`[a-zęóąśłżźćń0-9/@. -]{0,20}`)
	hashes   = rapid.SliceOfN(rapid.Byte(), 1, 32)
	instants = rapid.Custom(func(t *rapid.T) time.Time { return time.UnixMilli(rapid.Int64Range(0, 1<<42).Draw(t, "ms")).UTC() })
	bodies   = rapid.Custom(func(t *rapid.T) bson.Raw {
		raw, err := bson.Marshal(bson.D{{Key: texts.Draw(t, "key"), Value: texts.Draw(t, "value")}, {Key: "n", Value: rapid.Int64().Draw(t, "n")}})
		if err != nil {
			t.Fatal(err)
		}
		return raw
	})
	actors = rapid.Custom(func(t *rapid.T) Actor {
		return Actor{
			Person: texts.Draw(t, "person"), Staff: texts.Draw(t, "staff"), Role: texts.Draw(t, "role"), System: texts.Draw(t, "system"),
			Deputy: rapid.Bool().Draw(t, "deputy"), Subject: texts.Draw(t, "subject"), Instance: texts.Draw(t, "instance"),
		}
	})
	arrays = rapid.Custom(func(t *rapid.T) bson.RawValue {
		values := rapid.SliceOfN(bodies, 0, 12).Draw(t, "array")
		typ, data, err := bson.MarshalValue(values)
		if err != nil {
			t.Fatal(err)
		}
		return bson.RawValue{Type: typ, Value: data}
	})
)

func commits(t *rapid.T) *Commit {
	c := &Commit{
		Key: texts.Draw(t, "key"), Ref: Ref{Kind: Kind(texts.Draw(t, "kind")), ID: texts.Draw(t, "id")}, Version: rapid.Int64().Draw(t, "version"),
		Gmina: texts.Draw(t, "gmina"), County: texts.Draw(t, "county"), Schema: 1, RecordedAt: instants.Draw(t, "at"), Actor: actors.Draw(t, "actor"),
		Purpose: texts.Draw(t, "purpose"), Method: texts.Draw(t, "method"), RequestID: texts.Draw(t, "request"), Result: texts.Draw(t, "result"),
		Audience: rapid.SliceOfN(texts, 0, 12).Draw(t, "audience"), Left: rapid.SliceOfN(texts, 0, 3).Draw(t, "left"),
		FromGmina: texts.Draw(t, "from"), Sections: rapid.MapOfN(texts, bodies, 0, 4).Draw(t, "sections"),
		Removed: rapid.SliceOfN(texts, 0, 3).Draw(t, "removed"),
	}
	if rapid.Bool().Draw(t, "full") {
		c.BodyHash, c.PrevHash, c.Cover = hashes.Draw(t, "body"), hashes.Draw(t, "prev"), bodies.Draw(t, "cover")
		c.Deadlines = arrays.Draw(t, "deadlines")
	} else if rapid.Bool().Draw(t, "differences") {
		c.CoverSet, c.CoverUnset = bodies.Draw(t, "set"), rapid.SliceOfN(texts, 0, 12).Draw(t, "unset")
		c.DeadlinesCut, c.DeadlinesPut = rapid.SliceOfN(rapid.IntRange(0, 99), 0, 12).Draw(t, "cut"), bodies.Draw(t, "put")
	}
	for range rapid.IntRange(0, 12).Draw(t, "records") {
		c.Records = append(c.Records, CommittedRecord{Type: RecordType(texts.Draw(t, "type")), ID: texts.Draw(t, "rid"), Date: texts.Draw(t, "date"), Body: bodies.Draw(t, "body")})
	}
	return c
}

func wantBytes(t *rapid.T, what string, got, want bson.Raw) {
	t.Helper()
	if !bytes.Equal(got, want) {
		t.Fatalf("%s:\n got %v\nwant %v", what, got, want)
	}
}

// TestEncodeIsWhatTheTagsDescribe holds every encoder by hand against reflection over the struct's tags.
func TestEncodeIsWhatTheTagsDescribe(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := commits(t)
		raw := encodeCommit(c)
		wantBytes(t, "commit", raw, reflected(t, c))
		if again, err := commitHash(raw); err != nil || !bytes.Equal(again, c.Hash) {
			t.Fatalf("hash %x, %v; the commit has %x", again, err, c.Hash)
		}
		for _, r := range c.Records {
			type row struct {
				StoredRecord `bson:",inline"`
				County       string `bson:"county"`
			}
			wantBytes(t, "record", encodeRecord(c, r), reflected(t, row{County: c.County, StoredRecord: StoredRecord{
				ID: recordKey(c.Ref.ID, r.ID), File: c.Ref.ID, Version: c.Version, Gmina: c.Gmina, Date: r.Date, RecordedAt: c.RecordedAt, Actor: c.Actor, Body: r.Body,
			}}))
		}
		wantBytes(t, "outbox", encodeOutbox(c), reflected(t, outboxRow{Key: c.Key, Ref: c.Ref, Version: c.Version, RecordedAt: c.RecordedAt}))
		feed := feedRow{Key: c.Key, Commit: texts.Draw(t, "commit"), FeedEntry: FeedEntry{
			Feed: c.Gmina, Position: c.Version, Ref: c.Ref, Version: c.Version, Method: c.Method, RecordedAt: c.RecordedAt, Audience: c.Audience, Left: c.Left,
			Gone: rapid.Bool().Draw(t, "gone"),
		}}
		wantBytes(t, "feed", encodeFeed(feed), reflected(t, feed))
		line := Access{ID: c.Key, At: c.RecordedAt, Gminas: c.Audience, Actor: c.Actor, Purpose: c.Purpose, Method: c.Method, Refs: c.Left, Denied: c.Result}
		wantBytes(t, "access", encodeAccess(line), reflected(t, line))
	})
}

// TestDocumentRoundTrip writes documents by hand, holds the bytes against the tags, and reads them back.
func TestDocumentRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := &Document{
			ID: texts.Draw(t, "id"), Kind: Kind(texts.Draw(t, "kind")), Gmina: texts.Draw(t, "gmina"), County: texts.Draw(t, "county"), Schema: rapid.IntRange(1, Schema).Draw(t, "schema"),
			Version: rapid.Int64().Draw(t, "version"), Hash: hashes.Draw(t, "hash"), Created: instants.Draw(t, "created"), Updated: instants.Draw(t, "updated"),
			Audience: rapid.SliceOfN(texts, 0, 12).Draw(t, "audience"), Sections: rapid.MapOfN(texts, bodies, 0, 4).Draw(t, "sections"),
		}
		if rapid.Bool().Draw(t, "full") {
			d.Cover, d.Deadlines = bodies.Draw(t, "cover"), arrays.Draw(t, "deadlines")
		}
		for range rapid.IntRange(0, 12).Draw(t, "requests") {
			d.Requests = d.Requests.remember(Request{ID: texts.Draw(t, "request"), Mark: hashes.Draw(t, "mark"), Version: rapid.Int64().Draw(t, "v"), Result: texts.Draw(t, "result")})
		}
		raw := encodeDocument(d)
		wantBytes(t, "document", raw, reflected(t, d))
		if _, array := raw.Lookup("requests").ArrayOK(); len(d.Requests) > 0 && array != (d.Schema == 1) {
			t.Fatalf("schema %d: %s", d.Schema, raw)
		}
		back, err := decodeDocument(raw)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(d, back, cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(Document{})); diff != "" {
			t.Fatal(diff)
		}
	})
}

// FuzzDecodeDocument reads damaged bytes without a panic; what it reads is what the driver reads.
func FuzzDecodeDocument(f *testing.F) {
	f.Add([]byte(encodeDocument(&Document{ID: "a", Kind: FamilyFiles, Hash: []byte{1}, Requests: Requests{}.remember(Request{ID: "r", Mark: []byte{2}})})))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var want Document
		wantErr := bson.Unmarshal(raw, &want)
		got, err := decodeDocument(raw)
		if err == nil && wantErr == nil && (got.ID != want.ID || got.Version != want.Version || !bytes.Equal(got.Hash, want.Hash)) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}
