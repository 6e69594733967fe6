package rig

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	_ "asysta.example/proto/gen/asysta/casefile/v1"  // the contract, by its descriptors
	_ "asysta.example/proto/gen/asysta/directory/v1" // the contract, by its descriptors
	_ "asysta.example/proto/gen/asysta/planning/v1"  // the contract, by its descriptors
	_ "asysta.example/proto/gen/asysta/referral/v1"  // the contract, by its descriptors
	_ "asysta.example/proto/gen/asysta/reporting/v1" // the contract, by its descriptors

	"asysta.example/internal/scenario"
)

// Way is how a call goes.
type Way int

// The ways into a county.
const (
	GRPC Way = iota // to the service itself
	REST            // through the gateway
	Twin            // to the second casefile process where there is one, for what it serves; as GRPC otherwise
)

// Fields are a message as JSON has it.
type Fields = map[string]any

// Text gives a field of an answer that is a string, "" where it is not there.
func Text(f Fields, name string) string {
	s, _ := f[name].(string)
	return s
}

// callWithin bounds one call.
const callWithin = 40 * time.Second

// Call makes a call ("casefile.WorkCardService/RecordVisit", below asysta and v1) as a login subject. A refusal is a *scenario.Refusal.
func (c *County) Call(ctx context.Context, way Way, as, call string, request Fields) (Fields, error) {
	m, err := method(call)
	if err != nil {
		return nil, err
	}
	raw, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	t, err := protoregistry.GlobalTypes.FindMessageByName(m.Input().FullName())
	if err != nil {
		return nil, err
	}
	req := t.New().Interface()
	if err := protojson.Unmarshal(raw, req); err != nil {
		return nil, fmt.Errorf("rig: %s: %w", call, err)
	}
	ctx, cancel := context.WithTimeout(ctx, callWithin)
	defer cancel()
	answers, err := c.Transport(way).Call(ctx, as, m, req, 1)
	if err != nil {
		return nil, err
	}
	if len(answers) == 0 {
		return nil, fmt.Errorf("rig: %s: no answer", call)
	}
	answer, _ := answers[0].(Fields)
	return answer, nil
}

// Transport carries calls one way.
func (c *County) Transport(way Way) scenario.Transport {
	if way == REST {
		return scenario.REST{Base: "http://" + c.at["gateway"], Client: c.web, Token: c.Issuer.Token}
	}
	return scenario.GRPC{Token: c.Issuer.Token, Conn: func(service string) grpc.ClientConnInterface {
		part := strings.Split(service, ".")[1]
		if part == "directory" {
			part = "casefile"
		}
		if way == Twin && part == "casefile" && c.running[twin] != nil {
			part = twin
		}
		return c.conns[part]
	}}
}

func method(call string) (protoreflect.MethodDescriptor, error) {
	pkg, rest, _ := strings.Cut(call, ".")
	service, name, _ := strings.Cut(rest, "/")
	d, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName("asysta." + pkg + ".v1." + service))
	if err != nil {
		return nil, fmt.Errorf("rig: %s: %w", call, err)
	}
	m := d.(protoreflect.ServiceDescriptor).Methods().ByName(protoreflect.Name(name)) //nolint:forcetypeassert // the names are the harness's own
	if m == nil {
		return nil, fmt.Errorf("rig: there is no %s", call)
	}
	return m, nil
}
