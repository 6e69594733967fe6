package rpc

import (
	"bytes"
	"crypto/rand"

	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/proto" // registers the codec that is wrapped here
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"asysta.example/internal/fault"
)

// requestCodec reads requests as gRPC's own codec does. Bytes that are no such message, or texts that are no UTF-8, gRPC itself would answer with Internal before any
// interceptor has seen the call; here they become an empty request with a mark, which judge refuses as it refuses every other bad request.
type requestCodec struct{ encoding.CodecV2 }

// codecOfRequests wraps the codec that gRPC uses for protobuf.
func codecOfRequests() requestCodec { return requestCodec{encoding.GetCodecV2("proto")} }

// Unmarshal implements encoding.CodecV2.
func (c requestCodec) Unmarshal(data mem.BufferSlice, v any) error {
	err := c.CodecV2.Unmarshal(data, v)
	msg, ok := v.(proto.Message)
	if err == nil || !ok {
		return err
	}
	proto.Reset(msg)
	msg.ProtoReflect().SetUnknown(unreadableMark)
	return nil
}

// unreadableMark is an unknown field that no client can send by chance: its content is this process's own.
var unreadableMark = func() []byte {
	content := make([]byte, 16)
	_, _ = rand.Read(content) // never fails
	return protowire.AppendBytes(protowire.AppendTag(nil, protowire.MaxValidNumber, protowire.BytesType), content)
}()

// readable refuses a request that could not be read.
func readable(req proto.Message) error {
	if !bytes.Equal(req.ProtoReflect().GetUnknown(), unreadableMark) {
		return nil
	}
	return fault.Invalid("request", "MALFORMED_REQUEST", "nie udało się odczytać treści żądania; wyślij je w postaci, którą podaje opis usługi (teksty w UTF-8). Nic nie zostało zapisane.")
}
