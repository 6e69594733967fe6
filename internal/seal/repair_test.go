package seal_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"asysta.example/internal/seal"
	"asysta.example/internal/store"
)

// lateKey leaves a file with a key that nobody can open: a process stored it after a whole rotation, and ended.
func lateKey(t *testing.T, master *seal.Master, keys seal.KeyStore) {
	t.Helper()
	stores := sleepsBeforeInsert(t, master, keys)
	rotated(t, master, keys, rotatedAt)
	finished(t, master, keys, rotatedAt)
	stores()
}

// foreignKey stores a key of a file that opens with nothing.
func foreignKey(t *testing.T, keys seal.KeyStore, gmina, file string, version int64) {
	t.Helper()
	body, err := bson.Marshal(bson.D{{Key: "_id", Value: file}, {Key: "version", Value: version}, {Key: "gmina", Value: gmina}, {Key: "wrapped", Value: []byte("of another time")}})
	if err == nil {
		err = keys.Insert(t.Context(), store.FileKeys, file, body)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// holding says of files that the journal has something sealed for them.
func holding(files ...string) func(context.Context, string) (bool, error) {
	return func(_ context.Context, file string) (bool, error) { return slices.Contains(files, file), nil }
}

func repaired(t *testing.T, master *seal.Master, keys seal.KeyStore, sealed func(context.Context, string) (bool, error)) seal.Repair {
	t.Helper()
	r, err := seal.NewVault(master, keys).RepairFiles(t.Context(), sealed)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRepairFiles(t *testing.T) {
	master, keys := newMaster(t), newKeys(t)
	value := mustSeal(t, seal.NewVault(master, keys), gmina, file, digits)
	mustSeal(t, seal.NewVault(master, keys), gmina, early, digits)
	if err := seal.NewVault(master, keys).Destroy(t.Context(), early); err != nil {
		t.Fatal(err)
	}
	lateKey(t, master, keys)
	before := seal.NewVault(master, keys)
	if _, err := before.Seal(t.Context(), gmina, late, digits); !errors.Is(err, seal.ErrSealed) {
		t.Fatalf("before the repair: %v", err)
	}
	if r := repaired(t, master, keys, holding(file)); !slices.Equal(r.Repaired, []string{late}) || len(r.Left) > 0 {
		t.Errorf("%+v", r)
	}
	soundly(t, master, keys)
	if got := mustOpen(t, seal.NewVault(master, keys), gmina, late, mustSeal(t, before, gmina, late, digits)); got != digits {
		t.Error("it opens to something else")
	}
	if got := mustOpen(t, seal.NewVault(master, keys), gmina, file, value); got != digits {
		t.Error("the other file opens to something else")
	}
	if _, err := before.Seal(t.Context(), gmina, early, digits); !errors.Is(err, seal.ErrDestroyed) {
		t.Errorf("the file whose key was destroyed: %v", err)
	}
	if r := repaired(t, master, keys, holding()); len(r.Repaired)+len(r.Left) > 0 {
		t.Errorf("again: %+v", r)
	}
}

// What could have sealed something, or whose right key could come back, is left as it is, byte by byte.
func TestRepairLeaves(t *testing.T) {
	tests := []struct {
		name   string
		break_ func(t *testing.T, master *seal.Master, keys seal.KeyStore) // leaves the file that comes late with a key that does not open
		master func(*testing.T, *seal.Master) *seal.Master                 // of who repairs; nil: the same
		sealed []string
		left   map[string]string // by file, a part of why
	}{
		{name: "something is sealed with it", break_: lateKey, sealed: []string{late}, left: map[string]string{late: "the journal holds"}},
		{
			name:   "it was in use",
			break_: func(t *testing.T, _ *seal.Master, keys seal.KeyStore) { foreignKey(t, keys, gmina, late, 2) },
			left:   map[string]string{late: "wrapped anew"},
		},
		{
			name: "another of its gmina was in use",
			break_: func(t *testing.T, master *seal.Master, keys seal.KeyStore) {
				lateKey(t, master, keys)
				foreignKey(t, keys, gmina, early, 3)
			},
			left: map[string]string{late: "another key", early: "wrapped anew"},
		},
		{
			name: "for another of its gmina something is sealed",
			break_: func(t *testing.T, master *seal.Master, keys seal.KeyStore) {
				lateKey(t, master, keys)
				foreignKey(t, keys, gmina, early, 1)
			},
			sealed: []string{early}, left: map[string]string{late: "another key", early: "the journal holds"},
		},
		{
			name:   "its gmina has no key",
			break_: func(t *testing.T, _ *seal.Master, keys seal.KeyStore) { foreignKey(t, keys, far, late, 1) },
			left:   map[string]string{late: "missing or does not open"},
		},
		{
			name: "another master",
			break_: func(t *testing.T, master *seal.Master, keys seal.KeyStore) {
				lateKey(t, master, keys)
				if err := seal.NewVault(master, keys).Destroy(t.Context(), early); err != nil { // and what was destroyed is no key that does not open
					t.Fatal(err)
				}
			},
			master: func(t *testing.T, _ *seal.Master) *seal.Master { return newMaster(t) },
			left:   map[string]string{late: "missing or does not open", file: "missing or does not open"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			master, keys := newMaster(t), newKeys(t)
			mustSeal(t, seal.NewVault(master, keys), gmina, file, digits)
			tt.break_(t, master, keys)
			was := stored(t, keys)
			by := master
			if tt.master != nil {
				by = tt.master(t, master)
			}
			r := repaired(t, by, keys, holding(tt.sealed...))
			if len(r.Repaired) > 0 || len(r.Left) != len(tt.left) {
				t.Errorf("%+v", r)
			}
			for _, k := range r.Left {
				if want, ok := tt.left[k.File]; !ok || !strings.Contains(k.Why, want) {
					t.Errorf("%s is left: %s, want %q", k.File, k.Why, want)
				}
			}
			if now := stored(t, keys); !slices.EqualFunc(now, was, func(a, b bson.Raw) bool { return bytes.Equal(a, b) }) {
				t.Error("something was written")
			}
		})
	}
}

// stored gives all keys as they are stored.
func stored(t *testing.T, keys seal.KeyStore) (all []bson.Raw) {
	t.Helper()
	for _, collection := range []string{store.GminaKeys, store.FileKeys} {
		if err := keys.Each(t.Context(), collection, "", func(body bson.Raw) error {
			all = append(all, slices.Clone(body))
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// A gmina whose keys are left keeps no other from being repaired.
func TestRepairGminaByGmina(t *testing.T) {
	master, keys := newMaster(t), newKeys(t)
	mustSeal(t, seal.NewVault(master, keys), nearby, file, digits)
	lateKey(t, master, keys)
	foreignKey(t, keys, nearby, early, 2)
	if r := repaired(t, master, keys, holding()); !slices.Equal(r.Repaired, []string{late}) || len(r.Left) != 1 || r.Left[0].File != early {
		t.Errorf("%+v", r)
	}
}

// The process that made the late key is not dead but slow: it settles the key right after the repair, and seals with the one that the repair made.
func TestRepairBesideItsMaker(t *testing.T) {
	master, keys := newMaster(t), newKeys(t)
	mustSeal(t, seal.NewVault(master, keys), gmina, file, digits)
	maker := &stepKeys{KeyStore: keys}
	rotates := once(opInsert, store.FileKeys, func() {
		rotated(t, master, keys, rotatedAt)
		finished(t, master, keys, rotatedAt)
	})
	repairs := once(opReplace, store.FileKeys, func() {
		if r := repaired(t, master, keys, holding()); !slices.Equal(r.Repaired, []string{late}) {
			t.Errorf("%+v", r)
		}
	})
	maker.before = func(op, collection string) {
		rotates(op, collection)
		repairs(op, collection)
	}
	value := mustSeal(t, seal.NewVault(master, maker), gmina, late, digits)
	soundly(t, master, keys)
	if got := mustOpen(t, seal.NewVault(master, keys), gmina, late, value); got != digits {
		t.Error("it opens to something else")
	}
}

// The maker comes first: what it has settled is not replaced.
func TestRepairAfterItsMaker(t *testing.T) {
	master, keys := newMaster(t), newKeys(t)
	mustSeal(t, seal.NewVault(master, keys), gmina, file, digits)
	repairer := &stepKeys{KeyStore: keys}
	var r seal.Repair
	var value seal.Value
	maker := &stepKeys{KeyStore: keys}
	rotates := once(opInsert, store.FileKeys, func() {
		rotated(t, master, keys, rotatedAt)
		finished(t, master, keys, rotatedAt)
	})
	asleep, wake, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	sleeps := once(opReplace, store.FileKeys, func() { close(asleep); <-wake })
	maker.before = func(op, collection string) {
		rotates(op, collection)
		sleeps(op, collection)
	}
	go func() {
		var err error
		value, err = seal.NewVault(master, maker).Seal(t.Context(), gmina, late, digits)
		done <- err
	}()
	<-asleep
	var made error
	repairer.before = once(opReplace, store.FileKeys, func() { close(wake); made = <-done })
	r = repaired(t, master, repairer, holding())
	if made != nil || len(r.Repaired) > 0 || len(r.Left) != 1 || !strings.Contains(r.Left[0].Why, "meanwhile") {
		t.Errorf("%+v, %v", r, made)
	}
	soundly(t, master, keys)
	if got := mustOpen(t, seal.NewVault(master, keys), gmina, late, value); got != digits {
		t.Error("it opens to something else")
	}
}

func TestHolds(t *testing.T) {
	value := mustSeal(t, seal.NewVault(newMaster(t), newKeys(t)), gmina, file, digits)
	for name, tt := range map[string]struct {
		doc  bson.D
		want bool
	}{
		"nothing":                {bson.D{}, false},
		"a member without":       {bson.D{{Key: "members", Value: bson.A{bson.D{{Key: "name", Value: "Lena"}, {Key: "pesel", Value: seal.Value{}}}}}}, false},
		"hashes of a tried call": {bson.D{{Key: "pesel", Value: seal.Value{GminaHash: value.GminaHash}}}, false},
		"a field":                {bson.D{{Key: "reference", Value: value}}, true},
		"a member":               {bson.D{{Key: "n", Value: 1}, {Key: "members", Value: bson.A{"x", bson.D{{Key: "pesel", Value: value}}}}}, true},
	} {
		raw, err := bson.Marshal(tt.doc)
		if err != nil {
			t.Fatal(err)
		}
		if held, err := seal.Holds(raw); err != nil || held != tt.want {
			t.Errorf("%s: %v, %v", name, held, err)
		}
	}
	if _, err := seal.Holds(bson.Raw("no document")); err == nil {
		t.Error("what is no document holds nothing")
	}
}
