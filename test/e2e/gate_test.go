package e2e

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	optionsv1 "asysta.example/proto/gen/asysta/options/v1"

	"asysta.example/internal/testkit/contract"
)

// methods gives every method of every service of the contract.
func methods(t *testing.T) []*contract.Method {
	t.Helper()
	all, err := contract.Methods()
	must(t, err)
	return all
}

// TestContract holds each method to what the gate needs to know of it.
func TestContract(t *testing.T) {
	all := methods(t)
	for _, m := range all {
		p := m.Permission
		switch {
		case p == nil || len(p.GetRoles()) == 0:
			t.Errorf("%s: no permission", m.FullName())
		case m.SystemOnly() == (m.Verb != ""):
			t.Errorf("%s: a method is either on REST or for the system alone", m.FullName())
		case p.GetMutation() && m.Input().Fields().ByName("request_id") == nil && !m.SystemOnly():
			t.Errorf("%s: a mutation without a request_id", m.FullName())
		case p.GetMutation() && m.Verb == http.MethodGet:
			t.Errorf("%s: a mutation by GET", m.FullName())
		}
	}
	if len(all) < 90 {
		t.Errorf("only %d methods found: the contract is not linked", len(all))
	}
}

// strangers knock at every method without a place in the county.
var strangers = []string{"no-token", "malformed-token", "expired-token", "foreign-issuer", "unsigned-token", "forged-service", "nobody-at-all"}

// roles of the county's people, by key.
var roles = map[string]optionsv1.Role{
	"head": optionsv1.Role_ROLE_HEAD, "worker": optionsv1.Role_ROLE_SOCIAL_WORKER, "assistant": optionsv1.Role_ROLE_ASSISTANT, "body": optionsv1.Role_ROLE_CONTRACTED_BODY,
	"coordinator": optionsv1.Role_ROLE_COORDINATOR, "reporter": optionsv1.Role_ROLE_COUNTY_REPORTING, "auditor": optionsv1.Role_ROLE_AUDITOR, "admin": optionsv1.Role_ROLE_COUNTY_ADMINISTRATOR,
}

// denied lists who, beside those without a place in the county, must be denied a method: people without one of its roles, and people of another gmina.
func denied(p *optionsv1.Permission) []string {
	if slices.Contains(p.GetRoles(), optionsv1.Role_ROLE_ANY) {
		return nil
	}
	who := []string{"head-b", "worker-b", "assistant-b"} // they have no role of the county
	for as, role := range roles {
		if !slices.Contains(p.GetRoles(), role) {
			who = append(who, as)
		}
	}
	slices.Sort(who)
	return who
}

// names gives the resource names at which a method is knocked: one that is there where the fixture has one, one that is not, and one of no gmina.
func names(m *contract.Method) []string {
	pattern := m.Pattern
	if m.Verb == "" {
		pattern = "gminas/*/familyFiles/*"
	}
	if pattern == "" {
		return []string{""} // no resource
	}
	fill := func(tenant, id string) string {
		parts := strings.Split(pattern, "*")
		out := parts[0]
		for i, rest := range parts[1:] {
			out += map[bool]string{true: tenant, false: id}[i == 0] + rest
		}
		return out
	}
	if strings.HasPrefix(pattern, "powiaty/") {
		return []string{fill(gmina[:4], "01hzzzzzzzzzzzzzzzzzzzzzzz"), fill("2099", "1")}
	}
	return []string{fill(gmina, "01hzzzzzzzzzzzzzzzzzzzzzzz"), fill("2004999", "1")}
}

// request makes a minimal request of a method on a resource.
func request(m *contract.Method, resource string) proto.Message {
	msg := dynamicpb.NewMessage(m.Input())
	if at, f := m.Resource(msg); f != nil {
		at.Set(f, protoreflect.ValueOfString(resource))
	}
	return msg
}

// knock calls a method over gRPC and gives the bytes of its status.
func (c *county) knock(t *testing.T, as string, m protoreflect.MethodDescriptor, req proto.Message) (*status.Status, string) {
	t.Helper()
	token, err := c.token(t.Context(), as)
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if token != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token)
	}
	stream, err := c.suite.Conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, contract.CallOf(m))
	if err == nil {
		err = stream.SendMsg(req)
	}
	if err == nil {
		err = stream.CloseSend()
	}
	if err == nil {
		err = stream.RecvMsg(dynamicpb.NewMessage(m.Output()))
	}
	st := status.Convert(err)
	raw, err := proto.MarshalOptions{Deterministic: true}.Marshal(st.Proto())
	must(t, err)
	return st, string(raw)
}

// knockREST calls a method's path and gives status and body.
func (c *county) knockREST(t *testing.T, as string, m *contract.Method, resource string) (int, string) {
	t.Helper()
	var payload io.Reader
	if m.Body {
		payload = strings.NewReader("{}")
	}
	r, err := http.NewRequestWithContext(t.Context(), m.Verb, "http://"+c.suite.Address()+m.Path(resource), payload)
	must(t, err)
	if m.Body {
		r.Header.Set("Content-Type", "application/json")
	}
	token, err := c.token(t.Context(), as)
	must(t, err)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(r)
	must(t, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	must(t, err)
	return res.StatusCode, string(raw)
}

// gate compares what is answered at the door.
type gate struct {
	*county
	said        map[string]string // the one answer of each kind: by way and stranger, or by way and "denied"
	cells, rest int
}

// TestGate knocks at every method, over gRPC and REST, as everybody who must not come in. For each kind of stranger there is one answer, and one for everybody
// who is denied: the same bytes for every method, every person and every name, whether it exists or not. Nothing is written.
func TestGate(t *testing.T) {
	g := gate{county: newCounty(t, "county.yaml"), said: map[string]string{}}
	before := g.holding(t)
	for _, m := range methods(t) {
		for _, as := range strangers {
			g.check(t, as, as, m, names(m)[0], codes.Unauthenticated)
		}
		for _, resource := range names(m) {
			for _, as := range denied(m.Permission) {
				g.check(t, as, "denied", m, resource, codes.PermissionDenied)
			}
		}
	}
	g.unchanged(t, before)
	t.Logf("%d methods, %d cells over gRPC and %d over REST, %d answers", len(methods(t)), g.cells, g.rest, len(g.said))
}

func (g *gate) check(t *testing.T, as, kind string, m *contract.Method, resource string, want codes.Code) {
	t.Helper()
	g.cells++
	st, raw := g.knock(t, as, m, request(m, resource))
	if first, ok := g.said["gRPC "+kind]; st.Code() != want || ok && first != raw {
		t.Errorf("%s as %s on %q: %s, which is not the answer of other methods", m.FullName(), as, resource, st)
		return
	}
	g.said["gRPC "+kind] = raw
	if m.Verb == "" {
		return
	}
	g.rest++
	code := map[codes.Code]int{codes.Unauthenticated: http.StatusUnauthorized, codes.PermissionDenied: http.StatusForbidden}[want]
	got, body := g.knockREST(t, as, m, resource)
	if first, ok := g.said["REST "+kind]; got != code || ok && first != body {
		t.Errorf("REST %s as %s on %q: %d %s", m.FullName(), as, resource, got, body)
		return
	}
	g.said["REST "+kind] = body
}
