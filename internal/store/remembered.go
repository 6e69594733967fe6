package store

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strconv"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// Requests are what an aggregate remembers, oldest first. A document has them as one binary value, half of what an array of documents takes: of each the version, then mark,
// id and result, each after its length; numbers are unsigned varints. The journal has them in clear. Documents of schema 1 have the array.
type Requests []Request

// remember gives the requests with one more, without the oldest where that would be too many. What is given away is not changed.
func (rs Requests) remember(r Request) Requests {
	kept := rs[max(0, len(rs)-RememberedRequests+1):]
	return append(append(make(Requests, 0, len(kept)+1), kept...), r)
}

// appendTo appends the content of the binary value.
func (rs Requests) appendTo(b []byte) []byte {
	for _, r := range rs {
		b = binary.AppendUvarint(b, uint64(r.Version))
		b = append(binary.AppendUvarint(b, uint64(len(r.Mark))), r.Mark...)
		b = append(binary.AppendUvarint(b, uint64(len(r.ID))), r.ID...)
		b = append(binary.AppendUvarint(b, uint64(len(r.Result))), r.Result...)
	}
	return b
}

// size is at least what appendTo appends.
func (rs Requests) size() int {
	n := 0
	for _, r := range rs {
		n += 4*binary.MaxVarintLen64 + len(r.Mark) + len(r.ID) + len(r.Result)
	}
	return n
}

// readRequests decodes the content of the binary value, to which marks refer.
func readRequests(content []byte) (Requests, error) {
	rs, text := make(Requests, 0, RememberedRequests), string(content)
	for c := (cursor{content: content}); c.at < len(content); {
		var r Request
		r.Version = int64(c.number())
		from, to := c.part()
		r.Mark = content[from:to:to]
		from, to = c.part()
		r.ID = text[from:to]
		from, to = c.part()
		r.Result = text[from:to]
		if c.damaged {
			return nil, fmt.Errorf("%w: field %q", errBSON, "requests")
		}
		rs = append(rs, r)
	}
	return rs, nil
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

func (c *cursor) part() (from, to int) {
	size := c.number()
	if size > uint64(len(c.content)-c.at) {
		c.damaged, size = true, 0
	}
	from = c.at
	c.at += int(size)
	return from, c.at
}

// MarshalBSONValue gives the binary value.
func (rs Requests) MarshalBSONValue() (typ byte, data []byte, err error) {
	return byte(bson.TypeBinary), bsoncore.AppendBinary(nil, 0, rs.appendTo(make([]byte, 0, rs.size()))), nil
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
	rs := make(Requests, 0, RememberedRequests)
	err := eachElement(v.Value, func(_ string, v bson.RawValue) error {
		r, err := readRequest(v)
		rs = append(rs, r)
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
		w.bytes("requests", rs.appendTo(make([]byte, 0, rs.size())))
		return
	}
	all := w.array("requests")
	for i, r := range rs {
		at := w.open(strconv.Itoa(i))
		w.text("id", r.ID)
		w.bytes("mark", r.Mark)
		w.int("version", r.Version)
		w.textIf("result", r.Result)
		w.end(at)
	}
	w.end(all)
}
