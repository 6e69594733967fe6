package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Errors of the contract. Everything else that a scope returns is a failure of the engine below.
var (
	// ErrNotFound says that the scope holds no such aggregate; it may exist in another scope.
	ErrNotFound = errors.New("store: not found")
	// ErrConflict says that somebody else has committed the version this change was based on.
	ErrConflict = errors.New("store: version conflict")
	// ErrRequestReused says that the request id was used before for another body, method or actor.
	ErrRequestReused = errors.New("store: request id reused")
	// ErrActor says that a commit does not name who made it, when, or by which method.
	ErrActor = errors.New("store: commit without actor, instant or method")
	// ErrSchema says that the stored document was written by a newer schema than this program knows.
	ErrSchema = errors.New("store: document of a newer schema")
	// ErrTooLarge says that a document would grow past MaxDocument.
	ErrTooLarge = errors.New("store: document too large")
	// ErrNarrow says that a document was read without its sections, so that nothing can be committed on it.
	ErrNarrow = errors.New("store: commit on a document without its sections")
	// ErrPageToken says that a page token was not made by this list.
	ErrPageToken = errors.New("store: page token of another list")
)

// MaxDocument is the hard limit on an aggregate's document, in bytes. The budget is 32 KB; what grows is kept as records.
const MaxDocument = 256 << 10

// Schema is the version of the envelope that this program writes. 1 had the whole cover and all deadlines in each commit, and in documents an array of requests; it is read.
const Schema = 2

// Ref names one aggregate: its kind and its bare id.
type Ref struct {
	Kind Kind   `bson:"kind"`
	ID   string `bson:"id"`
}

// String gives "<kind>/<id>", the key of the aggregate in the journal.
func (r Ref) String() string { return string(r.Kind) + "/" + r.ID }

// Actor is who makes a commit or reads. Person is the county's id of the person ("" only for a system principal acting for nobody).
type Actor struct {
	Person   string `bson:"person,omitempty"`   // powiaty/{p}/people id
	Staff    string `bson:"staff,omitempty"`    // employment in the gmina, where the role comes from one
	Role     string `bson:"role"`               // role in which the person acts, e.g. "HEAD"
	System   string `bson:"system,omitempty"`   // name of the system principal that carries the act out, e.g. "referral"
	Deputy   bool   `bson:"deputy,omitempty"`   // the person acts as deputy of the head
	Subject  string `bson:"subject,omitempty"`  // login subject of the token
	Instance string `bson:"instance,omitempty"` // process that served the call
}

// Change is what a caller wants to commit on top of a loaded document.
type Change struct {
	Actor      Actor
	Purpose    string    // why, in the caller's words or the method's default; never personal data
	Method     string    // full gRPC method, e.g. "/asysta.casefile.v1.CasefileService/RecordVisit"
	RequestID  string    // idempotency key of the call; "" only for system work, which is idempotent by itself
	BodyHash   []byte    // hash of the request without its request id, compared when a request id comes again
	RecordedAt time.Time // instant of recording, from the shell's clock

	Gmina    string         // tenant after the commit; "" keeps the document's
	Cover    any            // the whole new cover; nil keeps the old one
	Sections map[string]any // whole new sections; absent ones are kept. A nil value removes the section
	// Deadlines replaces the array of deadlines; nil keeps it. Elements are documents with at least
	// {due: "2026-01-31", open: bool, person: string, rule: string}.
	Deadlines any
	Records   []Record // added by this commit; never changed afterwards
	// Audience lists the coordinators (person ids) who see a slice of the file after this commit: nil keeps those of the document,
	// an empty slice leaves nobody. The feed entry carries it and those who saw it before and do not any more.
	Audience []string
	// Access is the line of the access log for what the call has read, this aggregate included: written with the commit, so that a change that answers with
	// family data waits for the disk once. Nil: the caller writes its line itself.
	Access *Access
	// Result is a small remark that a replayed request needs to answer as the first time (e.g. the id of the visit made). Never personal data.
	Result string
}

// Record is something an aggregate gains over time and never changes: a work-card entry, a contact, an old plan version. A correction is a new record
// that names the one it supersedes.
type Record struct {
	Type RecordType // collection
	ID   string     // unique among the aggregate's records of the type: a ULID derived from the request, or a number the aggregate gives out
	Date string     // civil date of the event, ISO
	Body any        // document
}

// StoredRecord is a record as read back.
type StoredRecord struct {
	ID         string     `bson:"_id"` // as in Record; stored as "<file>/<id>"
	Type       RecordType `bson:"-"`
	File       string     `bson:"file"`    // bare id of the aggregate
	Version    int64      `bson:"version"` // commit that added it
	Gmina      string     `bson:"gmina"`   // gmina in which it was recorded, for that gmina's reports; access follows the file
	Date       string     `bson:"date"`
	RecordedAt time.Time  `bson:"recorded_at"`
	Actor      Actor      `bson:"actor"`
	Body       bson.Raw   `bson:"body"`
}

