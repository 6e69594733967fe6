package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"

	driver "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"asysta.example/internal/store"
)

// unavailable are the answers of SQLite that are the disk's, not the request's: no space, no writing, no reading, no memory, or somebody else holds the file.
var unavailable = map[int]bool{
	sqlite3.SQLITE_FULL: true, sqlite3.SQLITE_IOERR: true, sqlite3.SQLITE_READONLY: true, sqlite3.SQLITE_CANTOPEN: true, sqlite3.SQLITE_NOMEM: true,
	sqlite3.SQLITE_BUSY: true, sqlite3.SQLITE_PROTOCOL: true,
}

// failed marks what is the disk's doing as store.ErrUnavailable. Other errors pass.
func failed(err error) error {
	var e *driver.Error
	if errors.As(err, &e) && unavailable[e.Code()&0xff] { // the rest of the code says more of the same
		return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	}
	return err
}

// noteDisk remembers whether the last transaction failed because of the disk.
func (e *Engine) noteDisk(err error) { e.broken.Store(errors.Is(failed(err), store.ErrUnavailable)) }

// writable tells whether the disk takes writes: where the last transaction failed because of it, by one more, which changes nothing.
func (e *Engine) writable(ctx context.Context) error {
	if !e.broken.Load() {
		return nil
	}
	return failed(e.exclusively(ctx, func(w *writer) error {
		_, err := w.conn.ExecContext(ctx, `PRAGMA user_version = 0`) // writes the first page, whatever it held
		e.noteDisk(err)
		return err
	}))
}

// inPlace tells whether the file that is open is still the one that has the database's name. SQLite goes on with a file that was removed, moved away or replaced, by a restored
// backup for example; whatever is written into it is gone, or where nobody looks, when the process ends.
func (e *Engine) inPlace() error {
	open, err := e.file.Stat()
	if err != nil {
		return fmt.Errorf("sqlite: the database's file: %w", err)
	}
	named, err := os.Stat(e.file.Name())
	if err != nil {
		return fmt.Errorf("sqlite: the database's file is not in its place any more: %w", err)
	}
	if !os.SameFile(open, named) {
		return errors.New("sqlite: another file has taken the place of the database's; what is written goes into the old one, so end this process")
	}
	return nil
}
