package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"asysta.example/internal/store"
	"asysta.example/internal/testkit/datafile"
)

// trial is one way of tampering. It does it once, at a place chosen at random, and says where; "" when there was nothing to change at the place.
type trial struct {
	name string
	do   func(ctx context.Context, r *rand.Rand, w *world, f *datafile.File) (string, error)
}

// Collections whose rows are chained or derived from what is.
const (
	journal = "journal"
	feed    = "feed"
)

func isDocument(collection string) bool { return slices.Contains(store.Kinds, store.Kind(collection)) }

func isRecord(collection string) bool {
	return slices.Contains([]store.RecordType{
		store.Visits, store.Contacts, store.Interventions, store.CourtMatters, store.PlanVersions, store.Assessments, store.ChildPlanDocs, store.MonitorNotes, store.Corrections,
	}, store.RecordType(collection))
}

func isChained(collection string) bool {
	return collection == journal || collection == feed || isDocument(collection) || isRecord(collection)
}

// some gives a random row among those that a condition names.
func (w *world) some(r *rand.Rand, of func(datafile.Row) bool) datafile.Row {
	for {
		if row := w.rows[r.IntN(len(w.rows))]; of(row) {
			return row
		}
	}
}

func in(collections ...string) func(datafile.Row) bool {
	return func(row datafile.Row) bool { return slices.Contains(collections, row.Collection) }
}

func of(is func(collection string) bool) func(datafile.Row) bool {
	return func(row datafile.Row) bool { return is(row.Collection) }
}

// rewrite is a trial that puts other bytes in the place of a row's.
func rewrite(name string, which func(datafile.Row) bool, how func(*rand.Rand, []byte) ([]byte, string, error)) trial {
	return trial{name, func(ctx context.Context, r *rand.Rand, w *world, f *datafile.File) (string, error) {
		row := w.some(r, which)
		next, where, err := how(r, row.Body)
		if err != nil || bytes.Equal(next, row.Body) {
			return "", err
		}
		return row.Collection + "/" + row.ID + ": " + where, f.SetBody(ctx, row.RID, next)
	}}
}

func edit(r *rand.Rand, b []byte) ([]byte, string, error) { return edited(r, b) }

func reshape(r *rand.Rand, b []byte) ([]byte, string, error) { return reshaped(r, b) }

func flip(r *rand.Rand, b []byte) ([]byte, string, error) {
	next, where := flipped(r, b)
	return next, where, nil
}

// trials that audit verify must notice by itself.
var trials = append([]trial{
	rewrite("value in a commit", in(journal), edit),
	rewrite("value in a record", of(isRecord), edit),
	rewrite("value in a document", of(isDocument), edit),
	rewrite("value in a feed entry", in(feed), edit),
	rewrite("shape of a commit", in(journal), reshape),
	rewrite("shape of a record or document", func(row datafile.Row) bool { return isRecord(row.Collection) || isDocument(row.Collection) }, reshape),
	rewrite("bit anywhere", of(isChained), flip),
	rewrite("bit in a commit", in(journal), flip),
	rewrite("bytes added", of(isChained), func(r *rand.Rand, b []byte) ([]byte, string, error) {
		return append(bytes.Clone(b), byte(r.IntN(256))), "a byte at the end", nil
	}),
	{"commit removed", removed(in(journal))},
	{"record removed", removed(of(isRecord))},
	{"document removed", removed(of(isDocument))},
	{"feed entry removed", removed(in(feed))},
	{"end of a file cut off, what came of it left", cutEnd},
	{"commits of a file swapped", swapped(in(journal), sameFile)},
	{"commits of two files swapped", swapped(in(journal), anotherFile)},
	{"feed entries swapped", swapped(in(feed), sameFeed)},
	{"records swapped", swapped(of(isRecord), sameRecords)},
	{"record put in", putIn(of(isRecord))},
	{"document put in", putIn(of(isDocument))},
	{"commit put in", putIn(in(journal))},
	{"feed entry put in", putIn(in(feed))},
	{"key beside a document", renamed},
	{"version beside a document", reversioned},
	{"moved to another collection", moved},
	{"outline of a document", redrawn},
	{"outline of a version to come", foredrawn},
	{"index entry removed", indexRemoved},
	{"index entry bent", indexBent},
}, ofAccessLog...)

func removed(which func(datafile.Row) bool) func(context.Context, *rand.Rand, *world, *datafile.File) (string, error) {
	return func(ctx context.Context, r *rand.Rand, w *world, f *datafile.File) (string, error) {
		row := w.some(r, which)
		return row.Collection + "/" + row.ID, f.Remove(ctx, row.RID, r.IntN(2) == 0)
	}
}

// fileOf is the aggregate of a commit, or the feed of an entry: what stands before the "@".
func fileOf(row datafile.Row) string {
	name, _, _ := strings.Cut(row.ID, "@")
	return name
}

