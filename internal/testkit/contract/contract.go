package contract

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	optionsv1 "asysta.example/proto/gen/asysta/options/v1"
)

// Method is a method of a service with what the contract says of it.
type Method struct {
	protoreflect.MethodDescriptor

	Call           string // as gRPC calls it: "/asysta.casefile.v1.CasefileService/GetFamilyFile"
	In, Out        protoreflect.MessageType
	Permission     *optionsv1.Permission // nil for none, which the contract does not allow
	Verb, Template string                // over REST; "" for a method that is not on REST
	Body           bool                  // over REST it has a body
	Pattern        string                // of the resource in the template: "gminas/*/familyFiles/*"; "" for none
}

// variable is the resource in a template: "{name=gminas/*/familyFiles/*}".
var variable = regexp.MustCompile(`\{[a-z_.]+=([^}]+)\}`)

// Methods gives every method of every service that the program links, by name.
func Methods() ([]*Method, error) {
	var all []*Method
	var failed error
	protoregistry.GlobalFiles.RangeFiles(func(f protoreflect.FileDescriptor) bool {
		for i := range f.Services().Len() {
			for j := range f.Services().Get(i).Methods().Len() {
				if !strings.HasPrefix(string(f.Package()), "asysta.") {
					continue
				}
				var m *Method
				if m, failed = methodOf(f.Services().Get(i).Methods().Get(j)); failed != nil {
					return false
				}
				all = append(all, m)
			}
		}
		return true
	})
	slices.SortFunc(all, func(a, b *Method) int { return strings.Compare(a.Call, b.Call) })
	return all, failed
}

func methodOf(d protoreflect.MethodDescriptor) (*Method, error) {
	m := &Method{MethodDescriptor: d, Call: CallOf(d), Permission: PermissionOf(d)}
	var err error
	if m.In, err = protoregistry.GlobalTypes.FindMessageByName(d.Input().FullName()); err != nil {
		return nil, fmt.Errorf("contract: what %s asks: %w", m.Call, err)
	}
	if m.Out, err = protoregistry.GlobalTypes.FindMessageByName(d.Output().FullName()); err != nil {
		return nil, fmt.Errorf("contract: what %s answers: %w", m.Call, err)
	}
	rule, _ := proto.GetExtension(d.Options(), annotations.E_Http).(*annotations.HttpRule)
	m.Body = rule.GetBody() != ""
	for verb, template := range map[string]string{
		http.MethodGet: rule.GetGet(), http.MethodPost: rule.GetPost(), http.MethodPatch: rule.GetPatch(), http.MethodPut: rule.GetPut(), http.MethodDelete: rule.GetDelete(),
	} { // at most one of them is set
		if template != "" {
			m.Verb, m.Template = verb, template
		}
	}
	if v := variable.FindStringSubmatch(m.Template); v != nil {
		m.Pattern = v[1]
	}
	return m, nil
}

// CallOf names a method as gRPC calls it.
func CallOf(d protoreflect.MethodDescriptor) string {
	return "/" + string(d.Parent().FullName()) + "/" + string(d.Name())
}

// PermissionOf gives what the contract says of who may call a method; nil where it says nothing.
func PermissionOf(d protoreflect.MethodDescriptor) *optionsv1.Permission {
	p, _ := proto.GetExtension(d.Options(), optionsv1.E_Permission).(*optionsv1.Permission)
	return p
}

// SystemOnly says that only another service may call the method.
func (m *Method) SystemOnly() bool {
	return slices.Equal(m.Permission.GetRoles(), []optionsv1.Role{optionsv1.Role_ROLE_SYSTEM})
}

// Path is the method's path over REST for a resource.
func (m *Method) Path(resource string) string {
	return variable.ReplaceAllLiteralString(m.Template, resource)
}

// Resource gives the message within a request, made where it is not there, and its field that name the method's resource; nil for a method that names none.
func (m *Method) Resource(request protoreflect.Message) (protoreflect.Message, protoreflect.FieldDescriptor) {
	path := m.Permission.GetResource()
	if path == "" {
		return nil, nil
	}
	steps := strings.Split(path, ".")
	for _, step := range steps[:len(steps)-1] {
		request = request.Mutable(request.Descriptor().Fields().ByName(protoreflect.Name(step))).Message()
	}
	return request, request.Descriptor().Fields().ByName(protoreflect.Name(steps[len(steps)-1]))
}
