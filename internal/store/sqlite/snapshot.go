package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
)

// Snapshot writes what the database at path holds at one instant to a new file, while other processes may write, and checks it page by page. The copy has no free pages and
// no log beside it. It is readable by its owner alone and must not exist.
func Snapshot(ctx context.Context, path, to string) (err error) {
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("sqlite: snapshot: %w", err)
	}
	made, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) // VACUUM INTO fills an empty file, with the mode that it has
	if err != nil {
		return fmt.Errorf("sqlite: snapshot: %w", err)
	}
	if err := made.Close(); err != nil {
		return fmt.Errorf("sqlite: snapshot: %w", err)
	}
	db, err := sql.Open("sqlite", dsn(path))
	if err != nil {
		return fmt.Errorf("sqlite: snapshot: %w", err)
	}
	_, err = db.ExecContext(ctx, `VACUUM INTO ?`, to)
	if err = errors.Join(err, db.Close()); err != nil {
		return fmt.Errorf("sqlite: snapshot: %w", err)
	}
	if err := logged(ctx, to); err != nil {
		return fmt.Errorf("sqlite: snapshot: %w", err)
	}
	return Integrity(ctx, to)
}

// logged has a file keep a log, as Open wants it: a copy does not, and to change that needs the file for oneself.
func logged(ctx context.Context, path string) error {
	db, err := sql.Open("sqlite", dsn(path))
	if err != nil {
		return err
	}
	var mode string
	err = db.QueryRowContext(ctx, `PRAGMA journal_mode = WAL`).Scan(&mode)
	return errors.Join(err, db.Close())
}

// Integrity checks the pages and the tables of a database file.
func Integrity(ctx context.Context, path string) error {
	db, err := sql.Open("sqlite", dsn(path))
	if err != nil {
		return fmt.Errorf("sqlite: integrity: %w", err)
	}
	var said string
	err = db.QueryRowContext(ctx, `PRAGMA integrity_check(1)`).Scan(&said)
	if err = errors.Join(err, db.Close()); err != nil {
		return fmt.Errorf("sqlite: integrity: %w", err)
	}
	if said != "ok" {
		return errors.New("sqlite: the file is damaged")
	}
	return nil
}
