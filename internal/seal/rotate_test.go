package seal_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"asysta.example/internal/seal"
	"asysta.example/internal/store"
)

// sealedFile is a value as it was sealed, with where it belongs.
type sealedFile struct {
	gmina, file, plain string
	value              seal.Value
}

// fillVault seals a value for each of several files in several gminas.
func fillVault(t *testing.T, v *seal.Vault) (all []sealedFile) {
	t.Helper()
	for i := range 12 {
		one := sealedFile{gmina: []string{gmina, nearby, far}[i%3], file: fmt.Sprintf("01jd00000000000000000001%02d", i), plain: fmt.Sprintf("850101%05d", i)}
		one.value = mustSeal(t, v, one.gmina, one.file, one.plain)
		all = append(all, one)
	}
	return all
}

// opensAll opens every value and searches for it.
func opensAll(t *testing.T, label string, v *seal.Vault, all []sealedFile) {
	t.Helper()
	for _, one := range all {
		if got, err := v.Open(t.Context(), one.gmina, one.file, one.value); err != nil || got != one.plain {
			t.Fatalf("%s: %s does not open: %v", label, one.file, err)
		}
		if v.GminaHash(one.gmina, one.plain) != one.value.GminaHash || v.CountyHash(one.gmina[:4], one.plain) != one.value.CountyHash {
			t.Fatalf("%s: %s is not found any more", label, one.file)
		}
	}
}

func masterAt(t *testing.T, path string) *seal.Master {
	t.Helper()
	m, err := seal.LoadMaster(path)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func checked(t *testing.T, m *seal.Master, keys seal.KeyStore) seal.Check {
	t.Helper()
	c, err := seal.NewVault(m, keys).CheckKeys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestRotateMaster(t *testing.T) {
	ctx, keys, dir := t.Context(), newKeys(t), t.TempDir()
	path, kept := filepath.Join(dir, "master.json"), filepath.Join(dir, "retired.json")
	old, err := seal.CreateMaster(path)
	if err != nil {
		t.Fatal(err)
	}
	all := fillVault(t, seal.NewVault(old, keys))
	serving := seal.NewVault(masterAt(t, path), keys) // started before, with nothing in its caches
	for range 2 {
		if wraps, err := seal.AddMasterKey(path, false); wraps || err != nil {
			t.Fatal(err)
		}
	}
	if c := checked(t, masterAt(t, path), keys); c.OldMaster != 0 || c.Gminas != 3 || c.Files != 12 || len(c.Faults) > 0 {
		t.Fatalf("a key that only opens changes nothing yet: %+v", c)
	}
	if _, err := seal.AddMasterKey(path, true); err != nil {
		t.Fatal(err)
	}
	if c := checked(t, masterAt(t, path), keys); c.OldMaster != 3 || len(c.Faults) > 0 {
		t.Fatalf("before anything is wrapped anew: %+v", c)
	}
	opensAll(t, "between", serving, all)
	for _, want := range []int{3, 0} { // the second time there is nothing left to do
		r, err := seal.NewVault(masterAt(t, path), keys).RotateMaster(ctx)
		if err != nil || r.Rotated != want || r.Keys != 3 {
			t.Fatalf("%+v, %v", r, err)
		}
	}
	opensAll(t, "a process with the old file in memory", seal.NewVault(old, keys), all)
	mustSeal(t, serving, "2004042", "01jd0000000000000000000777", digits) // the first value of a gmina, by a process that started with the old file
	for _, want := range []bool{true, false} {
		if did, err := seal.RetireMasterKeys(path, kept); err != nil || did != want {
			t.Fatalf("retired %v, %v", did, err)
		}
	}
	c := checked(t, masterAt(t, path), keys)
	if c.OldMaster != 0 || c.Gminas != 4 || len(c.Faults) > 0 {
		t.Fatalf("with the new key alone: %+v", c)
	}
	opensAll(t, "after", seal.NewVault(masterAt(t, path), keys), all)
	for _, file := range []string{path, kept} {
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", file, info, err)
		}
	}
	stolen := masterAt(t, kept)
	if c := checked(t, stolen, keys); len(c.Faults) > 0 {
		t.Errorf("what was kept opens no more what it opened before: %v", c.Faults) // it holds both keys
	}
	if left, _ := os.ReadDir(dir); len(left) != 2 {
		t.Errorf("%d files are left", len(left))
	}
}

func TestAStolenOldMasterOpensNothingNew(t *testing.T) {
	keys, dir := newKeys(t), t.TempDir()
	path, stolen := filepath.Join(dir, "master.json"), filepath.Join(dir, "stolen.json")
	m, err := seal.CreateMaster(path)
	if err != nil {
		t.Fatal(err)
	}
	all := fillVault(t, seal.NewVault(m, keys))
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(stolen, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := seal.AddMasterKey(path, true); err != nil {
		t.Fatal(err)
	}
	if _, err := seal.NewVault(masterAt(t, path), keys).RotateMaster(t.Context()); err != nil {
		t.Fatal(err)
	}
	if c := checked(t, masterAt(t, stolen), keys); len(c.Faults) != 3+len(all) {
		t.Errorf("the old key opens %+v", c)
	}
	other := newMaster(t)
	if c := checked(t, other, keys); len(c.Faults) != 3+len(all) {
		t.Errorf("another deployment's key opens %+v", c)
	}
}

func TestMasterIsChangedByOneAtATime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "master.json")
	if _, err := seal.CreateMaster(path); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+".next", nil, 0o600); err != nil { // a command that a crash cut short
		t.Fatal(err)
	}
	if _, err := seal.AddMasterKey(path, true); !errors.Is(err, seal.ErrMasterBusy) {
		t.Errorf("%v", err)
	}
	after, err := os.ReadFile(path)
	if err != nil || string(after) != string(before) {
		t.Errorf("the file was changed all the same: %v", err)
	}
}

