package apidoc_test

import (
	"encoding/json"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"buf.build/go/protovalidate"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"asysta.example/gateway"
	contract "asysta.example/proto"
)

// marks reads which fields of its request an operation shows, and which of them as required.
func marks(t *testing.T) map[string]map[string]bool {
	t.Helper()
	var doc struct {
		Paths map[string]map[string]struct {
			ID         string `json:"operationId"`
			Parameters []struct {
				Name, In string
				Required bool
				Schema   struct {
					Ref string `json:"$ref"`
				}
			}
		}
		Definitions map[string]struct {
			Properties map[string]json.RawMessage
			Required   []string
		}
	}
	if err := json.Unmarshal(contract.OpenAPI, &doc); err != nil {
		t.Fatal(err)
	}
	all := map[string]map[string]bool{}
	for _, verbs := range doc.Paths {
		for _, op := range verbs {
			shown := map[string]bool{}
			for _, p := range op.Parameters {
				body := doc.Definitions[strings.TrimPrefix(p.Schema.Ref, "#/definitions/")]
				switch {
				case p.In == "query":
					shown[p.Name] = p.Required
				case p.In == "body" && strings.HasSuffix(p.Schema.Ref, "Body"):
					for name := range body.Properties {
						shown[name] = slices.Contains(body.Required, name)
					}
				}
			}
			all[op.ID] = shown
		}
	}
	return all
}

// What the document marks as required the contract refuses to do without; the version and the idempotency key are marked wherever the contract asks for them.
func TestRequiredIsWhatTheContractAsksFor(t *testing.T) {
	rules, err := protovalidate.New()
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{}
	h, err := gateway.New(t.Context(), gateway.Config{}, gateway.Conns{Referral: w, Casefile: w, Planning: w, Reporting: w})
	if err != nil {
		t.Fatal(err)
	}
	shown, keys, versions, masks := marks(t), 0, 0, 0
	for _, op := range operations(t) {
		target, body := op.request()
		w.got = nil
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), op.verb, target, strings.NewReader(body)))
		if w.got == nil {
			continue // a stream; TestEveryBodyHasAnExampleThatTheContractAccepts asks for the others
		}
		fields := w.got.ProtoReflect().Descriptor().Fields()
		for i := range fields.Len() {
			f := fields.Get(i)
			marked, there := shown[op.ID][f.JSONName()]
			without := proto.Clone(w.got)
			without.ProtoReflect().Clear(f)
			refused := rules.Validate(without) != nil
			envelope := f.Name() == "etag" || f.Name() == "request_id"
			if marked && !refused || envelope && marked != refused {
				t.Errorf("%s: %s is marked as required: %v, refused without it: %v", op.ID, f.JSONName(), marked, refused)
			}
			if f.Name() == "update_mask" {
				masks += mask(t, op, w.got.ProtoReflect(), there)
			}
			if marked && f.Name() == "etag" {
				versions++
			}
			if marked && f.Name() == "request_id" {
				keys++
			}
		}
	}
	if keys < 70 || versions < 60 || masks < 8 {
		t.Errorf("%d operations ask for a request id, %d for an etag, %d show a mask", keys, versions, masks)
	}
}

// resource is the resource of a change whose body it is; nil for another request.
func (o operation) resource(t *testing.T, got protoreflect.Message) proto.Message {
	t.Helper()
	rule, _ := proto.GetExtension(o.method(t).Options(), annotations.E_Http).(*annotations.HttpRule)
	if f := got.Descriptor().Fields().ByName(protoreflect.Name(rule.GetBody())); f != nil {
		return got.Get(f).Message().Interface()
	}
	return nil
}

// mask counts a change that shows the fields to change, and holds the gateway to the example's, which the body's fields would give otherwise.
func mask(t *testing.T, op operation, got protoreflect.Message, shown bool) int {
	t.Helper()
	if !shown {
		t.Errorf("%s shows no updateMask", op.ID)
		return 0
	}
	paths := got.Get(got.Descriptor().Fields().ByName("update_mask")).Message().Interface().(*fieldmaskpb.FieldMask).GetPaths()
	if body := op.resource(t, got); body != nil {
		if _, err := fieldmaskpb.New(body, paths...); err != nil {
			t.Errorf("%s: the example's mask names what the resource does not have: %v", op.ID, err)
		}
	}
	for _, p := range op.Parameters {
		if want, ok := p.Example.(string); ok && p.Name == "updateMask" && want != strings.Join(paths, ",") {
			t.Errorf("%s: the mask arrives as %q, want %s", op.ID, paths, want)
		}
	}
	return 1
}
