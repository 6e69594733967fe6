package store

import (
	"encoding/binary"
	"maps"
	"slices"
	"strconv"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// What every call writes (commits, documents, records, lines of the access log) is encoded here by hand: reflection cost more than the write itself. The
// bytes are those that the struct tags describe (a test compares the two), fields in the order of the struct, the members of "sections" in the order of
// their names. That makes them canonical, which the hash chain needs.

// builder appends the elements of a BSON document.
type builder struct{ b []byte }

// newBuilder begins a document of about size bytes.
func newBuilder(size int) *builder { return &builder{b: make([]byte, 4, size+8)} }

// raw ends the outermost document. The builder may go on after cut.
func (w *builder) raw() bson.Raw {
	w.b = append(w.b, 0)
	binary.LittleEndian.PutUint32(w.b, uint32(len(w.b)))
	return w.b
}

// cut takes the end of the outermost document away again.
func (w *builder) cut() { w.b = w.b[:len(w.b)-1] }

func (w *builder) text(key, v string) { w.b = bsoncore.AppendStringElement(w.b, key, v) }

func (w *builder) textIf(key, v string) {
	if v != "" {
		w.text(key, v)
	}
}

func (w *builder) int(key string, v int64) { w.b = bsoncore.AppendInt64Element(w.b, key, v) }

func (w *builder) small(key string, v int) { w.b = bsoncore.AppendInt32Element(w.b, key, int32(v)) }

func (w *builder) time(key string, v time.Time) {
	w.b = bsoncore.AppendDateTimeElement(w.b, key, v.UnixMilli())
}

func (w *builder) yesIf(key string, v bool) {
	if v {
		w.b = bsoncore.AppendBooleanElement(w.b, key, v)
	}
}

func (w *builder) bytes(key string, v []byte) { w.b = bsoncore.AppendBinaryElement(w.b, key, 0, v) }

func (w *builder) bytesIf(key string, v []byte) {
	if len(v) > 0 {
		w.bytes(key, v)
	}
}

func (w *builder) doc(key string, v bson.Raw) { w.b = bsoncore.AppendDocumentElement(w.b, key, v) }

func (w *builder) docIf(key string, v bson.Raw) {
	if len(v) > 0 {
		w.doc(key, v)
	}
}

func (w *builder) valueIf(key string, v bson.RawValue) {
	if !v.IsZero() {
		w.b = append(append(append(append(w.b, byte(v.Type)), key...), 0), v.Value...)
	}
}

func (w *builder) textsIf(key string, v []string) {
	if len(v) == 0 {
		return
	}
	end := w.array(key)
	for i, s := range v {
		w.text(strconv.Itoa(i), s)
	}
	w.end(end)
}

func (w *builder) smallsIf(key string, v []int) {
	if len(v) == 0 {
		return
	}
	end := w.array(key)
	for i, n := range v {
		w.small(strconv.Itoa(i), n)
	}
	w.end(end)
}

// open begins an embedded document, array an embedded array; end ends either.
func (w *builder) open(key string) (at int32) {
	at, w.b = bsoncore.AppendDocumentElementStart(w.b, key)
	return at
}

func (w *builder) array(key string) (at int32) {
	at, w.b = bsoncore.AppendArrayElementStart(w.b, key)
	return at
}

func (w *builder) end(at int32) {
	w.b = append(w.b, 0)
	binary.LittleEndian.PutUint32(w.b[at:], uint32(len(w.b))-uint32(at))
}

func (w *builder) ref(key string, r Ref) {
	at := w.open(key)
	w.text("kind", string(r.Kind))
	w.text("id", r.ID)
	w.end(at)
}

func (w *builder) actor(key string, a Actor) {
	at := w.open(key)
	w.textIf("person", a.Person)
	w.textIf("staff", a.Staff)
	w.text("role", a.Role)
	w.textIf("system", a.System)
	w.yesIf("deputy", a.Deputy)
	w.textIf("subject", a.Subject)
	w.textIf("instance", a.Instance)
	w.end(at)
}

func (w *builder) sectionsIf(sections map[string]bson.Raw) {
	if len(sections) == 0 {
		return
	}
	at := w.open("sections")
	for _, name := range slices.Sorted(maps.Keys(sections)) {
		w.doc(name, sections[name])
	}
	w.end(at)
}

// sizeOf is about what sections, and whatever else is given, take.
func sizeOf(sections map[string]bson.Raw, parts ...[]byte) int {
	n := 1024
	for _, s := range sections {
		n += len(s) + 32
	}
	for _, p := range parts {
		n += len(p)
	}
	return n
}

// encodeDocument gives the stored bytes of a document.
func encodeDocument(d *Document) bson.Raw {
	w := newBuilder(sizeOf(d.Sections, d.Cover, d.Deadlines.Value, bson.Raw(d.Requests)))
	w.text("_id", d.ID)
	w.text("kind", string(d.Kind))
	w.text("gmina", d.Gmina)
	w.text("county", d.County)
	w.small("schema", d.Schema)
	w.int("version", d.Version)
	w.bytes("hash", d.Hash)
	w.time("created", d.Created)
	w.time("updated", d.Updated)
	w.requests(d.Requests, d.Schema)
	w.textsIf("audience", d.Audience)
	w.docIf("cover", d.Cover)
	w.valueIf("deadlines", d.Deadlines)
	w.sectionsIf(d.Sections)
	return w.raw()
}

// encodeCommit sets the commit's hash and gives its stored bytes.
func encodeCommit(c *Commit) bson.Raw {
	size := sizeOf(c.Sections, c.Cover, c.CoverSet, c.Deadlines.Value, c.DeadlinesPut)
	for _, r := range c.Records {
		size += len(r.Body) + 128
	}
	w := newBuilder(size)
	w.text("_id", c.Key)
	w.ref("ref", c.Ref)
	w.int("version", c.Version)
	w.text("gmina", c.Gmina)
	w.text("county", c.County)
	w.small("schema", c.Schema)
	w.time("recorded_at", c.RecordedAt)
	w.actor("actor", c.Actor)
	w.textIf("purpose", c.Purpose)
	w.text("method", c.Method)
	w.textIf("request_id", c.RequestID)
	w.bytesIf("body_hash", c.BodyHash)
	w.textIf("result", c.Result)
	w.textsIf("audience", c.Audience)
	w.textsIf("left", c.Left)
	w.textIf("from_gmina", c.FromGmina)
	w.docIf("cover", c.Cover)
	w.docIf("cover_set", c.CoverSet)
	w.textsIf("cover_unset", c.CoverUnset)
	w.sectionsIf(c.Sections)
	w.textsIf("removed", c.Removed)
	w.valueIf("deadlines", c.Deadlines)
	w.smallsIf("deadlines_cut", c.DeadlinesCut)
	w.docIf("deadlines_put", c.DeadlinesPut)
	w.committedRecords(c.Records)
	w.bytesIf("prev_hash", c.PrevHash)
	c.Hash = chainHash(c.PrevHash, w.raw())
	w.cut()
	w.bytes("hash", c.Hash)
	return w.raw()
}

func (w *builder) committedRecords(records []CommittedRecord) {
	if len(records) == 0 {
		return
	}
	all := w.array("records")
	for i, r := range records {
		at := w.open(strconv.Itoa(i))
		w.text("type", string(r.Type))
		w.text("id", r.ID)
		w.text("date", r.Date)
		w.doc("body", r.Body)
		w.end(at)
	}
	w.end(all)
}

// encodeRecord gives the stored bytes of one record of a commit. The county is there for counting and is not handed out.
func encodeRecord(c *Commit, r CommittedRecord) bson.Raw {
	w := newBuilder(512 + len(r.Body))
	w.text("_id", recordKey(c.Ref.ID, r.ID))
	w.text("file", c.Ref.ID)
	w.int("version", c.Version)
	w.text("gmina", c.Gmina)
	w.text("date", r.Date)
	w.time("recorded_at", c.RecordedAt)
	w.actor("actor", c.Actor)
	w.doc("body", r.Body)
	w.text("county", c.County)
	return w.raw()
}

// encodeAccess gives the stored bytes of a line of the access log.
func encodeAccess(a Access) bson.Raw {
	w := newBuilder(512 + 48*len(a.Refs))
	w.text("_id", a.ID)
	w.time("at", a.At)
	w.textsIf("gminas", a.Gminas)
	w.actor("actor", a.Actor)
	w.textIf("purpose", a.Purpose)
	w.text("method", a.Method)
	w.textsIf("refs", a.Refs)
	w.textIf("denied", a.Denied)
	return w.raw()
}

// encodeOutbox gives the stored bytes of the row that waits for the relay.
func encodeOutbox(c *Commit) bson.Raw {
	w := newBuilder(256)
	w.text("_id", c.Key)
	w.ref("ref", c.Ref)
	w.int("version", c.Version)
	w.time("recorded_at", c.RecordedAt)
	return w.raw()
}

// encodeFeed gives the stored bytes of a feed entry.
func encodeFeed(row feedRow) bson.Raw {
	w := newBuilder(512)
	w.text("_id", row.Key)
	w.text("commit", row.Commit)
	w.text("feed", row.Feed)
	w.int("position", row.Position)
	w.ref("ref", row.Ref)
	w.int("version", row.Version)
	w.text("method", row.Method)
	w.time("recorded_at", row.RecordedAt)
	w.textsIf("audience", row.Audience)
	w.textsIf("left", row.Left)
	w.yesIf("gone", row.Gone)
	return w.raw()
}
