package seal

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync/atomic"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/prf"
	"github.com/tink-crypto/tink-go/v2/tink"

	"asysta.example/internal/keyfile"
)

// ErrMasterExposed says that others than the owner may read or change the file of the master.
var ErrMasterExposed = errors.New("seal: master file is open to others than its owner")

// Master is the root of all keys. Who loses it has lost every sealed value. It follows its file: when a key does not open, or a gmina gets its first one, the file is
// read again, so that a rotation needs no restart. It is safe for concurrent use.
type Master struct {
	path   string                  // "" when there is no file
	wrap   atomic.Pointer[wrapper] // wraps the keys of gminas
	hashes *prf.Set                // derives the keys of search hashes; the same as long as the deployment lives
	sum    [sha256.Size]byte       // of the hashing keys as they stand in the file
}

// wrapper is the wrapping half of a master as it was read.
type wrapper struct {
	tink.AEAD
	handle *keyset.Handle
	sum    [sha256.Size]byte // of the file's content
}

// masterFile is the form of the file: two Tink keysets in JSON, in the clear, which is why the file is its owner's alone. Keys can be added to the first (the primary one
// wraps, all unwrap); a new primary key in the second would make every stored hash useless.
type masterFile struct {
	Format int             `json:"format"`
	Wrap   json.RawMessage `json:"wrap"`
	Hashes json.RawMessage `json:"hashes"`
}

const masterFormat = 1

// CreateMaster makes a new master and writes it to a file that must not exist (fs.ErrExist), readable and writable by its owner alone.
func CreateMaster(path string) (*Master, error) {
	master, file, err := newMaster()
	if err != nil {
		return nil, fmt.Errorf("seal: create master: %w", err)
	}
	if err := keyfile.Create(path, file); err != nil {
		return nil, fmt.Errorf("seal: create master: %w", err)
	}
	master.path = path
	return master, nil
}

// LoadMaster reads a master. ErrMasterExposed when the file's mode lets anybody but its owner at it.
func LoadMaster(path string) (*Master, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("seal: load master: %w", err)
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("seal: load master: %w", err)
	}
	if keyfile.Exposed(info) {
		return nil, fmt.Errorf("%w: %s has mode %04o", ErrMasterExposed, path, info.Mode().Perm())
	}
	var content bytes.Buffer
	if _, err := content.ReadFrom(file); err != nil {
		return nil, fmt.Errorf("seal: load master: %w", err)
	}
	m, err := readMaster(content.Bytes())
	if err != nil {
		return nil, err
	}
	m.path = path
	return m, nil
}

// again reads the file again and tells whether it brought other wrapping keys. A file that is absent, damaged, exposed or another deployment's changes nothing.
func (m *Master) again() bool {
	if m.path == "" {
		return false
	}
	next, err := LoadMaster(m.path)
	if err != nil || next.sum != m.sum || next.wrap.Load().sum == m.wrap.Load().sum {
		return false
	}
	m.wrap.Store(next.wrap.Load())
	return true
}

// LoadOrCreateMaster reads a master, or makes one where there is no file. It is for deployments of one process; several that start at once meet the same file.
func LoadOrCreateMaster(path string) (*Master, error) {
	master, err := LoadMaster(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return master, err
	}
	master, err = CreateMaster(path)
	if errors.Is(err, fs.ErrExist) {
		return LoadMaster(path)
	}
	return master, err
}

// NewMaster makes a master that lives as long as the process, for tests and trials in memory.
func NewMaster() (*Master, error) {
	master, _, err := newMaster()
	return master, err
}

func newMaster() (*Master, []byte, error) {
	wrap, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, nil, err
	}
	hashes, err := keyset.NewHandle(prf.HMACSHA256PRFKeyTemplate())
	if err != nil {
		return nil, nil, err
	}
	file := masterFile{Format: masterFormat}
	if file.Hashes, err = cleartext(hashes); err != nil {
		return nil, nil, err
	}
	content, err := file.with(wrap)
	if err != nil {
		return nil, nil, err
	}
	master, err := readMaster(content)
	return master, content, err
}

// with gives the content of the file with other wrapping keys.
func (f masterFile) with(wrap *keyset.Handle) (content []byte, err error) {
	if f.Wrap, err = cleartext(wrap); err != nil {
		return nil, err
	}
	content, err = json.MarshalIndent(f, "", "  ")
	return append(content, '\n'), err
}

func cleartext(h *keyset.Handle) ([]byte, error) {
	var b bytes.Buffer
	err := insecurecleartextkeyset.Write(h, keyset.NewJSONWriter(&b))
	return b.Bytes(), err
}

// readMaster reads the content of a master's file. Its errors say nothing of the content.
func readMaster(content []byte) (*Master, error) {
	file, err := readMasterFile(content)
	if err != nil {
		return nil, err
	}
	wrap, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(file.Wrap)))
	if err != nil {
		return nil, errors.New("seal: read master: wrapping keys are damaged")
	}
	hashes, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(file.Hashes)))
	if err != nil {
		return nil, errors.New("seal: read master: hashing keys are damaged")
	}
	w := &wrapper{handle: wrap, sum: sha256.Sum256(content)}
	if w.AEAD, err = aead.New(wrap); err != nil {
		return nil, fmt.Errorf("seal: read master: %w", err)
	}
	m := &Master{sum: sha256.Sum256(compact(file.Hashes))}
	m.wrap.Store(w)
	if m.hashes, err = prf.NewPRFSet(hashes); err != nil {
		return nil, fmt.Errorf("seal: read master: %w", err)
	}
	return m, nil
}

func readMasterFile(content []byte) (file masterFile, err error) {
	if err := json.Unmarshal(content, &file); err != nil || file.Format != masterFormat {
		return file, errors.New("seal: read master: not a master of a format that this program knows")
	}
	return file, nil
}

// compact gives JSON without the white space that its writer was free to choose.
func compact(text []byte) []byte {
	var b bytes.Buffer
	if err := json.Compact(&b, text); err != nil {
		return text
	}
	return b.Bytes()
}

// String gives no part of the keys.
func (m *Master) String() string { return "[master]" }

// GoString gives no part of the keys.
func (m *Master) GoString() string { return "[master]" }
