package main

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"asysta.example/cmd/asysta/suite"

	"asysta.example/internal/anchor"
	"asysta.example/internal/store"
	"asysta.example/internal/store/sqlite"
	"asysta.example/internal/testkit/county"
	"asysta.example/internal/testkit/datafile"
)

// world is a county that was built once, verified, anchored and closed.
type world struct {
	dir     string
	path    string // of the sound data file
	older   string // the same county a while before, anchored then too
	anchors string
	public  ed25519.PublicKey
	rows    []datafile.Row
	cut     []cuttable
	log     accessLog
}

// cuttable is a file whose document is known as it was after each of its commits.
type cuttable struct {
	ref    store.Ref
	bodies []bson.Raw // by version, from 1
}

// build makes the county in a folder.
func build(ctx context.Context, dir string) (_ *world, err error) {
	w := &world{dir: dir, path: filepath.Join(dir, "county.db"), older: filepath.Join(dir, "older.db"), anchors: filepath.Join(dir, "anchors")}
	if err := os.Mkdir(w.anchors, 0o700); err != nil {
		return nil, err
	}
	keyFile := filepath.Join(dir, "anchor.key")
	if err := anchor.CreateKey(keyFile); err != nil {
		return nil, err
	}
	if w.public, err = anchor.LoadPublic(keyFile + ".pub"); err != nil {
		return nil, err
	}
	if err := w.live(ctx, suite.Anchoring{AnchorDir: w.anchors, AnchorKey: keyFile}); err != nil {
		return nil, err
	}
	f, err := datafile.Open(ctx, w.path)
	if err != nil {
		return nil, err
	}
	w.rows, err = f.Rows(ctx)
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	return w, w.findLog()
}

// live lets the county live: the scenario of the demo and of the end-to-end test, reads, an anchor, an older copy, some files and reads more, another anchor.
func (w *world) live(ctx context.Context, a suite.Anchoring) (err error) {
	c, err := county.Start(ctx, w.dir, io.Discard)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	if err := reads(ctx, c.Suite.Deps.Store, segmentLines); err != nil {
		return err
	}
	if _, err := suite.Anchor(ctx, c.Suite.Deps, a, false); err != nil {
		return err
	}
	if err := sqlite.Snapshot(ctx, w.path, w.older); err != nil {
		return err
	}
	for i := range 6 {
		if err := w.file(ctx, c.Suite.Deps.Store, fmt.Sprintf("01jd00000000000000000cut%02d", i), 3+i); err != nil {
			return err
		}
	}
	if err := reads(ctx, c.Suite.Deps.Store, segmentLines); err != nil {
		return err
	}
	_, err = suite.Anchor(ctx, c.Suite.Deps, a, false)
	return err
}

// file makes a file with so many commits, each with a record, and keeps its document as it was after each.
func (w *world) file(ctx context.Context, s store.Store, id string, commits int) error {
	scope, ref := s.For(county.Gmina), store.Ref{Kind: store.FamilyFiles, ID: id}
	doc, one := scope.New(ref), cuttable{ref: ref}
	for n := range commits {
		next, _, err := scope.Commit(ctx, doc, store.Change{
			Actor: store.Actor{Person: "01jd0000000000000000person", Role: "ASSISTANT"}, Purpose: "wizyta", Method: "/asysta.test/Commit", RequestID: fmt.Sprintf("request-%d", n),
			BodyHash: []byte{byte(n)}, RecordedAt: county.Noon.Add(time.Duration(n) * time.Minute), Cover: bson.D{{Key: "state", Value: "OPEN"}, {Key: "n", Value: n}},
			Sections: map[string]any{"casefile": bson.D{{Key: "step", Value: n}}},
			Records:  []store.Record{{Type: store.Visits, ID: fmt.Sprintf("visit-%d", n), Date: "2026-03-31", Body: bson.D{{Key: "note", Value: fmt.Sprintf("opis %d", n)}}}},
		})
		if err != nil {
			return err
		}
		doc = next
		body, err := w.now(ctx, ref)
		if err != nil {
			return err
		}
		one.bodies = append(one.bodies, body)
	}
	w.cut = append(w.cut, one)
	return nil
}

// now reads a document as it is stored.
func (w *world) now(ctx context.Context, ref store.Ref) (body bson.Raw, err error) {
	engine, err := sqlite.Open(ctx, w.path)
	if err != nil {
		return nil, err
	}
	body, err = engine.Get(ctx, string(ref.Kind), ref.ID)
	return body, errors.Join(err, engine.Close())
}

// copyTo copies a data file that nobody has open.
func copyTo(from, to string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	for _, beside := range []string{to + "-wal", to + "-shm"} {
		if err := os.Remove(beside); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return os.WriteFile(to, content, 0o600)
}

// found is what was noticed in a data file.
type found struct{ chains, anchors []string }

// verify asks what a process would find that opens the file.
func (w *world) verify(ctx context.Context, path string) (f found, err error) {
	engine, err := sqlite.Open(ctx, path)
	if err != nil {
		return f, err
	}
	s := store.Open(engine)
	defer func() { err = errors.Join(err, s.Close()) }()
	report, err := s.System().Verify(ctx)
	if err != nil {
		return f, fmt.Errorf("verify: %w", err)
	}
	anchored, err := anchor.Check(ctx, s.System(), w.anchors, w.public)
	return found{chains: report.Faults, anchors: anchored.Faults}, err
}
