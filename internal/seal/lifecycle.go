package seal

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"

	"asysta.example/internal/store"
)

// ErrRaced says that somebody else changed the key of the file at the same time; the act can be tried again.
var ErrRaced = errors.New("seal: key of the file was changed meanwhile")

// Rewrap hands the data key of a file over from one gmina to another. It can be repeated: what belongs to the new gmina already is left as it is, and a file without
// sealed values has nothing to hand over. The values stay as they are; their gmina hashes are the old gmina's until they are sealed anew.
// ErrDestroyed, ErrSealed when the key belongs to neither gmina, ErrRaced.
func (v *Vault) Rewrap(ctx context.Context, file, fromGmina, toGmina string) error {
	stored, err := load(ctx, v.keys, store.FileKeys, file)
	if err != nil {
		return fmt.Errorf("seal: rewrap: %w", err)
	}
	if stored == nil || (stored.Gmina == toGmina && len(stored.Wrapped) > 0) {
		return nil
	}
	handle, err := v.unwrapFileKey(ctx, fromGmina, file, stored)
	if err != nil {
		return fmt.Errorf("seal: rewrap: %w", err)
	}
	by, err := v.gminaKey(ctx, toGmina)
	if err != nil {
		return fmt.Errorf("seal: rewrap: %w", err)
	}
	wrapped, err := wrap(handle, by, bind("fileKey", toGmina, file))
	if err != nil {
		return fmt.Errorf("seal: rewrap: %w", err)
	}
	next := &wrappedKey{ID: file, Version: stored.Version + 1, Gmina: toGmina, Wrapped: wrapped}
	defer v.files.remove(string(bind(fromGmina, file)))
	if err := v.replace(ctx, store.FileKeys, next); err != nil {
		return fmt.Errorf("seal: rewrap: %w", err)
	}
	if _, err := v.currentlyWrapped(ctx, handle, next, by.version); err != nil {
		return fmt.Errorf("seal: rewrap: %w", err)
	}
	return nil
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
