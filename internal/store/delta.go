package store

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// A commit that changes two dates of a cover does not repeat the others: it holds what differs from the version before, wherever that gives the new bytes exactly and is less
// than half of them. All of it works on bytes; no value is decoded.

// errDelta says that what a commit changes is not in the version before it.
var errDelta = fmt.Errorf("%w: its changes do not fit", errChain)

// part is one element of a document or array, as it stands there.
type part struct {
	raw []byte // type, name, value
	at  int    // where the value begins in raw
}

func (p part) key() []byte { return p.raw[1 : p.at-1] }

// same tells whether two elements have one value; their names may differ.
func (p part) same(q part) bool {
	return p.raw[0] == q.raw[0] && bytes.Equal(p.raw[p.at:], q.raw[q.at:])
}

// partsOf appends the elements of a document or array, whose bytes they share.
func partsOf(raw []byte, into []part) ([]part, error) {
	length, rest, ok := bsoncore.ReadLength(raw)
	if !ok || int(length) != len(raw) || length < 5 {
		return nil, errBSON
	}
	for rest = rest[:length-4]; len(rest) > 1; {
		element, after, ok := bsoncore.ReadElement(rest)
		if !ok {
			return nil, errBSON
		}
		end := bytes.IndexByte(element[1:], 0)
		if end < 0 {
			return nil, errBSON
		}
		into, rest = append(into, part{raw: element, at: end + 2}), after
	}
	return into, nil
}

// named gives where an element of a name stands; -1 where none does.
func named(parts []part, key []byte) int {
	for i := range parts {
		if p := &parts[i]; p.at-2 == len(key) && bytes.Equal(p.raw[1:p.at-1], key) {
			return i
		}
	}
	return -1
}

// room is on the stack for the elements of a usual cover or array.
type room [64]part

// coverDelta gives what makes next of base: in set the facts that are new or have another value, as they stand in next, in unset the names of those that are gone. A new fact
// stands in set behind the one that it follows in next, which is there for its sake where it is unchanged. False where base and next have too little in common.
func coverDelta(base, next bson.Raw) (set bson.Raw, unset []string, ok bool) {
	var a, b room
	old, err := partsOf(base, a[:0])
	if err != nil {
		return nil, nil, false
	}
	now, err := partsOf(next, b[:0])
	if err != nil {
		return nil, nil, false
	}
	w := newBuilder(256)
	put := -1 // the last of now that is in set
	for j, p := range now {
		at := named(old, p.key())
		if at < 0 && j > 0 && put != j-1 {
			w.b = append(w.b, now[j-1].raw...)
		}
		for _, gone := range old[:max(0, at)] {
			unset = append(unset, string(gone.key()))
		}
		if at < 0 || !p.same(old[at]) {
			w.b, put = append(w.b, p.raw...), j
		}
		old = old[at+1:]
	}
	for _, gone := range old {
		unset = append(unset, string(gone.key()))
	}
	set = w.raw()
	if 2*(len(set)+16*len(unset)) > len(next) {
		return nil, nil, false
	}
	made, err := coverWith(base, set, unset)
	return set, unset, err == nil && bytes.Equal(made, next)
}

// coverWith gives what coverDelta's next was.
func coverWith(base, set bson.Raw, unset []string) (bson.Raw, error) {
	var a, b room
	old, err := partsOf(base, a[:0])
	if err != nil {
		return nil, errDelta
	}
	put, err := partsOf(set, b[:0])
	if err != nil {
		return nil, errDelta
	}
	w := newBuilder(len(base) + len(set))
	used, gone := w.newFacts(put, old), 0
	for _, p := range old {
		if len(unset) > 0 && slices.Contains(unset, string(p.key())) {
			gone++
			continue
		}
		at := named(put, p.key())
		if at < 0 {
			w.b = append(w.b, p.raw...)
			continue
		}
		w.b = append(w.b, put[at].raw...)
		used += 1 + w.newFacts(put[at+1:], old)
	}
	if used != len(put) || gone != len(unset) {
		return nil, errDelta
	}
	return w.raw(), nil
}

// newFacts appends the elements with which put begins and that old has not, and counts them.
func (w *builder) newFacts(put, old []part) (n int) {
	for n < len(put) && named(old, put[n].key()) < 0 {
		w.b = append(w.b, put[n].raw...)
		n++
	}
	return n
}

// arrayDelta gives what makes next of base, two arrays: in cut the places in base of the elements that are gone, in put the elements that are new, named by their places in
// next. An element with another value is gone and new. False where base and next have too little in common.
func arrayDelta(base, next bson.RawValue) (cut []int, put bson.Raw, ok bool) {
	var a, b room
	if base.Type != bson.TypeArray || next.Type != bson.TypeArray {
		return nil, nil, false
	}
	old, err := partsOf(base.Value, a[:0])
	if err != nil {
		return nil, nil, false
	}
	now, err := partsOf(next.Value, b[:0])
	if err != nil {
		return nil, nil, false
	}
	w := newBuilder(256)
	i := 0
	for j, p := range now {
		kept := slices.IndexFunc(old[i:], p.same)
		if kept < 0 {
			w.part(j, p)
			continue
		}
		for range kept {
			cut = append(cut, i)
			i++
		}
		i++
	}
	for ; i < len(old); i++ {
		cut = append(cut, i)
	}
	if put = w.raw(); 2*(len(put)+8*len(cut)) > len(next.Value) {
		return nil, nil, false
	}
	if len(put) == emptyDocument {
		put = nil
	}
	made, err := arrayWith(base, cut, put)
	return cut, put, err == nil && bytes.Equal(made.Value, next.Value)
}

// emptyDocument is the size of a document without elements.
const emptyDocument = 5

// part appends an element under another name, its place in an array.
func (w *builder) part(place int, p part) {
	w.b = append(strconv.AppendInt(append(w.b, p.raw[0]), int64(place), 10), 0)
	w.b = append(w.b, p.raw[p.at:]...)
}

// arrayWith gives what arrayDelta's next was.
func arrayWith(base bson.RawValue, cut []int, put bson.Raw) (bson.RawValue, error) {
	var a, b room
	if base.Type != bson.TypeArray {
		return bson.RawValue{}, errDelta
	}
	old, err := partsOf(base.Value, a[:0])
	if err != nil {
		return bson.RawValue{}, errDelta
	}
	added := b[:0]
	if put != nil {
		if added, err = partsOf(put, added); err != nil {
			return bson.RawValue{}, errDelta
		}
	}
	w := newBuilder(len(base.Value) + len(put))
	var place [20]byte
	for j, i := 0, 0; i < len(old) || len(added) > 0; {
		switch {
		case i < len(old) && len(cut) > 0 && cut[0] == i:
			cut = cut[1:]
			i++
		case len(added) > 0 && string(added[0].key()) == string(strconv.AppendInt(place[:0], int64(j), 10)):
			w.part(j, added[0])
			added = added[1:]
			j++
		case i < len(old):
			w.part(j, old[i])
			i++
			j++
		default:
			return bson.RawValue{}, errDelta // a place behind the end
		}
	}
	if len(cut) > 0 {
		return bson.RawValue{}, errDelta // a place that is not there, or not in its turn
	}
	return bson.RawValue{Type: bson.TypeArray, Value: w.raw()}, nil
}
