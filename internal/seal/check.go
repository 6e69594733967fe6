package seal

import (
	"context"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/tink"

	"asysta.example/internal/store"
)

// Check is what CheckKeys found. Faults name keys only.
type Check struct {
	Gminas, Files int
	Destroyed     int // files whose key was destroyed for good
	OldMaster     int // gminas whose key is wrapped with a key of the master that is on its way out
	OldGmina      int // files whose key is wrapped with a key of the gmina that is on its way out
	Rotating      int // gminas with more than one key
	Faults        []string
}

// CheckKeys tells whether every stored key opens: the gminas' with the master, the files' with their gminas'. What does not is lost, or belongs to another master.
func (v *Vault) CheckKeys(ctx context.Context) (c Check, err error) {
	w := v.master.wrap.Load()
	newest, err := onlyPrimary(w.handle)
	if err != nil {
		return c, fmt.Errorf("seal: check keys: %w", err)
	}
	err = v.eachKey(ctx, store.GminaKeys, "", func(k *wrappedKey) error {
		c.Gminas++
		handle, err := unwrap(k.Wrapped, w, bind("gminaKey", k.ID))
		if err != nil || k.Gmina != k.ID {
			c.Faults = append(c.Faults, fmt.Sprintf("%s/%s: the key of the gmina does not open with this master", store.GminaKeys, k.ID))
			return nil
		}
		if _, err := unwrap(k.Wrapped, newest, bind("gminaKey", k.ID)); err != nil {
			c.OldMaster++
		}
		if handle.Len() > 1 {
			c.Rotating++
		}
		return nil
	})
	if err == nil {
		err = v.checkFiles(ctx, &c)
	}
	if err != nil {
		return c, fmt.Errorf("seal: check keys: %w", err)
	}
	return c, nil
}

// checkFiles opens the data key of every file. Keys come gmina by gmina, so that each gmina's own is opened once.
func (v *Vault) checkFiles(ctx context.Context, c *Check) error {
	var gmina string
	var newest tink.AEAD
	return v.eachKey(ctx, store.FileKeys, "", func(k *wrappedKey) error {
		c.Files++
		if len(k.Wrapped) == 0 {
			c.Destroyed++
			return nil
		}
		if k.Gmina != gmina || newest == nil {
			gmina, newest = k.Gmina, nil
			if _, handle, err := v.storedGmina(ctx, gmina); err == nil {
				if newest, err = onlyPrimary(handle); err != nil {
					return err
				}
			}
		}
		if newest == nil {
			c.Faults = append(c.Faults, fmt.Sprintf("%s/%s: the key of its gmina %s is missing or does not open", store.FileKeys, k.ID, k.Gmina))
			return nil
		}
		if _, err := unwrap(k.Wrapped, newest, bind("fileKey", k.Gmina, k.ID)); err == nil {
			return nil
		}
		if _, err := v.unwrapFileKey(ctx, k.Gmina, k); err != nil {
			c.Faults = append(c.Faults, fmt.Sprintf("%s/%s: the key of the file does not open", store.FileKeys, k.ID))
			return nil
		}
		c.OldGmina++
		return nil
	})
}
