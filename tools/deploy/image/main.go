package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// within bounds the whole command.
const within = 20 * time.Minute

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	ctx, cancel := context.WithTimeout(ctx, within)
	err := realMain(ctx, os.Args[1:])
	cancel()
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "image:", err)
		os.Exit(1)
	}
}

// origin says which sources an image is made of.
type origin struct {
	root     string // the repository
	revision string // commit; with "+changes" where the work tree differs from it
	version  string
	created  time.Time // of the commit
}

func realMain(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("image", flag.ContinueOnError)
	out := flags.String("out", "", "folder of the result; the repository's dist where empty")
	arch := flags.String("arch", "amd64", "amd64 or arm64")
	tag := flags.String("tag", "asysta", "name under which an engine loads it")
	twice := flags.Bool("twice", false, "build again elsewhere from nothing and compare")
	if err := flags.Parse(args); err != nil {
		return err
	}
	from, err := sources(ctx)
	if err != nil {
		return err
	}
	if *out == "" {
		*out = filepath.Join(from.root, "dist")
	}
	work, err := os.MkdirTemp("", "asysta-image-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(work) }()

	program := filepath.Join(work, "asysta")
	if err := compile(ctx, from.root, from, program, *arch); err != nil {
		return err
	}
	img, err := assemble(from, program, *arch)
	if err != nil {
		return err
	}
	digest, err := img.Digest()
	if err != nil {
		return err
	}
	if *twice {
		if err := again(ctx, from, work, *arch, digest.String()); err != nil {
			return err
		}
	}
	layout := filepath.Join(*out, "image")
	if err := write(img, layout, layout+".tar", *tag+":"+from.version, *arch); err != nil {
		return err
	}
	report, err := check(ctx, layout, from, *arch, *arch == runtime.GOARCH)
	fmt.Print(report)
	if err != nil {
		return fmt.Errorf("what was written is not what belongs there: %w", err)
	}
	fmt.Printf("digest %s\nwritten to %s and %s.tar\n", digest, layout, layout)
	return nil
}

// sources finds the repository and what is checked out.
func sources(ctx context.Context) (origin, error) {
	root, err := git(ctx, ".", "rev-parse", "--show-toplevel")
	if err != nil {
		return origin{}, err
	}
	o := origin{root: root}
	if o.revision, err = git(ctx, root, "rev-parse", "HEAD"); err != nil {
		return o, err
	}
	seconds, err := git(ctx, root, "log", "-1", "--format=%ct")
	if err != nil {
		return o, err
	}
	unix, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return o, fmt.Errorf("time of the commit: %w", err)
	}
	o.created = time.Unix(unix, 0).UTC()
	o.version = o.created.Format("20060102") + "-" + o.revision[:12]
	changes, err := git(ctx, root, "status", "--porcelain")
	if err != nil {
		return o, err
	}
	if changes != "" {
		o.revision += "+changes"
		o.version += "-changes"
	}
	return o, nil
}

func git(ctx context.Context, dir string, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, "git", append([]string{"-C", dir}, args...)...).Output()
	if err != nil {
		return "", fmt.Errorf("git %s: %w", args[0], err)
	}
	return strings.TrimSpace(string(out)), nil
}

// compile builds the program for Linux, statically linked and without anything of the machine in it.
func compile(ctx context.Context, dir string, from origin, to, arch string, more ...string) error {
	flags := "-ldflags=-s -w -buildid= -X main.release=" + from.version
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", flags, "-o", to, "./cmd/asysta")
	cmd.Dir = dir
	cmd.Env = append(append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch, "GOAMD64=v1", "GOARM64=v8.0", "GOFLAGS=", "GOWORK=off"), more...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	return nil
}

// again builds the program from a copy of the sources with an empty cache, and compares the images.
func again(ctx context.Context, from origin, work, arch, want string) error {
	elsewhere, cache := filepath.Join(work, "elsewhere"), filepath.Join(work, "cache")
	list, err := git(ctx, from.root, "ls-files", "--cached", "--others", "--exclude-standard")
	if err != nil {
		return err
	}
	for name := range strings.Lines(list) {
		name = strings.TrimSpace(name)
		content, err := os.ReadFile(filepath.Join(from.root, name))
		if errors.Is(err, os.ErrNotExist) {
			continue // removed, not committed yet
		}
		if err == nil {
			err = errors.Join(os.MkdirAll(filepath.Dir(filepath.Join(elsewhere, name)), 0o700), os.WriteFile(filepath.Join(elsewhere, name), content, 0o600))
		}
		if err != nil {
			return err
		}
	}
	program := filepath.Join(work, "again")
	if err := compile(ctx, elsewhere, from, program, arch, "GOCACHE="+cache); err != nil {
		return err
	}
	img, err := assemble(from, program, arch)
	if err != nil {
		return err
	}
	got, err := img.Digest()
	if err != nil {
		return err
	}
	if got.String() != want {
		return fmt.Errorf("built twice, the digests are %s and %s", want, got)
	}
	fmt.Println("built twice, at two paths, the second time from an empty cache: the same digest")
	return nil
}