// Request is one remembered request of an aggregate.
type Request struct {
	ID      string `bson:"id"`
	Mark    []byte `bson:"mark"`    // of method, person and body; see Is
	Version int64  `bson:"version"` // commit that it became
	Result  string `bson:"result,omitempty"`
}

// Is tells whether the remembered request was made by this method and person with this body.
func (r Request) Is(method, person string, bodyHash []byte) bool {
	return bytes.Equal(r.Mark, requestMark(method, person, bodyHash))
}

// requestMark is what a document keeps of a request beside its id; the journal has it in full.
func requestMark(method, person string, bodyHash []byte) []byte {
	h := sha256.New()
	for _, part := range []string{method, person} {
		h.Write([]byte(part))
		h.Write([]byte{0})
	}
	h.Write(bodyHash)
	return h.Sum(nil)[:16]
}

// RememberedRequests is how many requests an aggregate remembers; a retry within the last so many changes of the same aggregate meets itself.
const RememberedRequests = 32

// Document is what the journal of one aggregate adds up to.
type Document struct {
	ID        string              `bson:"_id"` // bare id
	Kind      Kind                `bson:"kind"`
	Gmina     string              `bson:"gmina"`  // "" for what is the county's
	County    string              `bson:"county"` // four digits
	Schema    int                 `bson:"schema"`
	Version   int64               `bson:"version"` // 0: not stored yet
	Hash      []byte              `bson:"hash"`    // of the last commit
	Created   time.Time           `bson:"created"`
	Updated   time.Time           `bson:"updated"`
	Requests  Requests            `bson:"requests,omitempty"`
	Audience  []string            `bson:"audience,omitempty"`
	Cover     bson.Raw            `bson:"cover,omitempty"`
	Deadlines bson.RawValue       `bson:"deadlines,omitempty"` // array
	Sections  map[string]bson.Raw `bson:"sections,omitempty"`  // last, so that an engine can keep them apart

	scope  string   // name of the scope that handed the document out; only that scope commits on it
	stored bson.Raw // the bytes that this document has in the database, where they are known
	memo   *memo    // what was decoded from it, see Decoded
	extent extent   // how much of it was read
}

// extent is how much of a document was read: the more, the lower.
type extent int

const (
	whole   extent = iota
	narrow         // without sections and requests, see Query.Narrow
	outline        // what lists show, see Query.Outline
)

// Ref names the aggregate of the document.
func (d *Document) Ref() Ref { return Ref{Kind: d.Kind, ID: d.ID} }

// Request gives what the aggregate remembers of a request id.
func (d *Document) Request(id string) (Request, bool) {
	return d.Requests.find(id)
}

// Commit is one entry of the journal, as stored. Hash = SHA-256 over PrevHash and the canonical bytes of every other field. Of the cover and of the deadlines it holds all, or
// what differs from the version before, whichever is much shorter; ADR 13 says how that reads.
type Commit struct {
	Key        string              `bson:"_id"` // "<kind>/<id>@<version>"
	Ref        Ref                 `bson:"ref"`
	Version    int64               `bson:"version"`
	Gmina      string              `bson:"gmina"`
	County     string              `bson:"county"`
	Schema     int                 `bson:"schema"`
	RecordedAt time.Time           `bson:"recorded_at"`
	Actor      Actor               `bson:"actor"`
	Purpose    string              `bson:"purpose,omitempty"`
	Method     string              `bson:"method"`
	RequestID  string              `bson:"request_id,omitempty"`
	BodyHash   []byte              `bson:"body_hash,omitempty"`
	Result     string              `bson:"result,omitempty"`
	Audience   []string            `bson:"audience,omitempty"`
	Left       []string            `bson:"left,omitempty"`       // in the audience before this commit, not after it
	FromGmina  string              `bson:"from_gmina,omitempty"` // the gmina that the aggregate left by this commit
	Cover      bson.Raw            `bson:"cover,omitempty"`
	CoverSet   bson.Raw            `bson:"cover_set,omitempty"`   // instead of Cover: facts that are new, behind the one that they follow, or changed; may be empty
	CoverUnset []string            `bson:"cover_unset,omitempty"` // with CoverSet: facts that are gone
	Sections   map[string]bson.Raw `bson:"sections,omitempty"`    // touched ones
	Removed    []string            `bson:"removed,omitempty"`     // sections removed
	Deadlines  bson.RawValue       `bson:"deadlines,omitempty"`

	DeadlinesCut []int    `bson:"deadlines_cut,omitempty"` // instead of Deadlines: places of those before that are gone, ascending
	DeadlinesPut bson.Raw `bson:"deadlines_put,omitempty"` // instead of Deadlines: new ones by their places after, ascending

	Records  []CommittedRecord `bson:"records,omitempty"`
	PrevHash []byte            `bson:"prev_hash,omitempty"`
	Hash     []byte            `bson:"hash"`

	after after
}

