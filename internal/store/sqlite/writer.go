package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"go.mongodb.org/mongo-driver/v2/bson"

	"asysta.example/internal/store"
)

// group is how many Writes share a transaction at most.
const group = 128

// job is one Write that waits for the writer, or something that needs the writer's connection for itself.
type job struct {
	ctx    context.Context //nolint:containedctx // a job is a call on its way to the writer, with the call's own context
	steps  []store.Step
	alone  func(*writer) error
	err    error
	answer chan error // one place, so that the writer never waits
}

// writer is the one connection that writes, used by the writer's goroutine alone.
type writer struct {
	conn  *sql.Conn
	stmts []*sql.Stmt // all below

	begin, commit, rollback                          *sql.Stmt
	insert, find, update, remove, enter, leave, tail *sql.Stmt
	advance, enterBy                                 *sql.Stmt

	last map[string]int64 // last number of a sequence, by collection and name; forgotten with a transaction that is undone
}

func newWriter(ctx context.Context, conn *sql.Conn) (*writer, error) {
	w := &writer{conn: conn, last: map[string]int64{}}
	for stmt, text := range map[**sql.Stmt]string{
		&w.begin: `BEGIN IMMEDIATE`, &w.commit: `COMMIT`, &w.rollback: `ROLLBACK`,
		&w.insert:  `INSERT INTO docs (cid, id, version, body) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		&w.find:    `SELECT rid, version, body FROM docs WHERE cid = ? AND id = ?`,
		&w.update:  `UPDATE docs SET version = ?, body = ? WHERE rid = ?`,
		&w.advance: `UPDATE docs SET version = ?, body = ? WHERE cid = ? AND id = ? AND version = ?`,
		&w.remove:  `DELETE FROM docs WHERE rid = ?`,
		&w.enter:   `INSERT INTO entries (iid, key, rid) VALUES (?, ?, ?)`,
		&w.enterBy: `INSERT INTO entries (iid, key, rid) SELECT ?, ?, rid FROM docs WHERE cid = ? AND id = ?`,
		&w.leave:   `DELETE FROM entries WHERE iid = ? AND key = ?`,
		&w.tail:    `SELECT id FROM docs WHERE cid = ? AND id >= ? AND id < ? ORDER BY id DESC LIMIT 1`,
	} {
		prepared, err := conn.PrepareContext(ctx, text) //nolint:sqlclosecheck // statements live as long as their connection, which closes them
		if err != nil {
			return nil, errors.Join(err, conn.Close())
		}
		*stmt = prepared
		w.stmts = append(w.stmts, prepared)
	}
	return w, nil
}

// close ends the statements too: SQLite keeps the connection, and with it the file, open while one of them is there.
func (w *writer) close() error {
	var errs []error
	for _, stmt := range w.stmts {
		errs = append(errs, stmt.Close())
	}
	return errors.Join(append(errs, w.conn.Close())...)
}

// Write implements store.Engine. When the context ends while the Write waits, the Write may still be performed.
func (e *Engine) Write(ctx context.Context, steps []store.Step) error {
	if len(steps) == 0 {
		return nil
	}
	if err := e.opts.FailPoint(steps[0].Point); err != nil {
		return err
	}
	return failed(e.enqueue(ctx, &job{ctx: ctx, steps: steps, answer: make(chan error, 1)}))
}

// exclusively runs fn on the writer's connection while nobody writes.
func (e *Engine) exclusively(ctx context.Context, fn func(*writer) error) error {
	return e.enqueue(ctx, &job{ctx: ctx, alone: fn, answer: make(chan error, 1)})
}

func (e *Engine) enqueue(ctx context.Context, j *job) error {
	e.counted.waiting.Add(1)
	defer e.counted.waiting.Add(-1)
	select {
	case <-e.stop:
		return ErrClosed
	default:
	}
	select {
	case e.queue <- j:
	case <-ctx.Done():
		return ctx.Err()
	case <-e.stop:
		return ErrClosed
	}
	select {
	case err := <-j.answer:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// writeLoop takes what waits, performs it in one transaction and answers, until Close.
func (e *Engine) writeLoop() {
	defer close(e.stopped)
	for {
		select {
		case <-e.stop:
			return
		case j := <-e.queue:
			if j.alone != nil {
				j.answer <- j.alone(e.writer)
				continue
			}
			e.perform(j)
		}
	}
}

// perform gathers what waits beside the first job and writes it.
func (e *Engine) perform(first *job) {
	jobs := []*job{first}
	var alone *job
	for len(jobs) < group && alone == nil {
		select {
		case j := <-e.queue:
			if j.alone != nil {
				alone = j
			} else {
				jobs = append(jobs, j)
			}
			continue
		default:
		}
		break
	}
	err := e.transact(jobs)
	e.noteDisk(err)
	e.noteWrites(len(jobs))
	e.counted.groups.Add(1)
	e.counted.writes.Add(int64(len(jobs)))
	for _, j := range jobs {
		if err != nil {
			j.err = err
		}
		j.answer <- j.err
	}
	if alone != nil {
		alone.answer <- alone.alone(e.writer)
	}
}

// transact performs jobs in one transaction. A job that fails when it has changed something already is left out and the others begin anew: that is
// rare, and cheaper than a savepoint for each. An error is everybody's.
func (e *Engine) transact(jobs []*job) error {
	for {
		again, err := e.attempt(jobs)
		if err != nil || !again {
			return err
		}
	}
}

// attempt performs the jobs that have not failed. Again says that one has failed midway and nothing is done yet.
func (e *Engine) attempt(jobs []*job) (again bool, err error) {
	ctx := context.Background() // the transaction is everybody's, no caller's context may cut it
	w := e.writer
	if _, err := w.begin.ExecContext(ctx); err != nil {
		return false, fmt.Errorf("sqlite: begin: %w", err)
	}
	for _, j := range jobs {
		if j.err != nil {
			continue
		}
		if j.err = j.ctx.Err(); j.err != nil {
			continue
		}
		touched, err := e.steps(ctx, j.steps)
		if j.err = err; err != nil && touched {
			return true, w.undo(ctx)
		}
	}
	if _, err := w.commit.ExecContext(ctx); err != nil {
		return false, errors.Join(fmt.Errorf("sqlite: commit: %w", err), w.undo(ctx))
	}
	return false, nil
}

// undo ends a transaction as if it had not been.
func (w *writer) undo(ctx context.Context) error {
	clear(w.last)
	if _, err := w.rollback.ExecContext(ctx); err != nil {
		return fmt.Errorf("sqlite: rollback: %w", err)
	}
	return nil
}

// steps performs a job's steps; touched says that something may have been written.
func (e *Engine) steps(ctx context.Context, steps []store.Step) (touched bool, err error) {
	for i, step := range steps {
		if i > 0 { // the point of the first step was called before the queue
			if err := e.opts.FailPoint(step.Point); err != nil {
				return true, err
			}
		}
		c, err := e.collection(step.Collection)
		if err != nil {
			return i > 0, err
		}
		err = e.writer.step(ctx, c, step)
		switch {
		case err == nil:
		case errors.Is(err, store.ErrExists) && i == 0:
			return false, err
		case errors.Is(err, store.ErrExists) && step.Strict:
			return true, store.ErrTaken
		case errors.Is(err, store.ErrExists):
		default:
			return true, err
		}
	}
	return true, nil
}

func (w *writer) step(ctx context.Context, c *collection, step store.Step) error {
	switch step.Op {
	case store.Insert:
		return w.insertDoc(ctx, c, step)
	case store.Append:
		return w.appendDoc(ctx, c, step)
	case store.Replace:
		if done, err := w.advanceDoc(ctx, c, step); done || err != nil {
			return err
		}
	}
	var rid, version int64
	var body []byte
	err := w.find.QueryRowContext(ctx, c.cid, step.ID).Scan(&rid, &version, &body)
	switch {
	case errors.Is(err, sql.ErrNoRows) && step.Op == store.Replace:
		return w.insertDoc(ctx, c, step)
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err != nil:
		return err
	case step.Op == store.Replace && version >= step.Version:
		return nil
	}
	if err := w.index(ctx, c.indexes, step.ID, body, step.Body, w.entering(ctx, rid)); err != nil {
		return err
	}
	if step.Op == store.Delete {
		_, err = w.remove.ExecContext(ctx, rid)
	} else {
		_, err = w.update.ExecContext(ctx, step.Version, []byte(step.Body), rid)
	}
	return err
}

// advanceDoc takes a document from the version that the step knows to the next. Done is false when another version, or none, is stored.
func (w *writer) advanceDoc(ctx context.Context, c *collection, step store.Step) (done bool, err error) {
	if step.Before == nil {
		return false, nil
	}
	result, err := w.advance.ExecContext(ctx, step.Version, []byte(step.Body), c.cid, step.ID, step.Version-1)
	if err != nil {
		return false, err
	}
	if n, err := result.RowsAffected(); n == 0 || err != nil {
		return false, err
	}
	return true, w.index(ctx, c.indexes, step.ID, step.Before, step.Body, func(iid int64, key []byte) error {
		_, err := w.enterBy.ExecContext(ctx, iid, key, c.cid, step.ID)
		return err
	})
}

// entering gives what index does with a new entry of a document whose row is known.
func (w *writer) entering(ctx context.Context, rid int64) func(iid int64, key []byte) error {
	return func(iid int64, key []byte) error {
		_, err := w.enter.ExecContext(ctx, iid, key, rid)
		return err
	}
}

func (w *writer) insertDoc(ctx context.Context, c *collection, step store.Step) error {
	result, err := w.insert.ExecContext(ctx, c.cid, step.ID, step.Version, []byte(step.Body))
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
	return w.index(ctx, c.indexes, step.ID, nil, step.Body, w.entering(ctx, rid))
}

// appendDoc inserts a document behind the last of its sequence. The number is remembered between transactions; should another process have gone on
// with the sequence, the insert meets a key and the number is looked up.
func (w *writer) appendDoc(ctx context.Context, c *collection, step store.Step) error {
	name := strconv.FormatInt(c.cid, 10) + "/" + step.ID
	for known := true; ; known = false {
		last, ok := w.last[name]
		if !ok || !known {
			var err error
			if last, err = w.lookUp(ctx, c, step.ID); err != nil {
				return err
			}
		}
		next := last + 1
		err := w.insertDoc(ctx, c, store.Step{ID: store.SequenceKey(step.ID, next), Body: step.Next(next)})
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
func (w *writer) lookUp(ctx context.Context, c *collection, sequence string) (int64, error) {
	var key string
	err := w.tail.QueryRowContext(ctx, c.cid, store.SequenceKey(sequence, 1), sequence+"A").Scan(&key) // "A" follows "@"
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	n, ok := store.SequenceNumber(key)
	if !ok {
		return 0, fmt.Errorf("sqlite: foreign key in sequence %q", sequence)
	}
	return n, nil
}

// index takes a document's entries from what they were to what they are to be; either body may be nil.
func (w *writer) index(
	ctx context.Context, indexes []index, id string, before, after bson.Raw, enter func(iid int64, key []byte) error,
) error {
	changed := changedFields(before, after)
	for _, ix := range indexes {
		if !slices.ContainsFunc(ix.roots, changed) {
			continue
		}
		old, err := entryKeys(ix, id, before)
		if err != nil {
			return err
		}
		now, err := entryKeys(ix, id, after)
		if err != nil {
			return err
		}
		for _, key := range old {
			if !slices.ContainsFunc(now, func(k []byte) bool { return string(k) == string(key) }) {
				if _, err := w.leave.ExecContext(ctx, ix.iid, key); err != nil {
					return err
				}
			}
		}
		for _, key := range now {
			if !slices.ContainsFunc(old, func(k []byte) bool { return string(k) == string(key) }) {
				if err := enter(ix.iid, key); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// changedFields tells of top fields whether two documents differ in them; whatever is new or gone has changed.
func changedFields(before, after bson.Raw) func(field string) bool {
	if before == nil || after == nil {
		return func(string) bool { return true }
	}
	known := map[string]bool{}
	return func(field string) bool {
		changed, ok := known[field]
		if !ok {
			changed = !before.Lookup(field).Equal(after.Lookup(field))
			known[field] = changed
		}
		return changed
	}
}

// entryKeys gives the encoded keys of a document in an index, each with the id at its end.
func entryKeys(ix index, id string, body bson.Raw) ([][]byte, error) {
	if body == nil {
		return nil, nil
	}
	keys, err := store.IndexKeys(body, ix.fields)
	if err != nil {
		return nil, err
	}
	out := make([][]byte, len(keys))
	for i, key := range keys {
		if out[i], err = encodeKey(nil, append(key, id)...); err != nil {
			return nil, err
		}
	}
	return out, nil
}
