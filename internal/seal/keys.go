package seal

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"

	"asysta.example/internal/store"
)

// gminaKey is an unwrapped key of a gmina and the version that it was stored in.
type gminaKey struct {
	tink.AEAD
	version int64
}

// fileKey gives the data key of a file, made on first use where that is asked for.
func (v *Vault) fileKey(ctx context.Context, gmina, file string, create bool) (tink.AEAD, error) {
	name := string(bind(gmina, file))
	if key, found := v.files.get(name); found {
		return key, nil
	}
	stored, err := load(ctx, v.keys, store.FileKeys, file)
	if err == nil && stored == nil && create {
		stored, err = v.newFileKey(ctx, gmina, file)
	}
	if err != nil {
		return nil, err
	}
	handle, err := v.unwrapFileKey(ctx, gmina, file, stored)
	if err != nil {
		return nil, err
	}
	key, err := aead.New(handle)
	if err != nil {
		return nil, err
	}
	v.files.put(name, key)
	return key, nil
}

func (v *Vault) newFileKey(ctx context.Context, gmina, file string) (*wrappedKey, error) {
	by, err := v.gminaKey(ctx, gmina)
	if err != nil {
		return nil, err
	}
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, err
	}
	wrapped, err := wrap(handle, by, bind("fileKey", gmina, file))
	if err != nil {
		return nil, err
	}
	stored, err := insertOrLoad(ctx, v.keys, store.FileKeys, &wrappedKey{ID: file, Version: 1, Gmina: gmina, Wrapped: wrapped})
	if err != nil || !bytes.Equal(stored.Wrapped, wrapped) {
		return stored, err
	}
	return v.currentlyWrapped(ctx, handle, stored, by.version)
}

// currentlyWrapped sees to it that a new data key is wrapped with the gmina's key of now: the one used may have come out of the cache, or this process may have slept,
// while a rotation replaced it and looked for what was still wrapped with the old one.
func (v *Vault) currentlyWrapped(ctx context.Context, handle *keyset.Handle, stored *wrappedKey, version int64) (*wrappedKey, error) {
	for {
		v.gminas.remove(stored.Gmina)
		now, err := v.gminaKey(ctx, stored.Gmina)
		if err != nil || now.version == version {
			return stored, err
		}
		next := &wrappedKey{ID: stored.ID, Version: stored.Version + 1, Gmina: stored.Gmina}
		if next.Wrapped, err = wrap(handle, now, bind("fileKey", stored.Gmina, stored.ID)); err != nil {
			return nil, err
		}
		err = v.replace(ctx, store.FileKeys, next)
		if errors.Is(err, ErrRaced) { // somebody else saw to it, or moved or destroyed it
			return load(ctx, v.keys, store.FileKeys, stored.ID)
		}
		if err != nil {
			return nil, err
		}
		stored, version = next, now.version
	}
}

// unwrapFileKey opens a stored data key for a gmina; only the key of the gmina that holds the file can.
func (v *Vault) unwrapFileKey(ctx context.Context, gmina, file string, stored *wrappedKey) (*keyset.Handle, error) {
	switch {
	case stored == nil:
		return nil, ErrSealed
	case len(stored.Wrapped) == 0:
		return nil, ErrDestroyed
	case stored.Gmina != gmina:
		return nil, ErrSealed
	}
	by, err := v.gminaKey(ctx, gmina)
	if err != nil {
		return nil, err
	}
	handle, err := unwrap(stored.Wrapped, by, bind("fileKey", gmina, file))
	if !errors.Is(err, ErrSealed) {
		return handle, err
	}
	v.gminas.remove(gmina) // the gmina's key may have been rotated since it came into the cache
	now, err := v.gminaKey(ctx, gmina)
	if err != nil {
		return nil, err
	}
	if now.version == by.version {
		return nil, ErrSealed
	}
	return unwrap(stored.Wrapped, now, bind("fileKey", gmina, file))
}

// gminaKey gives the key of a gmina, made on first use.
func (v *Vault) gminaKey(ctx context.Context, gmina string) (gminaKey, error) {
	if key, found := v.gminas.get(gmina); found {
		return key, nil
	}
	stored, err := load(ctx, v.keys, store.GminaKeys, gmina)
	if err == nil && stored == nil {
		stored, err = v.newGminaKey(ctx, gmina)
	}
	if err != nil {
		return gminaKey{}, err
	}
	handle, err := v.openGminaKey(stored)
	if err != nil {
		return gminaKey{}, err
	}
	primitive, err := aead.New(handle)
	if err != nil {
		return gminaKey{}, err
	}
	key := gminaKey{AEAD: primitive, version: stored.Version}
	v.gminas.put(gmina, key)
	return key, nil
}

// openGminaKey unwraps the key of a gmina with the master, as its file is now where what is in memory does not do it.
func (v *Vault) openGminaKey(stored *wrappedKey) (*keyset.Handle, error) {
	handle, err := unwrap(stored.Wrapped, v.master.wrap.Load(), bind("gminaKey", stored.ID))
	if errors.Is(err, ErrSealed) && v.master.again() {
		return unwrap(stored.Wrapped, v.master.wrap.Load(), bind("gminaKey", stored.ID))
	}
	return handle, err
}

func (v *Vault) newGminaKey(ctx context.Context, gmina string) (*wrappedKey, error) {
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, err
	}
	v.master.again() // a gmina's first key is wrapped with the newest key of the master
	wrapped, err := wrap(handle, v.master.wrap.Load(), bind("gminaKey", gmina))
	if err != nil {
		return nil, err
	}
	return insertOrLoad(ctx, v.keys, store.GminaKeys, &wrappedKey{ID: gmina, Version: 1, Gmina: gmina, Wrapped: wrapped})
}

func wrap(h *keyset.Handle, by tink.AEAD, place []byte) ([]byte, error) {
	var b bytes.Buffer
	if err := h.WriteWithAssociatedData(keyset.NewBinaryWriter(&b), by, place); err != nil {
		return nil, fmt.Errorf("wrap: %w", err)
	}
	return b.Bytes(), nil
}

// unwrap opens a wrapped key. What does not open was wrapped elsewhere or altered.
func unwrap(wrapped []byte, by tink.AEAD, place []byte) (*keyset.Handle, error) {
	h, err := keyset.ReadWithAssociatedData(keyset.NewBinaryReader(bytes.NewReader(wrapped)), by, place)
	if err != nil {
		return nil, ErrSealed
	}
	return h, nil
}