// after is what the cover and the deadlines become by a commit that holds what differs, where that is known: whoever made the commit has it.
type after struct {
	cover     bson.Raw
	deadlines bson.RawValue
}

// ChangesCover tells whether the commit wrote the cover, be it as it was.
func (c *Commit) ChangesCover() bool { return c.Cover != nil || c.CoverSet != nil }

// CommittedRecord is a record inside the commit that added it.
type CommittedRecord struct {
	Type RecordType `bson:"type"`
	ID   string     `bson:"id"`
	Date string     `bson:"date"`
	Body bson.Raw   `bson:"body"`
}

// FeedEntry is one commit at its position in the feed of its gmina (what is the county's has the feed of its four digits).
// Positions start at 1 and have no gap. Delivery is at least once and can be deduplicated by position; the entries of one aggregate come in the order of its versions.
type FeedEntry struct {
	Feed       string    `bson:"feed"` // TERYT of the gmina, or the county's digits
	Position   int64     `bson:"position"`
	Ref        Ref       `bson:"ref"`
	Version    int64     `bson:"version"`
	Method     string    `bson:"method"`
	RecordedAt time.Time `bson:"recorded_at"`
	Audience   []string  `bson:"audience,omitempty"`
	Left       []string  `bson:"left,omitempty"`
	Gone       bool      `bson:"gone,omitempty"` // the aggregate moved to another gmina: the last entry of it in this feed
}

// Access is one line of the access log: a call that read family data, or was refused.
type Access struct {
	ID      string    `bson:"_id"` // given by the store
	At      time.Time `bson:"at"`
	Gminas  []string  `bson:"gminas,omitempty"`
	Actor   Actor     `bson:"actor"`
	Purpose string    `bson:"purpose,omitempty"`
	Method  string    `bson:"method"`
	Refs    []string  `bson:"refs,omitempty"` // "<kind>/<id>" of everything handed out
	Denied  string    `bson:"denied,omitempty"`
}

// Hit is one result of a list: the index key it was found by (a value for each field of the index after the tenant: nil, bool, int64, float64, string,
// []byte or time.Time), and the document. An array whose elements have the same key gives one hit for all of them.
type Hit struct {
	Key []any
	Doc *Document

	full []any // key as the engine has it
}

// Page is one page of a list. Next is "" on the last page.
type Page struct {
	Hits []Hit
	Next string

	after func(key []any) (string, error)
}

// After gives the token of the list that goes on behind a hit of the page, by its place; Next is that of the last one.
func (p Page) After(i int) (string, error) { return p.after(p.Hits[i].full) }

// RecordPage is one page of records.
type RecordPage struct {
	Records []StoredRecord
	Next    string
}

// Query asks for documents by one declared index of their kind (see Indexes).
//
// Equal gives the values of the index's leading fields after the tenant, which the scope itself puts first. From and To bound the next field
// (From inclusive, To exclusive; nil: open). Results come in the order of the index, then of the id. An index over an array gives one hit for each
// matching element.
type Query struct {
	Index string
	Equal []any
	From  any
	To    any
	Desc  bool
	Limit int    // 1 to 500
	Token string // Next of the page before; bound to scope, kind, index, Equal, From, To and Desc
	// Narrow gives the documents without their sections and requests, which is for lists that show covers and deadlines. Nothing can be committed on such a document.
	Narrow bool
	// Outline gives no more of the documents than their tenant, their version, the facts of the cover that outlineFacts has for the kind, and the open deadlines; a document may have
	// more of them. It is for the lists that are asked for all day, and only for kinds that have outlines. Nothing can be committed on such a document.
	Outline bool
}

// RecordQuery asks for records of one type: those of one aggregate (File), or, with File empty, those recorded in the scope's gmina. From and To bound the civil
// date (ISO; From inclusive, To exclusive; "": open).
type RecordQuery struct {
	Type  RecordType
	File  string
	From  string
	To    string
	Desc  bool
	Limit int
	Token string
}

