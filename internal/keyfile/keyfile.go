package keyfile

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// ErrExposed says that others than the owner may read or change a file of keys.
var ErrExposed = errors.New("keyfile: file is open to others than its owner")

// Create writes a file that must not exist (fs.ErrExist), readable and writable by its owner alone and on the disk when it returns. A crash leaves none or all of it.
func Create(path string, content []byte) (err error) {
	temporary, err := os.CreateTemp(filepath.Dir(path), ".keyfile-*") // 0600
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(temporary.Name())) }()
	_, err = temporary.Write(content)
	if err = errors.Join(err, temporary.Sync(), temporary.Close()); err != nil {
		return err
	}
	if err := os.Link(temporary.Name(), path); err != nil {
		return err
	}
	return SyncFolder(filepath.Dir(path))
}

// SyncFolder brings the names in a folder to the disk.
func SyncFolder(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// Read reads a file of keys. ErrExposed when its mode lets anybody but its owner at it.
func Read(path string) (content []byte, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if Exposed(info) {
		return nil, fmt.Errorf("%w: %s has mode %04o; chmod 600", ErrExposed, path, info.Mode().Perm())
	}
	return io.ReadAll(file)
}
