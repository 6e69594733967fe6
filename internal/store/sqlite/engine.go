package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"asysta.example/internal/store"
)

// ErrClosed says that the engine has been closed.
var ErrClosed = errors.New("sqlite: closed")

// WithoutSync leaves fsync out, while a fresh database is filled that can be made again. Engine.MakeDurable ends it.
func WithoutSync() store.EngineOption {
	return func(o *store.EngineOptions) { o.NoSync = true }
}

// WithShortLog has the log copied and begun anew a hundred times as often, for tests of what a loss of power leaves.
func WithShortLog() store.EngineOption {
	return func(o *store.EngineOptions) { o.ShortLog = true }
}

// readers is how many calls read at once, each on a connection of its own.
const readers = 8

const tables = `
CREATE TABLE IF NOT EXISTS collections (cid INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS indexes (iid INTEGER PRIMARY KEY, cid INTEGER NOT NULL, name TEXT NOT NULL, fields TEXT NOT NULL, UNIQUE (cid, name));
CREATE TABLE IF NOT EXISTS filling (iid INTEGER PRIMARY KEY);
CREATE TABLE IF NOT EXISTS edition (n INTEGER NOT NULL);
INSERT INTO edition SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM edition);
CREATE TABLE IF NOT EXISTS docs (rid INTEGER PRIMARY KEY, cid INTEGER NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, body BLOB NOT NULL, UNIQUE (cid, id));
CREATE INDEX IF NOT EXISTS versions ON docs (rid, version) WHERE version > 0;
CREATE TABLE IF NOT EXISTS parts (rid INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS outlines (rid INTEGER PRIMARY KEY, version INTEGER NOT NULL, edition INTEGER NOT NULL, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS outlined (cid INTEGER PRIMARY KEY, edition INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS revision (n INTEGER NOT NULL, parted INTEGER NOT NULL);
INSERT INTO revision SELECT 0, NOT EXISTS (SELECT 1 FROM docs) WHERE NOT EXISTS (SELECT 1 FROM revision);
CREATE TABLE IF NOT EXISTS entries (iid INTEGER NOT NULL, key BLOB NOT NULL, rid INTEGER NOT NULL, PRIMARY KEY (iid, key)) WITHOUT ROWID;
`

// A Write is one transaction, or a part of one.
var _ store.Whole = (*Engine)(nil)

// Engine is a store.Engine over one SQLite file. Make one with Open.
type Engine struct {
	opts store.EngineOptions

	read    *sql.DB      // for what is rare
	readers chan *reader // those that nobody uses now
	opened  int          // how many there are

	copier    *sql.Conn     // copies the log into the database
	written   chan struct{} // one place: enough was written to be copied
	copied    chan struct{} // closed by copyLoop when it has ended
	file      *os.File      // the database, of which writeBack asks the system; closed last: with it the process gives up its locks on the file
	unsynced  atomic.Bool   // nothing is synced, see WithoutSync
	sinceCopy int           // Writes; the writer's own
	limits    logLimits

	copy    *sql.DB
	writer  *writer
	queue   chan *job
	stop    chan struct{} // closed by Close
	stopped chan struct{} // closed by the writer when it has ended

	schema atomic.Pointer[schema]

	counted counters
	broken  atomic.Bool // the last transaction failed because of the disk

	closing sync.Once
	closed  error
}

// Open opens the file at path, which is made when it is not there, and starts the writer; Close ends it.
func Open(ctx context.Context, path string, opts ...store.EngineOption) (*Engine, error) {
	e := &Engine{
		opts: store.NewEngineOptions(opts), queue: make(chan *job), stop: make(chan struct{}), stopped: make(chan struct{}),
		readers: make(chan *reader, readers), written: make(chan struct{}, 1), copied: make(chan struct{}),
	}
	if err := e.open(ctx, path); err != nil {
		return nil, errors.Join(fmt.Errorf("sqlite: open: %w", err), e.closeDBs())
	}
	go e.writeLoop()
	go e.copyLoop() //nolint:gosec // it lives as long as the engine, not as the call that opened it; Close ends it
	return e, nil
}

func (e *Engine) open(ctx context.Context, path string) (err error) {
	e.limits = shipped
	if e.opts.ShortLog {
		e.limits = short
	}
	sync := "FULL"
	if e.opts.NoSync {
		sync = "OFF"
		e.unsynced.Store(true)
	}
	if e.file, err = private(path); err != nil {
		return err
	}
	writing := dsn(path, "cache_size(-8000)", "journal_mode(WAL)", "synchronous("+sync+")", "temp_store(MEMORY)", fmt.Sprintf("wal_autocheckpoint(%d)", writerCopy))
	if e.writer, err = newWriter(ctx, writing); err != nil {
		return err
	}
	if e.copy, err = sql.Open("sqlite", writing); err != nil {
		return err
	}
	if e.copier, err = e.copy.Conn(ctx); err != nil {
		return err
	}
	if e.read, err = sql.Open("sqlite", dsn(path, "cache_size(-2000)", "query_only(1)")); err != nil {
		return err
	}
	small := dsn(path, "cache_size(-512)", "query_only(1)") // every commit empties what they keep, a statement reads a hundred pages, and the store has the documents at hand
	for range readers {
		r, err := newReader(small)
		if err != nil {
			return err
		}
		e.readers <- r
		e.opened++
	}
	return e.learn(ctx)
}

// private makes the file of a new database readable by its owner alone; what SQLite puts beside it takes its mode over. A file that is there keeps its own.
func private(path string) (*os.File, error) { return os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) }

func dsn(path string, pragmas ...string) string {
	query := url.Values{"_pragma": append([]string{"busy_timeout(10000)"}, pragmas...)}
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: query.Encode()}).String()
}

// Ping implements store.Engine.
func (e *Engine) Ping(ctx context.Context) error {
	select {
	case <-e.stop:
		return ErrClosed
	default:
		return errors.Join(e.read.PingContext(ctx), e.inPlace(), e.writable(ctx))
	}
}

// MakeDurable brings everything written without fsync to disk and writes with fsync from now on.
func (e *Engine) MakeDurable(ctx context.Context) error {
	return e.exclusively(ctx, func(w *writer) error {
		for _, conn := range []*sql.Conn{w.conn, e.copier} {
			if _, err := conn.ExecContext(ctx, `PRAGMA synchronous = FULL`); err != nil {
				return fmt.Errorf("sqlite: make durable: %w", err)
			}
		}
		var busy, pages, done int
		if err := w.conn.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &pages, &done); err != nil {
			return fmt.Errorf("sqlite: make durable: %w", err)
		}
		if busy != 0 {
			return errors.New("sqlite: make durable: a reader is in the way, try again")
		}
		e.unsynced.Store(false)
		return nil
	})
}

// Close implements store.Engine. Writes that wait are refused with ErrClosed.
func (e *Engine) Close() error {
	e.closing.Do(func() {
		close(e.stop)
		<-e.stopped
		<-e.copied
		e.closed = e.closeDBs()
	})
	return e.closed
}

func (e *Engine) closeDBs() error {
	var err error
	for range e.opened {
		err = errors.Join(err, (<-e.readers).close())
	}
	if e.read != nil {
		err = errors.Join(err, e.read.Close())
	}
	if e.copier != nil {
		err = errors.Join(err, e.copier.Close())
	}
	if e.copy != nil {
		err = errors.Join(err, e.copy.Close())
	}
	if e.writer != nil {
		err = errors.Join(err, e.writer.close())
	}
	if e.file != nil {
		err = errors.Join(err, e.file.Close())
	}
	return err
}
