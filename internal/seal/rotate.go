package seal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
	"go.mongodb.org/mongo-driver/v2/bson"

	"asysta.example/internal/store"
)

// RetireAfter is how long an old key of a gmina still opens after a new one came to wrap: three times as long as any process goes by a key that it holds.
const RetireAfter = 3 * CacheTime

// ErrTooSoon says that the old keys cannot be retired yet: a running process may still hold them alone.
var ErrTooSoon = errors.New("seal: too soon to retire the old keys")

// Rotation is what a step of a rotation did. Rotated counts keys wrapped anew by this step, Current those that were as they should be.
type Rotation struct {
	Keys, Current, Rotated int
	// Retired counts gminas whose old key is gone, Waiting those whose old key still opens.
	Retired, Waiting int
	// RetireAt is when the last of them may be retired; zero when none waits.
	RetireAt time.Time
}

// RotateMaster wraps the key of every gmina with the master's key in use, where another one of the master's keys wraps it now. Services may run meanwhile, and it can be
// repeated: what is done stays done.
func (v *Vault) RotateMaster(ctx context.Context) (r Rotation, err error) {
	w := v.master.wrap.Load()
	alone, err := onlyPrimary(w.handle)
	if err != nil {
		return r, fmt.Errorf("seal: rotate master: %w", err)
	}
	err = v.eachKey(ctx, store.GminaKeys, "", func(k *wrappedKey) error {
		r.Keys++
		did, err := v.rewrapGmina(ctx, k, w, alone)
		switch {
		case err != nil:
			return fmt.Errorf("gmina %s: %w", k.ID, err)
		case did:
			r.Rotated++
		default:
			r.Current++
		}
		return nil
	})
	if err != nil {
		return r, fmt.Errorf("seal: rotate master: %w", err)
	}
	return r, nil
}

// rewrapGmina wraps one gmina's key with the key in use and tells whether it had to.
func (v *Vault) rewrapGmina(ctx context.Context, k *wrappedKey, by, alone tink.AEAD) (bool, error) {
	for {
		if k == nil {
			return false, errors.New("the key is gone")
		}
		if _, err := unwrap(k.Wrapped, alone, bind("gminaKey", k.ID)); err == nil {
			return false, nil
		}
		handle, err := unwrap(k.Wrapped, by, bind("gminaKey", k.ID))
		if err != nil {
			return false, err
		}
		next := &wrappedKey{ID: k.ID, Version: k.Version + 1, Gmina: k.Gmina, Rotated: k.Rotated}
		if next.Wrapped, err = wrap(handle, by, bind("gminaKey", k.ID)); err != nil {
			return false, err
		}
		err = v.replace(ctx, store.GminaKeys, next)
		if !errors.Is(err, ErrRaced) {
			return err == nil, err
		}
		if k, err = load(ctx, v.keys, store.GminaKeys, k.ID); err != nil {
			return false, err
		}
	}
}

// RotateGminas gives every gmina (or the one named) a new key and wraps the data keys of its files with it. The old key goes on opening until FinishGminas. Where a rotation is
// under way it is gone on with, so that a step which was cut short can be repeated; services may run meanwhile. Documents and search hashes are not touched.
func (v *Vault) RotateGminas(ctx context.Context, only string, now time.Time) (r Rotation, err error) {
	err = v.eachKey(ctx, store.GminaKeys, only, func(k *wrappedKey) error {
		since, handle, err := v.beginGmina(ctx, k.ID, now)
		if err == nil {
			err = v.rewrapFiles(ctx, k.ID, handle, &r)
		}
		if err != nil {
			return fmt.Errorf("gmina %s: %w", k.ID, err)
		}
		r.Waiting++
		if at := since.Add(RetireAfter); at.After(r.RetireAt) {
			r.RetireAt = at
		}
		return nil
	})
	if err != nil {
		return r, fmt.Errorf("seal: rotate gminas: %w", err)
	}
	return r, nil
}

// beginGmina adds the new key of a gmina, unless that was done, tells since when it wraps, and gives both.
func (v *Vault) beginGmina(ctx context.Context, gmina string, now time.Time) (time.Time, *keyset.Handle, error) {
	for {
		stored, handle, err := v.storedGmina(ctx, gmina)
		if err != nil || handle.Len() > 1 {
			return stored.Rotated, handle, err
		}
		m := keyset.NewManagerFromHandle(handle)
		id, err := m.Add(aead.AES256GCMKeyTemplate())
		if err == nil {
			err = m.SetPrimary(id)
		}
		if err != nil {
			return time.Time{}, nil, err
		}
		if handle, err = m.Handle(); err != nil {
			return time.Time{}, nil, err
		}
		err = v.putGmina(ctx, &wrappedKey{ID: gmina, Version: stored.Version + 1, Gmina: gmina, Rotated: now.UTC()}, handle)
		if !errors.Is(err, ErrRaced) {
			return now, handle, err
		}
	}
}

// storedGmina reads and opens a gmina's key as it is stored now.
func (v *Vault) storedGmina(ctx context.Context, gmina string) (*wrappedKey, *keyset.Handle, error) {
	stored, err := load(ctx, v.keys, store.GminaKeys, gmina)
	if err != nil {
		return &wrappedKey{}, nil, err
	}
	if stored == nil {
		return &wrappedKey{}, nil, errors.New("the gmina has no key")
	}
	handle, err := v.openGminaKey(stored)
	return stored, handle, err
}

