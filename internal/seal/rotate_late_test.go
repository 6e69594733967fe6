package seal_test

import (
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

// A process that slept since before a rotation still wraps with the old key. These tests let such a process write at each place of a rotation, and end it right after its
// write where nothing but what is stored can help.

var errEnded = errors.New("process has ended")

// What a process does with the store of keys.
const (
	opInsert  = "insert"
	opReplace = "replace"
	opGet     = "get"
	opEach    = "each"
)

// stepKeys is the store of one process as a test sees it: before and after are called around what the process does; once ended, it does nothing more.
type stepKeys struct {
	seal.KeyStore
	before, after func(op, collection string)
	ended         bool
}

func (k *stepKeys) step(op, collection string, do func() error) error {
	if k.ended {
		return errEnded
	}
	if k.before != nil {
		k.before(op, collection)
	}
	err := do()
	if k.after != nil {
		k.after(op, collection)
	}
	return err
}

func (k *stepKeys) Insert(ctx context.Context, collection, id string, body bson.Raw) error {
	return k.step(opInsert, collection, func() error { return k.KeyStore.Insert(ctx, collection, id, body) })
}

func (k *stepKeys) Replace(ctx context.Context, collection, id string, version int64, body bson.Raw) error {
	return k.step(opReplace, collection, func() error { return k.KeyStore.Replace(ctx, collection, id, version, body) })
}

func (k *stepKeys) Get(ctx context.Context, collection, id string) (body bson.Raw, err error) {
	err = k.step(opGet, collection, func() error {
		body, err = k.KeyStore.Get(ctx, collection, id)
		return err
	})
	return body, err
}

func (k *stepKeys) Each(ctx context.Context, collection, gmina string, fn func(bson.Raw) error) error {
	return k.step(opEach, collection, func() error { return k.KeyStore.Each(ctx, collection, gmina, fn) })
}

// endsAfter ends the process with its first op on a collection.
func endsAfter(keys seal.KeyStore, op, collection string) *stepKeys {
	k := &stepKeys{KeyStore: keys}
	k.after = func(did, in string) { k.ended = k.ended || did == op && in == collection }
	return k
}

// once calls fn at the first op on a collection.
func once(op, collection string, fn func()) func(string, string) {
	return func(did, in string) {
		if fn != nil && did == op && in == collection {
			do := fn
			fn = nil
			do()
		}
	}
}

const (
	early = "01jd0000000000000000000100"
	late  = "01jd0000000000000000000200"
)

// sleepsBeforeInsert has a process make the key of the file that comes late, up to the point of storing it. The function wakes it: it stores the key and ends.
func sleepsBeforeInsert(t *testing.T, master *seal.Master, keys seal.KeyStore) (stores func()) {
	t.Helper()
	asleep, wake, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	writer := endsAfter(keys, opInsert, store.FileKeys)
	writer.before = once(opInsert, store.FileKeys, func() { close(asleep); <-wake })
	go func() {
		_, err := seal.NewVault(master, writer).Seal(t.Context(), gmina, late, digits)
		ended <- err
	}()
	select {
	case <-asleep:
	case err := <-ended:
		t.Fatal(err)
	}
	wakes := sync.OnceFunc(func() { close(wake) })
	t.Cleanup(wakes)
	return func() {
		wakes()
		if err := <-ended; !errors.Is(err, errEnded) {
			t.Errorf("the writer ended with %v", err)
		}
	}
}

func rotated(t *testing.T, master *seal.Master, keys seal.KeyStore, now time.Time) {
	t.Helper()
	if _, err := seal.NewVault(master, keys).RotateGminas(t.Context(), "", now); err != nil {
		t.Fatal(err)
	}
}

// rotatedButForFiles gives a gmina a new key and is cut off before the keys of its files.
func rotatedButForFiles(t *testing.T, master *seal.Master, keys seal.KeyStore, gmina string) {
	t.Helper()
	rotation := endsAfter(keys, opReplace, store.GminaKeys)
	if _, err := seal.NewVault(master, rotation).RotateGminas(t.Context(), gmina, rotatedAt); !errors.Is(err, errEnded) {
		t.Fatalf("the rotation ended with %v", err)
	}
}

func finished(t *testing.T, master *seal.Master, keys seal.KeyStore, now time.Time) {
	t.Helper()
	if _, err := seal.NewVault(master, keys).FinishGminas(t.Context(), "", now.Add(seal.RetireAfter)); err != nil {
		t.Fatal(err)
	}
}

// soundly checks that every key opens and that nothing is left of the rotation.
func soundly(t *testing.T, master *seal.Master, keys seal.KeyStore) {
	t.Helper()
	if c := checked(t, master, keys); len(c.Faults) > 0 || c.OldGmina > 0 || c.Rotating > 0 {
		t.Errorf("%+v", c)
	}
}

var rotatedAt = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)

