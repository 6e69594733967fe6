package telemetry

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"asysta.example/internal/store"
)

// reader is what every scope reads by, under a watch.
type reader struct {
	store.Reader
	w *Watch
}

// Load implements store.Reader.
func (r reader) Load(ctx context.Context, ref store.Ref) (*store.Document, error) {
	ctx, b := r.w.begin(ctx, "load", StoreKind.String(string(ref.Kind)))
	doc, err := r.Reader.Load(ctx, ref)
	b.end(err, false, uncounted)
	return doc, err
}

// AsKnownAt implements store.Reader.
func (r reader) AsKnownAt(ctx context.Context, ref store.Ref, at time.Time) (*store.Document, error) {
	ctx, b := r.w.begin(ctx, "as_known_at", StoreKind.String(string(ref.Kind)))
	doc, err := r.Reader.AsKnownAt(ctx, ref, at)
	b.end(err, false, uncounted)
	return doc, err
}

// List implements store.Reader.
func (r reader) List(ctx context.Context, kind store.Kind, q store.Query) (store.Page, error) {
	ctx, b := r.w.begin(ctx, "list", StoreKind.String(string(kind)), StoreIndex.String(q.Index))
	page, err := r.Reader.List(ctx, kind, q)
	b.end(err, false, len(page.Hits))
	return page, err
}

// Records implements store.Reader.
func (r reader) Records(ctx context.Context, q store.RecordQuery) (store.RecordPage, error) {
	ctx, b := r.w.begin(ctx, "records", StoreKind.String(string(q.Type)))
	page, err := r.Reader.Records(ctx, q)
	b.end(err, false, len(page.Records))
	return page, err
}

// Record implements store.Reader.
func (r reader) Record(ctx context.Context, t store.RecordType, file, id string) (store.StoredRecord, error) {
	ctx, b := r.w.begin(ctx, "record", StoreKind.String(string(t)))
	rec, err := r.Reader.Record(ctx, t, file, id)
	b.end(err, false, uncounted)
	return rec, err
}

// History implements store.Reader.
func (r reader) History(ctx context.Context, ref store.Ref, after int64, limit int) ([]store.Commit, error) {
	ctx, b := r.w.begin(ctx, "history", StoreKind.String(string(ref.Kind)))
	commits, err := r.Reader.History(ctx, ref, after, limit)
	b.end(err, false, len(commits))
	return commits, err
}

// innerScope and innerSystem lie one step deeper than reader, so that what reader has goes before what they have, and the rest is theirs.
type (
	innerScope  struct{ store.Scope }
	innerSystem struct{ store.SystemScope }
)

// watchedScope is a scope under a watch.
type watchedScope struct {
	reader
	innerScope
}

// Commit implements store.Scope.
func (s watchedScope) Commit(ctx context.Context, base *store.Document, c store.Change) (*store.Document, bool, error) {
	ctx, b := s.w.begin(ctx, "commit", StoreKind.String(string(base.Kind)))
	doc, replayed, err := s.Scope.Commit(ctx, base, c)
	b.end(err, replayed, len(c.Records))
	return doc, replayed, err
}

// Feed implements store.Scope.
func (s watchedScope) Feed(ctx context.Context, after int64, limit int) ([]store.FeedEntry, error) {
	ctx, b := s.w.begin(ctx, "feed")
	entries, err := s.Scope.Feed(ctx, after, limit)
	b.end(err, false, len(entries))
	return entries, err
}

// AccessLog implements store.Scope.
func (s watchedScope) AccessLog(ctx context.Context, ref store.Ref, limit int, token string) ([]store.Access, string, error) {
	ctx, b := s.w.begin(ctx, "access_log", StoreKind.String(string(ref.Kind)))
	lines, next, err := s.Scope.AccessLog(ctx, ref, limit, token)
	b.end(err, false, len(lines))
	return lines, next, err
}

// watchedCounty is a county's scope under a watch.
type watchedCounty struct {
	watchedScope
	county store.CountyScope
}

// EachCover implements store.CountyScope.
func (s watchedCounty) EachCover(ctx context.Context, fn func(gmina string, cover bson.Raw) error) error {
	ctx, b := s.w.begin(ctx, "each_cover")
	err := s.county.EachCover(ctx, fn)
	b.end(err, false, uncounted)
	return err
}

// EachRecord implements store.CountyScope.
func (s watchedCounty) EachRecord(ctx context.Context, t store.RecordType, from, to string, fields []string, fn func(gmina, file string, body bson.Raw) error) error {
	ctx, b := s.w.begin(ctx, "each_record", StoreKind.String(string(t)))
	err := s.county.EachRecord(ctx, t, from, to, fields, fn)
	b.end(err, false, uncounted)
	return err
}

// watchedSystem is the system's scope under a watch.
type watchedSystem struct {
	reader
	innerSystem
}

// Sweep implements store.SystemScope.
func (s watchedSystem) Sweep(ctx context.Context, since time.Time) (int, error) {
	ctx, b := s.w.begin(ctx, "sweep")
	n, err := s.SystemScope.Sweep(ctx, since)
	b.end(err, false, n)
	return n, err
}

// Relay implements store.SystemScope.
func (s watchedSystem) Relay(ctx context.Context, limit int) (int, error) {
	ctx, b := s.w.begin(ctx, "relay")
	n, err := s.SystemScope.Relay(ctx, limit)
	b.end(err, false, n)
	return n, err
}
