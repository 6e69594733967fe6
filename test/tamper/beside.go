package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"asysta.example/internal/store"
	"asysta.example/internal/testkit/county"
	"asysta.example/internal/testkit/datafile"
)

func renamed(ctx context.Context, r *rand.Rand, w *world, f *datafile.File) (string, error) {
	row := w.some(r, of(isChained))
	return row.Collection + "/" + row.ID, f.Exec(ctx, `UPDATE docs SET id = id || ? WHERE rid = ?`, fmt.Sprint(r.IntN(10)), row.RID)
}

func reversioned(ctx context.Context, r *rand.Rand, w *world, f *datafile.File) (string, error) {
	row := w.some(r, of(isDocument))
	return row.Collection + "/" + row.ID, f.Exec(ctx, `UPDATE docs SET version = version + ? WHERE rid = ?`, 1+r.IntN(9), row.RID)
}

func moved(ctx context.Context, r *rand.Rand, w *world, f *datafile.File) (string, error) {
	row, to := w.some(r, of(isChained)), w.some(r, of(isChained))
	if row.CID == to.CID {
		return "", nil
	}
	return row.Collection + "/" + row.ID + " to " + to.Collection, f.Exec(ctx, `UPDATE docs SET cid = ? WHERE rid = ?`, to.CID, row.RID)
}

// redrawn makes the list show something else than the document says.
func redrawn(ctx context.Context, r *rand.Rand, w *world, f *datafile.File) (string, error) {
	row := w.some(r, in(string(store.FamilyFiles)))
	outline, err := store.OutlineOf(row.Collection, row.Body)
	if err != nil {
		return "", err
	}
	where := row.Collection + "/" + row.ID + ": "
	switch r.IntN(4) {
	case 0:
		return where + "emptied", f.Exec(ctx, `UPDATE outlines SET body = x'' WHERE rid = ?`, row.RID)
	case 1:
		return where + "as text", f.Exec(ctx, `UPDATE outlines SET body = CAST(body AS TEXT) WHERE rid = ?`, row.RID)
	}
	next, at := flipped(r, outline)
	return where + at, f.Exec(ctx, `UPDATE outlines SET body = ? WHERE rid = ?`, next, row.RID)
}

func foredrawn(ctx context.Context, r *rand.Rand, w *world, f *datafile.File) (string, error) {
	row := w.some(r, in(string(store.FamilyFiles)))
	return row.Collection + "/" + row.ID, f.Exec(ctx, `UPDATE outlines SET version = version + ? WHERE rid = ?`, 1+r.IntN(9), row.RID)
}

// someEntry gives a random row and the number of its index entries.
func someEntry(ctx context.Context, r *rand.Rand, w *world, f *datafile.File) (datafile.Row, int64, error) {
	row := w.some(r, of(func(c string) bool { return isRecord(c) || isDocument(c) })) // the journal and the feeds are kept in the order of their keys alone
	n, err := f.Count(ctx, `SELECT COUNT(*) FROM entries WHERE rid = ?`, row.RID)
	return row, n, err
}

func indexRemoved(ctx context.Context, r *rand.Rand, w *world, f *datafile.File) (string, error) {
	row, n, err := someEntry(ctx, r, w, f)
	if err != nil || n == 0 {
		return "", err
	}
	const one = `DELETE FROM entries WHERE rid = ?1 AND (iid, key) IN (SELECT iid, key FROM entries WHERE rid = ?1 ORDER BY iid, key LIMIT 1 OFFSET ?2)`
	return row.Collection + "/" + row.ID, f.Exec(ctx, one, row.RID, r.Int64N(n))
}

func indexBent(ctx context.Context, r *rand.Rand, w *world, f *datafile.File) (string, error) {
	row, n, err := someEntry(ctx, r, w, f)
	if err != nil || n == 0 {
		return "", err
	}
	const one = `UPDATE entries SET rid = ?3 WHERE rid = ?1 AND (iid, key) IN (SELECT iid, key FROM entries WHERE rid = ?1 ORDER BY iid, key LIMIT 1 OFFSET ?2)`
	to := w.some(r, func(other datafile.Row) bool { return other.RID != row.RID })
	return row.Collection + "/" + row.ID + " to " + to.ID, f.Exec(ctx, one, row.RID, r.Int64N(n), to.RID)
}

// witnessed are the trials that leave everything in agreement: the anchors alone notice them.
var witnessed = append([]trial{
	{"end of a file cut off with all that came of it", cutWhole},
	{"file removed with all that came of it", vanished},
	{"commit rewritten with the hashes after it", rehashed},
	{"older database put back", rolledBack},
}, ofAccessLogWitnessed...)

