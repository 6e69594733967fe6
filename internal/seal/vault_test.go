package seal_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"asysta.example/internal/seal"
	"asysta.example/internal/store"
)

const (
	gmina  = "2004022"
	nearby = "2004032" // of the same county
	far    = "1417052" // of another
	file   = "01jd0000000000000000000001"
	digits = "44051401359"
)

func newMaster(t *testing.T) *seal.Master {
	t.Helper()
	m, err := seal.NewMaster()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func mustSeal(t *testing.T, v *seal.Vault, gmina, file, plaintext string) seal.Value {
	t.Helper()
	sealed, err := v.Seal(t.Context(), gmina, file, plaintext)
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func mustOpen(t *testing.T, v *seal.Vault, gmina, file string, sealed seal.Value) string {
	t.Helper()
	plaintext, err := v.Open(t.Context(), gmina, file, sealed)
	if err != nil {
		t.Fatal(err)
	}
	return plaintext
}

func TestSealAndOpen(t *testing.T) {
	master, keys := newMaster(t), newKeys(t)
	v := seal.NewVault(master, keys)
	sealed := mustSeal(t, v, gmina, file, digits)
	if bytes.Contains(sealed.Cipher, []byte(digits)) || strings.Contains(sealed.GminaHash+sealed.CountyHash, digits) {
		t.Error("the plaintext shows")
	}
	if got := mustOpen(t, v, gmina, file, sealed); got != digits {
		t.Errorf("opened to %d other characters", len(got))
	}
	if got := mustOpen(t, seal.NewVault(master, keys), gmina, file, sealed); got != digits {
		t.Error("another process opens it to something else")
	}
	again := mustSeal(t, v, gmina, file, digits)
	if bytes.Equal(again.Cipher, sealed.Cipher) {
		t.Error("sealed twice gives the same bytes: equality shows")
	}
	for id, body := range keys.bodies {
		if bytes.Contains(body, []byte(digits)) {
			t.Errorf("%s has the plaintext", id)
		}
	}
}

func TestSealedSurvivesBSON(t *testing.T) {
	v := seal.NewVault(newMaster(t), newKeys(t))
	type person struct {
		PESEL seal.Value `bson:"pesel,omitempty"`
	}
	raw, err := bson.Marshal(person{mustSeal(t, v, gmina, file, digits)})
	if err != nil {
		t.Fatal(err)
	}
	var back person
	if err := bson.Unmarshal(raw, &back); err != nil {
		t.Fatal(err)
	}
	if got := mustOpen(t, v, gmina, file, back.PESEL); got != digits {
		t.Error("stored and read back it opens to something else")
	}
	if raw, err = bson.Marshal(person{}); err != nil || len(raw) != 5 {
		t.Errorf("none is stored as %v (%v)", raw, err)
	}
}

func TestNothingToSeal(t *testing.T) {
	keys := newKeys(t)
	v := seal.NewVault(newMaster(t), keys)
	sealed := mustSeal(t, v, gmina, file, "")
	if !sealed.IsZero() || len(keys.bodies) != 0 || mustOpen(t, v, gmina, file, sealed) != "" {
		t.Error("nothing was sealed to something")
	}
}

func TestDoesNotOpen(t *testing.T) {
	const other = "01jd0000000000000000000002"
	altered := func(at int) func(seal.Value) seal.Value {
		return func(v seal.Value) seal.Value {
			v.Cipher = slices.Clone(v.Cipher)
			if at < 0 {
				at += len(v.Cipher)
			}
			v.Cipher[at] ^= 1
			return v
		}
	}
	same := func(v seal.Value) seal.Value { return v }
	tests := []struct {
		name               string
		gmina, file, field string
		change             func(seal.Value) seal.Value
	}{
		{"altered key id", gmina, file, seal.FieldPESEL, altered(1)},
		{"altered text", gmina, file, seal.FieldPESEL, altered(20)},
		{"altered tag", gmina, file, seal.FieldPESEL, altered(-1)},
		{"cut", gmina, file, seal.FieldPESEL, func(v seal.Value) seal.Value { v.Cipher = v.Cipher[:7]; return v }},
		{"hash without text", gmina, file, seal.FieldPESEL, func(v seal.Value) seal.Value { v.Cipher = nil; return v }},
		{"neighbouring gmina", nearby, file, seal.FieldPESEL, same},
		{"gmina of another county", far, file, seal.FieldPESEL, same},
		{"another file with a key", gmina, other, seal.FieldPESEL, same},
		{"a file without a key", gmina, "01jd0000000000000000000003", seal.FieldPESEL, same},
		{"another field", gmina, file, "phone", same},
	}
	master, keys := newMaster(t), newKeys(t)
	v := seal.NewVault(master, keys)
	sealed := mustSeal(t, v, gmina, file, digits)
	mustSeal(t, v, gmina, other, digits)
	mustSeal(t, v, nearby, "01jd0000000000000000000004", digits)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, vault := range []*seal.Vault{v, seal.NewVault(master, keys)} {
				got, err := vault.OpenField(t.Context(), tt.gmina, tt.file, tt.field, tt.change(sealed))
				if !errors.Is(err, seal.ErrSealed) || got != "" {
					t.Errorf("%d characters, %v", len(got), err)
				}
				if err != nil && strings.Contains(err.Error(), digits) {
					t.Error("the error has the plaintext")
				}
			}
		})
	}
	t.Run("another master", func(t *testing.T) {
		if _, err := seal.NewVault(newMaster(t), keys).Open(t.Context(), gmina, file, sealed); !errors.Is(err, seal.ErrSealed) {
			t.Errorf("%v", err)
		}
	})
}

