package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

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
	conn *sql.Conn

	begin, commit, rollback, save, release, undo *sql.Stmt
	insert, find, update, remove, enter, leave   *sql.Stmt
}

func newWriter(ctx context.Context, conn *sql.Conn) (*writer, error) {
	w := &writer{conn: conn}
	for stmt, text := range map[**sql.Stmt]string{
		&w.begin: `BEGIN IMMEDIATE`, &w.commit: `COMMIT`, &w.rollback: `ROLLBACK`,
		&w.save: `SAVEPOINT job`, &w.release: `RELEASE job`, &w.undo: `ROLLBACK TO job`,
		&w.insert: `INSERT INTO docs (cid, id, version, body) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		&w.find:   `SELECT rid, version, body FROM docs WHERE cid = ? AND id = ?`,
		&w.update: `UPDATE docs SET version = ?, body = ? WHERE rid = ?`,
		&w.remove: `DELETE FROM docs WHERE rid = ?`,
		&w.enter:  `INSERT INTO entries (iid, key, rid) VALUES (?, ?, ?)`,
		&w.leave:  `DELETE FROM entries WHERE iid = ? AND key = ?`,
	} {
		prepared, err := conn.PrepareContext(ctx, text) //nolint:sqlclosecheck // statements live as long as their connection, which closes them
		if err != nil {
			return nil, errors.Join(err, conn.Close())
		}
		*stmt = prepared
	}
	return w, nil
}

func (w *writer) close() error { return w.conn.Close() }

// Write implements store.Engine. When the context ends while the Write waits, the Write may still be performed.
func (e *Engine) Write(ctx context.Context, steps []store.Step) error {
	if len(steps) == 0 {
		return nil
	}
	if err := e.opts.FailPoint(steps[0].Point); err != nil {
		return err
	}
	return e.enqueue(ctx, &job{ctx: ctx, steps: steps, answer: make(chan error, 1)})
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

// transact performs jobs in one transaction, each in a savepoint of its own. An error is everybody's.
func (e *Engine) transact(jobs []*job) error {
	ctx := context.Background() // the transaction is everybody's, no caller's context may cut it
	w := e.writer
	if _, err := w.begin.ExecContext(ctx); err != nil {
		return fmt.Errorf("sqlite: begin: %w", err)
	}
	for _, j := range jobs {
		if err := e.savepoint(ctx, j); err != nil {
			_, rollback := w.rollback.ExecContext(ctx)
			return errors.Join(fmt.Errorf("sqlite: write: %w", err), rollback)
		}
	}
	if _, err := w.commit.ExecContext(ctx); err != nil {
		_, rollback := w.rollback.ExecContext(ctx)
		return errors.Join(fmt.Errorf("sqlite: commit: %w", err), rollback)
	}
	return nil
}

// savepoint performs one job; what goes wrong inside it is the job's alone.
func (e *Engine) savepoint(ctx context.Context, j *job) error {
	if j.err = j.ctx.Err(); j.err != nil {
		return nil
	}
	w := e.writer
	if _, err := w.save.ExecContext(ctx); err != nil {
		return err
	}
	if j.err = e.steps(ctx, j.steps); j.err != nil {
		if _, err := w.undo.ExecContext(ctx); err != nil {
			return err
		}
	}
	_, err := w.release.ExecContext(ctx)
	return err
}

func (e *Engine) steps(ctx context.Context, steps []store.Step) error {
	for i, step := range steps {
		if i > 0 { // the point of the first step was called before the queue
			if err := e.opts.FailPoint(step.Point); err != nil {
				return err
			}
		}
		c, err := e.collection(step.Collection)
		if err != nil {
			return err
		}
		err = e.writer.step(ctx, c, step)
		if errors.Is(err, store.ErrExists) && i > 0 {
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) step(ctx context.Context, c *collection, step store.Step) error {
	if step.Op == store.Insert {
		return w.insertDoc(ctx, c, step)
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
	if err := w.index(ctx, c.indexes, rid, step.ID, body, step.Body); err != nil {
		return err
	}
	if step.Op == store.Delete {
		_, err = w.remove.ExecContext(ctx, rid)
	} else {
		_, err = w.update.ExecContext(ctx, step.Version, []byte(step.Body), rid)
	}
	return err
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
	return w.index(ctx, c.indexes, rid, step.ID, nil, step.Body)
}

// index takes a document's entries from what they were to what they are to be; either body may be nil.
func (w *writer) index(ctx context.Context, indexes []index, rid int64, id string, before, after bson.Raw) error {
	for _, ix := range indexes {
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
				if _, err := w.enter.ExecContext(ctx, ix.iid, key, rid); err != nil {
					return err
				}
			}
		}
	}
	return nil
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
