package apidoc

import (
	"encoding/json"
	"fmt"
	"strings"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
)

// contract is the methods with a REST path, by operation ("ReferralService_CreateReferral") and by full gRPC name.
type contract struct {
	operations map[string]protoreflect.MethodDescriptor
	methods    map[string]protoreflect.MethodDescriptor
}

// readContract reads the descriptors that `buf build` writes.
func readContract(image []byte) (*contract, error) {
	set := &descriptorpb.FileDescriptorSet{}
	if err := proto.Unmarshal(image, set); err != nil {
		return nil, fmt.Errorf("apidoc: descriptors: %w", err)
	}
	files, err := protodesc.NewFiles(set)
	if err != nil {
		return nil, fmt.Errorf("apidoc: descriptors: %w", err)
	}
	return contractOf(files), nil
}

func contractOf(files *protoregistry.Files) *contract {
	c := &contract{operations: map[string]protoreflect.MethodDescriptor{}, methods: map[string]protoreflect.MethodDescriptor{}}
	files.RangeFiles(func(f protoreflect.FileDescriptor) bool {
		for i := range f.Services().Len() {
			s := f.Services().Get(i)
			for j := range s.Methods().Len() {
				if m := s.Methods().Get(j); httpOf(m) != nil {
					c.operations[string(s.Name())+"_"+string(m.Name())] = m
					c.methods["/"+string(s.FullName())+"/"+string(m.Name())] = m
				}
			}
		}
		return true
	})
	return c
}

func httpOf(m protoreflect.MethodDescriptor) *annotations.HttpRule {
	rule, _ := proto.GetExtension(m.Options(), annotations.E_Http).(*annotations.HttpRule)
	return rule
}

// templateOf is the path of a method as the contract writes it.
func templateOf(m protoreflect.MethodDescriptor) string {
	rule := httpOf(m)
	return rule.GetGet() + rule.GetPost() + rule.GetPatch() + rule.GetPut() + rule.GetDelete()
}

// variableOf is the path variable of a method and the form of the resource name that it takes, e.g. "gmina.name", "gminas/*"; "" where there is none.
func variableOf(m protoreflect.MethodDescriptor) (field, form string) {
	_, rest, _ := strings.Cut(templateOf(m), "{")
	inner, _, _ := strings.Cut(rest, "}")
	field, form, _ = strings.Cut(inner, "=")
	return field, form
}

// messageOf reads fields into a message, strictly.
func messageOf(d protoreflect.MessageDescriptor, fields map[string]any) (proto.Message, error) {
	raw, err := json.Marshal(fields)
	if err != nil {
		return nil, err
	}
	msg := dynamicpb.NewMessage(d)
	if err := protojson.Unmarshal(raw, msg); err != nil {
		return nil, err
	}
	return msg, nil
}

// written gives a message as ordered JSON.
func written(msg proto.Message) (*object, error) {
	raw, err := protojson.Marshal(msg)
	if err != nil {
		return nil, err
	}
	return readObject(raw)
}