// cutWhole takes the last commits of a file away, their records and their entries in the feed, and puts the document back to what it was.
func cutWhole(ctx context.Context, r *rand.Rand, w *world, f *datafile.File) (string, error) {
	one := w.cut[r.IntN(len(w.cut))]
	keep := 1 + r.IntN(len(one.bodies)-1)
	if err := w.withdraw(ctx, f, one.ref, int64(keep)); err != nil {
		return "", err
	}
	doc := w.row(string(one.ref.Kind), one.ref.ID)
	if err := f.SetBody(ctx, doc.RID, one.bodies[keep-1]); err != nil {
		return "", err
	}
	if err := f.Exec(ctx, `UPDATE docs SET version = ? WHERE rid = ?`, keep, doc.RID); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s above version %d", one.ref, keep), fitting(ctx, f, doc, one.bodies[keep-1])
}

// fitting draws the outline of a document anew, as somebody does who knows all that hangs on it.
func fitting(ctx context.Context, f *datafile.File, doc datafile.Row, body []byte) error {
	outline, err := store.OutlineOf(doc.Collection, body)
	if err != nil {
		return err
	}
	version, _ := bson.Raw(body).Lookup("version").AsInt64OK()
	return f.Exec(ctx, `UPDATE outlines SET version = ?, body = ? WHERE rid = ?`, version, []byte(outline), doc.RID)
}

// vanished takes a file away as if it had never been.
func vanished(ctx context.Context, r *rand.Rand, w *world, f *datafile.File) (string, error) {
	one := w.cut[r.IntN(len(w.cut))]
	if err := w.withdraw(ctx, f, one.ref, 0); err != nil {
		return "", err
	}
	return one.ref.String(), f.Remove(ctx, w.row(string(one.ref.Kind), one.ref.ID).RID, true)
}

func (w *world) row(collection, id string) datafile.Row {
	for _, row := range w.rows {
		if row.Collection == collection && row.ID == id {
			return row
		}
	}
	return datafile.Row{}
}

// withdraw takes the commits of a file above a version away with what came of them, and closes the gaps in the feed.
func (w *world) withdraw(ctx context.Context, f *datafile.File, ref store.Ref, keep int64) error {
	position := int64(0)
	for _, row := range w.rows {
		gone := false
		switch version, _ := row.Body.Lookup("version").AsInt64OK(); {
		case row.Collection == journal && fileOf(row) == ref.String(), isRecord(row.Collection) && strings.HasPrefix(row.ID, ref.ID+"/"):
			gone = version > keep
		case row.Collection == feed && fileOf(row) == county.Gmina:
			if commit, _ := row.Body.Lookup("commit").StringValueOK(); strings.HasPrefix(commit, ref.String()+"@") && version > keep {
				gone = true
				break
			}
			position++
			body, err := with(row.Body, map[string]any{"_id": store.SequenceKey(county.Gmina, position), "position": position})
			if err != nil {
				return err
			}
			if err := f.Exec(ctx, `UPDATE docs SET id = ?, body = ? WHERE rid = ?`, store.SequenceKey(county.Gmina, position), []byte(body), row.RID); err != nil {
				return err
			}
		}
		if gone {
			if err := f.Remove(ctx, row.RID, true); err != nil {
				return err
			}
		}
	}
	return nil
}

// rehashed rewrites who made a commit and works out every hash after it anew.
func rehashed(ctx context.Context, r *rand.Rand, w *world, f *datafile.File) (string, error) {
	one := w.cut[r.IntN(len(w.cut))]
	from := 1 + r.IntN(len(one.bodies))
	var prev []byte
	for version := 1; version <= len(one.bodies); version++ {
		row := w.row(journal, store.SequenceKey(one.ref.String(), int64(version)))
		fields := map[string]any{}
		if version == from {
			fields["purpose"] = "inny cel"
		}
		if version > from {
			fields["prev_hash"] = bson.Binary{Data: prev}
		}
		body, err := with(row.Body, fields)
		if err != nil {
			return "", err
		}
		var bare bson.D
		if err := bson.Unmarshal(body, &bare); err != nil {
			return "", err
		}
		bare = bare[:len(bare)-1] // the hash is the last field
		raw, err := bson.Marshal(bare)
		if err != nil {
			return "", err
		}
		before := prev
		if version <= from && version > 1 {
			_, before = row.Body.Lookup("prev_hash").Binary()
		}
		sum := sha256.Sum256(append(append([]byte{}, before...), raw...))
		prev = sum[:]
		next, err := bson.Marshal(append(bare, bson.E{Key: "hash", Value: bson.Binary{Data: prev}}))
		if err != nil {
			return "", err
		}
		if err := f.SetBody(ctx, row.RID, next); err != nil {
			return "", err
		}
	}
	doc := w.row(string(one.ref.Kind), one.ref.ID)
	body, err := with(doc.Body, map[string]any{"hash": bson.Binary{Data: prev}})
	if err != nil {
		return "", err
	}
	if err := f.SetBody(ctx, doc.RID, body); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s from version %d", one.ref, from), fitting(ctx, f, doc, body)
}

// rolledBack puts the older database in place of the newer: its own file is what the trial replaces.
func rolledBack(context.Context, *rand.Rand, *world, *datafile.File) (string, error) {
	return older, nil
}

// older marks a trial that replaces the whole file.
const older = "the county as it was a while before"
