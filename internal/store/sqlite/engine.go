package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"go.mongodb.org/mongo-driver/v2/bson"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"asysta.example/internal/store"
)

// ErrClosed says that the engine has been closed.
var ErrClosed = errors.New("sqlite: closed")

// WithoutSync leaves fsync out, while a fresh database is filled that can be made again. Engine.MakeDurable ends it.
func WithoutSync() store.EngineOption {
	return func(o *store.EngineOptions) { o.NoSync = true }
}

// readers is how many connections read at once.
const readers = 8

const tables = `
CREATE TABLE IF NOT EXISTS collections (cid INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS indexes (iid INTEGER PRIMARY KEY, cid INTEGER NOT NULL, name TEXT NOT NULL, fields TEXT NOT NULL, UNIQUE (cid, name));
CREATE TABLE IF NOT EXISTS docs (rid INTEGER PRIMARY KEY, cid INTEGER NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, body BLOB NOT NULL, UNIQUE (cid, id));
CREATE TABLE IF NOT EXISTS entries (iid INTEGER NOT NULL, key BLOB NOT NULL, rid INTEGER NOT NULL, PRIMARY KEY (iid, key)) WITHOUT ROWID;
`

// Whole implements store.Whole: a Write is one transaction, or a part of one.
func (e *Engine) Whole() {}

var _ store.Whole = (*Engine)(nil)

// Engine is a store.Engine over one SQLite file. Make one with Open.
type Engine struct {
	opts store.EngineOptions

	read     *sql.DB
	get      *sql.Stmt
	up, down *sql.Stmt // Find in either order

	walkUp, walkDown *sql.Stmt // Find by key

	copier    *sql.Conn     // copies the log into the database
	written   chan struct{} // one place: enough was written to be copied
	copied    chan struct{} // closed by copyLoop when it has ended
	sinceCopy int           // Writes; the writer's own

	write   *sql.DB
	writer  *writer
	queue   chan *job
	stop    chan struct{} // closed by Close
	stopped chan struct{} // closed by the writer when it has ended

	schemaMu sync.RWMutex
	schema   map[string]*collection

	counted counters
	broken  atomic.Bool // the last transaction failed because of the disk

	closing sync.Once
	closed  error
}

// collection is what the engine knows of a collection.
type collection struct {
	cid     int64
	indexes []index
}

type index struct {
	iid    int64
	name   string
	fields []string
	roots  []string // top fields that the paths begin with
}

func newIndex(iid int64, name string, fields []string) index {
	ix := index{iid: iid, name: name, fields: fields}
	for _, field := range fields {
		if root, _, _ := strings.Cut(field, "."); !slices.Contains(ix.roots, root) {
			ix.roots = append(ix.roots, root)
		}
	}
	return ix
}

// Open opens the file at path, which is made when it is not there, and starts the writer; Close ends it.
func Open(ctx context.Context, path string, opts ...store.EngineOption) (*Engine, error) {
	e := &Engine{
		opts: store.NewEngineOptions(opts), queue: make(chan *job), stop: make(chan struct{}), stopped: make(chan struct{}),
		schema: map[string]*collection{}, written: make(chan struct{}, 1), copied: make(chan struct{}),
	}
	if err := e.open(ctx, path); err != nil {
		return nil, errors.Join(fmt.Errorf("sqlite: open: %w", err), e.closeDBs())
	}
	go e.writeLoop()
	go e.copyLoop() //nolint:gosec // it lives as long as the engine, not as the call that opened it; Close ends it
	return e, nil
}

func (e *Engine) open(ctx context.Context, path string) (err error) {
	sync := "FULL"
	if e.opts.NoSync {
		sync = "OFF"
	}
	if err := private(path); err != nil {
		return err
	}
	if e.write, err = sql.Open("sqlite", dsn(path, "journal_mode(WAL)", "synchronous("+sync+")", "temp_store(MEMORY)", fmt.Sprintf("wal_autocheckpoint(%d)", writerCopy))); err != nil {
		return err
	}
	e.write.SetMaxOpenConns(2)
	conn, err := e.write.Conn(ctx)
	if err != nil {
		return err
	}
	if _, err := conn.ExecContext(ctx, tables); err != nil {
		return err
	}
	if e.writer, err = newWriter(ctx, conn); err != nil {
		return err
	}
	if e.copier, err = e.write.Conn(ctx); err != nil {
		return err
	}
	if e.read, err = sql.Open("sqlite", dsn(path, "query_only(1)")); err != nil {
		return err
	}
	e.read.SetMaxOpenConns(readers)
	e.read.SetMaxIdleConns(readers)
	if err := e.prepare(ctx); err != nil {
		return err
	}
	return e.loadSchema(ctx, e.read)
}

// private makes the file of a new database readable by its owner alone; what SQLite puts beside it takes its mode over. A file that is there keeps its own.
func private(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

func dsn(path string, pragmas ...string) string {
	query := url.Values{"_pragma": append([]string{"busy_timeout(10000)", "cache_size(-16000)"}, pragmas...)}
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: query.Encode()}).String()
}

func (e *Engine) prepare(ctx context.Context) (err error) {
	if e.get, err = e.read.PrepareContext(ctx, `SELECT body FROM docs WHERE cid = ? AND id = ?`); err != nil {
		return err
	}
	const find = `SELECT e.key, d.body FROM entries e JOIN docs d ON d.rid = e.rid WHERE e.iid = ? AND e.key >= ? AND e.key < ? ORDER BY e.key `
	if e.up, err = e.read.PrepareContext(ctx, find+`ASC LIMIT +?`); err != nil {
		return err
	}
	if e.down, err = e.read.PrepareContext(ctx, find+`DESC LIMIT +?`); err != nil {
		return err
	}
	const walk = `SELECT id, body FROM docs WHERE cid = ? AND id >= ? AND id < ? ORDER BY id `
	if e.walkUp, err = e.read.PrepareContext(ctx, walk+`ASC LIMIT +?`); err != nil {
		return err
	}
	e.walkDown, err = e.read.PrepareContext(ctx, walk+`DESC LIMIT +?`)
	return err
}

// collection gives what is known of a collection; Migrate makes it known.
func (e *Engine) collection(name string) (*collection, error) {
	e.schemaMu.RLock()
	defer e.schemaMu.RUnlock()
	c, ok := e.schema[name]
	if !ok {
		return nil, fmt.Errorf("sqlite: no collection %q: migrate first", name)
	}
	return c, nil
}

// Get implements store.Engine.
func (e *Engine) Get(ctx context.Context, collection, id string) (bson.Raw, error) {
	c, err := e.collection(collection)
	if err != nil {
		return nil, err
	}
	var body []byte
	err = e.get.QueryRowContext(ctx, c.cid, id).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, store.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("sqlite: get: %w", failed(err))
	}
	return body, nil
}

// Ping implements store.Engine.
func (e *Engine) Ping(ctx context.Context) error {
	select {
	case <-e.stop:
		return ErrClosed
	default:
		return errors.Join(e.read.PingContext(ctx), e.writable(ctx))
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
	if e.read != nil {
		err = e.read.Close()
	}
	if e.copier != nil {
		err = errors.Join(err, e.copier.Close())
	}
	if e.writer != nil {
		err = errors.Join(err, e.writer.close())
	}
	if e.write != nil {
		err = errors.Join(err, e.write.Close())
	}
	return err
}
