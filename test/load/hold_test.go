package main

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

func TestHoldGrowsWithTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "asysta.db")
	grow := func(size int64) {
		t.Helper()
		file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
		if err == nil {
			err = errors.Join(file.Truncate(size), file.Close())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	grow(holdStep + 5)
	h, err := hold(t.Context(), path)
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.ENOMEM) || errors.Is(err, unix.EAGAIN) {
		t.Skip("no right to lock memory here")
	}
	if err != nil {
		t.Fatal(err)
	}
	h.stop()
	h.wait.Wait()
	grow(2*holdStep + 5)
	if err := h.more(); err != nil || len(h.parts) != 2 {
		t.Errorf("%d parts, %v", len(h.parts), err)
	}
	if err := h.end(); err != nil {
		t.Error(err)
	}
}