func TestRotateGminas(t *testing.T) {
	ctx, keys, master := t.Context(), newKeys(t), newMaster(t)
	v, now := seal.NewVault(master, keys), time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	all := fillVault(t, v)
	if err := v.Destroy(ctx, all[11].file); err != nil {
		t.Fatal(err)
	}
	all = all[:11]
	stale := seal.NewVault(master, keys)
	opensAll(t, "before", stale, all)
	for _, want := range []int{4, 0} {
		r, err := seal.NewVault(master, keys).RotateGminas(ctx, gmina, now)
		if err != nil || r.Rotated != want || r.Keys != 4 || r.Waiting != 1 || !r.RetireAt.Equal(now.Add(seal.RetireAfter)) {
			t.Fatalf("%+v, %v", r, err)
		}
	}
	if r, err := seal.NewVault(master, keys).RotateGminas(ctx, "", now.Add(time.Minute)); err != nil || r.Rotated != 7 || r.Waiting != 3 {
		t.Fatalf("%+v, %v", r, err)
	}
	late := mustSeal(t, stale, gmina, "01jd0000000000000000000888", digits) // by a process that still holds the old key
	all = append(all, sealedFile{gmina: gmina, file: "01jd0000000000000000000888", plain: digits, value: late})
	if _, err := seal.NewVault(master, keys).FinishGminas(ctx, "", now.Add(seal.RetireAfter-time.Second)); !errors.Is(err, seal.ErrTooSoon) {
		t.Fatalf("retired too soon: %v", err)
	}
	for _, want := range []int{3, 0} {
		r, err := seal.NewVault(master, keys).FinishGminas(ctx, "", now.Add(seal.RetireAfter+time.Hour))
		if err != nil || r.Retired != want {
			t.Fatalf("%+v, %v", r, err)
		}
	}
	opensAll(t, "a process from before the rotation", stale, all)
	opensAll(t, "a process started after it", seal.NewVault(master, keys), all)
	c := checked(t, master, keys)
	if len(c.Faults) > 0 || c.OldGmina+c.OldMaster+c.Rotating != 0 || c.Destroyed != 1 || c.Files != 13 {
		t.Errorf("%+v", c)
	}
}

