package backup

import (
	"bufio"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"filippo.io/age"

	"asysta.example/internal/keyfile"
)

// format of backups that this program writes.
const format = 1

// maxManifest bounds the manifest, in bytes.
const maxManifest = 64 << 10

// ErrDamaged says that a backup does not hold what its manifest says, or that it is none.
var ErrDamaged = errors.New("backup: damaged")

// Manifest says what a backup holds.
type Manifest struct {
	Format     int       `json:"format"`
	Made       time.Time `json:"made"`    // instant of the snapshot
	Program    string    `json:"program"` // version of the program that made it
	Size       int64     `json:"size"`    // of the database file, bytes
	SHA256     string    `json:"sha256"`  // of the database file, hex
	Aggregates int       `json:"aggregates"`
	Commits    int       `json:"commits"`
	Faults     int       `json:"faults"` // that the verification of the snapshot found; 0 in a sound county
}

// Free tells what keeps Write from making a file: that it is there (fs.ErrExist), or that its folder is not.
func Free(path string) error {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("backup: %s: %w", path, errors.Join(err, fs.ErrExist))
	}
	if _, err := os.Stat(filepath.Dir(path)); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	return nil
}

// Write encrypts a database file for recipients into a file that must not exist (fs.ErrExist). It fills in the manifest's format, size and sum, and gives the size of the
// backup. What was written is read back and compared before the file gets its name.
func Write(ctx context.Context, path, database string, m Manifest, recipients []age.Recipient) (_ Manifest, size int64, err error) {
	if len(recipients) == 0 {
		return m, 0, errors.New("backup: name at least one recipient")
	}
	if err := Free(path); err != nil {
		return m, 0, err
	}
	m.Format = format
	if m.Size, m.SHA256, err = digest(ctx, database); err != nil {
		return m, 0, fmt.Errorf("backup: %w", err)
	}
	part, err := os.CreateTemp(filepath.Dir(path), ".backup-*") // 0600
	if err != nil {
		return m, 0, fmt.Errorf("backup: %w", err)
	}
	defer func() { err = errors.Join(err, os.Remove(part.Name())) }()
	sum := sha256.New()
	err = stream(ctx, io.MultiWriter(part, sum), database, m, recipients)
	if err = errors.Join(err, part.Sync(), part.Close()); err != nil {
		return m, 0, fmt.Errorf("backup: %w", err)
	}
	size, stored, err := digest(ctx, part.Name())
	if err == nil && stored != hex.EncodeToString(sum.Sum(nil)) {
		err = fmt.Errorf("%w: the disk gives back something else than was written", ErrDamaged)
	}
	if err == nil {
		err = os.Link(part.Name(), path)
	}
	if err == nil {
		err = keyfile.SyncFolder(filepath.Dir(path))
	}
	if err != nil {
		return m, 0, fmt.Errorf("backup: %w", err)
	}
	return m, size, nil
}

// stream writes the encrypted manifest and database.
func stream(ctx context.Context, to io.Writer, database string, m Manifest, recipients []age.Recipient) error {
	sealed, err := age.Encrypt(to, recipients...)
	if err != nil {
		return err
	}
	packed, err := gzip.NewWriterLevel(sealed, gzip.BestSpeed)
	if err != nil {
		return err
	}
	head, err := json.Marshal(m)
	if err != nil {
		return err
	}
	if _, err := packed.Write(append(head, '\n')); err != nil {
		return err
	}
	file, err := os.Open(database)
	if err != nil {
		return err
	}
	n, err := io.Copy(packed, reader{ctx, file})
	if err == nil && n != m.Size {
		err = fmt.Errorf("%w: the snapshot changed while it was read", ErrDamaged)
	}
	return errors.Join(err, file.Close(), packed.Close(), sealed.Close())
}

// Read decrypts a backup into a database file that must not exist (fs.ErrExist), readable and writable by its owner alone, and compares it with the manifest. The file
// gets its name when check, which may look into it under another one, gives no error. ErrDamaged.
func Read(ctx context.Context, path, database string, identities []age.Identity, check func(file string, m Manifest) error) (_ Manifest, err error) {
	var m Manifest
	for _, name := range []string{database, database + "-wal", database + "-shm"} {
		if _, err := os.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
			return m, fmt.Errorf("restore: %s: %w", name, errors.Join(err, fs.ErrExist))
		}
	}
	folder, err := os.MkdirTemp(filepath.Dir(database), ".restore-*") // 0700
	if err != nil {
		return m, fmt.Errorf("restore: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	part := filepath.Join(folder, "restored.db")
	if m, err = unpack(ctx, path, part, identities); err != nil {
		return m, fmt.Errorf("restore: %w", err)
	}
	if err := check(part, m); err != nil {
		return m, err
	}
	err = os.Link(part, database)
	if err == nil {
		err = keyfile.SyncFolder(filepath.Dir(database))
	}
	if err != nil {
		return m, fmt.Errorf("restore: %w", err)
	}
	return m, nil
}

// ReadManifest reads what a backup says of itself, without its database.
func ReadManifest(path string, identities []age.Identity) (Manifest, error) {
	file, err := os.Open(path)
	if err != nil {
		return Manifest{}, fmt.Errorf("restore: %w", err)
	}
	m, _, err := open(file, identities)
	if err = errors.Join(err, file.Close()); err != nil {
		return m, fmt.Errorf("restore: %w", err)
	}
	return m, nil
}

// open begins to read a backup: its manifest, and then the database.
func open(from io.Reader, identities []age.Identity) (m Manifest, _ io.Reader, err error) {
	sealed, err := age.Decrypt(from, identities...)
	if err != nil {
		return m, nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	packed, err := gzip.NewReader(sealed)
	if err != nil {
		return m, nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	body := bufio.NewReaderSize(packed, maxManifest)
	head, err := body.ReadSlice('\n')
	if err != nil {
		return m, nil, fmt.Errorf("%w: no manifest", ErrDamaged)
	}
	if err := json.Unmarshal(head, &m); err != nil || m.Format != format {
		return m, nil, fmt.Errorf("%w: not a backup of format %d", ErrDamaged, format)
	}
	return m, body, nil
}

// unpack writes the database of a backup to a file that must not exist.
func unpack(ctx context.Context, path, to string, identities []age.Identity) (m Manifest, err error) {
	file, err := os.Open(path)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	m, body, err := open(file, identities)
	if err != nil {
		return m, err
	}
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return m, err
	}
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(out, sum), reader{ctx, body})
	if err != nil {
		err = fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if err = errors.Join(err, out.Sync(), out.Close()); err != nil {
		return m, err
	}
	if n != m.Size || hex.EncodeToString(sum.Sum(nil)) != m.SHA256 {
		return m, fmt.Errorf("%w: the database is not the one that its manifest names", ErrDamaged)
	}
	return m, nil
}

// digest gives size and SHA-256 of a file.
func digest(ctx context.Context, path string) (int64, string, error) {
	file, err := os.Open(path)
	if err != nil {
		return 0, "", err
	}
	sum := sha256.New()
	n, err := io.Copy(sum, reader{ctx, file})
	return n, hex.EncodeToString(sum.Sum(nil)), errors.Join(err, file.Close())
}

// reader ends with its context.
type reader struct {
	ctx context.Context //nolint:containedctx // lives as long as the copy that it is part of
	io.Reader
}

func (r reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}