// TestKeyMadeLate has a process fall asleep before it stores a file's key that the gmina's old one wraps, do so at each place of the end of a rotation, and end before it
// settles the key. Another one, which holds the gmina's old key too, seals with the file's.
func TestKeyMadeLate(t *testing.T) {
	tests := []struct {
		name string
		at   func(finisher *stepKeys, fn func()) // nil: when all is over
	}{
		{"before the first look", func(f *stepKeys, fn func()) { f.before = once(opEach, store.FileKeys, fn) }},
		{"after the first look", func(f *stepKeys, fn func()) { f.before = once(opReplace, store.GminaKeys, fn) }},
		{"before the second look", func(f *stepKeys, fn func()) { f.after = once(opReplace, store.GminaKeys, fn) }},
		{"after the end", nil},
	}
	for _, tt := range tests {
		for _, sealed := range []bool{true, false} {
			if tt.at == nil && !sealed {
				continue // no rotation comes by any more; TestNothingIsWrittenLate
			}
			t.Run(tt.name+map[bool]string{true: ", sealed with"}[sealed], func(t *testing.T) {
				master, keys := newMaster(t), newKeys(t)
				first := mustSeal(t, seal.NewVault(master, keys), gmina, file, digits)
				stores := sleepsBeforeInsert(t, master, keys)
				other := seal.NewVault(master, keys)
				mustOpen(t, other, gmina, file, first)
				rotated(t, master, keys, rotatedAt)
				var value seal.Value
				lands := func() {
					stores()
					if !sealed {
						return
					}
					if _, err := other.Open(t.Context(), gmina, late, first); !errors.Is(err, seal.ErrSealed) { // to have the key at hand
						t.Errorf("another file's value: %v", err)
					}
					value = mustSeal(t, other, gmina, late, digits)
				}
				finisher := &stepKeys{KeyStore: keys}
				if tt.at != nil {
					tt.at(finisher, lands)
				}
				finished(t, master, finisher, rotatedAt)
				if tt.at == nil {
					lands()
				}
				soundly(t, master, keys)
				fresh := seal.NewVault(master, keys)
				if !sealed {
					value = mustSeal(t, fresh, gmina, late, digits)
				}
				if got := mustOpen(t, fresh, gmina, late, value); got != digits {
					t.Error("it opens to something else")
				}
			})
		}
	}
}

// TestFinishCutOff ends the command that takes the old keys away right after its write, where it has not seen a key made late with which another process has sealed.
func TestFinishCutOff(t *testing.T) {
	master, keys := newMaster(t), newKeys(t)
	mustSeal(t, seal.NewVault(master, keys), gmina, file, digits)
	stores := sleepsBeforeInsert(t, master, keys)
	rotated(t, master, keys, rotatedAt)
	var value seal.Value
	finisher := endsAfter(keys, opReplace, store.GminaKeys)
	finisher.before = once(opReplace, store.GminaKeys, func() {
		stores()
		value = mustSeal(t, seal.NewVault(master, keys), gmina, late, digits) // by one that is awake
	})
	if _, err := seal.NewVault(master, finisher).FinishGminas(t.Context(), gmina, rotatedAt.Add(seal.RetireAfter)); !errors.Is(err, errEnded) {
		t.Fatalf("the command ended with %v", err)
	}
	soundly(t, master, keys)
	if got := mustOpen(t, seal.NewVault(master, keys), gmina, late, value); got != digits {
		t.Error("it opens to something else")
	}
}

// TestFinishAfterRotationCutOff takes the old keys away where the rotation did not come to the files: at no time is there a file that services cannot open.
func TestFinishAfterRotationCutOff(t *testing.T) {
	master, keys := newMaster(t), newKeys(t)
	all := fillVault(t, seal.NewVault(master, keys))
	for _, g := range []string{gmina, nearby, far} {
		rotatedButForFiles(t, master, keys, g)
	}
	finisher := &stepKeys{KeyStore: keys}
	finisher.after = func(string, string) { opensAll(t, "meanwhile", seal.NewVault(master, keys), all) }
	finished(t, master, finisher, rotatedAt)
	soundly(t, master, keys)
}

// TestRotatedElsewhere has a process open and seal with a gmina's key in its memory that is stored no more. It ends right after it has made a file's key.
func TestRotatedElsewhere(t *testing.T) {
	master, keys := newMaster(t), newKeys(t)
	all := fillVault(t, seal.NewVault(master, keys))
	own := endsAfter(keys, opInsert, store.FileKeys)
	opens, makes := seal.NewVault(master, own), seal.NewVault(master, own)
	for _, v := range []*seal.Vault{opens, makes} {
		opensAll(t, "before", v, all[:3]) // one file of each gmina
	}
	rotated(t, master, keys, rotatedAt)
	finished(t, master, keys, rotatedAt)
	opensAll(t, "after", opens, all)
	if _, err := makes.Seal(t.Context(), gmina, late, digits); !errors.Is(err, errEnded) {
		t.Fatalf("it ended with %v", err)
	}
	soundly(t, master, keys)
	mustSeal(t, seal.NewVault(master, keys), gmina, late, digits)
}

