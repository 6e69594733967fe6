package main

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strconv"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// leaf is a value inside a document.
type leaf struct {
	path string
	set  func(any) // puts another value in its place
	old  any
}

// leaves gives every value of a document that is no document or array itself, however deep.
func leaves(d bson.D) (all []leaf) {
	for i := range d {
		all = append(all, below(d[i].Key, d[i].Value, func(v any) { d[i].Value = v })...)
	}
	return all
}

func below(path string, v any, set func(any)) (all []leaf) {
	switch v := v.(type) {
	case bson.D:
		for _, l := range leaves(v) {
			l.path = path + "." + l.path
			all = append(all, l)
		}
	case bson.A:
		for i := range v {
			all = append(all, below(path+"."+strconv.Itoa(i), v[i], func(next any) { v[i] = next })...)
		}
	default:
		all = []leaf{{path: path, set: set, old: v}}
	}
	return all
}

// other gives another value, mostly of the same type.
func other(r *rand.Rand, v any) any {
	switch v := v.(type) {
	case string:
		return otherText(r, v)
	case int32:
		return v + 1 + r.Int32N(5)
	case int64:
		return v + 1 + r.Int64N(5)
	case float64:
		return v + 0.5
	case bool:
		return !v
	case bson.DateTime:
		return v + bson.DateTime(1+r.Int64N(1_000_000))
	case bson.Binary:
		data := bytes.Clone(v.Data)
		if len(data) == 0 {
			return bson.Binary{Subtype: v.Subtype, Data: []byte{1}}
		}
		data[r.IntN(len(data))] ^= byte(1 + r.IntN(255))
		return bson.Binary{Subtype: v.Subtype, Data: data}
	}
	return "zmieniono"
}

func otherText(r *rand.Rand, s string) string {
	switch letters := []rune(s); {
	case len(letters) == 0 || r.IntN(4) == 0:
		return s + "x"
	case r.IntN(4) == 0:
		return ""
	default:
		i := r.IntN(len(letters))
		letters[i] = 'a' + (letters[i]+1)%26
		if string(letters) == s {
			letters[i]++
		}
		return string(letters)
	}
}

// edited gives a document with one value, chosen at random, changed; where says which.
func edited(r *rand.Rand, raw bson.Raw) (next bson.Raw, where string, err error) {
	var d bson.D
	if err := bson.Unmarshal(raw, &d); err != nil {
		return nil, "", err
	}
	all := leaves(d)
	l := all[r.IntN(len(all))]
	l.set(other(r, l.old))
	next, err = bson.Marshal(d)
	return next, l.path, err
}

// reshaped gives a document with a field more, a field less, or two fields in another order.
func reshaped(r *rand.Rand, raw bson.Raw) (next bson.Raw, where string, err error) {
	var d bson.D
	if err := bson.Unmarshal(raw, &d); err != nil {
		return nil, "", err
	}
	at := r.IntN(len(d))
	switch r.IntN(3) {
	case 0:
		where, d = "without "+d[at].Key, slices.Delete(d, at, at+1)
	case 1:
		extra := bson.E{Key: []string{"dopisane", "hash", "_id", "prev_hash", "schema"}[r.IntN(5)], Value: "x"}
		where, d = "with another "+extra.Key, slices.Insert(d, at, extra)
	default:
		to := (at + 1) % len(d)
		where = d[at].Key + " and " + d[to].Key + " swapped"
		d[at], d[to] = d[to], d[at]
	}
	next, err = bson.Marshal(d)
	return next, where, err
}

// flipped gives bytes with one of them changed.
func flipped(r *rand.Rand, raw []byte) ([]byte, string) {
	next, at := bytes.Clone(raw), r.IntN(len(raw))
	next[at] ^= byte(1 << r.IntN(8))
	return next, "byte " + strconv.Itoa(at)
}

// with gives a document with some of its top fields set; what is not there is left out.
func with(raw bson.Raw, fields map[string]any) (bson.Raw, error) {
	var d bson.D
	if err := bson.Unmarshal(raw, &d); err != nil {
		return nil, err
	}
	for i := range d {
		if v, ok := fields[d[i].Key]; ok {
			d[i].Value = v
		}
	}
	return bson.Marshal(d)
}
