package rig

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Programs are the binaries of a harness.
type Programs struct {
	Asysta string // the program as it ships
	Ferret string // the server that speaks MongoDB's protocol, for tests
}

// Patch is one replacement in a source file of the repository, by which a harness shows that a guard is needed: the build that lacks it must be caught.
type Patch struct {
	File     string // from the root of the repository
	Old, New string // Old stands in the file exactly once
}

// Build builds the programs into a folder, the one under test with patches: as they ship where there are none.
func Build(ctx context.Context, dir string, patches ...Patch) (Programs, error) {
	overlay := filepath.Join(dir, "overlay.json")
	if err := writeOverlay(ctx, dir, overlay, patches); err != nil {
		return Programs{}, fmt.Errorf("rig: build: %w", err)
	}
	args := []string{"build", "-overlay", overlay, "-o", dir + "/", "asysta.example/cmd/asysta"}
	if len(patches) == 0 {
		args = append(args, "asysta.example/internal/testkit/ferret/serve")
	}
	if out, err := exec.CommandContext(ctx, "go", args...).CombinedOutput(); err != nil {
		return Programs{}, fmt.Errorf("rig: go build: %w\n%s", err, out)
	}
	return Programs{Asysta: filepath.Join(dir, "asysta"), Ferret: filepath.Join(dir, "serve")}, nil
}

func writeOverlay(ctx context.Context, dir, overlay string, patches []Patch) error {
	root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "asysta.example").Output()
	if err != nil {
		return err
	}
	replace := map[string]string{}
	for i, p := range patches {
		path := filepath.Join(strings.TrimSpace(string(root)), filepath.FromSlash(p.File))
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if n := strings.Count(string(raw), p.Old); n != 1 {
			return fmt.Errorf("%s has %d places like %q; the patch wants one", p.File, n, p.Old)
		}
		patched := filepath.Join(dir, fmt.Sprintf("patched-%d.go", i))
		if err := os.WriteFile(patched, []byte(strings.Replace(string(raw), p.Old, p.New, 1)), 0o600); err != nil {
			return err
		}
		replace[path] = patched
	}
	raw, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return err
	}
	return os.WriteFile(overlay, raw, 0o600)
}