// A key of one gmina put where another's is looked for must not open, whatever the row says about itself.
func TestWrappedKeysAreBoundToTheirPlace(t *testing.T) {
	master, keys := newMaster(t), newKeys(t)
	v := seal.NewVault(master, keys)
	sealed := mustSeal(t, v, gmina, file, digits)
	mustSeal(t, v, nearby, "01jd0000000000000000000004", digits)
	wrapped := func(collection, id string) bson.RawValue { return keys.bodies[collection+"/"+id].Lookup("wrapped") }
	keys.overwrite(t, store.FileKeys, file, bson.D{
		{Key: "_id", Value: file}, {Key: "version", Value: int64(1)}, {Key: "gmina", Value: nearby}, {Key: "wrapped", Value: wrapped(store.FileKeys, file)},
	})
	if _, err := seal.NewVault(master, keys).Open(t.Context(), nearby, file, sealed); !errors.Is(err, seal.ErrSealed) {
		t.Errorf("a row relabelled to another gmina: %v", err)
	}
	keys.overwrite(t, store.GminaKeys, nearby, bson.D{
		{Key: "_id", Value: nearby}, {Key: "version", Value: int64(1)}, {Key: "gmina", Value: nearby}, {Key: "wrapped", Value: wrapped(store.GminaKeys, gmina)},
	})
	if _, err := seal.NewVault(master, keys).Open(t.Context(), nearby, file, sealed); !errors.Is(err, seal.ErrSealed) {
		t.Errorf("a gmina's key copied to another gmina: %v", err)
	}
	if _, err := seal.NewVault(master, keys).Seal(t.Context(), nearby, "01jd0000000000000000000006", digits); !errors.Is(err, seal.ErrSealed) {
		t.Errorf("sealed with a key copied from another gmina: %v", err)
	}
}

func TestSearchHashes(t *testing.T) {
	master := newMaster(t)
	v := seal.NewVault(master, newKeys(t))
	sealed := mustSeal(t, v, gmina, file, digits)
	if sealed.GminaHash != v.GminaHash(gmina, digits) || sealed.CountyHash != v.CountyHash("2004", digits) {
		t.Error("a sealed value is not found by its plaintext")
	}
	if seal.NewVault(master, newKeys(t)).GminaHash(gmina, digits) != sealed.GminaHash {
		t.Error("another process hashes otherwise")
	}
	neighbour := mustSeal(t, v, nearby, "01jd0000000000000000000004", digits)
	if neighbour.CountyHash != sealed.CountyHash {
		t.Error("the county does not recognise the person in two of its gminas")
	}
	different := map[string]string{
		"gmina": sealed.GminaHash, "neighbouring gmina": neighbour.GminaHash, "county": sealed.CountyHash,
		"another county": v.CountyHash("1417", digits), "another number": v.GminaHash(gmina, "02070803628"),
		"another master":          seal.NewVault(newMaster(t), newKeys(t)).GminaHash(gmina, digits),
		"county named as a gmina": v.GminaHash("2004", digits),
	}
	seen := map[string]string{}
	for name, hash := range different {
		if before, met := seen[hash]; met || len(hash) != 32 {
			t.Errorf("%s: hash of length %d, the same as %q", name, len(hash), before)
		}
		seen[hash] = name
	}
}

// The processes of a deployment know a repeated request by the same hash; without its master key nobody can try what the request may have held.
func TestRequestHashIsKeyed(t *testing.T) {
	master := newMaster(t)
	body := []byte("pesel=" + digits)
	mine, other := seal.NewVault(master, newKeys(t)).RequestHash(body), seal.NewVault(master, newKeys(t)).RequestHash(body)
	foreign := seal.NewVault(newMaster(t), newKeys(t)).RequestHash(body)
	if len(mine) == 0 || !bytes.Equal(mine, other) || bytes.Equal(mine, foreign) {
		t.Errorf("hashes %q, %q of one master, %q of another", mine, other, foreign)
	}
}

func TestCached(t *testing.T) {
	keys := newKeys(t)
	v := seal.NewVault(newMaster(t), keys)
	sealed := mustSeal(t, v, gmina, file, digits)
	before := keys.reads
	for range 50 {
		mustOpen(t, v, gmina, file, sealed)
	}
	if keys.reads != before {
		t.Errorf("%d reads for values of one file", keys.reads-before)
	}
}

func TestNeverPrinted(t *testing.T) {
	master := newMaster(t)
	v := seal.NewVault(master, newKeys(t))
	sealed := mustSeal(t, v, gmina, file, digits)
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", slog.Any("value", sealed))
	out := fmt.Sprint(sealed, master) + fmt.Sprintf("%v %+v %#v %s %#v", sealed, sealed, sealed, sealed, master) + log.String()
	if strings.Contains(out, sealed.GminaHash) || strings.Contains(out, sealed.CountyHash) || strings.Contains(out, "AEAD") {
		t.Errorf("printed: %s", out)
	}
}
