package seal

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/keyset"
	"go.mongodb.org/mongo-driver/v2/bson"

	"asysta.example/internal/store"
)

// ErrRaced says that somebody else changed the key of the file at the same time; the act can be tried again.
var ErrRaced = errors.New("seal: key of the file was changed meanwhile")

// Rewrap hands the data key of a file over from one gmina to another. It can be repeated, and has to be where it failed: what belongs to the new gmina already is left as it
// is but for being wrapped with that gmina's newest key, and a file without sealed values has nothing to hand over. The values stay as they are; their gmina hashes are
// the old gmina's until they are sealed anew.
// ErrDestroyed, ErrSealed when the key belongs to neither gmina, ErrRaced.
func (v *Vault) Rewrap(ctx context.Context, file, fromGmina, toGmina string) error {
	stored, err := load(ctx, v.keys, store.FileKeys, file)
	if err == nil && stored == nil {
		return nil
	}
	var handle *keyset.Handle
	switch {
	case err != nil:
	case stored.Gmina == toGmina:
		handle, stored, err = v.openStored(ctx, toGmina, stored)
	default:
		handle, stored, err = v.handOver(ctx, stored, fromGmina, toGmina)
	}
	if err == nil {
		_, err = v.settle(ctx, handle, stored)
	}
	if err != nil {
		return fmt.Errorf("seal: rewrap: %w", err)
	}
	return nil
}

// handOver wraps a file's data key with another gmina's newest key. It does so within CacheTime of having read that one or not at all: no rotation can have taken it away by
// then, and the values of the file are safe even where this process ends before it settles the key.
func (v *Vault) handOver(ctx context.Context, stored *wrappedKey, fromGmina, toGmina string) (*keyset.Handle, *wrappedKey, error) {
	handle, stored, err := v.openStored(ctx, fromGmina, stored)
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, CacheTime)
	defer cancel()
	by, err := v.readGminaKey(ctx, toGmina)
	if err != nil {
		return nil, nil, err
	}
	next := &wrappedKey{ID: stored.ID, Version: stored.Version + 1, Gmina: toGmina}
	if next.Wrapped, err = wrap(handle, by, bind("fileKey", toGmina, stored.ID)); err != nil {
		return nil, nil, err
	}
	defer v.files.remove(string(bind(fromGmina, stored.ID)))
	return handle, next, v.replace(ctx, store.FileKeys, next)
}

// Destroy makes every sealed value of a file unreadable for good, and keeps the file from ever being given a key again. It can be repeated. ErrRaced.
func (v *Vault) Destroy(ctx context.Context, file string) error {
	stored, err := load(ctx, v.keys, store.FileKeys, file)
	if err == nil && stored == nil {
		stored, err = insertOrLoad(ctx, v.keys, store.FileKeys, &wrappedKey{ID: file, Version: 1})
	}
	if err != nil {
		return fmt.Errorf("seal: destroy: %w", err)
	}
	defer v.files.remove(string(bind(stored.Gmina, file)))
	if len(stored.Wrapped) == 0 {
		return nil
	}
	tombstone := &wrappedKey{ID: file, Version: stored.Version + 1, Gmina: stored.Gmina}
	if err := v.replace(ctx, store.FileKeys, tombstone); err != nil {
		return fmt.Errorf("seal: destroy: %w", err)
	}
	return nil
}

// replace stores the next version of a key and sees that it is the one that stayed.
func (v *Vault) replace(ctx context.Context, collection string, next *wrappedKey) error {
	body, err := bson.Marshal(next)
	if err != nil {
		return err
	}
	if err := v.keys.Replace(ctx, collection, next.ID, next.Version, body); err != nil {
		return err
	}
	stays, err := load(ctx, v.keys, collection, next.ID)
	if err != nil {
		return err
	}
	if stays == nil || stays.Version != next.Version || !bytes.Equal(stays.Wrapped, next.Wrapped) {
		return ErrRaced
	}
	return nil
}