// putGmina stores the next version of a gmina's key. ErrRaced.
func (v *Vault) putGmina(ctx context.Context, next *wrappedKey, handle *keyset.Handle) (err error) {
	v.master.again()
	if next.Wrapped, err = wrap(handle, v.master.wrap.Load(), bind("gminaKey", next.ID)); err != nil {
		return err
	}
	defer v.gminas.remove(next.ID)
	return v.replace(ctx, store.GminaKeys, next)
}

// rewrapFiles wraps the data keys of a gmina's files with the newest of its keys.
func (v *Vault) rewrapFiles(ctx context.Context, gmina string, handle *keyset.Handle, r *Rotation) error {
	by, err := aead.New(handle)
	if err != nil {
		return err
	}
	alone, err := onlyPrimary(handle)
	if err != nil {
		return err
	}
	return v.eachKey(ctx, store.FileKeys, gmina, func(k *wrappedKey) error {
		r.Keys++
		did, err := v.rewrapFile(ctx, gmina, k, by, alone)
		switch {
		case err != nil:
			return fmt.Errorf("file %s: %w", k.ID, err)
		case did:
			r.Rotated++
		default:
			r.Current++
		}
		return nil
	})
}

// rewrapFile wraps one file's data key with the gmina's newest key and tells whether it had to. A file that moved or was destroyed meanwhile is no concern of this gmina's.
func (v *Vault) rewrapFile(ctx context.Context, gmina string, k *wrappedKey, by, alone tink.AEAD) (bool, error) {
	for {
		if k == nil || k.Gmina != gmina || len(k.Wrapped) == 0 {
			return false, nil
		}
		place := bind("fileKey", gmina, k.ID)
		if _, err := unwrap(k.Wrapped, alone, place); err == nil {
			return false, nil
		}
		handle, err := unwrap(k.Wrapped, by, place)
		if err != nil {
			return false, err
		}
		next := &wrappedKey{ID: k.ID, Version: k.Version + 1, Gmina: gmina}
		if next.Wrapped, err = wrap(handle, by, place); err != nil {
			return false, err
		}
		err = v.replace(ctx, store.FileKeys, next)
		if !errors.Is(err, ErrRaced) {
			return err == nil, err
		}
		if k, err = load(ctx, v.keys, store.FileKeys, k.ID); err != nil {
			return false, err
		}
	}
}

// FinishGminas takes the old keys of gminas (or of the one named) away once RetireAfter has passed since the new ones came to wrap. It looks before and after whether
// every file's key opens with the new one alone, and wraps anew what does not: afterwards that is what a process which slept has stored in between. ErrTooSoon. It can be
// repeated.
func (v *Vault) FinishGminas(ctx context.Context, only string, now time.Time) (r Rotation, err error) {
	soon := false
	err = v.eachKey(ctx, store.GminaKeys, only, func(k *wrappedKey) error {
		stored, handle, err := v.storedGmina(ctx, k.ID)
		switch {
		case err != nil:
		case handle.Len() == 1:
			r.Current++
		case now.Before(stored.Rotated.Add(RetireAfter)):
			soon = true
			r.Waiting++
			if at := stored.Rotated.Add(RetireAfter); at.After(r.RetireAt) {
				r.RetireAt = at
			}
		default:
			if err = v.finishGmina(ctx, stored, handle, &r); err == nil {
				r.Retired++
			}
		}
		if err != nil {
			return fmt.Errorf("gmina %s: %w", k.ID, err)
		}
		return nil
	})
	if err == nil && soon {
		err = ErrTooSoon
	}
	if err != nil {
		return r, fmt.Errorf("seal: finish gminas: %w", err)
	}
	return r, nil
}

func (v *Vault) finishGmina(ctx context.Context, stored *wrappedKey, handle *keyset.Handle, r *Rotation) error {
	if err := v.rewrapFiles(ctx, stored.ID, handle, r); err != nil {
		return err
	}
	primary, err := primaryOf(handle)
	if err != nil {
		return err
	}
	if err := v.putGmina(ctx, &wrappedKey{ID: stored.ID, Version: stored.Version + 1, Gmina: stored.Gmina}, primary); err != nil {
		return err
	}
	if err := v.rewrapFiles(ctx, stored.ID, handle, r); err != nil { // with the old key, which is stored no more
		return fmt.Errorf("the old key is gone, and the keys of files were not all looked at again: %w", err)
	}
	return nil
}

// onlyPrimary gives what the primary key of a keyset does without the others.
func onlyPrimary(h *keyset.Handle) (tink.AEAD, error) {
	primary, err := primaryOf(h)
	if err != nil {
		return nil, err
	}
	return aead.New(primary)
}

// eachKey calls fn with the stored keys of a collection, of one gmina or all.
func (v *Vault) eachKey(ctx context.Context, collection, gmina string, fn func(*wrappedKey) error) error {
	return v.keys.Each(ctx, collection, gmina, func(body bson.Raw) error {
		var k wrappedKey
		if err := bson.Unmarshal(body, &k); err != nil {
			return errors.New("a stored key is damaged")
		}
		return fn(&k)
	})
}
