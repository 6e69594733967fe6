package sqlite

import (
	"time"

	"golang.org/x/sys/unix"
)

// slice is how much of the file is written out at once.
const slice = 32 << 20

// writeBack has the system write to disk what of the database file waits in memory, and rests after each slice as long as it took: a sync of all at once keeps
// the log's syncs, and with them everybody's commits, waiting. It promises nothing, the sync that SQLite does in the end finds less to do.
func (e *Engine) writeBack() {
	const all = unix.SYNC_FILE_RANGE_WAIT_BEFORE | unix.SYNC_FILE_RANGE_WRITE | unix.SYNC_FILE_RANGE_WAIT_AFTER
	info, err := e.file.Stat()
	if err != nil {
		return
	}
	for at := int64(0); at < info.Size(); at += slice {
		began := time.Now() //nolint:forbidigo // how long the disk takes
		if err := unix.SyncFileRange(int(e.file.Fd()), at, slice, all); err != nil {
			return
		}
		took := time.Since(began)        //nolint:forbidigo // as above
		if took < 200*time.Microsecond { // nothing was to be written
			continue
		}
		select {
		case <-e.stop:
			return
		case <-time.After(took):
		}
	}
}
