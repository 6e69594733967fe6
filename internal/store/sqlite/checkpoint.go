package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// The write-ahead log is copied into the database file beside the writer, on a connection of its own: left to SQLite, the copying is done inside the commit
// that happens to fill the log, and everybody waits for it. The writer does only the last frames, so that the log can begin anew; only then does SQLite sync the database
// file, and what was copied before has been written to the disk by then, a slice at a time. Durability is SQLite's own: the log is kept until that sync.
const (
	writerCopy = 64_000 // frames (pages of 4 KB) at which the writer copies all the same
	rounds     = 5      // at most, to come down to few new frames
)

// logLimits say when the log is copied and begins anew.
type logLimits struct {
	copyAfter int // Writes between two copyings
	beginAnew int // frames in the log from which it is to begin anew
	few       int // so few new ones are left to the writer
}

var (
	shipped = logLimits{copyAfter: 1_024, beginAnew: 32_000, few: 1_000}
	short   = logLimits{copyAfter: 10, beginAnew: 320, few: 10}
)

// copyLoop copies the log whenever enough was written, until Close.
func (e *Engine) copyLoop() {
	defer close(e.copied)
	for {
		select {
		case <-e.stop:
			return
		case <-e.written:
			// What fails here is tried again after the next Writes, and at writerCopy by the writer, who tells.
			_ = e.copyLog(context.Background())
		}
	}
}

// noteWrites counts Writes and wakes copyLoop.
func (e *Engine) noteWrites(n int) {
	if e.sinceCopy += n; e.sinceCopy < e.limits.copyAfter {
		return
	}
	e.sinceCopy = 0
	select {
	case e.written <- struct{}{}:
	default:
	}
}

func (e *Engine) copyLog(ctx context.Context) error {
	for round, before := 0, 0; round < rounds; round++ {
		frames, err := checkpoint(ctx, e.copier)
		if err != nil {
			return err
		}
		if !e.unsynced.Load() {
			e.writeBack()
		}
		if frames < e.limits.beginAnew {
			return nil
		}
		if round > 0 && frames-before < e.limits.few {
			break
		}
		before = frames
	}
	return e.exclusively(ctx, func(w *writer) error {
		_, err := checkpoint(ctx, w.conn)
		return err
	})
}

// checkpoint copies what no reader holds back and gives how many frames the log has.
func checkpoint(ctx context.Context, conn *sql.Conn) (frames int, err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	var busy, done int
	if err := conn.QueryRowContext(ctx, `PRAGMA wal_checkpoint(PASSIVE)`).Scan(&busy, &frames, &done); err != nil {
		return 0, fmt.Errorf("sqlite: checkpoint: %w", err)
	}
	return frames, nil
}
