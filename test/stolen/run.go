package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	optionsv1 "asysta.example/proto/gen/asysta/options/v1"

	"asysta.example/internal/seal"
	"asysta.example/internal/testkit/county"
	"asysta.example/internal/testkit/datafile"
)

// result is what the thief came to with one kind of data.
type result struct {
	what    string
	bytes   int
	secrets int      // values of secret fields that were looked for
	names   int      // names of persons that stand in the data, by which the search is known to look in the right place
	hashes  int      // search hashes of these values that stand in the data
	guesses int      // keys that were tried for them
	found   []string // of the secrets, and hashes that a guess gave
}

// String gives the figures.
func (r result) String() string {
	return fmt.Sprintf("%s of %d bytes: %d secret values looked for, %d found; %d names and %d keyed hashes stand in it, %d keys guessed for the hashes, 0 fit",
		r.what, r.bytes, r.secrets, len(r.found), r.names, r.hashes, r.guesses)
}

func (r result) faults() error {
	switch {
	case len(r.found) > 0:
		return fmt.Errorf("%s: %v", r.what, r.found)
	case r.secrets < 5 || r.names < 4 || r.hashes < 3 || r.guesses < 100:
		return fmt.Errorf("%s: the search did not look where it should: %s", r.what, r)
	}
	return nil
}

// secrets are values of fields by their sensitivity.
type secrets struct{ secret, personal map[string]bool }

// of gathers the values of a message.
func (s secrets) of(m protoreflect.Message) {
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case f.IsMap():
		case f.IsList() && f.Kind() == protoreflect.MessageKind:
			for i := range v.List().Len() {
				s.of(v.List().Get(i).Message())
			}
		case f.IsList():
		case f.Kind() == protoreflect.MessageKind:
			if s.sealed(f) { // all of it is secret: an address
				s.under(v.Message())
			} else {
				s.of(v.Message())
			}
		case f.Kind() == protoreflect.StringKind && s.sealed(f):
			s.secret[v.String()] = true
		case f.Kind() == protoreflect.StringKind && f.Name() == "family_name":
			s.personal[v.String()] = true
		}
		return true
	})
}

// under takes every text of a secret message.
func (s secrets) under(m protoreflect.Message) {
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		if f.Kind() == protoreflect.StringKind && !f.IsList() && len(v.String()) >= shortest {
			s.secret[v.String()] = true
		}
		return true
	})
}

// sealed tells whether a field is secret in the contract.
func (secrets) sealed(f protoreflect.FieldDescriptor) bool {
	class, _ := proto.GetExtension(f.Options(), optionsv1.E_Sensitivity).(optionsv1.Sensitivity)
	return class == optionsv1.Sensitivity_SENSITIVITY_SECRET
}

// sqliteFile plays two counties on SQLite, takes the data file and its log while the process serves, and looks.
func sqliteFile(ctx context.Context, dir string) (r result, err error) {
	c, err := county.Start(ctx, dir, io.Discard)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	s := secrets{map[string]bool{}, map[string]bool{}}
	for _, sent := range c.Sent {
		if !sent.Refused {
			s.of(sent.Request.ProtoReflect())
		}
	}
	var stolen []byte
	for _, name := range []string{"county.db", "county.db-wal", "county.db-shm"} {
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return r, err
		}
		stolen = append(stolen, content...)
	}
	f, err := datafile.Open(ctx, filepath.Join(dir, "county.db"))
	if err != nil {
		return r, err
	}
	rows, err := f.Rows(ctx)
	if err = errors.Join(err, f.Close()); err != nil {
		return r, err
	}
	documents := make([]bson.Raw, 0, len(rows))
	for _, row := range rows {
		documents = append(documents, row.Body)
	}
	return search("SQLite data file with its log", stolen, documents, s, c.Suite.Deps.Vault)
}

// search looks for secrets in data, and guesses at keys.
func search(what string, stolen []byte, documents []bson.Raw, s secrets, vault *seal.Vault) (result, error) {
	r, t := result{what: what, bytes: len(stolen), secrets: len(s.secret)}, newThief(stolen)
	for name := range s.personal {
		if bytes.Contains(stolen, []byte(name)) {
			r.names++
		}
	}
	stored := map[string]bool{}
	var numbers []string
	for _, value := range slices.Sorted(maps.Keys(s.secret)) {
		for _, form := range t.find(value) {
			r.found = append(r.found, fmt.Sprintf("a value of %d characters as %s", len(value), form))
		}
		if !isPESEL(value) {
			continue
		}
		numbers = append(numbers, value)
		for _, hash := range []string{vault.GminaHash(county.Gmina, value), vault.GminaHash("3030012", value), vault.GminaHash("3030053", value), vault.CountyHash("2004", value), vault.CountyHash("3030", value)} {
			if bytes.Contains(stolen, []byte(hash)) {
				stored[hash] = true
			}
		}
	}
	r.hashes = len(stored)
	tried := map[string]bool{}
	keys := obvious()
	for _, raw := range documents {
		var d bson.D
		if err := bson.Unmarshal(raw, &d); err != nil {
			return r, err
		}
		keys = append(keys, keysIn(d)...)
	}
	for _, key := range keys {
		if tried[string(key)] || len(tried) == maxGuesses {
			continue
		}
		tried[string(key)] = true
		for _, value := range numbers {
			for level, tenants := range map[string][]string{"gmina": {county.Gmina, "3030012", "3030053"}, "county": {"2004", "3030"}} {
				for _, tenant := range tenants {
					for _, hash := range hashWith(key, level, tenant, value) {
						if stored[hash] {
							r.found = append(r.found, "a search hash, with a key out of the data")
						}
					}
				}
			}
		}
	}
	r.guesses = len(tried)
	return r, nil
}

// maxGuesses bounds the guessing.
const maxGuesses = 60_000
