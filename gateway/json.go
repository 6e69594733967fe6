package gateway

import (
	"bytes"
	"fmt"
	"io"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// asJSON reads and writes messages as JSON, and documents (google.api.HttpBody) as they are.
func asJSON() runtime.Marshaler {
	return &runtime.HTTPBodyMarshaler{Marshaler: roomy{&runtime.JSONPb{
		MarshalOptions:   protojson.MarshalOptions{EmitDefaultValues: true},
		UnmarshalOptions: protojson.UnmarshalOptions{DiscardUnknown: false},
	}}}
}

// roomy is the library's marshaler, but writes an answer into room that it takes once: the library's own grows it many times and copies it in the end. The room is
// not used again for another answer, which may be another person's: net/http may still hold the bytes of one that was broken off.
type roomy struct{ *runtime.JSONPb }

// A message as JSON is about twice as long as on the wire, rarely three times; what it does not say takes room too.
const (
	roomPerByte = 3
	leastRoom   = 512
)

// Marshal implements runtime.Marshaler.
func (r roomy) Marshal(v any) ([]byte, error) {
	m, ok := v.(proto.Message)
	if !ok {
		b, err := r.JSONPb.Marshal(v)
		if err != nil {
			return nil, fmt.Errorf("gateway: %w", err)
		}
		return b, nil
	}
	b, err := r.MarshalAppend(make([]byte, 0, leastRoom+roomPerByte*proto.Size(m)), m)
	if err != nil {
		return nil, fmt.Errorf("gateway: %w", err)
	}
	return b, nil
}

// body is the body of a request, read to its end.
type body struct {
	*bytes.Reader
	all []byte
}

func bodyOf(all []byte) *body { return &body{bytes.NewReader(all), all} }

// Close implements io.Closer.
func (b *body) Close() error { return nil }

// NewDecoder implements runtime.Marshaler. A body that is one message of JSON and nothing else is read where it lies; whatever else there is, the library reads, which
// looks for the end of the first value before it reads a copy of it. A message is empty before.
func (r roomy) NewDecoder(from io.Reader) runtime.Decoder {
	b, held := from.(*body)
	return runtime.DecoderFunc(func(v any) error {
		if m, ok := v.(proto.Message); ok && held && b.Len() == len(b.all) && r.UnmarshalOptions.Unmarshal(b.all, m) == nil {
			return nil
		}
		err := r.JSONPb.NewDecoder(from).Decode(v)
		if m := messageOf(v); err != nil && m != nil {
			return explained(m.ProtoReflect().Descriptor(), from, err)
		}
		return err //nolint:wrapcheck // told apart by its text, and io.EOF by itself
	})
}
