package apidoc_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"buf.build/go/protovalidate"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"asysta.example/gateway"
	contract "asysta.example/proto"
)

// operation is what the tests read of an operation of the committed document.
type operation struct {
	verb, path string

	ID         string `json:"operationId"`
	Parameters []struct {
		Name, In string
		Example  any `json:"x-example"`
		Schema   struct {
			Ref     string `json:"$ref"`
			Example json.RawMessage
		}
	}
	Responses map[string]struct {
		Schema struct {
			Ref string `json:"$ref"`
		}
		Examples map[string]json.RawMessage
	}
}

func operations(t *testing.T) []operation {
	t.Helper()
	var doc struct {
		Paths       map[string]map[string]operation
		Definitions map[string]struct{ Example json.RawMessage }
	}
	if err := json.Unmarshal(contract.OpenAPI, &doc); err != nil {
		t.Fatal(err)
	}
	var all []operation
	for path, verbs := range doc.Paths {
		for verb, op := range verbs {
			op.verb, op.path = strings.ToUpper(verb), path
			for i, p := range op.Parameters {
				if p.Schema.Example == nil {
					op.Parameters[i].Schema.Example = doc.Definitions[strings.TrimPrefix(p.Schema.Ref, "#/definitions/")].Example
				}
			}
			all = append(all, op)
		}
	}
	if len(all) < 100 {
		t.Fatalf("the document has %d operations", len(all))
	}
	return all
}

// request is what "Try it out" sends.
func (o operation) request() (target, body string) {
	target, query := o.path, url.Values{}
	for _, p := range o.Parameters {
		switch {
		case p.In == "path":
			target = strings.ReplaceAll(target, "{"+p.Name+"}", fmt.Sprint(p.Example))
		case p.In == "query" && p.Example != nil:
			query.Set(p.Name, fmt.Sprint(p.Example))
		case p.In == "body":
			body = string(p.Schema.Example)
		}
	}
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	return target, body
}

func (o operation) method(t *testing.T) protoreflect.MethodDescriptor {
	t.Helper()
	var found protoreflect.MethodDescriptor
	protoregistry.GlobalFiles.RangeFiles(func(f protoreflect.FileDescriptor) bool {
		service, name, _ := strings.Cut(o.ID, "_")
		if s := f.Services().ByName(protoreflect.Name(service)); s != nil && found == nil {
			found = s.Methods().ByName(protoreflect.Name(name))
		}
		return true
	})
	if found == nil {
		t.Fatalf("the contract has no %s", o.ID)
	}
	return found
}

// wire is a connection whose far end keeps the request and answers nothing.
type wire struct{ got proto.Message }

func (w *wire) Invoke(_ context.Context, _ string, req, _ any, _ ...grpc.CallOption) error {
	w.got = req.(proto.Message)
	return nil
}

func (w *wire) NewStream(context.Context, *grpc.StreamDesc, string, ...grpc.CallOption) (grpc.ClientStream, error) {
	return nil, context.Canceled
}

func TestEveryBodyHasAnExampleThatTheContractAccepts(t *testing.T) {
	rules, err := protovalidate.New()
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{}
	h, err := gateway.New(t.Context(), gateway.Config{}, gateway.Conns{Referral: w, Casefile: w, Planning: w, Reporting: w})
	if err != nil {
		t.Fatal(err)
	}
	bodies := 0
	for _, op := range operations(t) {
		target, body := op.request()
		if strings.ContainsAny(target, "{}*") {
			t.Errorf("%s: a variable of %s has no example", op.ID, target)
		}
		if body == "" {
			if op.verb == "POST" || op.verb == "PATCH" {
				t.Errorf("%s: no example of the body", op.ID)
			}
			continue
		}
		bodies++
		w.got = nil
		r := httptest.NewRequestWithContext(t.Context(), op.verb, target, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		answer := httptest.NewRecorder()
		h.ServeHTTP(answer, r)
		if w.got == nil {
			t.Errorf("%s: the gateway refuses the example: %s", op.ID, answer.Body)
			continue
		}
		if got, want := w.got.ProtoReflect().Descriptor().FullName(), op.method(t).Input().FullName(); got != want {
			t.Errorf("%s: the example reaches a method of %s, not of %s", op.ID, got, want)
		}
		if err := rules.Validate(w.got); err != nil {
			t.Errorf("%s: the contract's rules refuse the example: %v\n%s", op.ID, err, body)
		}
	}
	if bodies < 75 {
		t.Errorf("only %d bodies have examples", bodies)
	}
}

func TestAnswersAreOfTheirType(t *testing.T) {
	answers := 0
	for _, op := range operations(t) {
		if ref := op.Responses["default"].Schema.Ref; ref != "#/definitions/Problem" {
			t.Errorf("%s: refusals are described as %q", op.ID, ref)
		}
		raw := op.Responses["200"].Examples["application/json"]
		if raw == nil {
			continue
		}
		answers++
		kind, err := protoregistry.GlobalTypes.FindMessageByName(op.method(t).Output().FullName())
		if err != nil {
			t.Fatal(err)
		}
		if err := (protojson.UnmarshalOptions{DiscardUnknown: false}).Unmarshal(raw, kind.New().Interface()); err != nil {
			t.Errorf("%s: %v", op.ID, err)
		}
		if strings.Contains(string(raw), `"pesel"`) && regexp.MustCompile(`"pesel": *"\d`).Match(raw) && op.ID != "CasefileService_RevealPesel" {
			t.Errorf("%s: the answer shows a PESEL number", op.ID)
		}
	}
	if answers < 40 {
		t.Errorf("only %d answers have examples", answers)
	}
}

func TestPeselNumbersAreTheScenariosOwn(t *testing.T) {
	steps, err := os.ReadFile("../../deploy/demo/scenario.yaml")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`"(\d{11})"`).FindAllSubmatch(contract.OpenAPI, -1)
	for _, m := range found {
		if n := string(m[1]); !strings.Contains(string(steps), n) || !checks(n) {
			t.Errorf("%s is no number of the scenario, or its check digit is wrong", n)
		}
	}
	if len(found) == 0 {
		t.Error("no example holds a PESEL number")
	}
}

func checks(pesel string) bool {
	sum := 0
	for i, weight := range []int{1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1} {
		sum += int(pesel[i]-'0') * weight
	}
	return sum%10 == 0
}