// TestRotationBesideServices rotates while others seal, open, move and destroy, and stops each rotation at a random write.
func TestRotationBesideServices(t *testing.T) {
	ctx, keys, master := t.Context(), newKeys(t), newMaster(t)
	now := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	all := fillVault(t, seal.NewVault(master, keys))
	var mu sync.Mutex
	var made atomic.Int64
	done := make(chan struct{})
	var wait sync.WaitGroup
	for range 3 {
		wait.Go(func() {
			v := seal.NewVault(master, keys)
			for {
				select {
				case <-done:
					return
				default:
				}
				one := sealedFile{gmina: gmina, file: fmt.Sprintf("01jd0000000000000000009%03d", made.Add(1)), plain: digits}
				var err error
				if one.value, err = v.Seal(ctx, one.gmina, one.file, one.plain); err == nil && made.Load()%3 == 0 {
					if err = v.Rewrap(ctx, one.file, gmina, nearby); errors.Is(err, seal.ErrRaced) {
						err = v.Rewrap(ctx, one.file, gmina, nearby)
					}
					one.gmina = nearby
				}
				if err != nil {
					t.Error(err)
					return
				}
				one.value.GminaHash = seal.NewVault(master, keys).GminaHash(one.gmina, one.plain) // a move leaves it to the next sealing
				mu.Lock()
				all = append(all, one)
				mu.Unlock()
				time.Sleep(2 * time.Millisecond)
			}
		})
	}
	errCut := errors.New("cut")
	for round := range 2 {
		for cut := 0; ; cut++ { // each attempt comes one step further
			_, err := seal.NewVault(master, &cutKeys{KeyStore: keys, left: 7 * cut, err: errCut}).RotateGminas(ctx, "", now)
			if err == nil {
				break
			}
			if !errors.Is(err, errCut) {
				t.Fatal(err)
			}
		}
		now = now.Add(seal.RetireAfter + time.Second)
		if _, err := seal.NewVault(master, keys).FinishGminas(ctx, "", now); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
	}
	close(done)
	wait.Wait()
	opensAll(t, "after all", seal.NewVault(master, keys), all)
	if c := checked(t, master, keys); len(c.Faults) > 0 || c.Rotating > 0 || c.OldGmina > 0 {
		t.Errorf("%+v", c)
	}
}

// cutKeys fails after so many writes.
type cutKeys struct {
	seal.KeyStore
	left int
	err  error
}

func (k *cutKeys) Replace(ctx context.Context, collection, id string, version int64, body bson.Raw) error {
	if k.left--; k.left < 0 {
		return k.err
	}
	return k.KeyStore.Replace(ctx, collection, id, version, body)
}

func TestCheckFindsWhatDoesNotOpen(t *testing.T) {
	keys, master := newKeys(t), newMaster(t)
	all := fillVault(t, seal.NewVault(master, keys))
	raw := keys.bodies[store.FileKeys+"/"+all[0].file]
	_, wrapped := raw.Lookup("wrapped").Binary()
	wrapped[len(wrapped)/2] ^= 1
	keys.overwrite(t, store.FileKeys, all[0].file, bson.D{{Key: "_id", Value: all[0].file}, {Key: "version", Value: int64(2)}, {Key: "gmina", Value: all[0].gmina}, {Key: "wrapped", Value: wrapped}})
	c := checked(t, master, keys)
	if len(c.Faults) != 1 || c.Faults[0] != store.FileKeys+"/"+all[0].file+": the key of the file does not open" {
		t.Errorf("%+v", c)
	}
}
