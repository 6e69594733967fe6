package seal_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"asysta.example/internal/seal"
	"asysta.example/internal/store"
	"asysta.example/internal/store/sqlite"
)

// keyStore keeps keys in SQLite, notes what is stored, and lets a test stall an insert.
type keyStore struct {
	seal.KeyStore
	engine store.Engine

	mu     sync.Mutex
	bodies map[string]bson.Raw // by "<collection>/<id>": as stored after the last write
	reads  int
	stall  func(collection string)
}

func newKeys(t *testing.T) *keyStore {
	t.Helper()
	engine, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "keys.db"), sqlite.WithoutSync())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := engine.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := store.Open(engine).System().Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return &keyStore{KeyStore: seal.OverEngine(engine), engine: engine, bodies: map[string]bson.Raw{}}
}

func (k *keyStore) Insert(ctx context.Context, collection, id string, body bson.Raw) error {
	if k.stall != nil {
		k.stall(collection)
	}
	return errors.Join(k.KeyStore.Insert(ctx, collection, id, body), k.note(ctx, collection, id))
}

func (k *keyStore) Replace(ctx context.Context, collection, id string, version int64, body bson.Raw) error {
	return errors.Join(k.KeyStore.Replace(ctx, collection, id, version, body), k.note(ctx, collection, id))
}

func (k *keyStore) Get(ctx context.Context, collection, id string) (bson.Raw, error) {
	k.mu.Lock()
	k.reads++
	k.mu.Unlock()
	return k.KeyStore.Get(ctx, collection, id)
}

func (k *keyStore) note(ctx context.Context, collection, id string) error {
	body, err := k.KeyStore.Get(ctx, collection, id)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.bodies[collection+"/"+id] = body
	return err
}

// overwrite puts a key into the database past the vault, as an intruder would.
func (k *keyStore) overwrite(t *testing.T, collection, id string, body bson.D) {
	t.Helper()
	raw, err := bson.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	err = k.engine.Write(t.Context(), []store.Step{
		{Op: store.Delete, Collection: collection, ID: id},
		{Op: store.Insert, Collection: collection, ID: id, Body: raw},
	})
	if err != nil {
		t.Fatal(err)
	}
}
