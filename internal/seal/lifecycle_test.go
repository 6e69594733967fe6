package seal_test

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"asysta.example/internal/seal"
	"asysta.example/internal/store"
)

func TestRewrap(t *testing.T) {
	ctx := t.Context()
	master, keys := newMaster(t), newKeys(t)
	v := seal.NewVault(master, keys)
	sealed := mustSeal(t, v, gmina, file, digits)
	if err := v.Rewrap(ctx, file, nearby, far); !errors.Is(err, seal.ErrSealed) {
		t.Fatalf("handed over by a gmina that does not hold it: %v", err)
	}
	for range 2 { // a crash between the commit of the move and the rewrap is mended by doing it again
		if err := v.Rewrap(ctx, file, gmina, far); err != nil {
			t.Fatal(err)
		}
	}
	for _, vault := range []*seal.Vault{v, seal.NewVault(master, keys)} {
		if got := mustOpen(t, vault, far, file, sealed); got != digits {
			t.Error("the new gmina reads something else")
		}
		if _, err := vault.Open(ctx, gmina, file, sealed); !errors.Is(err, seal.ErrSealed) {
			t.Errorf("the old gmina still reads: %v", err)
		}
		if _, err := vault.Seal(ctx, gmina, file, digits); !errors.Is(err, seal.ErrSealed) {
			t.Errorf("the old gmina still writes: %v", err)
		}
	}
	if err := v.Rewrap(ctx, "01jd0000000000000000000009", gmina, far); err != nil {
		t.Errorf("a file without sealed values: %v", err)
	}
}

func TestDestroy(t *testing.T) {
	ctx := t.Context()
	master, keys := newMaster(t), newKeys(t)
	v := seal.NewVault(master, keys)
	sealed := mustSeal(t, v, gmina, file, digits)
	const untouched = "01jd0000000000000000000002"
	kept := mustSeal(t, v, gmina, untouched, digits)
	wrapped := keys.bodies[store.FileKeys+"/"+file].Lookup("wrapped")
	for range 2 {
		if err := v.Destroy(ctx, file); err != nil {
			t.Fatal(err)
		}
	}
	_, key := wrapped.Binary()
	for id, body := range keys.bodies {
		if bytes.Contains(body, key) {
			t.Errorf("%s still has the key", id)
		}
	}
	for _, vault := range []*seal.Vault{v, seal.NewVault(master, keys)} {
		if _, err := vault.Open(ctx, gmina, file, sealed); !errors.Is(err, seal.ErrDestroyed) {
			t.Errorf("open: %v", err)
		}
		if _, err := vault.Seal(ctx, gmina, file, digits); !errors.Is(err, seal.ErrDestroyed) {
			t.Errorf("a late writer gave the file a new key: %v", err)
		}
		if err := vault.Rewrap(ctx, file, gmina, far); !errors.Is(err, seal.ErrDestroyed) {
			t.Errorf("rewrap: %v", err)
		}
		if got := mustOpen(t, vault, gmina, untouched, kept); got != digits {
			t.Error("another file's value is lost")
		}
	}
	const never = "01jd0000000000000000000005"
	if err := v.Destroy(ctx, never); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Seal(ctx, gmina, never, digits); !errors.Is(err, seal.ErrDestroyed) {
		t.Errorf("a file destroyed before its first value got a key: %v", err)
	}
}

// Another process may use a destroyed key until its cache ends, and no longer.
func TestDestroyedElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		master, keys := newMaster(t), newKeys(t)
		here, elsewhere := seal.NewVault(master, keys), seal.NewVault(master, keys)
		sealed := mustSeal(t, here, gmina, file, digits)
		if err := elsewhere.Destroy(t.Context(), file); err != nil {
			t.Fatal(err)
		}
		time.Sleep(seal.CacheTime)
		if _, err := here.Open(t.Context(), gmina, file, sealed); !errors.Is(err, seal.ErrDestroyed) {
			t.Errorf("after the cache's time: %v", err)
		}
	})
}

