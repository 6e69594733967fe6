package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// fate is what became of a guard's removal.
type fate int

const (
	killed   fate = iota // a test failed
	survived             // no test noticed
)

// errGuard says that a guard of the table is not what the source has.
var errGuard = errors.New("mutants: stale guard")

// root is the folder of the module.
func root(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("mutants: %w", err)
	}
	return filepath.Dir(strings.TrimSpace(string(out))), nil
}

// removed gives a file of the module as it would be without a guard.
func removed(root string, g guard) (path string, text []byte, err error) {
	path = filepath.Join(root, filepath.FromSlash(g.file))
	source, err := os.ReadFile(path)
	if err != nil {
		return "", nil, fmt.Errorf("%w %q: %w", errGuard, g.name, err)
	}
	if n := strings.Count(string(source), g.line); n != 1 {
		return "", nil, fmt.Errorf("%w %q: its line stands %d times in %s", errGuard, g.name, n, g.file)
	}
	return path, []byte(strings.Replace(string(source), g.line, g.without, 1)), nil
}

// try runs a guard's test without the guard, for at most a while.
func try(ctx context.Context, root string, g guard, within time.Duration) (fate, error) {
	ctx, cancel := context.WithTimeout(ctx, within+time.Minute)
	defer cancel()
	overlay, done, err := overlay(root, g)
	if err != nil {
		return 0, err
	}
	defer done()
	cmd := exec.CommandContext(ctx, "go", "test", "-count=1", "-failfast", "-timeout", within.String(), "-run", g.test, "-overlay", overlay, g.pkg) //nolint:gosec // names of tests and packages from the table in guards.go
	cmd.Dir = root
	out, err := cmd.CombinedOutput()
	text := string(out)
	switch {
	case ctx.Err() != nil:
		return 0, fmt.Errorf("mutants: %q: %w", g.name, ctx.Err())
	case strings.Contains(text, "[build failed]") || strings.Contains(text, "[setup failed]"):
		return 0, fmt.Errorf("%w %q: it does not compile:\n%s", errGuard, g.name, text)
	case strings.Contains(text, "[no tests to run]"):
		return 0, fmt.Errorf("%w %q: no test is called %s", errGuard, g.name, g.test)
	case err == nil:
		return survived, nil
	case strings.Contains(text, "--- FAIL") || strings.Contains(text, "panic: "):
		return killed, nil
	}
	return 0, fmt.Errorf("mutants: %q: %w:\n%s", g.name, err, text)
}

// overlay writes what "go test -overlay" wants: the changed file beside the sources, which stay as they are.
func overlay(root string, g guard) (file string, done func(), err error) {
	path, text, err := removed(root, g)
	if err != nil {
		return "", nil, err
	}
	dir, err := os.MkdirTemp("", "asysta-mutants-")
	if err != nil {
		return "", nil, fmt.Errorf("mutants: %w", err)
	}
	done = func() { _ = os.RemoveAll(dir) }
	changed := filepath.Join(dir, "changed.go")
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {path: changed}})
	if err == nil {
		file = filepath.Join(dir, "overlay.json")
		err = errors.Join(os.WriteFile(changed, text, 0o600), os.WriteFile(file, replace, 0o600))
	}
	if err != nil {
		done()
		return "", nil, fmt.Errorf("mutants: %w", err)
	}
	return file, done, nil
}
