package apidoc_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	"asysta.example/internal/apidoc"
	"asysta.example/internal/scenario"
)

// bare is a document as the generator writes it, with one operation.
const bare = `{"swagger":"2.0","tags":[{"name":"CaseworkInternalService"},{"name":"ReferralService"}],"paths":{"/v1/gminas/{gmina}/referrals":{"post":{
"operationId":"ReferralService_CreateReferral","description":"One sentence\nin two lines.\n\n - A: an item\n - B: another","responses":{"200":{"schema":{"$ref":"#/definitions/Referral"}},"default":{"schema":{"$ref":"#/definitions/Status"}}},
"parameters":[{"name":"gmina","in":"path","type":"string"},{"name":"body","in":"body","schema":{"$ref":"#/definitions/Body"}}],"tags":["ReferralService"]}}},
"definitions":{"Body":{"type":"object"},"Referral":{"type":"object"},"Status":{"type":"object"}}}`

// image is the contract's descriptors as buf writes them.
func image(t *testing.T) []byte {
	t.Helper()
	set := &descriptorpb.FileDescriptorSet{}
	protoregistry.GlobalFiles.RangeFiles(func(f protoreflect.FileDescriptor) bool {
		set.File = append(set.File, protodesc.ToFileDescriptorProto(f))
		return true
	})
	raw, err := proto.Marshal(set)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func complete(t *testing.T, document, steps string) (string, error) {
	t.Helper()
	f, err := scenario.Read(strings.NewReader(steps))
	if err != nil {
		t.Fatal(err)
	}
	out, err := apidoc.Complete([]byte(document), image(t), f)
	return string(out), err
}

func theScenario(t *testing.T) string {
	t.Helper()
	raw, err := os.ReadFile("../../deploy/demo/scenario.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestSameInputSameDocument(t *testing.T) {
	first, err := complete(t, bare, theScenario(t))
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		again, err := complete(t, bare, theScenario(t))
		if err != nil || !bytes.Equal([]byte(first), []byte(again)) {
			t.Fatalf("another document from the same input: %v", err)
		}
	}
}

func TestAScenarioThatChangesChangesTheDocument(t *testing.T) {
	before, err := complete(t, bare, theScenario(t))
	if err != nil {
		t.Fatal(err)
	}
	after, err := complete(t, bare, strings.ReplaceAll(theScenario(t), "ul. Leśna 7", "ul. Polna 9"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(before, "ul. Leśna 7") || strings.Contains(after, "ul. Leśna 7") || !strings.Contains(after, "ul. Polna 9") {
		t.Errorf("the address of the scenario's step is not that of the example:\n%s", after)
	}
}

func TestGeneratorsErrorAndIdleServicesGo(t *testing.T) {
	out, err := complete(t, bare, theScenario(t))
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]bool{"#/definitions/Problem": true, `"Status"`: false, "CaseworkInternalService": false, `"One sentence in two lines.\n\n - A: an item\n - B: another"`: true, `"x-example": "3030012"`: true} {
		if strings.Contains(out, text) != want {
			t.Errorf("the document has %s: %v", text, !want)
		}
	}
}

func TestWhatTheContractLacksIsSaid(t *testing.T) {
	for name, c := range map[string]struct{ document, steps, want string }{
		"a field":    {bare, strings.Replace(theScenario(t), "describedReason:", "describedReasonn:", 1), "describedReasonn"},
		"a method":   {strings.Replace(bare, "_CreateReferral", "_MakeReferral", 1), theScenario(t), "MakeReferral"},
		"a document": {"[]", theScenario(t), "document"},
	} {
		if _, err := complete(t, c.document, c.steps); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
