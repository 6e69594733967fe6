package sqlite

import (
	"errors"
	"fmt"
	"strconv"

	"asysta.example/internal/store"
)

// step performs one write of one document, with its index entries, its part and its outline.
func (w *writer) step(c *collection, step change) error {
	if c.counted {
		if _, err := w.count.run(); err != nil {
			return err
		}
	}
	switch step.Op {
	case store.Insert:
		return w.insertDoc(c, step)
	case store.Append:
		return w.appendDoc(c, step)
	case store.Replace:
		if done, err := w.advanceDoc(c, step); done || err != nil {
			return err
		}
	}
	cols, found, err := w.find.one(c.cid, step.ID)
	switch {
	case err != nil:
		return err
	case !found && step.Op == store.Replace:
		return w.insertDoc(c, step)
	case !found:
		return nil
	}
	rid, _ := cols[0].(int64)
	if version, _ := cols[1].(int64); step.Op == store.Replace && version >= step.Version {
		return nil
	}
	before, err := document(cols[2:])
	if err != nil {
		return err
	}
	at := func() (int64, error) { return rid, nil }
	if err := w.index(c.indexes, step.ID, before, step.Body, at); err != nil {
		return err
	}
	if step.Op == store.Delete {
		_, err = w.remove.run(rid)
		_, dropped := w.drop.run(rid)
		_, forgotten := w.forget.run(rid)
		return errors.Join(err, dropped, forgotten)
	}
	body, part := Split(step.Body, step.Apart)
	if _, err = w.update.run(step.Version, body, rid); err != nil {
		return err
	}
	return errors.Join(w.part(before, part, at), w.outline(step, at))
}

// advanceDoc takes a document from the version that the step knows to the next. Done is false when another version, or none, is stored.
func (w *writer) advanceDoc(c *collection, step change) (done bool, err error) {
	if step.Before == nil {
		return false, nil
	}
	body, part := Split(step.Body, step.Apart)
	if done, err := w.advance.changed(step.Version, body, c.cid, step.ID, step.Version-1); !done || err != nil {
		return false, err
	}
	var rid int64 // asked for where it is needed
	at := func() (int64, error) {
		if rid != 0 {
			return rid, nil
		}
		cols, _, err := w.row.one(c.cid, step.ID)
		if err != nil {
			return 0, err
		}
		rid, err = as[int64](cols[0])
		return rid, err
	}
	if err := w.part(step.Before, part, at); err != nil {
		return true, err
	}
	if err := w.outline(step, at); err != nil {
		return true, err
	}
	return true, w.index(c.indexes, step.ID, step.Before, step.Body, at)
}

// outline brings the outline of a document up to date.
func (w *writer) outline(step change, at func() (int64, error)) error {
	if step.outline == nil {
		return nil
	}
	rid, err := at()
	if err != nil {
		return err
	}
	_, err = w.sketch.run(rid, step.Version, store.OutlineEdition, step.outline)
	return err
}

// part brings the part of a document up to date; nil drops it.
func (w *writer) part(before, part []byte, at func() (int64, error)) error {
	if w.parted && samePart(before, part) {
		return nil
	}
	rid, err := at()
	if err != nil {
		return err
	}
	if len(part) == 0 {
		_, err = w.drop.run(rid)
		return err
	}
	_, err = w.keep.run(rid, part)
	return err
}

func (w *writer) insertDoc(c *collection, step change) error {
	body, part := Split(step.Body, step.Apart)
	result, err := w.insert.run(c.cid, step.ID, step.Version, body)
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, store.ErrExists)
	}
	rid, err := result.LastInsertId()
	if err != nil {
		return err
	}
	at := func() (int64, error) { return rid, nil }
	if len(part) > 0 {
		if _, err := w.keep.run(rid, part); err != nil {
			return err
		}
	}
	if err := w.outline(step, at); err != nil {
		return err
	}
	return w.index(c.indexes, step.ID, nil, step.Body, at)
}

// appendDoc inserts a document behind the last of its sequence. The number is remembered between transactions; should another process have gone on
// with the sequence, the insert meets a key and the number is looked up.
func (w *writer) appendDoc(c *collection, step change) error {
	name := strconv.FormatInt(c.cid, 10) + "/" + step.ID
	for known := true; ; known = false {
		last, ok := w.last[name]
		if !ok || !known {
			var err error
			if last, err = w.lookUp(c, step.ID); err != nil {
				return err
			}
		}
		next := last + 1
		err := w.insertDoc(c, change{Step: store.Step{ID: store.SequenceKey(step.ID, next), Body: step.Next(next)}})
		if errors.Is(err, store.ErrExists) {
			if known {
				continue
			}
			return fmt.Errorf("sqlite: sequence %q is out of order", step.ID)
		}
		if err == nil {
			w.last[name] = next
		}
		return err
	}
}

// lookUp gives the last number of a sequence, 0 for an empty one.
func (w *writer) lookUp(c *collection, sequence string) (int64, error) {
	cols, found, err := w.tail.one(c.cid, store.SequenceKey(sequence, 1), sequence+"A") // "A" follows "@"
	if err != nil || !found {
		return 0, err
	}
	key, err := as[string](cols[0])
	if err != nil {
		return 0, err
	}
	n, ok := store.SequenceNumber(key)
	if !ok {
		return 0, fmt.Errorf("sqlite: foreign key in sequence %q", sequence)
	}
	return n, nil
}
