package store

import (
	"crypto/sha256"
	"encoding/binary"
	"io"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"
)

// DerivedID gives the id of a resource that a request creates: the same request by the same person always names the same resource, so that a
// retried create meets its first self. Salts tell apart several resources made by one request. The id has the form of a lowercase ULID, but
// is not ordered by time.
func DerivedID(tenant, person, method, requestID string, salt ...string) string {
	h := sha256.New()
	for _, part := range append([]string{"asysta/derived-id/1", tenant, person, method, requestID}, salt...) {
		var size [8]byte
		binary.BigEndian.PutUint64(size[:], uint64(len(part)))
		h.Write(size[:])
		h.Write([]byte(part))
	}
	return strings.ToLower(ulid.ULID(h.Sum(nil)[:16]).String())
}

// NewID gives a new id, a lowercase ULID of the instant. It panics when random gives no bytes.
func NewID(now time.Time, random io.Reader) string {
	return strings.ToLower(ulid.MustNew(ulid.Timestamp(now), random).String())
}