// TestUseOverRotation opens, seals and moves where a whole rotation passes between the reading of the file's key and the reading of the gmina's.
func TestUseOverRotation(t *testing.T) {
	master, keys := newMaster(t), newKeys(t)
	value := mustSeal(t, seal.NewVault(master, keys), gmina, file, digits)
	tests := []struct {
		name, gmina string // which holds the file afterwards
		use         func(*seal.Vault) error
	}{
		{"open", gmina, func(v *seal.Vault) error { _, err := v.Open(t.Context(), gmina, file, value); return err }},
		{"seal", gmina, func(v *seal.Vault) error { _, err := v.Seal(t.Context(), gmina, file, digits); return err }},
		{"move", nearby, func(v *seal.Vault) error { return v.Rewrap(t.Context(), file, gmina, nearby) }},
	}
	for _, tt := range tests {
		slow := &stepKeys{KeyStore: keys}
		slow.after = once(opGet, store.FileKeys, func() {
			rotated(t, master, keys, rotatedAt)
			finished(t, master, keys, rotatedAt)
		})
		if err := tt.use(seal.NewVault(master, slow)); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if got := mustOpen(t, seal.NewVault(master, keys), tt.gmina, file, value); got != digits {
			t.Errorf("%s: it opens to something else", tt.name)
		}
	}
	soundly(t, master, keys)
}

// TestMoveOverRotation hands a file over while the key of its new gmina is replaced, by a process that holds the old one.
func TestMoveOverRotation(t *testing.T) {
	tests := []struct {
		name        string
		before, cut bool // the old key is gone before the move reads it, or else before it writes; the move is cut off once it has written
	}{
		{"rotated before", true, false},
		{"rotated before, cut off", true, true},
		{"rotated meanwhile", false, false},
		{"rotated meanwhile, cut off", false, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			master, keys := newMaster(t), newKeys(t)
			own := &stepKeys{KeyStore: keys}
			mover := seal.NewVault(master, own)
			value := mustSeal(t, mover, gmina, file, digits)
			mustSeal(t, mover, nearby, early, digits)
			rotates := func() {
				if _, err := seal.NewVault(master, keys).RotateGminas(t.Context(), nearby, rotatedAt); err != nil {
					t.Error(err)
				}
				finished(t, master, keys, rotatedAt)
			}
			if tt.before {
				rotates()
			} else {
				own.before = once(opReplace, store.FileKeys, rotates)
			}
			if tt.cut {
				own.after = once(opReplace, store.FileKeys, func() { own.ended = true })
			}
			if err := mover.Rewrap(t.Context(), file, gmina, nearby); errors.Is(err, errEnded) != tt.cut || err != nil && !tt.cut {
				t.Fatalf("the move ended with %v", err)
			}
			if tt.cut && !tt.before {
				own.ended = false // the store answers again, and the move is repeated
				if err := mover.Rewrap(t.Context(), file, gmina, nearby); err != nil {
					t.Fatal(err)
				}
			}
			soundly(t, master, keys)
			if got := mustOpen(t, seal.NewVault(master, keys), nearby, file, value); got != digits {
				t.Error("it opens to something else")
			}
		})
	}
}

// TestNothingIsWrittenLate has the store hold up a process for as long as a rotation may take, and ends the process with its write: what the gmina's old key wraps is not
// written, so that no file is left with a key which nobody can open.
func TestNothingIsWrittenLate(t *testing.T) {
	tests := []struct {
		name, op string
		use      func(ctx context.Context, v *seal.Vault) error
	}{
		{"move", opReplace, func(ctx context.Context, v *seal.Vault) error { return v.Rewrap(ctx, file, gmina, nearby) }},
		{"first value", opInsert, func(ctx context.Context, v *seal.Vault) error {
			_, err := v.Seal(ctx, nearby, late, digits)
			return err
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				master, keys := newMaster(t), newKeys(t)
				value := mustSeal(t, seal.NewVault(master, keys), gmina, file, digits)
				mustSeal(t, seal.NewVault(master, keys), nearby, early, digits)
				slow := endsAfter(keys, tt.op, store.FileKeys)
				slow.before = once(tt.op, store.FileKeys, func() {
					now := time.Now()
					if _, err := seal.NewVault(master, keys).RotateGminas(t.Context(), nearby, now); err != nil {
						t.Error(err)
					}
					time.Sleep(seal.RetireAfter)
					finished(t, master, keys, now)
				})
				if err := tt.use(t.Context(), seal.NewVault(master, slow)); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("it ended with %v", err)
				}
				if got := mustOpen(t, seal.NewVault(master, keys), gmina, file, value); got != digits {
					t.Error("it opens to something else")
				}
				soundly(t, master, keys)
			})
		})
	}
}
