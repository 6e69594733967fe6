package keyfile

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestExposed(t *testing.T) {
	const root, we, somebody = 0, 65532, 1000
	for _, tt := range []struct {
		mode        fs.FileMode
		owner, self int
		want        bool
	}{
		{0o600, we, we, false},
		{0o400, we, we, false},
		{0o640, we, we, true},
		{0o604, we, we, true},
		{0o440, root, we, false}, // a secret of Kubernetes, a credential of systemd
		{0o400, root, we, false},
		{0o640, root, we, false},
		{0o444, root, we, true},
		{0o460, root, we, true},
		{0o450, root, we, true},
		{0o440, somebody, we, true},
		{0o440, root, root, true},
		{0o440, somebody, root, true},
	} {
		if got := exposed(tt.mode, tt.owner, tt.self); got != tt.want {
			t.Errorf("mode %04o of %d, seen by %d: %t", tt.mode, tt.owner, tt.self, got)
		}
	}
}

func TestExposedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for mode, want := range map[fs.FileMode]bool{0o600: false, 0o640: true, 0o644: true} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := Exposed(info); got != want {
			t.Errorf("own file of mode %04o: %t", mode, got)
		}
	}
}
