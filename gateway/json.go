package gateway

import (
	"fmt"

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
