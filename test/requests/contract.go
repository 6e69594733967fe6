package main

import (
	"regexp"
	"slices"
	"strings"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	optionsv1 "asysta.example/proto/gen/asysta/options/v1"
)

// method is a method of the contract with what the harness needs to know of it.
type method struct {
	desc       protoreflect.MethodDescriptor
	in, out    protoreflect.MessageType
	full       string // "/asysta.casefile.v1.CasefileService/GetFamilyFile"
	permission *optionsv1.Permission
	verb, path string // REST, "" for none
	pattern    string // of the resource in the path, e.g. "gminas/*/familyFiles/*"
	body       string
	streams    bool
}

// roles of the method as words, for choosing who asks.
func (m *method) allows(r optionsv1.Role) bool {
	return slices.Contains(m.permission.GetRoles(), r) || slices.Contains(m.permission.GetRoles(), optionsv1.Role_ROLE_ANY)
}

var variable = regexp.MustCompile(`\{([a-z_.]+)=([^}]+)\}`)

// contract gives every method of every service, by name.
func contract() ([]*method, error) {
	var all []*method
	var failed error
	protoregistry.GlobalFiles.RangeFiles(func(f protoreflect.FileDescriptor) bool {
		for i := range f.Services().Len() {
			for j := range f.Services().Get(i).Methods().Len() {
				if !strings.HasPrefix(string(f.Package()), "asysta.") {
					continue
				}
				m, err := methodOf(f.Services().Get(i).Methods().Get(j))
				if err != nil {
					failed = err
				}
				all = append(all, m)
			}
		}
		return true
	})
	slices.SortFunc(all, func(a, b *method) int { return strings.Compare(a.full, b.full) })
	return all, failed
}

func methodOf(d protoreflect.MethodDescriptor) (*method, error) {
	m := &method{desc: d, full: "/" + string(d.Parent().FullName()) + "/" + string(d.Name()), streams: d.IsStreamingServer()}
	var err error
	if m.in, err = protoregistry.GlobalTypes.FindMessageByName(d.Input().FullName()); err != nil {
		return nil, err
	}
	if m.out, err = protoregistry.GlobalTypes.FindMessageByName(d.Output().FullName()); err != nil {
		return nil, err
	}
	m.permission, _ = proto.GetExtension(d.Options(), optionsv1.E_Permission).(*optionsv1.Permission)
	rule, _ := proto.GetExtension(d.Options(), annotations.E_Http).(*annotations.HttpRule)
	m.body = rule.GetBody()
	for _, way := range [][2]string{{"GET", rule.GetGet()}, {"POST", rule.GetPost()}, {"PATCH", rule.GetPatch()}, {"PUT", rule.GetPut()}, {"DELETE", rule.GetDelete()}} {
		if way[1] != "" {
			m.verb, m.path = way[0], way[1]
		}
	}
	if v := variable.FindStringSubmatch(m.path); v != nil {
		m.pattern = v[2]
	}
	return m, nil
}

// resource gives the message and the field that name the method's resource; nil for none.
func (m *method) resource(msg protoreflect.Message) (protoreflect.Message, protoreflect.FieldDescriptor) {
	path := m.permission.GetResource()
	if path == "" {
		return nil, nil
	}
	steps := strings.Split(path, ".")
	for _, step := range steps[:len(steps)-1] {
		msg = msg.Mutable(msg.Descriptor().Fields().ByName(protoreflect.Name(step))).Message()
	}
	return msg, msg.Descriptor().Fields().ByName(protoreflect.Name(steps[len(steps)-1]))
}
