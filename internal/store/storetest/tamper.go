package storetest

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.mongodb.org/mongo-driver/v2/bson"

	"asysta.example/internal/store"
)

// compareDocuments compares documents by what is stored of them.
var compareDocuments = cmp.Options{
	cmpopts.IgnoreUnexported(store.Document{}),
	cmpopts.EquateEmpty(),
	cmp.Comparer(func(a, b bson.RawValue) bool { return a.Equal(b) }),
}

// rewrite changes a stored document behind the store's back.
func (b *bench) rewrite(t *testing.T, collection, id string, edit func(bson.D) bson.D) {
	t.Helper()
	raw, err := b.engine.Get(t.Context(), collection, id)
	if err != nil {
		t.Fatalf("rewrite %s %s: %v", collection, id, err)
	}
	var doc bson.D
	if err := bson.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	b.remove(t, collection, id)
	b.put(t, collection, id, edit(doc))
}

// remove deletes a stored document behind the store's back.
func (b *bench) remove(t *testing.T, collection, id string) {
	t.Helper()
	step := store.Step{Op: store.Delete, Collection: collection, ID: id, Point: store.PointOutboxDone}
	if err := b.engine.Write(t.Context(), []store.Step{step}); err != nil {
		t.Fatalf("remove %s %s: %v", collection, id, err)
	}
}

// put inserts a document behind the store's back.
func (b *bench) put(t *testing.T, collection, id string, doc bson.D) {
	t.Helper()
	if err := b.engine.Write(t.Context(), []store.Step{insertStep(t, collection, id, doc)}); err != nil {
		t.Fatalf("put %s %s: %v", collection, id, err)
	}
}

func insertStep(t *testing.T, collection, id string, doc bson.D) store.Step {
	t.Helper()
	body, err := bson.Marshal(set(doc, "_id", id))
	if err != nil {
		t.Fatal(err)
	}
	version, ok := bson.Raw(body).Lookup("version").AsInt64OK()
	if !ok {
		version = 1
	}
	return store.Step{Op: store.Insert, Collection: collection, ID: id, Body: body, Version: version, Point: store.PointJournal}
}

// set gives a document with one top field set; a new field _id comes first, any other last.
func set(d bson.D, name string, value any) bson.D {
	out := append(bson.D{}, d...)
	for i := range out {
		if out[i].Key == name {
			out[i].Value = value
			return out
		}
	}
	if name == "_id" {
		return append(bson.D{{Key: name, Value: value}}, out...)
	}
	return append(out, bson.E{Key: name, Value: value})
}

// torn is an engine that performs each step of a Write alone, as one without transactions does, so that a crash leaves a prefix behind.
type torn struct {
	store.Engine
	hook func(store.FailPoint) error
}

func (e *torn) Write(ctx context.Context, steps []store.Step) error {
	for i, step := range steps {
		if err := e.hook(step.Point); err != nil {
			return err
		}
		err := e.Engine.Write(ctx, []store.Step{step})
		if errors.Is(err, store.ErrExists) && i > 0 {
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (e *torn) Close() error { return nil } // the bench closes it
