package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	_ "modernc.org/sqlite" // the driver that the store uses too
)

// raw is what SQLite and the disk can do by themselves.
type raw struct {
	commits float64 // of the same bytes as a visit, per second
	p50     time.Duration
	p99     time.Duration
	group   float64       // commits in a transaction
	cpu     time.Duration // of a commit
	fsyncs  float64       // appended page after appended page, per second
}

// rawGroup is how many commits share a transaction at most, as in the store.
const rawGroup = 128

// measureRaw commits what a visit commits: an entry of the journal is inserted and a document is written anew, durably, and commits that wait are written together.
func measureRaw(ctx context.Context, dir string, entry, document, clients int, d time.Duration) (r raw, err error) {
	folder, err := os.MkdirTemp(dir, "raw-")
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	if r.fsyncs, err = fsyncs(filepath.Join(folder, "fsync"), d/4); err != nil {
		return r, err
	}
	db, err := sql.Open("sqlite", "file:"+filepath.Join(folder, "raw.db")+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=cache_size(-16000)")
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	conn, err := db.Conn(ctx)
	if err != nil {
		return r, err
	}
	w := &rawWriter{conn: conn, queue: make(chan chan error, clients), entry: random(entry), document: random(document)}
	if err := w.prepare(ctx); err != nil {
		return r, errors.Join(err, conn.Close())
	}
	began := own()
	n, latency, took := w.drive(ctx, clients, d)
	if w.err == nil && n > 0 {
		r.cpu = (own() - began) / time.Duration(n)
		r.commits, r.group = float64(n)/took.Seconds(), float64(n)/float64(max(1, w.transactions))
		r.p50, r.p99 = time.Duration(latency.ValueAtQuantile(50))*time.Microsecond, time.Duration(latency.ValueAtQuantile(99))*time.Microsecond
	}
	return r, errors.Join(w.err, conn.Close())
}

func random(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rand.Uint32()) //nolint:gosec // bytes that mean nothing
	}
	return b
}

// fsyncs is how often a second the disk takes an appended page for good.
func fsyncs(path string, d time.Duration) (float64, error) {
	f, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	page, n, began := random(4096), 0, time.Now()
	for ; time.Since(began) < d; n++ {
		if _, err := f.Write(page); err != nil {
			return 0, errors.Join(err, f.Close())
		}
		if err := f.Sync(); err != nil {
			return 0, errors.Join(err, f.Close())
		}
	}
	took := time.Since(began)
	return float64(n) / took.Seconds(), f.Close()
}

// rawDocuments is how many documents are written anew, again and again.
const rawDocuments = 3000

// rawWriter is the one connection that writes.
type rawWriter struct {
	conn            *sql.Conn
	queue           chan chan error
	entry, document []byte

	begin, commit, insert, update *sql.Stmt
	transactions, written         int
	err                           error
}

func (w *rawWriter) prepare(ctx context.Context) error {
	for _, text := range []string{"CREATE TABLE journal (id TEXT PRIMARY KEY, body BLOB NOT NULL)", "CREATE TABLE docs (id INTEGER PRIMARY KEY, body BLOB NOT NULL)"} {
		if _, err := w.conn.ExecContext(ctx, text); err != nil {
			return err
		}
	}
	for i := range rawDocuments {
		if _, err := w.conn.ExecContext(ctx, "INSERT INTO docs VALUES (?, ?)", i, w.document); err != nil {
			return err
		}
	}
	for stmt, text := range map[**sql.Stmt]string{&w.begin: "BEGIN IMMEDIATE", &w.commit: "COMMIT", &w.insert: "INSERT INTO journal VALUES (?, ?)", &w.update: "UPDATE docs SET body = ? WHERE id = ?"} {
		prepared, err := w.conn.PrepareContext(ctx, text) //nolint:sqlclosecheck // the connection's end is theirs
		if err != nil {
			return err
		}
		*stmt = prepared
	}
	return nil
}

// drive lets clients commit, one commit of each at a time.
func (w *rawWriter) drive(ctx context.Context, clients int, d time.Duration) (int, *hdrhistogram.Histogram, time.Duration) {
	latencies := make([]*hdrhistogram.Histogram, clients)
	var running, writing sync.WaitGroup
	writing.Go(func() { w.loop(ctx) })
	began := time.Now()
	for i := range latencies {
		latencies[i] = hdrhistogram.New(1, 60_000_000, 3)
		running.Go(func() {
			for done := make(chan error, 1); time.Since(began) < d && ctx.Err() == nil; {
				at := time.Now()
				w.queue <- done
				if <-done != nil {
					return
				}
				_ = latencies[i].RecordValue(max(1, time.Since(at).Microseconds())) // no commit takes a minute
			}
		})
	}
	running.Wait()
	took := time.Since(began)
	close(w.queue)
	writing.Wait()
	for _, l := range latencies[1:] {
		latencies[0].Merge(l)
	}
	return w.written, latencies[0], took
}

// loop writes what waits in one transaction.
func (w *rawWriter) loop(ctx context.Context) {
	for first := range w.queue {
		jobs := []chan error{first}
		for len(jobs) < rawGroup && len(w.queue) > 0 {
			jobs = append(jobs, <-w.queue)
		}
		if err := w.transact(ctx, len(jobs)); err != nil && w.err == nil {
			w.err = fmt.Errorf("raw: %w", err)
		}
		for _, j := range jobs {
			j <- w.err
		}
	}
}

func (w *rawWriter) transact(ctx context.Context, n int) error {
	if _, err := w.begin.ExecContext(ctx); err != nil {
		return err
	}
	for range n {
		w.written++
		if _, err := w.insert.ExecContext(ctx, fmt.Sprintf("%026d@%d", w.written, w.written), w.entry); err != nil {
			return err
		}
		if _, err := w.update.ExecContext(ctx, w.document, w.written%rawDocuments); err != nil {
			return err
		}
	}
	w.transactions++
	_, err := w.commit.ExecContext(ctx)
	return err
}
