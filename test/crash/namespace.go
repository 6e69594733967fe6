package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"asysta.example/internal/testkit/ledger"

	"asysta.example/test/crash/rig"
)

// insideEnv tells the command that it runs where it may mount, with a file system of its own.
const insideEnv = "CRASH_MOUNT_NAMESPACE"

// inNamespace runs this command again where it may mount things that nobody else sees, and tells whether it did.
func inNamespace(ctx context.Context) (done bool, err error) {
	if os.Getenv(insideEnv) != "" {
		return false, nil
	}
	cmd := exec.CommandContext(ctx, "/proc/self/exe", os.Args[1:]...) //nolint:gosec // this very command
	cmd.Env = append(os.Environ(), insideEnv+"=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	if os.Geteuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	if err := cmd.Run(); err != nil {
		return true, fmt.Errorf("in a mount namespace: %w", err)
	}
	return true, nil
}

// space is what the small disk holds.
const space = "size=24m,mode=0700"

// smallDisk puts a small file system of its own under a folder.
func smallDisk(dir string) error {
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil { // nobody else sees what follows
		return fmt.Errorf("private mounts: %w", err)
	}
	if err := syscall.Mount("crash", dir, "tmpfs", 0, space); err != nil {
		return fmt.Errorf("mount: %w", err)
	}
	return nil
}

// fill takes all space that is left.
func fill(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	for size := 1 << 20; size > 0; size /= 4 {
		for err == nil {
			_, err = f.Write(make([]byte, size))
		}
		if !errors.Is(err, syscall.ENOSPC) {
			return errors.Join(err, f.Close())
		}
		err = nil
	}
	return f.Close()
}

// diskForm is the long form: the real binary on a small file system that is filled up under it, again and again, and on one that is read-only when it starts.
func diskForm(ctx context.Context, f flags, dir string, programs rig.Programs) (_ ledger.Run, err error) {
	if err := errors.Join(os.MkdirAll(dir+"/small", 0o700), smallDisk(dir+"/small")); err != nil {
		return ledger.Run{}, err
	}
	defer func() { _ = syscall.Unmount(dir+"/small", syscall.MNT_DETACH) }() // or the folder cannot be removed
	l, err := rig.NewLand(ctx, programs, dir+"/small", false)
	if err != nil {
		return ledger.Run{}, err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	sum, until := &diskFigures{refused: map[string]int{}}, time.Now().Add(f.bound)
	for ; sum.rounds < f.n && time.Now().Before(until); sum.rounds++ {
		if err := sum.round(ctx, l, f.seed+uint64(sum.rounds)); err != nil {
			return ledger.Run{Proof: "disk", Figures: sum.String()}, err
		}
	}
	if sum.bad > 0 {
		err = errors.New("a full disk was not refused clearly, or something was lost")
	}
	if locked := readOnly(ctx, l); locked != nil {
		err = errors.Join(err, locked)
	} else {
		sum.locked = true
	}
	return ledger.Run{Proof: "disk", Figures: sum.String()}, err
}

// diskFigures is what the long form has found.
type diskFigures struct {
	rounds, writes, bad, notReady int
	refused                       map[string]int
	slowest                       time.Duration
	locked                        bool
}

// String gives the figures as they are recorded.
func (d *diskFigures) String() string {
	return fmt.Sprintf("%d times full: refused %v, not ready meanwhile %d times, went on without a restart after at most %s, acknowledged writes %d, lost, half-applied, unclear or missing %d; a read-only folder is refused at start and works again afterwards: %v",
		d.rounds, d.refused, d.notReady, d.slowest.Round(time.Millisecond), d.writes, d.bad, d.locked)
}

func (d *diskFigures) round(ctx context.Context, l *rig.Land, seed uint64) error {
	c, err := l.County(ctx)
	if err != nil {
		return err
	}
	defer c.Kill()
	filler := filepath.Join(c.Dir, "filler")
	t := &trouble{county: c, seed: seed, mayAccept: true, break_: func() error { return fill(filler) }, mend: func() error { return os.Remove(filler) }}
	if err := t.run(ctx); err != nil {
		return err
	}
	for _, note := range t.found.notes {
		fmt.Fprintln(os.Stderr, note)
	}
	for reason, n := range t.refused {
		d.refused[reason] += n
	}
	if t.unreadable {
		d.notReady++
	}
	d.writes, d.bad, d.slowest = d.writes+t.found.writes, d.bad+t.found.bad(), max(d.slowest, t.recovered)
	return rig.End(c)
}

// readOnly starts a county whose folder is read-only: it must say so and end; the folder writable again, it must work.
func readOnly(ctx context.Context, l *rig.Land) error {
	c, err := l.Prepare()
	if err != nil {
		return err
	}
	data := filepath.Join(c.Dir, "data")
	if err := errors.Join(syscall.Mount(data, data, "", syscall.MS_BIND, ""), syscall.Mount("", data, "", syscall.MS_BIND|syscall.MS_REMOUNT|syscall.MS_RDONLY, "")); err != nil {
		return fmt.Errorf("read-only mount: %w", err)
	}
	refused := c.Start(ctx)
	c.Kill()
	if err := syscall.Unmount(data, 0); err != nil {
		return err
	}
	if refused == nil {
		return errors.New("a county on a read-only folder says that it is ready")
	}
	fmt.Fprintln(os.Stderr, refused)
	if err := c.Start(ctx); err != nil {
		return err
	}
	defer c.Kill()
	check := &checker{county: c, load: newWorkload(1, c), found: &findings{}}
	working, stop := context.WithTimeout(ctx, workFor)
	defer stop()
	made, err := check.load.run(working)
	if err != nil {
		return err
	}
	if err := check.after(ctx, made); err != nil || check.found.bad() > 0 {
		return fmt.Errorf("after the read-only folder: %w %v", err, check.found.notes)
	}
	return rig.End(c)
}
