package seal_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"asysta.example/internal/seal"
)

func TestMasterFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "master.json")
	created, err := seal.CreateMaster(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v, %v", info.Mode(), err)
	}
	keys := newKeys(t)
	sealed := mustSeal(t, seal.NewVault(created, keys), gmina, file, digits)
	loaded, err := seal.LoadMaster(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := mustOpen(t, seal.NewVault(loaded, keys), gmina, file, sealed); got != digits {
		t.Error("loaded, the master opens to something else")
	}
	if seal.NewVault(loaded, keys).GminaHash(gmina, digits) != sealed.GminaHash {
		t.Error("loaded, the master hashes otherwise")
	}
	if _, err := seal.CreateMaster(path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a master was written over another: %v", err)
	}
	if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 1 {
		t.Errorf("files left behind: %v", left)
	}
}

func TestExposedMasterIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "master.json")
	if _, err := seal.CreateMaster(path); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []fs.FileMode{0o640, 0o604, 0o620, 0o602, 0o610, 0o644, 0o666} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := seal.LoadMaster(path); !errors.Is(err, seal.ErrMasterExposed) {
			t.Errorf("mode %04o: %v", mode, err)
		}
	}
	if err := os.Chmod(path, 0o400); err != nil {
		t.Fatal(err)
	}
	if _, err := seal.LoadMaster(path); err != nil {
		t.Errorf("mode 0400: %v", err)
	}
}

func TestDamagedMaster(t *testing.T) {
	path := filepath.Join(t.TempDir(), "master.json")
	if _, err := seal.CreateMaster(path); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]string{
		"empty":               "",
		"cut":                 string(good[:len(good)/2]),
		"unknown format":      strings.Replace(string(good), `"format": 1`, `"format": 2`, 1),
		"no wrapping keys":    `{"format":1,"hashes":{}}`,
		"keys changed places": strings.NewReplacer(`"wrap"`, `"hashes"`, `"hashes"`, `"wrap"`).Replace(string(good)),
	}
	for name, content := range tests {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			m, err := seal.LoadMaster(path)
			if err == nil || m != nil {
				t.Fatal("a damaged master was loaded")
			}
			for _, line := range strings.Fields(content) {
				if len(line) > 20 && strings.Contains(err.Error(), line) {
					t.Errorf("the error has key material: %v", err)
				}
			}
		})
	}
	if _, err := seal.LoadMaster(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

// Processes that start at once over an empty directory end with one master.
func TestLoadOrCreate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "master.json")
	hashes := make([]string, 8)
	var wg sync.WaitGroup
	for i := range hashes {
		wg.Go(func() {
			m, err := seal.LoadOrCreateMaster(path)
			if err != nil {
				t.Error(err)
				return
			}
			hashes[i] = seal.NewVault(m, newKeys(t)).GminaHash(gmina, digits)
		})
	}
	wg.Wait()
	for _, h := range hashes {
		if h != hashes[0] {
			t.Fatal("two masters")
		}
	}
}