// cutEnd removes the last commits of a file and nothing else.
func cutEnd(ctx context.Context, r *rand.Rand, w *world, f *datafile.File) (string, error) {
	from := w.some(r, in(journal))
	for _, row := range w.rows {
		if row.Collection == journal && fileOf(row) == fileOf(from) && row.ID >= from.ID {
			if err := f.Remove(ctx, row.RID, true); err != nil {
				return "", err
			}
		}
	}
	return from.ID + " and all after it", nil
}

// pairs that can be swapped.
func sameFile(a, b datafile.Row) bool {
	return a.Collection == journal && b.Collection == journal && fileOf(a) == fileOf(b)
}

func anotherFile(a, b datafile.Row) bool {
	return a.Collection == journal && b.Collection == journal && fileOf(a) != fileOf(b)
}

func sameFeed(a, b datafile.Row) bool {
	return a.Collection == feed && b.Collection == feed && fileOf(a) == fileOf(b)
}

func sameRecords(a, b datafile.Row) bool {
	return isRecord(a.Collection) && a.Collection == b.Collection
}

// swapped exchanges two rows: their bytes, their keys, or their bytes with keys and versions made to fit their new places.
func swapped(which func(datafile.Row) bool, fit func(a, b datafile.Row) bool) func(context.Context, *rand.Rand, *world, *datafile.File) (string, error) {
	return func(ctx context.Context, r *rand.Rand, w *world, f *datafile.File) (string, error) {
		a := w.some(r, which)
		var mates []datafile.Row
		for _, b := range w.rows {
			if a.RID != b.RID && fit(a, b) && !bytes.Equal(a.Body, b.Body) {
				mates = append(mates, b)
			}
		}
		if len(mates) == 0 {
			return "", nil
		}
		b := mates[r.IntN(len(mates))]
		where := a.Collection + "/" + a.ID + " and " + b.ID
		switch r.IntN(3) {
		case 0:
			return where + ": bytes", exchange(ctx, f, a, b, b.Body, a.Body)
		case 1:
			return where + ": keys", exchangeKeys(ctx, f, a, b)
		}
		forA, err := fitted(b, a)
		if err != nil {
			return "", err
		}
		forB, err := fitted(a, b)
		if err != nil {
			return "", err
		}
		if bytes.Equal(forA, a.Body) && bytes.Equal(forB, b.Body) {
			return "", nil // two that differ in their places alone: nothing would be changed
		}
		return where + ": bytes made to fit", exchange(ctx, f, a, b, forA, forB)
	}
}

func exchange(ctx context.Context, f *datafile.File, a, b datafile.Row, forA, forB []byte) error {
	if err := f.SetBody(ctx, a.RID, forA); err != nil {
		return err
	}
	return f.SetBody(ctx, b.RID, forB)
}

func exchangeKeys(ctx context.Context, f *datafile.File, a, b datafile.Row) error {
	for _, step := range []struct {
		id  string
		rid int64
	}{{"swapping", a.RID}, {a.ID, b.RID}, {b.ID, a.RID}} {
		if err := f.Exec(ctx, `UPDATE docs SET id = ? WHERE rid = ?`, step.id, step.rid); err != nil {
			return err
		}
	}
	return nil
}

// fitted gives the bytes of a row with what says where it stands taken from another.
func fitted(from, place datafile.Row) ([]byte, error) {
	fields := map[string]any{}
	for _, name := range []string{"_id", "ref", "version", "position", "file"} {
		if v, err := place.Body.LookupErr(name); err == nil {
			fields[name] = v
		}
	}
	return with(from.Body, fields)
}

// putIn adds a copy of a row under a key of its own.
func putIn(which func(datafile.Row) bool) func(context.Context, *rand.Rand, *world, *datafile.File) (string, error) {
	return func(ctx context.Context, r *rand.Rand, w *world, f *datafile.File) (string, error) {
		row := w.some(r, which)
		id, version := row.ID+"x", row.Version
		fields := map[string]any{}
		if row.Collection == journal || row.Collection == feed { // behind the last of its file or feed
			last := row
			for _, other := range w.rows {
				if other.Collection == row.Collection && fileOf(other) == fileOf(row) {
					last = other
				}
			}
			n, ok := store.SequenceNumber(last.ID)
			if !ok {
				return "", fmt.Errorf("no number in %s", last.ID)
			}
			id, version = store.SequenceKey(fileOf(row), n+1), n+1
			if row.Collection == journal {
				fields["version"], fields["prev_hash"] = version, last.Body.Lookup("hash")
			} else {
				fields["position"] = version
			}
		}
		fields["_id"] = id
		body, err := with(row.Body, fields)
		if err != nil {
			return "", err
		}
		return row.Collection + "/" + id, f.Exec(ctx, `INSERT INTO docs (cid, id, version, body) VALUES (?, ?, ?, ?)`, row.CID, id, version, []byte(body))
	}
}
