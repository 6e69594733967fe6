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

// gminaKey is an unwrapped key of a gmina as it was stored: every key of the set opens, newest is the one that wraps, alone.
type gminaKey struct {
	tink.AEAD
	newest tink.AEAD
}

// fileKey is an unwrapped data key of a file. Settled says that it was found wrapped with the newest key of its gmina: what is sealed with another one could be lost.
type fileKey struct {
	tink.AEAD
	settled bool
}

// fileKey gives the data key of a file; to seal with, it is made on first use and settled.
func (v *Vault) fileKey(ctx context.Context, gmina, file string, sealing bool) (tink.AEAD, error) {
	name := string(bind(gmina, file))
	if key, found := v.files.get(name); found && (key.settled || !sealing) {
		return key, nil
	}
	handle, stored, err := v.openFileKey(ctx, gmina, file)
	if sealing && errors.Is(err, errNoKey) {
		handle, stored, err = v.newFileKey(ctx, gmina, file)
	}
	if err == nil && sealing {
		handle, err = v.settle(ctx, handle, stored)
	}
	if err != nil {
		return nil, err
	}
	key, err := aead.New(handle)
	if err != nil {
		return nil, err
	}
	v.files.put(name, fileKey{AEAD: key, settled: sealing})
	return key, nil
}

// errNoKey says that a file has no data key, so that nothing can have been sealed for it.
var errNoKey = fmt.Errorf("%w: file without a key", ErrSealed)

// openFileKey reads and opens the data key of a file for a gmina. errNoKey, ErrDestroyed, ErrSealed.
func (v *Vault) openFileKey(ctx context.Context, gmina, file string) (*keyset.Handle, *wrappedKey, error) {
	stored, err := load(ctx, v.keys, store.FileKeys, file)
	if err != nil {
		return nil, nil, err
	}
	if stored == nil {
		return nil, nil, errNoKey
	}
	return v.openStored(ctx, gmina, stored)
}

// openStored opens the data key of a file as it was read. A key that does not open is read again: it may have been wrapped anew, and the gmina's old key taken away, since.
// It gives what was read last. Errors as of openFileKey.
func (v *Vault) openStored(ctx context.Context, gmina string, stored *wrappedKey) (*keyset.Handle, *wrappedKey, error) {
	for {
		handle, err := v.unwrapFileKey(ctx, gmina, stored)
		if !errors.Is(err, ErrSealed) || stored.Gmina != gmina {
			return handle, stored, err
		}
		now, err := load(ctx, v.keys, store.FileKeys, stored.ID)
		switch {
		case err != nil:
			return nil, nil, err
		case now == nil:
			return nil, nil, errNoKey
		case now.Version == stored.Version:
			return nil, nil, ErrSealed
		}
		stored = now
	}
}

// newFileKey makes the data key of a file that has none; of racing processes all get the first one's. The gmina's key is read for it, and what a slow store
// has not written within CacheTime is not written: that key could have been taken away by then, and the file would be left with one that nobody can open.
func (v *Vault) newFileKey(ctx context.Context, gmina, file string) (*keyset.Handle, *wrappedKey, error) {
	ctx, cancel := context.WithTimeout(ctx, CacheTime)
	defer cancel()
	by, err := v.readGminaKey(ctx, gmina)
	if err != nil {
		return nil, nil, err
	}
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, nil, err
	}
	wrapped, err := wrap(handle, by, bind("fileKey", gmina, file))
	if err != nil {
		return nil, nil, err
	}
	stored, err := insertOrLoad(ctx, v.keys, store.FileKeys, &wrappedKey{ID: file, Version: 1, Gmina: gmina, Wrapped: wrapped})
	if err != nil {
		return nil, nil, err
	}
	if bytes.Equal(stored.Wrapped, wrapped) {
		return handle, stored, nil
	}
	return v.openFileKey(ctx, gmina, file)
}

// settle sees to it that a stored data key is wrapped with the newest key of its gmina, and gives it back as it is stored then. Whoever wrapped it may have held an old key
// (out of the cache, or over a long sleep) which a rotation has taken away by now, or is about to. That is why the gmina's key is read here after the file's was, and never
// out of the cache: where the newest key of that reading opens the file's, a later rotation finds the file's in time.
func (v *Vault) settle(ctx context.Context, handle *keyset.Handle, stored *wrappedKey) (*keyset.Handle, error) {
	gmina, file := stored.Gmina, stored.ID
	place := bind("fileKey", gmina, file)
	for {
		now, err := v.readGminaKey(ctx, gmina)
		if err != nil {
			return nil, err
		}
		if settled, err := unwrap(stored.Wrapped, now.newest, place); err == nil {
			return settled, nil
		}
		next := &wrappedKey{ID: file, Version: stored.Version + 1, Gmina: gmina}
		if next.Wrapped, err = wrap(handle, now, place); err != nil {
			return nil, err
		}
		err = v.replace(ctx, store.FileKeys, next)
		if err == nil {
			stored = next
			continue
		}
		if !errors.Is(err, ErrRaced) {
			return nil, err
		}
		handle, stored, err = v.openFileKey(ctx, gmina, file) // somebody else saw to it, or moved or destroyed it
		if err != nil {
			return nil, err
		}
	}
}

// unwrapFileKey opens a stored data key for a gmina; only the key of the gmina that holds the file can.
func (v *Vault) unwrapFileKey(ctx context.Context, gmina string, stored *wrappedKey) (*keyset.Handle, error) {
	switch {
	case len(stored.Wrapped) == 0:
		return nil, ErrDestroyed
	case stored.Gmina != gmina:
		return nil, ErrSealed
	}
	by, err := v.gminaKey(ctx, gmina)
	if err != nil {
		return nil, err
	}
	handle, err := unwrap(stored.Wrapped, by, bind("fileKey", gmina, stored.ID))
	if !errors.Is(err, ErrSealed) {
		return handle, err
	}
	now, err := v.readGminaKey(ctx, gmina) // it may have been rotated since it came into the cache
	if err != nil {
		return nil, err
	}
	return unwrap(stored.Wrapped, now, bind("fileKey", gmina, stored.ID))
}

// gminaKey gives the key of a gmina out of the cache, or else as readGminaKey does.
func (v *Vault) gminaKey(ctx context.Context, gmina string) (gminaKey, error) {
	if key, found := v.gminas.get(gmina); found {
		return key, nil
	}
	return v.readGminaKey(ctx, gmina)
}

// readGminaKey gives the key of a gmina as it is stored now, made on first use.
func (v *Vault) readGminaKey(ctx context.Context, gmina string) (key gminaKey, err error) {
	stored, err := load(ctx, v.keys, store.GminaKeys, gmina)
	if err == nil && stored == nil {
		stored, err = v.newGminaKey(ctx, gmina)
	}
	if err != nil {
		return key, err
	}
	handle, err := v.openGminaKey(stored)
	if err != nil {
		return key, err
	}
	if key.AEAD, err = aead.New(handle); err != nil {
		return key, err
	}
	if key.newest, err = onlyPrimary(handle); err != nil {
		return key, err
	}
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
