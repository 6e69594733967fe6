package seal

import (
	"context"
	"errors"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"asysta.example/internal/store"
)

// KeyStore keeps wrapped keys: BSON documents with a string _id and a version, in the collections store.GminaKeys and store.FileKeys. What has not begun when its context
// ends is not done.
type KeyStore interface {
	// Insert is atomic and durable: of racing inserts of one id exactly one succeeds, the others get store.ErrExists.
	Insert(ctx context.Context, collection, id string, body bson.Raw) error
	// Get gives what is stored, after any acknowledged insert; store.ErrNotFound.
	Get(ctx context.Context, collection, id string) (bson.Raw, error)
	// Replace puts a document over one of a lower version, and leaves one of an equal or higher version as it is.
	Replace(ctx context.Context, collection, id string, version int64, body bson.Raw) error
	// Each calls fn with every document of a collection whose field gmina is the one given ("": all), until fn gives an error. What is inserted meanwhile
	// may be left out.
	Each(ctx context.Context, collection, gmina string, fn func(body bson.Raw) error) error
}

// The fail points of the steps this package writes.
const (
	PointInsert  store.FailPoint = "seal/insert-key"
	PointReplace store.FailPoint = "seal/replace-key"
)

// OverEngine keeps wrapped keys in collections of a store's engine; the store's Migrate has made them.
func OverEngine(e store.Engine) KeyStore { return engineKeys{e} }

type engineKeys struct{ engine store.Engine }

func (k engineKeys) Insert(ctx context.Context, collection, id string, body bson.Raw) error {
	return k.engine.Write(ctx, []store.Step{{Op: store.Insert, Collection: collection, ID: id, Body: body, Version: 1, Point: PointInsert}})
}

func (k engineKeys) Get(ctx context.Context, collection, id string) (bson.Raw, error) {
	return k.engine.Get(ctx, collection, id)
}

func (k engineKeys) Replace(ctx context.Context, collection, id string, version int64, body bson.Raw) error {
	step := store.Step{Op: store.Replace, Collection: collection, ID: id, Body: body, Version: version, Point: PointReplace}
	return k.engine.Write(ctx, []store.Step{step})
}

// pageOfKeys is how many keys are read at once.
const pageOfKeys = 500

func (k engineKeys) Each(ctx context.Context, collection, gmina string, fn func(bson.Raw) error) error {
	q := store.EngineQuery{Collection: collection, Index: store.KeysByGmina.Name, Fields: store.KeysByGmina.Fields, Limit: pageOfKeys}
	if gmina != "" {
		q.Equal = []any{gmina}
	}
	for {
		hits, err := k.engine.Find(ctx, q)
		if err != nil {
			return err
		}
		for _, h := range hits {
			if err := fn(h.Body); err != nil {
				return err
			}
		}
		if len(hits) < pageOfKeys {
			return nil
		}
		q.After = hits[len(hits)-1].Key
	}
}

// wrappedKey is a key as it is stored. A tombstone has no Wrapped.
type wrappedKey struct {
	ID      string    `bson:"_id"`
	Version int64     `bson:"version"`
	Gmina   string    `bson:"gmina"` // whose key wraps it; of a gmina's own key, the gmina
	Wrapped []byte    `bson:"wrapped,omitempty"`
	Rotated time.Time `bson:"rotated,omitempty"` // of a gmina's key that is being rotated: since when the new one wraps
}

// load gives a stored key; nil when there is none.
func load(ctx context.Context, keys KeyStore, collection, id string) (*wrappedKey, error) {
	body, err := keys.Get(ctx, collection, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var k wrappedKey
	if err := bson.Unmarshal(body, &k); err != nil {
		return nil, err
	}
	return &k, nil
}

// insertOrLoad stores a key, or gives the one that was there first.
func insertOrLoad(ctx context.Context, keys KeyStore, collection string, k *wrappedKey) (*wrappedKey, error) {
	body, err := bson.Marshal(k)
	if err != nil {
		return nil, err
	}
	err = keys.Insert(ctx, collection, k.ID, body)
	if !errors.Is(err, store.ErrExists) {
		return k, err
	}
	first, err := load(ctx, keys, collection, k.ID)
	if err == nil && first == nil {
		err = errors.New("key that exists is not found")
	}
	return first, err
}
