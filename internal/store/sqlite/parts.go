package sqlite

import (
	"bytes"
	"encoding/binary"
)

// A document may have a last element that lists do without (store.Step.Apart). It has a row of its own, so that it is neither read with a list nor written with
// every change. The document is always the two together again.

// Split gives a document without its last element, which begins at apart, and that element; apart 0 leaves the document whole. It and Join are exported for who reads
// a file past the engine.
func Split(whole []byte, apart int) (body, part []byte) {
	if apart <= 0 || apart >= len(whole) {
		return whole, nil
	}
	body = append(make([]byte, 0, apart+1), whole[:apart]...)
	body = append(body, 0)
	binary.LittleEndian.PutUint32(body, uint32(len(body)))
	return body, whole[apart : len(whole)-1]
}

// Join puts together what Split took apart.
func Join(body, part []byte) []byte {
	if len(part) == 0 || len(body) == 0 {
		return body
	}
	whole := make([]byte, 0, len(body)+len(part))
	whole = append(append(append(whole, body[:len(body)-1]...), part...), 0)
	binary.LittleEndian.PutUint32(whole, uint32(len(whole)))
	return whole
}

// samePart tells whether a document has this element as its last already.
func samePart(before []byte, part []byte) bool {
	end := len(before) - 1
	return len(part) > 0 && end > len(part) && bytes.Equal(before[end-len(part):end], part)
}
