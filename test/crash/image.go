package main

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"

	"asysta.example/internal/testkit/disk"
)

// survivors says what becomes of writes that nobody had synced when the power went.
type survivors int

const (
	none survivors = iota // all are gone
	some                  // any of them may be there, whatever their order was
	torn                  // as some, and of one of them only the first sectors
	all                   // all are there, as after kill -9
)

// sector is what a disk writes at once, in bytes.
const sector = 512

// image is what a disk has of the recorded files at a moment.
type image struct {
	ops     []disk.Op
	at      int // operations that have been asked for
	durable map[string][]byte
	pending map[string][]int // by file: writes and truncations after its last sync
	named   map[string]bool  // files whose names are in the folder for good
}

func newImage(ops []disk.Op) *image {
	return &image{ops: ops, durable: map[string][]byte{}, pending: map[string][]int{}, named: map[string]bool{}}
}

// advance goes on to a later moment.
func (m *image) advance(cut int) {
	for ; m.at < cut; m.at++ {
		switch op := m.ops[m.at]; op.Kind {
		case disk.Write, disk.Truncate:
			m.pending[op.Path] = append(m.pending[op.Path], m.at)
		case disk.Delete:
			delete(m.durable, op.Path)
			delete(m.pending, op.Path)
		case disk.Sync:
			m.sync(op)
		}
	}
}

// sync makes durable what was written to a file before the sync began. The first sync of a file that SQLite has made brings the folder to the disk too, and with it
// the names of all files in it.
func (m *image) sync(op disk.Op) {
	var left []int
	content := m.durable[op.Path]
	for _, i := range m.pending[op.Path] {
		if int64(i) < op.Size {
			content = applied(content, m.ops[i], -1)
		} else {
			left = append(left, i)
		}
	}
	m.durable[op.Path], m.pending[op.Path] = content, left
	m.named[filepath.Dir(op.Path)] = true
}

// applied gives a file's content after an operation, of which only the first so many bytes came to be; -1 for all.
func applied(content []byte, op disk.Op, only int) []byte {
	if op.Kind == disk.Truncate {
		if int(op.Size) <= len(content) {
			return content[:op.Size:op.Size]
		}
		return append(content[:len(content):len(content)], make([]byte, int(op.Size)-len(content))...)
	}
	data := op.Data
	if only >= 0 {
		data = data[:min(only, len(data))]
	}
	end := int(op.Offset) + len(data)
	out := content
	if end > len(out) {
		out = append(out[:len(out):len(out)], make([]byte, end-len(out))...)
	}
	copy(out[op.Offset:], data)
	return out
}

// save writes the files as they would be found into a folder.
func (m *image) save(dir string, what survivors, dice *rand.Rand) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	files := map[string]bool{}
	for path := range m.durable {
		files[path] = true
	}
	for path := range m.pending {
		files[path] = true
	}
	for path := range files {
		if what == none && !m.named[filepath.Dir(path)] {
			continue
		}
		content := append([]byte(nil), m.durable[path]...)
		for _, i := range m.pending[path] {
			keep, only := what == all, -1
			if what == some || what == torn {
				keep = dice.IntN(2) == 0
			}
			if what == torn && dice.IntN(3) == 0 {
				keep, only = true, sector*dice.IntN(1+len(m.ops[i].Data)/sector)
			}
			if keep {
				content = applied(content, m.ops[i], only)
			}
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(path)), content, 0o600); err != nil {
			return errors.Join(err, os.RemoveAll(dir))
		}
	}
	return nil
}
