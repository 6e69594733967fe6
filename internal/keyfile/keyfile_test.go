package keyfile_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"asysta.example/internal/keyfile"
)

func TestCreateAndRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	if err := keyfile.Create(path, []byte("first")); err != nil {
		t.Fatal(err)
	}
	if err := keyfile.Create(path, []byte("second")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a key was written over another: %v", err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if content, err := keyfile.Read(path); err != nil || string(content) != "first" {
		t.Errorf("%q, %v", content, err)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Errorf("%d files are left, %v", len(left), err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := keyfile.Read(path); !errors.Is(err, keyfile.ErrExposed) {
		t.Errorf("a key that the group reads is taken: %v", err)
	}
}