// Reader reads the aggregates of one scope. Family data handed out is noted in the context's read set (WithReadSet).
type Reader interface {
	// Load gives the document as the journal has it now. ErrNotFound when the scope holds none.
	Load(ctx context.Context, ref Ref) (*Document, error)
	// AsKnownAt gives the document as it stood at an instant; ErrNotFound when it did not exist then.
	AsKnownAt(ctx context.Context, ref Ref, at time.Time) (*Document, error)
	// List gives a page of documents of a kind.
	List(ctx context.Context, kind Kind, q Query) (Page, error)
	// Records gives a page of records, in the order of date and id.
	Records(ctx context.Context, q RecordQuery) (RecordPage, error)
	// Record gives one record of an aggregate the scope reaches; ErrNotFound.
	Record(ctx context.Context, t RecordType, file, id string) (StoredRecord, error)
	// History gives the commits of an aggregate above a version, oldest first.
	History(ctx context.Context, ref Ref, after int64, limit int) ([]Commit, error)
}

// Scope reads and writes the aggregates of one tenant.
type Scope interface {
	Reader
	// New gives an empty document (version 0) of this scope, to commit a first change on. It is not stored. The id is unique among all tenants, within its kind.
	New(ref Ref) *Document
	// Commit puts a change on top of the document, which it does not alter, and returns the next one. The document comes from this scope (New, Load, List,
	// Commit) or, once stored, from the system's; ErrNotFound otherwise.
	//
	// ErrConflict: another commit took the version. A change whose request id is already remembered by the document is not committed: with the
	// same method, person and body the document comes back as it is and replayed is true, with another ErrRequestReused.
	Commit(ctx context.Context, base *Document, c Change) (doc *Document, replayed bool, err error)
	// Feed gives the feed's entries above a position, oldest first. A coordinator has none of its own (ErrNoFeed): slices move in the feeds of their gminas.
	Feed(ctx context.Context, after int64, limit int) ([]FeedEntry, error)
	// AccessLog gives the accesses to an aggregate, newest first (see Access.Newer): every line that was durable when it was called, page by page.
	AccessLog(ctx context.Context, ref Ref, limit int, token string) ([]Access, string, error)
}

// CountyScope is what is the county's: people, gminas, caseloads, child plans; and counting over all its gminas.
type CountyScope interface {
	Scope
	// EachCover calls fn with the cover of every family file of the county, gmina by gmina, without the cover's label (names, addresses).
	// It is for counting: nothing handed to fn may leave as a row.
	EachCover(ctx context.Context, fn func(gmina string, cover bson.Raw) error) error
	// EachRecord calls fn with every record of a type recorded in the county within the dates, reduced to the fields named.
	EachRecord(ctx context.Context, t RecordType, from, to string, fields []string, fn func(gmina, file string, body bson.Raw) error) error
}

// SystemScope reaches everything for work that runs by itself: relay, sweep, verification, migration, resolving a login.
type SystemScope interface {
	Reader
	AccessWitness
	// Sweep rolls forward every aggregate whose journal is ahead of its document or feed, among commits recorded since an instant; it returns how many it mended.
	// The zero instant goes on where earlier such sweeps, of any process, came to, a quarter of an hour before it.
	Sweep(ctx context.Context, since time.Time) (int, error)
	// Relay gives up to limit commits their positions in the feeds and returns how many it placed. Relays may race and stall.
	Relay(ctx context.Context, limit int) (int, error)
	// IndexAccess makes what the lines of the access log written so far are found by, where an engine leaves that to be made later, and tells how many stretches of the
	// log it has done. Processes that write lines do so by themselves; they may race and stall.
	IndexAccess(ctx context.Context) (int, error)
	// FeedHeads calls fn with the commits of a feed above a position, in the order of positions, until fn gives an error: what an anchor is made of. The feed
	// is named by a gmina or, for what is the county's, by its four digits.
	FeedHeads(ctx context.Context, feed string, after int64, fn func(FeedHead) error) error
	// Verify checks the hash chain of every aggregate and that each document is what its journal adds up to.
	Verify(ctx context.Context) (VerifyReport, error)
	// Migrate creates collections and indexes; it can be repeated.
	Migrate(ctx context.Context) error
}

// VerifyReport is what Verify found. Faults name keys only.
type VerifyReport struct {
	Aggregates int
	Commits    int
	Faults     []string
}

// Store gives scopes. An implementation is safe for concurrent use.
type Store interface {
	For(gmina string) Scope
	// ForCoordinator reaches family files whose audience holds the person, in every gmina, and nothing else.
	ForCoordinator(person string) Scope
	ForCounty(county string) CountyScope
	System() SystemScope
	// LogAccess writes one line of the access log; durable when it returns.
	LogAccess(ctx context.Context, a Access) error
	// Revision is a number that has grown when a directory document (Counted) of any gmina or county has changed since, by whichever process; known is false where
	// the engine cannot tell. What was read after one call may be used again after another that gives the same number.
	Revision(ctx context.Context) (n int64, known bool, err error)
	// Ping says whether the engine answers.
	Ping(ctx context.Context) error
	Close() error
}
