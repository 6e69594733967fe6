package seal

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"

	"asysta.example/internal/keyfile"
)

// ErrMasterBusy says that another command is changing the file of the master, or did not come to the end of it.
var ErrMasterBusy = errors.New("seal: master file is being changed by another command")

// AddMasterKey adds a new wrapping key to a master's file, unless a rotation is under way there already (the file has more than one). With use the newest key wraps from
// now on; without, it only opens, so that the file can be copied to other machines before anything is wrapped with it. It can be repeated. The keys of the
// search hashes stay as they are. It tells whether the newest key wraps. ErrMasterBusy.
func AddMasterKey(path string, use bool) (wraps bool, err error) {
	err = changeMaster(path, func(h *keyset.Handle) (*keyset.Handle, error) {
		m := keyset.NewManagerFromHandle(h)
		if h.Len() == 1 {
			if _, err := m.Add(aead.AES256GCMKeyTemplate()); err != nil {
				return nil, err
			}
		}
		next, err := m.Handle()
		if err != nil {
			return nil, err
		}
		newest, err := next.Entry(next.Len() - 1)
		if err != nil {
			return nil, err
		}
		if use {
			if err := m.SetPrimary(newest.KeyID()); err != nil {
				return nil, err
			}
		}
		wraps = use || newest.IsPrimary()
		return m.Handle()
	})
	return wraps, err
}

// RetireMasterKeys takes all wrapping keys but the one in use out of a master's file and tells whether there were any. What was in the file before is kept in another file,
// which must not exist: backups of the store made before need it. ErrMasterBusy.
func RetireMasterKeys(path, kept string) (bool, error) {
	retired := false
	err := changeMaster(path, func(h *keyset.Handle) (*keyset.Handle, error) {
		if h.Len() == 1 {
			return nil, nil
		}
		before, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		if err := keyfile.Create(kept, before); err != nil {
			return nil, err
		}
		retired = true
		return primaryOf(h)
	})
	return retired, err
}

// primaryOf gives a keyset of the primary key alone.
func primaryOf(h *keyset.Handle) (*keyset.Handle, error) {
	primary, err := h.Primary()
	if err != nil {
		return nil, err
	}
	m := keyset.NewManagerFromHandle(h)
	for i := range h.Len() {
		entry, err := h.Entry(i)
		if err != nil {
			return nil, err
		}
		if entry.KeyID() == primary.KeyID() {
			continue
		}
		if err := m.Delete(entry.KeyID()); err != nil {
			return nil, err
		}
	}
	return m.Handle()
}

// changeMaster gives the wrapping keys of a master's file to fn and puts what it returns in their place, all or nothing; nil changes nothing. The new file, which must not
// exist, keeps two commands from changing the file at once: the keys that one of them has just wrapped with would be lost.
func changeMaster(path string, fn func(*keyset.Handle) (*keyset.Handle, error)) (err error) {
	next, err := os.OpenFile(path+".next", os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%w; when none runs, remove %s.next", ErrMasterBusy, path)
	}
	if err != nil {
		return fmt.Errorf("seal: change master: %w", err)
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("seal: change master: %w", err)
		}
		if left := os.Remove(next.Name()); !errors.Is(left, fs.ErrNotExist) {
			err = errors.Join(err, left)
		}
	}()
	content, err := changed(path, fn)
	if err != nil || content == nil {
		return errors.Join(err, next.Close())
	}
	_, err = next.Write(content)
	if err = errors.Join(err, next.Sync(), next.Close()); err != nil {
		return err
	}
	if err := os.Rename(next.Name(), path); err != nil {
		return err
	}
	return keyfile.SyncFolder(filepath.Dir(path))
}

// changed gives the content of a master's file with other wrapping keys, nil where they stay.
func changed(path string, fn func(*keyset.Handle) (*keyset.Handle, error)) ([]byte, error) {
	if _, err := LoadMaster(path); err != nil { // which refuses what others can read
		return nil, err
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	file, err := readMasterFile(content)
	if err != nil {
		return nil, err
	}
	before, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(file.Wrap)))
	if err != nil {
		return nil, errors.New("wrapping keys are damaged")
	}
	after, err := fn(before)
	if err != nil || after == nil {
		return nil, err
	}
	return file.with(after)
}
