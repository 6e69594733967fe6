package seal

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"

	"asysta.example/internal/store"
)

// Repair is what RepairFiles did: the files that have a new data key, and those whose key does not open and stays as it is.
type Repair struct {
	Repaired []string
	Left     []LeftKey
}

// LeftKey is the key of a file that was not repaired.
type LeftKey struct{ File, Why string }

// Why a key is left as it is.
const (
	leftGmina  = "the key of its gmina is missing or does not open with this master"
	leftUsed   = "it was wrapped anew since it was made: whoever did so could open it, and may have sealed with it"
	leftSealed = "the journal holds what was sealed with it"
	leftOthers = "another key of the same gmina does not open and was in use: the key of the gmina may be the wrong one"
	leftRaced  = "somebody else changed it meanwhile; look again"
)

// RepairFiles gives a new data key to each file whose own one does not open and has sealed nothing. A process leaves such a key that dies right after a write which the store has held up
// for longer than a rotation takes, and nobody can seal for the file any more. Sealed tells whether the journal holds anything sealed for a file.
//
// What holds: a key is replaced only where nothing was sealed with it. It is as it was made (had somebody settled it, a rotation would have found it and wrapped it anew), the gmina's key opens,
// the journal holds no value of the file, and all that is so of every key of the gmina that does not open. Otherwise all of these are left: the gmina's key or the store may be of another time,
// and the right one may come back. Who made the key and only slept is told when it settles that the key is another one. Services may run meanwhile, and it can be repeated.
func (v *Vault) RepairFiles(ctx context.Context, sealed func(ctx context.Context, file string) (bool, error)) (r Repair, err error) {
	lost, err := v.lostKeys(ctx)
	if err != nil {
		return r, fmt.Errorf("seal: repair files: %w", err)
	}
	for _, gmina := range slices.Sorted(maps.Keys(lost)) {
		if err := v.repairGmina(ctx, gmina, lost[gmina], sealed, &r); err != nil {
			return r, fmt.Errorf("seal: repair files: gmina %s: %w", gmina, err)
		}
	}
	return r, nil
}

// lostKeys gives the keys of files that do not open, by gmina.
func (v *Vault) lostKeys(ctx context.Context) (map[string][]*wrappedKey, error) {
	lost, opens := map[string][]*wrappedKey{}, map[string]bool{}
	err := v.eachKey(ctx, store.FileKeys, "", func(k *wrappedKey) (err error) {
		if len(k.Wrapped) == 0 {
			return nil
		}
		if _, asked := opens[k.Gmina]; !asked {
			if opens[k.Gmina], err = v.gminaOpens(ctx, k.Gmina); err != nil {
				return err
			}
		}
		if opens[k.Gmina] {
			_, elsewhere, err := v.openStored(ctx, k.Gmina, k)
			if err == nil || errors.Is(err, ErrDestroyed) || elsewhere != nil {
				return nil // or it moved meanwhile
			}
			if !errors.Is(err, ErrSealed) {
				return err
			}
		}
		lost[k.Gmina] = append(lost[k.Gmina], k)
		return nil
	})
	return lost, err
}

// gminaOpens tells whether the key of a gmina is there and opens. It makes none.
func (v *Vault) gminaOpens(ctx context.Context, gmina string) (bool, error) {
	stored, err := load(ctx, v.keys, store.GminaKeys, gmina)
	if err != nil || stored == nil {
		return false, err
	}
	_, err = v.openGminaKey(stored)
	if errors.Is(err, ErrSealed) {
		return false, nil
	}
	return err == nil, err
}

// repairGmina renews the lost keys of a gmina, all of them or none.
func (v *Vault) repairGmina(ctx context.Context, gmina string, lost []*wrappedKey, sealed func(context.Context, string) (bool, error), r *Repair) error {
	opens, err := v.gminaOpens(ctx, gmina)
	if err != nil {
		return err
	}
	why, used := make([]string, len(lost)), false
	for i, k := range lost {
		switch held, err := sealed(ctx, k.ID); {
		case err != nil:
			return fmt.Errorf("file %s: %w", k.ID, err)
		case !opens:
			why[i] = leftGmina
		case held:
			why[i] = leftSealed
		case k.Version > 1:
			why[i] = leftUsed
		}
		used = used || why[i] != ""
	}
	for i, k := range lost {
		if used && why[i] == "" {
			why[i] = leftOthers
		}
		if why[i] == "" {
			err := v.renew(ctx, k)
			switch {
			case errors.Is(err, ErrRaced):
				why[i] = leftRaced
			case err != nil:
				return fmt.Errorf("file %s: %w", k.ID, err)
			default:
				r.Repaired = append(r.Repaired, k.ID)
			}
		}
		if why[i] != "" {
			r.Left = append(r.Left, LeftKey{File: k.ID, Why: why[i]})
		}
	}
	return nil
}

// renew puts a new data key in the place of one, as it was read, and settles it. Like a first one it is written within CacheTime or not at all. ErrRaced.
func (v *Vault) renew(ctx context.Context, lost *wrappedKey) error {
	ctx, cancel := context.WithTimeout(ctx, CacheTime)
	defer cancel()
	by, err := v.readGminaKey(ctx, lost.Gmina)
	if err != nil {
		return err
	}
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return err
	}
	next := &wrappedKey{ID: lost.ID, Version: lost.Version + 1, Gmina: lost.Gmina}
	if next.Wrapped, err = wrap(handle, by, bind("fileKey", lost.Gmina, lost.ID)); err != nil {
		return err
	}
	defer v.files.remove(string(bind(lost.Gmina, lost.ID)))
	if err := v.replace(ctx, store.FileKeys, next); err != nil {
		return err
	}
	_, err = v.settle(ctx, handle, next)
	return err
}