// Ten processes give a file its first value at the same instant: all of them use one key.
func TestRacingCreation(t *testing.T) {
	master, keys := newMaster(t), newKeys(t)
	const processes = 10
	var arrived sync.WaitGroup
	arrived.Add(processes)
	keys.stall = func(collection string) {
		if collection == store.GminaKeys {
			arrived.Done()
			arrived.Wait() // nobody inserts before everybody has found nothing
		}
	}
	values := make([]seal.Value, processes)
	errs := make([]error, processes)
	var done sync.WaitGroup
	for i := range processes {
		done.Go(func() {
			values[i], errs[i] = seal.NewVault(master, keys).Seal(t.Context(), gmina, file, digits)
		})
	}
	done.Wait()
	v := seal.NewVault(master, keys)
	for i := range processes {
		if errs[i] != nil {
			t.Fatal(errs[i])
		}
		if mustOpen(t, v, gmina, file, values[i]) != digits {
			t.Error("a loser's value does not open")
		}
	}
	if len(keys.bodies) != 2 {
		t.Errorf("%d keys stored, want one of the gmina and one of the file", len(keys.bodies))
	}
}

func TestRacingRewrapAndDestroy(t *testing.T) {
	master, keys := newMaster(t), newKeys(t)
	v := seal.NewVault(master, keys)
	mustSeal(t, v, gmina, file, digits)
	err := v.Rewrap(t.Context(), file, gmina, far)
	if err != nil {
		t.Fatal(err)
	}
	stale := &staleReads{keyStore: keys, first: keys.bodies[store.FileKeys+"/"+file]}
	if err := v.Destroy(t.Context(), file); err != nil {
		t.Fatal(err)
	}
	// A process that read the key before it was destroyed hands it over afterwards.
	if err := seal.NewVault(master, stale).Rewrap(t.Context(), file, far, nearby); !errors.Is(err, seal.ErrRaced) {
		t.Errorf("handed over a destroyed key: %v", err)
	}
	if _, err := v.Seal(t.Context(), nearby, file, digits); !errors.Is(err, seal.ErrDestroyed) {
		t.Errorf("the destroyed key is back: %v", err)
	}
}

// staleReads gives, the first time a file's key is read, what was stored a while ago.
type staleReads struct {
	*keyStore
	first bson.Raw
}

func (s *staleReads) Get(ctx context.Context, collection, id string) (bson.Raw, error) {
	if collection == store.FileKeys && s.first != nil {
		first := s.first
		s.first = nil
		return first, nil
	}
	return s.keyStore.Get(ctx, collection, id)
}

// TestRacingFirstValue has others come first while a process is about to store the key of a file that had none.
func TestRacingFirstValue(t *testing.T) {
	tests := []struct {
		name  string
		first func(*testing.T, *seal.Vault)
		want  error
	}{
		{"destroyed", func(t *testing.T, v *seal.Vault) {
			if err := v.Destroy(t.Context(), file); err != nil {
				t.Error(err)
			}
		}, seal.ErrDestroyed},
		{"given to another gmina", func(t *testing.T, v *seal.Vault) { mustSeal(t, v, nearby, file, digits) }, seal.ErrSealed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			master, keys := newMaster(t), newKeys(t)
			own := &stepKeys{KeyStore: keys}
			own.before = once(opInsert, store.FileKeys, func() { tt.first(t, seal.NewVault(master, keys)) })
			if _, err := seal.NewVault(master, own).Seal(t.Context(), gmina, file, digits); !errors.Is(err, tt.want) {
				t.Errorf("sealed: %v", err)
			}
			if _, err := seal.NewVault(master, keys).Seal(t.Context(), gmina, file, digits); !errors.Is(err, tt.want) {
				t.Errorf("sealed afterwards: %v", err)
			}
		})
	}
}

// TestRacingSettleAndDestroy destroys a file's key while a process that wants to seal with it is about to wrap it anew.
func TestRacingSettleAndDestroy(t *testing.T) {
	master, keys := newMaster(t), newKeys(t)
	mustSeal(t, seal.NewVault(master, keys), gmina, file, digits)
	rotatedButForFiles(t, master, keys, gmina)
	own := &stepKeys{KeyStore: keys}
	own.before = once(opReplace, store.FileKeys, func() {
		if err := seal.NewVault(master, keys).Destroy(t.Context(), file); err != nil {
			t.Error(err)
		}
	})
	if _, err := seal.NewVault(master, own).Seal(t.Context(), gmina, file, digits); !errors.Is(err, seal.ErrDestroyed) {
		t.Errorf("sealed: %v", err)
	}
	if c := checked(t, master, keys); c.Destroyed != 1 {
		t.Errorf("the destroyed key is back: %+v", c)
	}
}
