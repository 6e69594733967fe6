package seal

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
)

// Errors of a vault. Everything else is a failure of the key store.
var (
	// ErrDestroyed says that the data key of the file was destroyed; its values cannot be read and nothing can be sealed for it.
	ErrDestroyed = errors.New("seal: key of the file is destroyed")
	// ErrSealed says that a value does not open: it was altered, or belongs to another gmina, file or field.
	ErrSealed = errors.New("seal: value does not open")
)

// FieldPESEL is the field that Seal and Open mean.
const FieldPESEL = "pesel"

// sizes of the caches, in keys.
const (
	gminaCache = 512
	fileCache  = 4096
)

// Vault seals and opens secret values. It is safe for concurrent use.
type Vault struct {
	master *Master
	keys   KeyStore
	gminas *cache[gminaKey]
	files  *cache[fileKey] // by gmina and file
}

// NewVault gives a vault over the wrapped keys in a key store.
func NewVault(master *Master, keys KeyStore) *Vault {
	return &Vault{master: master, keys: keys, gminas: newCache[gminaKey](gminaCache), files: newCache[fileKey](fileCache)}
}

// Seal seals a PESEL of a file that belongs to a gmina (TERYT, seven digits), and hashes it for search. Empty plaintext gives the zero Value. The first
// value of a file makes the file's key. ErrDestroyed, ErrSealed when the file's key belongs to another gmina.
func (v *Vault) Seal(ctx context.Context, gmina, file, plaintext string) (Value, error) {
	return v.SealField(ctx, gmina, file, FieldPESEL, plaintext)
}

// SealField is Seal for another field.
func (v *Vault) SealField(ctx context.Context, gmina, file, field, plaintext string) (Value, error) {
	if plaintext == "" {
		return Value{}, nil
	}
	key, err := v.fileKey(ctx, gmina, file, true)
	if err != nil {
		return Value{}, fmt.Errorf("seal: seal: %w", err)
	}
	cipher, err := key.Encrypt([]byte(plaintext), bind("value", file, field))
	if err != nil {
		return Value{}, fmt.Errorf("seal: seal: %w", err)
	}
	return Value{
		Cipher:     cipher,
		GminaHash:  v.hash("gmina", gmina, field, plaintext),
		CountyHash: v.hash("county", countyOf(gmina), field, plaintext),
	}, nil
}

// Open gives the PESEL back, "" for the zero Value. ErrDestroyed, ErrSealed.
func (v *Vault) Open(ctx context.Context, gmina, file string, value Value) (string, error) {
	return v.OpenField(ctx, gmina, file, FieldPESEL, value)
}

// OpenField is Open for another field.
func (v *Vault) OpenField(ctx context.Context, gmina, file, field string, value Value) (string, error) {
	if value.IsZero() {
		return "", nil
	}
	key, err := v.fileKey(ctx, gmina, file, false)
	if err != nil {
		return "", fmt.Errorf("seal: open: %w", err)
	}
	plaintext, err := key.Decrypt(value.Cipher, bind("value", file, field))
	if err != nil {
		return "", fmt.Errorf("seal: open: %w", ErrSealed)
	}
	return string(plaintext), nil
}

// GminaHash gives the hash by which a PESEL is found within a gmina.
func (v *Vault) GminaHash(gmina, plaintext string) string {
	return v.hash("gmina", gmina, FieldPESEL, plaintext)
}

// CountyHash gives the hash by which a PESEL is found within a county (four digits).
func (v *Vault) CountyHash(county, plaintext string) string {
	return v.hash("county", county, FieldPESEL, plaintext)
}

// RequestHash gives the hash by which a repeated request is known again. It is keyed: a request may hold a PESEL, and who has the stored hash and all the rest of
// the request could otherwise try the few numbers that a birth date leaves.
func (v *Vault) RequestHash(body []byte) []byte {
	return []byte(v.hash("request", "", "body", string(body)))
}

// hashLength in bytes: too long for two people of a county to share one, too short to be more than an index.
const hashLength = 16

func (v *Vault) hash(level, tenant, field, plaintext string) string {
	key, err := v.master.hashes.ComputePrimaryPRF(bind("hash", level, tenant), sha256.Size)
	if err != nil {
		panic("seal: derive hash key: " + err.Error()) // cannot fail: HMAC of a fixed, allowed length
	}
	mac := hmac.New(sha256.New, key)
	mac.Write(bind(field, plaintext))
	return hex.EncodeToString(mac.Sum(nil)[:hashLength])
}

func countyOf(gmina string) string { return gmina[:min(4, len(gmina))] }

// bind gives the bytes that tie a ciphertext to its place; different parts never give the same bytes.
func bind(parts ...string) []byte {
	b := []byte("asysta/1")
	for _, p := range parts {
		b = fmt.Appendf(b, "/%d:%s", len(p), p)
	}
	return b
}
