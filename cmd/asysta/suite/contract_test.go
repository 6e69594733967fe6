package suite_test

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"asysta.example/internal/testkit/contract"
	optionsv1 "asysta.example/proto/gen/asysta/options/v1"
)

// TestEveryFieldIsClassified holds the contract to saying of every field how sensitive it is; a field that holds a message of the contract may leave it to
// the fields of that message.
func TestEveryFieldIsClassified(t *testing.T) {
	fields := 0
	var check func(protoreflect.MessageDescriptors)
	check = func(messages protoreflect.MessageDescriptors) {
		for i := range messages.Len() {
			m := messages.Get(i)
			check(m.Messages())
			for j := range m.Fields().Len() {
				f := m.Fields().Get(j)
				fields++
				inner := f.Message()
				if inner != nil && (m.IsMapEntry() || inner.IsMapEntry() || strings.HasPrefix(string(inner.FullName()), "asysta.")) {
					continue
				}
				if m.IsMapEntry() {
					continue
				}
				if s, _ := proto.GetExtension(f.Options(), optionsv1.E_Sensitivity).(optionsv1.Sensitivity); s == optionsv1.Sensitivity_SENSITIVITY_UNSPECIFIED {
					t.Errorf("%s: no sensitivity", f.FullName())
				}
			}
		}
	}
	protoregistry.GlobalFiles.RangeFiles(func(f protoreflect.FileDescriptor) bool {
		if strings.HasPrefix(string(f.Package()), "asysta.") && f.Package() != "asysta.options.v1" {
			check(f.Messages())
		}
		return true
	})
	if fields < 100 {
		t.Errorf("only %d fields found: the contract is not linked", fields)
	}
}

// TestEveryMethodHasAPermission looks at every service of the contract, registered or not.
func TestEveryMethodHasAPermission(t *testing.T) {
	methods, err := contract.Methods()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range methods {
		if m.Permission == nil {
			t.Errorf("%s: no permission", m.FullName())
		}
	}
	if len(methods) < 50 {
		t.Errorf("only %d methods found: the contract is not linked", len(methods))
	}
}
