package disk

import (
	"strings"
	"sync"
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// Kind is what SQLite asked for.
type Kind int

// Kinds of operation.
const (
	Write    Kind = iota // Data at Offset
	Truncate             // to Size
	Sync                 // everything written to the file before is on the disk when it returns
	Delete               // the file is gone
)

// Op is one operation on one file.
type Op struct {
	Kind   Kind
	Path   string
	Offset int64
	Data   []byte // of Write
	Size   int64  // of Truncate
}

// Fault is how writes are refused.
type Fault int32

// Faults of a disk.
const (
	Well     Fault = iota // nothing is refused
	Full                  // no space left
	ReadOnly              // the file system does not take writes any more
)

// Watch is what happens to the files below one folder. It is safe for concurrent use.
type Watch struct {
	dir string

	mu     sync.Mutex
	record bool
	ops    []Op
	fault  Fault
	hits   int // operations refused
}

var (
	table   sync.Once
	mu      sync.Mutex
	watches []*Watch
	paths   = map[uintptr]string{}  // of open files that are watched
	plain   = map[uintptr]methods{} // SQLite's own operations, by their table
)

// New watches a folder, given by its absolute path, until Close. Databases in it must be opened afterwards.
func New(dir string) *Watch {
	table.Do(install)
	w := &Watch{dir: strings.TrimSuffix(dir, "/") + "/", record: true}
	mu.Lock()
	defer mu.Unlock()
	watches = append(watches, w)
	return w
}

// Close ends the watch.
func (w *Watch) Close() {
	mu.Lock()
	defer mu.Unlock()
	for i, other := range watches {
		if other == w {
			watches = append(watches[:i:i], watches[i+1:]...)
			return
		}
	}
}

// Len is how many operations there were so far.
func (w *Watch) Len() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.ops)
}

// Ops gives the operations so far, oldest first.
func (w *Watch) Ops() []Op {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ops[:len(w.ops):len(w.ops)]
}

// Break makes the disk refuse what is written from now on; Break(Well) mends it.
func (w *Watch) Break(f Fault) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fault, w.record = f, false
}

// Refused is how many operations were refused so far.
func (w *Watch) Refused() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.hits
}

// note records an operation that was carried out.
func (w *Watch) note(op Op) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.record {
		w.ops = append(w.ops, op)
	}
}

// refuses gives SQLite's code for what the disk refuses; SQLITE_OK where it does not.
func (w *Watch) refuses() int32 {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fault == Well {
		return sqlite3.SQLITE_OK
	}
	w.hits++
	if w.fault == Full {
		return sqlite3.SQLITE_FULL
	}
	return sqlite3.SQLITE_IOERR_WRITE // what SQLite makes of EROFS and of every other error of a write
}

// watchOf finds who watches a path; nil for nobody.
func watchOf(path string) *Watch {
	mu.Lock()
	defer mu.Unlock()
	for _, w := range watches {
		if strings.HasPrefix(path, w.dir) {
			return w
		}
	}
	return nil
}

// watched gives the path and watch of an open file.
func watched(file uintptr) (path string, w *Watch) {
	mu.Lock()
	path = paths[file]
	mu.Unlock()
	if path == "" {
		return "", nil
	}
	return path, watchOf(path)
}

// methods are SQLite's own operations on an open file.
type methods = sqlite3.Tsqlite3_io_methods

// openFile and deleteFile are SQLite's own.
var openFile, deleteFile uintptr

// install puts this package's functions into the table of the process's file system. It comes before the first database is opened.
func install() {
	tls := libc.NewTLS()
	defer tls.Close()
	fs := at[sqlite3.Tsqlite3_vfs](sqlite3.Xsqlite3_vfs_find(tls, 0))
	openFile, deleteFile = fs.FxOpen, fs.FxDelete
	fs.FxOpen, fs.FxDelete = pointer(open), pointer(remove)
}

// at reads SQLite's memory, which is not Go's and does not move.
func at[T any](p uintptr) *T { return (*T)(*(*unsafe.Pointer)(unsafe.Pointer(&p))) }

// pointer gives a function in the form in which SQLite's tables hold one, function the way back.
func pointer[F any](f F) uintptr { return *(*uintptr)(unsafe.Pointer(&f)) }

func function[F any](p uintptr) F { return *(*F)(unsafe.Pointer(&p)) }
