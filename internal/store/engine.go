package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// ErrExists is an engine's answer to an insert of a key that is taken.
var ErrExists = errors.New("store: key exists")

// ErrUnavailable says that the database cannot do its work now: its disk is full or takes no writes, or it does not answer. Nothing is wrong with the request, which may
// be sent again; a Write that ends so may have been performed where the connection broke.
var ErrUnavailable = errors.New("store: unavailable")

// ErrTaken is an engine's answer to a strict insert, behind the first step, of a key that is taken: nothing of the Write was done.
var ErrTaken = errors.New("store: key of a later step exists")

// EngineOptions is what every engine can be opened with.
type EngineOptions struct {
	// FailPoint is called before each step of a Write with the step's point; its error stops the Write there and is returned.
	// The point of the first step is called in the goroutine of the caller, before anything is locked, so that a test may let a writer stall there.
	FailPoint func(FailPoint) error
	// NoSync gives up durability while a fresh database is filled (SQLite only).
	NoSync bool
	// ShortLog copies the write-ahead log a hundred times as often, and lets it begin anew so (SQLite only). It is for proofs of what then may go wrong.
	ShortLog bool
}

// EngineOption changes EngineOptions.
type EngineOption func(*EngineOptions)

// WithFailPoint sets EngineOptions.FailPoint. It is for tests of crashes.
func WithFailPoint(hook func(FailPoint) error) EngineOption {
	return func(o *EngineOptions) { o.FailPoint = hook }
}

// NewEngineOptions applies options to the defaults.
func NewEngineOptions(opts []EngineOption) EngineOptions {
	o := EngineOptions{FailPoint: func(FailPoint) error { return nil }}
	for _, opt := range opts {
		opt(&o)
	}
	return o
}

// Engine is what a database has to offer. Everything else (journal, roll-forward, scopes, feed) is built on it once, in this package.
//
// Collections hold BSON documents with a string _id. An engine promises: an Insert of one document is atomic and, once acknowledged, durable
// and visible to every later read of any process; of concurrent inserts of one key exactly one succeeds.
// It promises nothing across steps: each step may be all that survives of a Write.
type Engine interface {
	// Write performs the steps in order. The first step decides: when it is an Insert of a taken key, nothing is done and the
	// error is ErrExists; an Insert later in the list that meets its key is taken as done already. An engine with transactions performs all or nothing,
	// one without leaves a prefix behind after a crash. Between two steps it calls the fail point of the later one.
	Write(ctx context.Context, steps []Step) error
	// Get gives a document by key; ErrNotFound.
	Get(ctx context.Context, collection, id string) (bson.Raw, error)
	// Find gives up to q.Limit hits by a declared index, in the index's order.
	Find(ctx context.Context, q EngineQuery) ([]EngineHit, error)
	// Migrate creates what the collections and indexes need; it can be repeated.
	Migrate(ctx context.Context, specs []CollectionSpec) error
	Ping(ctx context.Context) error
	Close() error
}

// Whole is an engine with transactions: what it says of Write holds for all its steps together. A Write is performed whole or not at all, no reader sees
// a part of it, and its steps see what was written before. Over such an engine nothing is ever half done: the store asks no journal whether it is ahead of
// its document, gives a commit its position in the feed in the same Write (Append), and has nothing to relay or to sweep.
type Whole interface {
	Engine
	// GetNewer gives a document by key, nil where the stored one has this version; ErrNotFound.
	GetNewer(ctx context.Context, collection, id string, version int64) (bson.Raw, error)
	// Revision is a number that grows with every Write to a collection whose changes are Counted, by whichever process.
	Revision(ctx context.Context) (int64, error)
}

// Counted tells whether the changes to a collection are counted: those that say who may do what, which every call asks.
func Counted(collection string) bool {
	switch Kind(collection) {
	case Staff, Institutions, Gminas, Counties, People, Subjects:
		return true
	}
	return false
}

// StepOp is what a step does.
type StepOp int

// Operations of a step.
const (
	Insert  StepOp = iota // a document that must not exist
	Replace               // the document, unless one with an equal or higher "version" is stored
	Delete                // the key, if it is there
	Append                // a document behind the last one of its sequence; a Whole engine alone knows it
)

// Step is one write of one document.
type Step struct {
	Op         StepOp
	Collection string
	ID         string
	Body       bson.Raw // with _id; nil for Delete
	Version    int64    // of Body, where it is replaced; 0 for what never is
	Point      FailPoint
	// Before is what a Replace finds, where the caller knows: the document of the version before. An engine uses it when it has that version still.
	Before bson.Raw
	// Apart is where in Body its last element begins, which an engine may keep apart from what lists show; 0: none.
	Apart int
	// Strict makes an Insert that is not the first step and meets its key undo the Write, with ErrTaken. An engine that is not Whole takes it as done.
	Strict bool
	// Next gives the document of an Append for the number after the last. Its key is sequenceKey(ID, n): ID names the sequence.
	Next func(n int64) bson.Raw
}

// SequenceKey is the key of a document in a sequence, so that the keys of a sequence stand in the order of its numbers.
func SequenceKey(sequence string, n int64) string { return fmt.Sprintf("%s@%012d", sequence, n) }

// SequenceNumber is the number in a key that SequenceKey gave; false for another key.
func SequenceNumber(key string) (int64, bool) {
	n, err := strconv.ParseInt(key[strings.LastIndexByte(key, '@')+1:], 10, 64)
	return n, err == nil
}

// FailPoint names the place right before a step, where a test can let a commit stop. Every step has one.
type FailPoint string

// EngineQuery asks for entries of one index. Which entries a document has, is what IndexKeys says; values are ordered as MongoDB orders them:
// nil (also: missing, empty array) < numbers < strings (by bytes) < binary < bool < time. From and To match values of their own type only.
// Desc turns the whole order round, the _id too. Values come normalized (see Normalize).
//
// EngineQuery is a Query with its tenant resolved: Equal begins with the tenant's value where the index has one. Without Index and Fields it asks for
// documents in the order of their keys; From and To bound the _id then, and Key is the _id alone.
type EngineQuery struct {
	Collection string
	Index      string
	Fields     []string
	Equal      []any
	From       any   // inclusive, nil open: bound on the first field after Equal
	To         any   // exclusive, nil open
	After      []any // full key (all fields of the index, then _id) of the last hit of the page before; nil from the start
	Desc       bool
	Limit      int
	// Narrow does without the fields NarrowWithout, and so without the elements that Steps named Apart; an engine may give them all the same.
	Narrow bool
	// Outline wants OutlineOf of each document, which an engine may keep; it may also give more of the document, without what Narrow does without where that is asked for.
	Outline bool
	// Known tells whether the caller has this version of a document of an index already: the hit comes without the document then, if the engine is Whole.
	Known func(id string, version int64) bool
}

// NarrowWithout are the fields of a document that no list shows.
var NarrowWithout = []string{"requests", "sections"}

// EngineHit is one index entry and its document. Key has a value for each field of the index and then the _id. Body is nil where the query's Known said so.
type EngineHit struct {
	Key  []any
	Body bson.Raw
}

// CollectionSpec names a collection and the indexes over it.
type CollectionSpec struct {
	Name    string
	Indexes []IndexSpec
}

// IndexSpec is one index: its name and its field paths.
type IndexSpec struct {
	Name   string
	Fields []string
}
