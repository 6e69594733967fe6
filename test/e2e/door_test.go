package e2e

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	familyv1 "asysta.example/proto/gen/asysta/family/v1"
	optionsv1 "asysta.example/proto/gen/asysta/options/v1"

	"asysta.example/internal/scenario"
)

// outsiders are people with the role of an act who have no part in the families of the test: one had the family of "handed" before it was handed over.
var outsiders = map[string]string{"assistant": "assistant2", "worker": "worker2", "coordinator": "coordinator2"}

// doors are names of family files that an outsider may not enter, whether there is one behind or not.
func (c *county) doors() map[string]string {
	name := func(step string) string { return c.answers[step].(map[string]any)["name"].(string) }
	same := func(file string) string { return "gminas/" + gmina + "/familyFiles/" + file }
	foreign := name("foreign-file")
	return map[string]string{
		"forbidden": name("handed"), "forbidden with a plan": name("working"), "foreign": foreign, "foreign under the own gmina": same(foreign[strings.LastIndexByte(foreign, '/')+1:]),
		"absent": same("01hzzzzzzzzzzzzzzzzzzzzzzz"), "in an absent gmina": "gminas/2004999/familyFiles/01hzzzzzzzzzzzzzzzzzzzzzzz",
	}
}

// knocking is a way in that keeps the bytes of each call's status.
type knocking struct {
	c    *county
	t    *testing.T
	code codes.Code
	raw  string
}

// Call implements scenario.Transport.
func (k *knocking) Call(_ context.Context, as string, m protoreflect.MethodDescriptor, req proto.Message, _ int) ([]any, error) {
	st, raw := k.c.knock(k.t, as, m, req)
	k.code, k.raw = st.Code(), raw
	return nil, &scenario.Refusal{Code: st.Code().String()}
}

// TestForeignForbiddenAbsent: at an object's door, what is another gmina's, what is somebody else's and what is not there get the same bytes, from everything
// that reads and from everything that changes; and nothing is written.
func TestForeignForbiddenAbsent(t *testing.T) {
	c := setUp(t)
	before := c.holding(t)
	said := map[string]int{}
	cells := c.readAtDoors(t, said) + c.changeAtDoors(t, said)
	c.unchanged(t, before)
	if len(said) != 1 {
		t.Errorf("%d different answers", len(said))
	}
	t.Logf("%d cells, %d answer", cells, len(said))
}

// readAtDoors calls every method that reads a family file.
func (c *county) readAtDoors(t *testing.T, said map[string]int) (cells int) {
	t.Helper()
	for _, m := range methods(t) {
		p := m.Permission
		if m.Pattern != "gminas/*/familyFiles/*" || p.GetMutation() || !slices.Contains(p.GetRoles(), optionsv1.Role_ROLE_ASSISTANT) {
			continue
		}
		for _, label := range slices.Sorted(maps.Keys(c.doors())) {
			req := request(m, c.doors()[label])
			for field, value := range map[protoreflect.Name]protoreflect.Value{
				"purpose": protoreflect.ValueOfEnum(familyv1.ReadPurpose_READ_PURPOSE_CASEWORK.Number()),
				"child":   protoreflect.ValueOfString("m2"), "member_id": protoreflect.ValueOfString("m1"),
			} {
				f := m.Input().Fields().ByName(field)
				if f != nil && field == "purpose" && f.Kind() == protoreflect.StringKind {
					value = protoreflect.ValueOfString("wniosek")
				}
				if f != nil {
					req.ProtoReflect().Set(f, value)
				}
			}
			cells++
			st, raw := c.knock(t, "assistant2", m, req)
			if said[raw]++; st.Code() != codes.PermissionDenied {
				t.Errorf("%s, %s: %s", m.FullName(), label, st)
			}
		}
	}
	return cells
}

// changeAtDoors tries every act of the order table on a file.
func (c *county) changeAtDoors(t *testing.T, said map[string]int) (cells int) {
	t.Helper()
	c.vars["hash"], c.vars["etag"] = strings.Repeat("0", 64), "1"
	for _, m := range machines(t) {
		if m.Name == "referral" || m.Name == "plan-outside" {
			continue
		}
		for _, s := range m.Acts {
			outsider, ok := outsiders[s.As]
			if !ok || strings.HasPrefix(s.ID, "begin") {
				continue
			}
			for _, label := range slices.Sorted(maps.Keys(c.doors())) {
				step := playable(s)
				step.As = outsider
				c.vars["it"], c.vars["assessment"] = c.doors()[label], c.doors()[label]+"/assessments/01hzzzzzzzzzzzzzzzzzzzzzzz"
				k := &knocking{c: c, t: t}
				_, _ = scenario.Play(t.Context(), &scenario.File{Steps: []scenario.Step{step}}, c.env(k, nil)) // refused, as k has kept
				cells++
				if said[k.raw]++; k.code != codes.PermissionDenied {
					t.Errorf("%s as %s, %s: %s", s.Call, outsider, label, k.code)
				}
			}
		}
	}
	return cells
}
