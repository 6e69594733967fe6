package store

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"iter"
	"strconv"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// Requests are what an aggregate remembers, oldest first, as bytes that nobody changes: of each the version, then mark, id and result, each after its length; numbers
// are unsigned varints. A document has them as one binary value, half of what an array of documents takes. The journal has them in clear. Documents of schema 1 have
// the array.
type Requests []byte

// All gives the requests, oldest first. Their marks refer to the bytes.
func (rs Requests) All() iter.Seq[Request] {
	return func(yield func(Request) bool) {
		for c := (cursor{content: rs}); c.at < len(rs); {
			p := c.request()
			if c.damaged || !yield(Request{ID: string(p.id), Mark: p.mark, Version: p.version, Result: string(p.result)}) {
				return
			}
		}
	}
}

// find gives the request of an id.
func (rs Requests) find(id string) (Request, bool) {
	for c := (cursor{content: rs}); c.at < len(rs) && !c.damaged; {
		if p := c.request(); string(p.id) == id && id != "" {
			return Request{ID: id, Mark: p.mark, Version: p.version, Result: string(p.result)}, true
		}
	}
	return Request{}, false
}

// remember gives the requests with one more, without the oldest where that would be too many.
func (rs Requests) remember(r Request) Requests {
	var ends []int
	for c := (cursor{content: rs}); c.at < len(rs) && !c.damaged; {
		c.request()
		ends = append(ends, c.at)
	}
	kept := []byte(rs)
	if n := len(ends) + 1 - RememberedRequests; n > 0 {
		kept = rs[ends[n-1]:]
	}
	return r.appendTo(append(make([]byte, 0, len(kept)+r.size()), kept...))
}

// appendTo appends the bytes of a request.
func (r Request) appendTo(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(r.Version))
	b = append(binary.AppendUvarint(b, uint64(len(r.Mark))), r.Mark...)
	b = append(binary.AppendUvarint(b, uint64(len(r.ID))), r.ID...)
	return append(binary.AppendUvarint(b, uint64(len(r.Result))), r.Result...)
}

// size is at least what appendTo appends.
func (r Request) size() int { return 4*binary.MaxVarintLen64 + len(r.Mark) + len(r.ID) + len(r.Result) }

// readRequests takes the content of the binary value, when it is whole.
func readRequests(content []byte) (Requests, error) {
	c := cursor{content: content}
	for c.at < len(content) {
		if c.request(); c.damaged {
			return nil, fmt.Errorf("%w: field %q", errBSON, "requests")
		}
	}
	return content, nil
}

// cursor goes through numbers and parts that stand after their lengths. Once one does not fit, it stands still and gives nothing.
type cursor struct {
	content []byte
	at      int
	damaged bool
}

func (c *cursor) number() uint64 {
	v, n := binary.Uvarint(c.content[c.at:])
	if n <= 0 || c.damaged {
		c.damaged = true
		return 0
	}
	c.at += n
	return v
}

func (c *cursor) part() []byte {
	size := c.number()
	if size > uint64(len(c.content)-c.at) {
		c.damaged, size = true, 0
	}
	from := c.at
	c.at += int(size)
	return c.content[from:c.at:c.at]
}

// packed is a request where it lies.
type packed struct {
	version          int64
	mark, id, result []byte
}

func (c *cursor) request() packed {
	return packed{version: int64(c.number()), mark: c.part(), id: c.part(), result: c.part()}
}

// MarshalBSONValue gives the binary value.
func (rs Requests) MarshalBSONValue() (typ byte, data []byte, err error) {
	return byte(bson.TypeBinary), bsoncore.AppendBinary(nil, 0, rs), nil
}

// UnmarshalBSONValue reads the binary value, or the array of schema 1.
func (rs *Requests) UnmarshalBSONValue(typ byte, data []byte) (err error) {
	*rs, err = requestsOf(bson.RawValue{Type: bson.Type(typ), Value: bytes.Clone(data)})
	return err
}

// requestsOf decodes the requests of a document, which refer to its bytes.
func requestsOf(v bson.RawValue) (Requests, error) {
	if v.Type != bson.TypeArray {
		_, content, ok := v.BinaryOK()
		if !ok {
			return nil, fmt.Errorf("%w: field %q", errBSON, "requests")
		}
		return readRequests(content)
	}
	rs := make(Requests, 0, len(v.Value))
	err := eachElement(v.Value, func(_ string, v bson.RawValue) error {
		r, err := readRequest(v)
		rs = r.appendTo(rs)
		return err
	})
	return rs, err
}

// requests appends what a document of a schema remembers.
func (w *builder) requests(rs Requests, schema int) {
	if len(rs) == 0 {
		return
	}
	if schema > 1 {
		w.bytes("requests", rs)
		return
	}
	all := w.array("requests")
	i := 0
	for r := range rs.All() {
		at := w.open(strconv.Itoa(i))
		w.text("id", r.ID)
		w.bytes("mark", r.Mark)
		w.int("version", r.Version)
		w.textIf("result", r.Result)
		w.end(at)
		i++
	}
	w.end(all)
}
