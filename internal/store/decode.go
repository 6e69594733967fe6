package store

import (
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// errBSON says that stored bytes are not what encode.go writes.
var errBSON = errors.New("store: decode: damaged or foreign bytes")

// eachElement calls fn with every element of a document, whose bytes stay those of raw.
func eachElement(raw []byte, fn func(key string, v bson.RawValue) error) error {
	length, rest, ok := bsoncore.ReadLength(raw)
	if !ok || int(length) > len(raw) || length < 5 {
		return errBSON
	}
	for rest = rest[:length-4]; len(rest) > 1; {
		element, after, ok := bsoncore.ReadElement(rest)
		if !ok {
			return errBSON
		}
		key, err := element.KeyErr()
		if err != nil {
			return errBSON
		}
		value, err := element.ValueErr()
		if err != nil {
			return errBSON
		}
		if err := fn(key, bson.RawValue{Type: bson.Type(value.Type), Value: value.Data}); err != nil {
			return err
		}
		rest = after
	}
	return nil
}

// readDocument decodes a stored document. What it holds (cover, sections, deadlines) points into raw, which must not be changed afterwards.
func readDocument(raw bson.Raw) (*Document, error) {
	d := &Document{stored: raw, memo: &memo{}}
	err := eachElement(raw, func(key string, v bson.RawValue) error {
		ok := true
		switch key {
		case "_id":
			d.ID, ok = v.StringValueOK()
		case "kind":
			var kind string
			kind, ok = v.StringValueOK()
			d.Kind = Kind(kind)
		case "gmina":
			d.Gmina, ok = v.StringValueOK()
		case "county":
			d.County, ok = v.StringValueOK()
		case "schema":
			var n int64
			n, ok = v.AsInt64OK()
			d.Schema = int(n)
		case "version":
			d.Version, ok = v.AsInt64OK()
		case "hash":
			_, d.Hash, ok = v.BinaryOK()
		case "created":
			d.Created, ok = instant(v)
		case "updated":
			d.Updated, ok = instant(v)
		case "cover":
			d.Cover, ok = v.DocumentOK()
		case "deadlines":
			d.Deadlines = v
		default:
			return readLists(d, key, v)
		}
		if !ok {
			return fmt.Errorf("%w: field %q", errBSON, key)
		}
		return nil
	})
	return d, err
}

// readLists decodes what a document has several of. A field that this program does not know is left out.
func readLists(d *Document, key string, v bson.RawValue) error {
	switch key {
	case "requests":
		var err error
		d.Requests, err = requestsOf(v)
		return err
	case "audience":
		return eachElement(v.Value, func(_ string, v bson.RawValue) error {
			person, ok := v.StringValueOK()
			if !ok {
				return fmt.Errorf("%w: field %q", errBSON, key)
			}
			d.Audience = append(d.Audience, person)
			return nil
		})
	case "sections":
		d.Sections = map[string]bson.Raw{}
		return eachElement(v.Value, func(name string, v bson.RawValue) error {
			section, ok := v.DocumentOK()
			if !ok {
				return fmt.Errorf("%w: field %q", errBSON, key)
			}
			d.Sections[name] = section
			return nil
		})
	}
	return nil
}

// readRequest decodes a request of a document of schema 1.
func readRequest(v bson.RawValue) (r Request, err error) {
	err = eachElement(v.Value, func(key string, v bson.RawValue) error {
		ok := true
		switch key {
		case "id":
			r.ID, ok = v.StringValueOK()
		case "mark":
			_, r.Mark, ok = v.BinaryOK()
		case "version":
			r.Version, ok = v.AsInt64OK()
		case "result":
			r.Result, ok = v.StringValueOK()
		}
		if !ok {
			return fmt.Errorf("%w: field %q of a request", errBSON, key)
		}
		return nil
	})
	return r, err
}

func instant(v bson.RawValue) (time.Time, bool) {
	ms, ok := v.DateTimeOK()
	return time.UnixMilli(ms).UTC(), ok
}
