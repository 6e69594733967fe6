package disk

import (
	"bytes"
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// Shapes of SQLite's file operations.
type (
	openFunc   = func(tls *libc.TLS, fs, name, file uintptr, flags int32, out uintptr) int32
	deleteFunc = func(tls *libc.TLS, fs, name uintptr, dir int32) int32
	closeFunc  = func(tls *libc.TLS, file uintptr) int32
	writeFunc  = func(tls *libc.TLS, file, data uintptr, n int32, offset int64) int32
	sizeFunc   = func(tls *libc.TLS, file uintptr, size int64) int32
	syncFunc   = func(tls *libc.TLS, file uintptr, flags int32) int32
)

// open opens a file; where it is watched its operations are replaced by this package's.
func open(tls *libc.TLS, fs, name, file uintptr, flags int32, out uintptr) int32 {
	code := function[openFunc](openFile)(tls, fs, name, file, flags, out)
	if code != sqlite3.SQLITE_OK || name == 0 {
		return code
	}
	path := libc.GoString(name)
	if watchOf(path) == nil {
		return code
	}
	handle := at[sqlite3.Tsqlite3_file](file)
	mu.Lock()
	defer mu.Unlock()
	paths[file] = path
	handle.FpMethods = replaced(tls, handle.FpMethods)
	return code
}

// tables has the table with this package's operations for each of SQLite's.
var tables = map[uintptr]uintptr{}

// replaced gives the table that stands for another; the caller holds mu.
func replaced(tls *libc.TLS, table uintptr) uintptr {
	if mine, ok := tables[table]; ok {
		return mine
	}
	own := *at[methods](table)
	mine := libc.Xmalloc(tls, libc.Tsize_t(unsafe.Sizeof(own)))
	changed := own
	changed.FxClose, changed.FxWrite, changed.FxTruncate, changed.FxSync = pointer(closeFile), pointer(write), pointer(truncate), pointer(sync_)
	*at[methods](mine) = changed
	tables[table], plain[mine] = mine, own
	return mine
}

// ownOf gives SQLite's own operations of a watched file.
func ownOf(file uintptr) methods {
	mu.Lock()
	defer mu.Unlock()
	return plain[at[sqlite3.Tsqlite3_file](file).FpMethods]
}

func closeFile(tls *libc.TLS, file uintptr) int32 {
	own := ownOf(file)
	mu.Lock()
	delete(paths, file)
	mu.Unlock()
	return function[closeFunc](own.FxClose)(tls, file)
}

func write(tls *libc.TLS, file, data uintptr, n int32, offset int64) int32 {
	path, w := watched(file)
	if w != nil {
		if code := w.refuses(); code != sqlite3.SQLITE_OK {
			return code
		}
	}
	code := function[writeFunc](ownOf(file).FxWrite)(tls, file, data, n, offset)
	if w != nil && code == sqlite3.SQLITE_OK {
		w.note(Op{Kind: Write, Path: path, Offset: offset, Data: bytes.Clone(libc.GoBytes(data, int(n)))})
	}
	return code
}

func truncate(tls *libc.TLS, file uintptr, size int64) int32 {
	path, w := watched(file)
	if w != nil {
		if code := w.refuses(); code != sqlite3.SQLITE_OK {
			return code
		}
	}
	code := function[sizeFunc](ownOf(file).FxTruncate)(tls, file, size)
	if w != nil && code == sqlite3.SQLITE_OK {
		w.note(Op{Kind: Truncate, Path: path, Size: size})
	}
	return code
}

// sync_ notes a sync when it has come back: what was written while it ran may or may not be on the disk, and counts as not.
func sync_(tls *libc.TLS, file uintptr, flags int32) int32 {
	path, w := watched(file)
	before := 0
	if w != nil {
		before = w.Len()
	}
	code := function[syncFunc](ownOf(file).FxSync)(tls, file, flags)
	if w != nil && code == sqlite3.SQLITE_OK {
		w.note(Op{Kind: Sync, Path: path, Size: int64(before)})
	}
	return code
}

func remove(tls *libc.TLS, fs, name uintptr, dir int32) int32 {
	code := function[deleteFunc](deleteFile)(tls, fs, name, dir)
	if path := libc.GoString(name); code == sqlite3.SQLITE_OK {
		if w := watchOf(path); w != nil {
			w.note(Op{Kind: Delete, Path: path})
		}
	}
	return code
}
