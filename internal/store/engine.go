package store

import (
	"context"
	"errors"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// ErrExists is an engine's answer to an insert of a key that is taken.
var ErrExists = errors.New("store: key exists")

// EngineOptions is what every engine can be opened with.
type EngineOptions struct {
	// FailPoint is called before each step of a Write with the step's point; its error stops the Write there and is returned.
	// The point of the first step is called in the goroutine of the caller, before anything is locked, so that a test may let a writer stall there.
	FailPoint func(FailPoint) error
	// NoSync gives up durability while a fresh database is filled (SQLite only).
	NoSync bool
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

// StepOp is what a step does.
type StepOp int

// Operations of a step.
const (
	Insert  StepOp = iota // a document that must not exist
	Replace               // the document, unless one with an equal or higher "version" is stored
	Delete                // the key, if it is there
)

// Step is one write of one document.
type Step struct {
	Op         StepOp
	Collection string
	ID         string
	Body       bson.Raw // with _id; nil for Delete
	Version    int64    // of Body, for Replace
	Point      FailPoint
}

// FailPoint names the place right before a step, where a test can let a commit stop. Every step has one.
type FailPoint string

// EngineQuery asks for entries of one index. Which entries a document has, is what IndexKeys says; values are ordered as MongoDB orders them:
// nil (also: missing, empty array) < numbers < strings (by bytes) < binary < bool < time. From and To match values of their own type only.
// Desc turns the whole order round, the _id too. Values come normalized (see Normalize).
//
// EngineQuery is a Query with its tenant resolved: Equal begins with the tenant's value where the index has one.
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
}

// EngineHit is one index entry and its document. Key has a value for each field of the index and then the _id.
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
