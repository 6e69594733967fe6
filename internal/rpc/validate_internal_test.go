package rpc

import (
	"errors"
	"strings"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"

	_ "asysta.example/proto/gen/asysta/directory/v1"
	_ "asysta.example/proto/gen/asysta/planning/v1"

	"asysta.example/internal/fault"
)

// Every request of the contract that has an id words a missing and a malformed one alike.
func TestRequestIDsAreRefusedInOneSentence(t *testing.T) {
	v, err := newValidator()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	protoregistry.GlobalTypes.RangeMessages(func(mt protoreflect.MessageType) bool {
		d := mt.Descriptor()
		field := d.Fields().ByName("request_id")
		if field == nil || !strings.HasPrefix(string(d.FullName()), "asysta.") || !strings.HasSuffix(string(d.Name()), "Request") {
			return true
		}
		seen++
		for _, id := range []string{"", "x", "żądanie-1", strings.Repeat("a", 65)} {
			m := dynamicpb.NewMessage(d)
			m.Set(field, protoreflect.ValueOfString(id))
			var refusal *fault.Error
			var got []string
			if errors.As(v.check(m), &refusal) {
				for _, f := range refusal.Fields {
					if f.Path == "request_id" {
						got = append(got, f.Polish)
					}
				}
			}
			if len(got) != 1 || got[0] != malformedRequestID {
				t.Errorf("%s with the id %q: %q", d.FullName(), id, got)
			}
		}
		return true
	})
	if seen < 40 {
		t.Errorf("%d requests with an id were seen", seen)
	}
}
