package anchor

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"maps"
	"slices"
	"time"

	"asysta.example/internal/store"
)

// Formats of the lines that this program writes: those that witness the access log too have one of their own.
const (
	format    = 1
	formatLog = 2
)

// Line is one tenant's witness.
type Line struct {
	Format    int       `json:"format"`
	Tenant    string    `json:"tenant"`  // gmina (seven digits) or county (four)
	Day       string    `json:"day"`     // civil day of Warsaw on which it was made
	Made      time.Time `json:"made"`    // instant of making, by the clock of the machine that made it
	From      int64     `json:"from"`    // first position in the tenant's feed that it witnesses
	To        int64     `json:"to"`      // last one; From - 1 when nothing was committed since the line before
	Files     int       `json:"files"`   // aggregates changed by those commits
	Commits   int       `json:"commits"` // To - From + 1
	Head      string    `json:"head"`    // SHA-256 over the heads of those files, hex
	Log       *Log      `json:"log,omitempty"`
	Prev      string    `json:"prev"` // SHA-256 of the line before, hex; "" for the first line of all
	Signature []byte    `json:"signature,omitempty"`
}

// Log witnesses the access log, which all tenants of a database share. Only lines of format 2 hold one.
type Log struct {
	To      int64  `json:"to"`      // number of the last line
	Segment int64  `json:"segment"` // number of the last segment; 0 before the first
	Head    string `json:"head"`    // SHA-256 over that segment's digest and the lines behind it, hex
}

// sign gives the line as written, without the line feed.
func (l Line) sign(key ed25519.PrivateKey) ([]byte, error) {
	l.Signature = nil
	bare, err := json.Marshal(l)
	if err != nil {
		return nil, err
	}
	l.Signature = ed25519.Sign(key, bare)
	return json.Marshal(l)
}

// read reads a written line and checks its signature. Only what this program would have written itself is a line.
func read(text []byte, key ed25519.PublicKey) (Line, error) {
	var l Line
	again, err := []byte(nil), json.Unmarshal(text, &l)
	if err == nil {
		again, err = json.Marshal(l)
	}
	if err != nil || !bytes.Equal(again, text) || l.Format != l.wanted() {
		return Line{}, fmt.Errorf("not a line of format %d or %d", format, formatLog)
	}
	bare := l
	bare.Signature = nil
	signed, err := json.Marshal(bare)
	if err != nil {
		return Line{}, err
	}
	if !ed25519.Verify(key, signed, l.Signature) {
		return Line{}, fmt.Errorf("the signature is not of this key, or the line was altered")
	}
	return l, nil
}

// wanted is the format that a line with such content has.
func (l Line) wanted() int {
	if l.Log != nil {
		return formatLog
	}
	return format
}

// sum is what the next line holds of a line.
func sum(text []byte) string {
	s := sha256.Sum256(text)
	return hex.EncodeToString(s[:])
}

// heads gathers the heads of the files that commits changed.
type heads struct {
	last    map[string]store.FeedHead
	commits int
}

func newHeads() *heads { return &heads{last: map[string]store.FeedHead{}} }

// add takes a commit; within a feed the commits of one file come in the order of their versions, but the feed of a gmina that a file left has its last one alone.
func (h *heads) add(head store.FeedHead) {
	h.commits++
	if ref := head.Ref.String(); head.Version >= h.last[ref].Version {
		h.last[ref] = head
	}
}

// digest is the SHA-256 over the heads in the order of the files' keys.
func (h *heads) digest() string {
	d := sha256.New()
	for _, ref := range slices.Sorted(maps.Keys(h.last)) {
		head := h.last[ref]
		part(d, []byte(ref))
		part(d, binary.BigEndian.AppendUint64(nil, uint64(head.Version)))
		part(d, head.Hash)
	}
	return hex.EncodeToString(d.Sum(nil))
}

// part writes bytes so that different parts never give the same stream.
func part(d hash.Hash, b []byte) {
	d.Write(binary.BigEndian.AppendUint64(nil, uint64(len(b))))
	d.Write(b)
}
