package contract

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"

	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"
)

func TestMethods(t *testing.T) {
	all, err := Methods()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.IsSortedFunc(all, func(a, b *Method) int { return strings.Compare(a.Call, b.Call) }) {
		t.Error("not by name")
	}
	find := func(call string) *Method {
		i := slices.IndexFunc(all, func(m *Method) bool { return m.Call == call })
		if i < 0 {
			t.Fatalf("%s is not among the %d methods", call, len(all))
		}
		return all[i]
	}
	get := find(casefilev1.CasefileService_GetFamilyFile_FullMethodName)
	if get.Verb != http.MethodGet || get.Body || get.Pattern != "gminas/*/familyFiles/*" || get.Path("gminas/1/familyFiles/2") != "/v1/gminas/1/familyFiles/2" || get.SystemOnly() {
		t.Errorf("%s: %s %s, body %v, pattern %s", get.Call, get.Verb, get.Template, get.Body, get.Pattern)
	}
	update := find(casefilev1.CasefileService_UpdateFamilyFile_FullMethodName)
	msg := &casefilev1.UpdateFamilyFileRequest{}
	at, f := update.Resource(msg.ProtoReflect())
	at.Set(f, protoreflect.ValueOfString("gminas/1/familyFiles/2"))
	if msg.GetFamilyFile().GetName() != "gminas/1/familyFiles/2" || !update.Body || update.Verb != http.MethodPatch || update.In != msg.ProtoReflect().Type() {
		t.Errorf("%s %s names its resource in %v", update.Verb, update.Call, msg)
	}
	open := find(casefilev1.CaseworkInternalService_OpenFamilyFile_FullMethodName)
	if !open.SystemOnly() || open.Verb != "" || open.Pattern != "" {
		t.Errorf("%s is for services alone: %s %q", open.Call, open.Verb, open.Template)
	}
}
