package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// holdStep is in which pieces a file is held in memory.
const holdStep = 16 << 20

// holding keeps the pages of a file that grows in the machine's memory, from this process: where a machine takes them away from files although it has memory left, as
// machines do that are lent out, what it reads anew is its doing and not the server's.
type holding struct {
	file  *os.File
	parts [][]byte
	stop  context.CancelFunc
	wait  sync.WaitGroup
	err   error
}

// hold begins; end ends it.
func hold(ctx context.Context, path string) (*holding, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	h := &holding{file: file}
	if err := h.more(); err != nil {
		return nil, errors.Join(err, h.end())
	}
	ctx, h.stop = context.WithCancel(ctx)
	h.wait.Go(func() {
		for h.err == nil {
			select {
			case <-ctx.Done():
				return
			case <-time.After(2 * time.Second):
			}
			h.err = h.more()
		}
	})
	return h, nil
}

// more holds what the file has grown by.
func (h *holding) more() error {
	info, err := h.file.Stat()
	if err != nil {
		return err
	}
	for at := int64(len(h.parts)) * holdStep; at+holdStep <= info.Size(); at += holdStep {
		part, err := unix.Mmap(int(h.file.Fd()), at, holdStep, unix.PROT_READ, unix.MAP_SHARED)
		if err != nil {
			return fmt.Errorf("hold: %w", err)
		}
		h.parts = append(h.parts, part)
		if err := unix.Mlock(part); err != nil {
			return fmt.Errorf("hold: %w (it needs the right to lock memory: root, or ulimit -l)", err)
		}
	}
	return nil
}

// end lets the pages go and says whether they were all held.
func (h *holding) end() error {
	if h.stop != nil {
		h.stop()
	}
	h.wait.Wait()
	errs := []error{h.err}
	for _, part := range h.parts {
		errs = append(errs, unix.Munmap(part))
	}
	return errors.Join(append(errs, h.file.Close())...)
}
