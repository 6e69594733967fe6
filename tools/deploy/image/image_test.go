package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
)

// small is a program that takes the place of the real one: it is built in a moment.
func small(t *testing.T, text string) (origin, string) {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{
		"go.mod": "module asysta.example\n\ngo 1.26\n", "LICENSE": "EUPL-1.2\n", "cmd/asysta/main.go": "package main\n\nvar release string\n\nfunc main() { println(release, `" + text + "`) }\n",
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	from := origin{root: dir, revision: strings.Repeat("a", 40), version: "20260102-aaaaaaaaaaaa", created: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	program := filepath.Join(t.TempDir(), "asysta")
	if err := compile(t.Context(), dir, from, program, "amd64"); err != nil {
		t.Fatal(err)
	}
	return from, program
}

func made(t *testing.T, from origin, program string) v1.Image {
	t.Helper()
	img, err := assemble(from, program, "amd64")
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// The same sources give the same digest, wherever they lie, and other sources another one.
func TestSameSourcesSameDigest(t *testing.T) {
	digest := func(text string) string {
		from, program := small(t, text)
		d, err := made(t, from, program).Digest()
		if err != nil {
			t.Fatal(err)
		}
		return d.String()
	}
	one, again, other := digest("x"), digest("x"), digest("y")
	if one != again {
		t.Errorf("%s and %s", one, again)
	}
	if one == other {
		t.Error("another program, the same digest")
	}
}

func TestProgramSaysItsVersion(t *testing.T) {
	from, program := small(t, "x")
	out, err := exec.CommandContext(t.Context(), program).CombinedOutput()
	if err != nil || !strings.HasPrefix(string(out), from.version) {
		t.Errorf("%s, %v", out, err)
	}
}

// What an image must not be is found.
func TestCheckFinds(t *testing.T) {
	key := "-----BEGIN PRIVATE KEY-----\n" + strings.Repeat("MIGHAgEAMBMG", 6) + "\n-----END PRIVATE KEY-----\n"
	withFile := func(f file) func(v1.Image) v1.Image {
		return func(img v1.Image) v1.Image {
			l, err := layer([]file{f}, time.Unix(0, 0))
			if err != nil {
				t.Fatal(err)
			}
			img, err = mutate.AppendLayers(img, l)
			if err != nil {
				t.Fatal(err)
			}
			return img
		}
	}
	withConfig := func(change func(*v1.Config)) func(v1.Image) v1.Image {
		return func(img v1.Image) v1.Image {
			c, err := img.ConfigFile()
			if err != nil {
				t.Fatal(err)
			}
			c = c.DeepCopy()
			change(&c.Config)
			if img, err = mutate.ConfigFile(img, c); err != nil {
				t.Fatal(err)
			}
			return img
		}
	}
	for label, tt := range map[string]struct {
		text   string
		change func(v1.Image) v1.Image
		want   string // in the fault; "": none
	}{
		"as it should be":  {"x", func(img v1.Image) v1.Image { return img }, ""},
		"a shell":          {"x", withFile(file{name: "bin/sh", mode: 0o755}), "/bin/sh"},
		"a setuid file":    {"x", withFile(file{name: "asysta2", mode: 0o4755}), "/asysta2"},
		"a key file":       {"x", withFile(file{name: "etc/ssl/certs/ca-certificates.crt", mode: 0o644, content: []byte(key)}), "secret"},
		"a linked secret":  {"mongodb://asysta:Geheimnis@db1/", func(img v1.Image) v1.Image { return img }, "secret"},
		"root":             {"x", withConfig(func(c *v1.Config) { c.User = "" }), "user"},
		"another start":    {"x", withConfig(func(c *v1.Config) { c.Entrypoint = []string{"/bin/sh", "-c"} }), "entrypoint"},
		"a setting in it":  {"x", withConfig(func(c *v1.Config) { c.Env = append(c.Env, "ASYSTA_TRIAL=true") }), "env"},
		"another revision": {"x", withConfig(func(c *v1.Config) { c.Labels["org.opencontainers.image.revision"] = "b" }), "labels"},
	} {
		t.Run(label, func(t *testing.T) {
			from, program := small(t, tt.text)
			dir := filepath.Join(t.TempDir(), "image")
			if err := write(tt.change(made(t, from, program)), dir, dir+".tar", "asysta:test", "amd64"); err != nil {
				t.Fatal(err)
			}
			_, err := check(t.Context(), dir, from, "amd64", false)
			if (err == nil) != (tt.want == "") || (err != nil && !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
}

// A layout that was altered after it was written is refused.
func TestAlteredLayout(t *testing.T) {
	from, program := small(t, "x")
	img := made(t, from, program)
	dir := filepath.Join(t.TempDir(), "image")
	if err := write(img, dir, dir+".tar", "asysta:test", "amd64"); err != nil {
		t.Fatal(err)
	}
	if _, err := layout.FromPath(dir); err != nil {
		t.Fatal(err)
	}
	layers, err := img.Layers()
	if err != nil {
		t.Fatal(err)
	}
	digest, err := layers[1].Digest()
	if err != nil {
		t.Fatal(err)
	}
	blob := filepath.Join(dir, "blobs", "sha256", digest.Hex)
	content, err := os.ReadFile(blob)
	if err != nil {
		t.Fatal(err)
	}
	content[len(content)/2] ^= 1
	if err := os.WriteFile(blob, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := check(t.Context(), dir, from, "amd64", false); err == nil {
		t.Error("an altered layer is accepted")
	}
}
