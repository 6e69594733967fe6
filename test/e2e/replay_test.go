package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	familyv1 "asysta.example/proto/gen/asysta/family/v1"
	referralv1 "asysta.example/proto/gen/asysta/referral/v1"

	"asysta.example/cmd/asysta/suite"
	"asysta.example/deploy/demo"

	"asysta.example/internal/calendar"
	"asysta.example/internal/directory"
	"asysta.example/internal/scenario"
	"asysta.example/internal/testkit/contract"
)

// replays are calls made three times under one request id: as they are, again, and with another body. Each makes one commit more or less alike the contract of
// its kind: a creation, a change, a step between services, a record.
func replays() []struct {
	name     string
	step     scenario.Step
	other    func(map[string]any) // makes the body another one
	resource string               // field of the answer that must come again
} {
	step := func(as, call string, request map[string]any) scenario.Step {
		return scenario.Step{ID: "replay", Title: "Powtórzenie", As: as, Call: call, Request: request}
	}
	date := func(day string) map[string]any {
		return map[string]any{"visitedOn": day, "kind": "VISIT_KIND_MEETING", "place": "VISIT_PLACE_HOME", "fromTimeOfDay": "10:00", "toTimeOfDay": "11:00",
			"memberIds": []any{"m1"}, "taskCodes": []any{"3"}, "findings": "opis"}
	}
	return []struct {
		name     string
		step     scenario.Step
		other    func(map[string]any)
		resource string
	}{
		{"a new referral", step("worker", "referral.ReferralService/CreateReferral", map[string]any{"parent": "gminas/${gmina}", "referral": map[string]any{
			"receivedOn": "$date(1)", "source": "SOURCE_OWN_DIAGNOSIS", "describedReason": "opis", "address": map[string]any{"place": "Radziłów"},
			"members": []any{map[string]any{"role": "MEMBER_ROLE_MOTHER", "givenName": "Iza", "familyName": "Nowik", "pesel": "90010112349"}}}}),
			func(r map[string]any) { r["purpose"] = "inny"; r["referral"].(map[string]any)["urgent"] = true }, "name"},
		{"a change", step("worker", "referral.ReferralService/RecordInterview", map[string]any{"name": "${received.name}", "heldOn": "$date(3)"}),
			func(r map[string]any) { r["urgent"] = true }, "etag"},
		{"an approval that opens a file", step("head", "referral.ReferralService/ApproveReferral", map[string]any{"name": "${asked.name}", "assistant": "${assistant.name}", "duplicatesReviewed": true}),
			func(r map[string]any) { r["assistant"] = "${assistant2.name}" }, "familyFile"},
		{"an entry of the work card", step("assistant", "casefile.WorkCardService/RecordVisit", map[string]any{"parent": "${working.name}", "visit": date("$date(11)")}),
			func(r map[string]any) { r["visit"].(map[string]any)["findings"] = "inny" }, "name"},
		{"a paper case taken over", step("head", "casefile.CasefileService/TakeOverPaperCase", map[string]any{"parent": "gminas/${gmina}", "basis": "BASIS_COURT_ORDER", "area": "r1",
			"courtOrder": map[string]any{"court": "Sąd", "caseNumber": "III Nsm 9/26", "orderedOn": "$date(1)"}, "address": map[string]any{"place": "Radziłów"}, "difficulty": 1,
			"openedOn": "$date(2)", "paperReference": "AR/7", "members": []any{map[string]any{"role": "MEMBER_ROLE_MOTHER", "givenName": "Iza", "familyName": "Nowik"}}}),
			func(r map[string]any) { r["paperReference"] = "AR/8" }, "name"},
		{"a handover", step("head", "casefile.CasefileService/ReassignAssistant", map[string]any{"name": "${assigned.name}", "assistant": "${assistant2.name}", "handoverDate": "$date(12)", "reason": "urlop"}),
			func(r map[string]any) { r["reason"] = "inny" }, "etag"},
		{"a draft of a plan", step("assistant", "planning.PlanningService/CreatePlanDraft", map[string]any{"parent": "${handed.name}"}),
			func(r map[string]any) { r["content"] = map[string]any{"reason": "inny"} }, "name"},
		{"a new employee", step("head", "directory.DirectoryService/CreateStaffMember", map[string]any{"parent": "gminas/${gmina}", "staffMember": map[string]any{"displayName": "Nowa",
			"roles": []any{"GMINA_ROLE_ASSISTANT"}, "contract": "CONTRACT_KIND_EMPLOYMENT", "fteHundredths": 50, "activeFromDate": "$date(0)"}}),
			func(r map[string]any) { r["staffMember"].(map[string]any)["fteHundredths"] = 60 }, "name"},
	}
}

// TestReplays: the same request again has its effect once and the same answer; another body under its request id is refused and writes nothing; so is the
// request id of somebody else's call on the same resource.
func TestReplays(t *testing.T) {
	for _, way := range []string{"gRPC", "REST"} {
		c := setUp(t)
		transport := c.transports()[way]
		for i, r := range replays() {
			t.Run(way+"/"+r.name, func(t *testing.T) {
				s := r.step
				s.Request = clone(s.Request)
				s.Request["requestId"] = strings.Repeat("r", 8) + string(rune('a'+i))
				k := &keeping{Transport: transport}
				first := c.do(k, s)
				if etag := k.request.ProtoReflect().Descriptor().Fields().ByName("etag"); etag != nil {
					s.Request["etag"] = k.request.ProtoReflect().Get(etag).String() // a retry repeats what the caller had seen
				}
				before := c.holding(t)
				again := c.do(transport, s)
				c.unchanged(t, before)
				if first[r.resource] == nil || first[r.resource] != again[r.resource] || first["etag"] != again["etag"] {
					t.Errorf("first %v etag %v, again %v etag %v", first[r.resource], first["etag"], again[r.resource], again["etag"])
				}
				r.other(s.Request)
				got := c.tried(t, transport, s)
				c.unchanged(t, before)
				if got == nil || got.Code != "ALREADY_EXISTS" || got.Reason != "REQUEST_ID_REUSED" {
					t.Fatalf("another body under the same request id: %v", got)
				}
				sentence(t, got.Polish)
			})
		}
	}
}

// twice sends every mutation that was carried out a second time, and a third time with another purpose: the second has the answer of the first, the third is
// refused, and neither writes.
type twice struct {
	scenario.Transport
	c         *county
	t         *testing.T
	mutations int
}

// Call implements scenario.Transport.
func (w *twice) Call(ctx context.Context, as string, m protoreflect.MethodDescriptor, req proto.Message, take int) ([]any, error) {
	empty := w.c.holding(w.t)
	first, err := w.Transport.Call(ctx, as, m, req, take)
	if err != nil || !contract.PermissionOf(m).GetMutation() {
		return first, err
	}
	w.mutations++
	before := w.c.holding(w.t)
	if before.commits <= empty.commits || before.digest == empty.digest {
		w.t.Errorf("%s was carried out and nothing is in the journal", m.FullName())
	}
	again, err := w.Transport.Call(ctx, as, m, req, take)
	if err != nil {
		w.t.Errorf("%s again: %v", m.FullName(), err)
	} else if diff := cmp.Diff(first, again); diff != "" {
		w.t.Errorf("%s answers a retry otherwise:\n%s", m.FullName(), diff)
	}
	w.c.unchanged(w.t, before)
	other := proto.Clone(req)
	purpose := m.Input().Fields().ByName("purpose")
	if purpose == nil {
		return first, nil
	}
	other.ProtoReflect().Set(purpose, protoreflect.ValueOfString("inny cel"))
	var refusal *scenario.Refusal
	if _, err = w.Transport.Call(ctx, as, m, other, take); !errors.As(err, &refusal) || refusal.Reason != "REQUEST_ID_REUSED" {
		w.t.Errorf("%s with another body under the same request id: %v", m.FullName(), err)
	}
	w.c.unchanged(w.t, before)
	return first, nil
}

// TestEveryMutationOnce plays the whole procedure with every mutation sent again.
func TestEveryMutationOnce(t *testing.T) {
	for _, way := range []string{"gRPC", "REST"} {
		t.Run(way, func(t *testing.T) {
			c := begin(t, suite.First{Gmina: demo.FirstGmina, GminaName: "gmina Września", CountyName: "powiat wrzesiński", Person: "Ada Administratorska", Subject: demo.Administrator,
				Office: directory.Office{Name: "Ośrodek Pomocy Społecznej we Wrześni", Place: "62-300 Września"}})
			f, err := demo.Scenario()
			must(t, err)
			w := &twice{Transport: c.transports()[way], c: c, t: t}
			today := func() calendar.Date { return calendar.In(c.now()) }
			_, err = scenario.Play(t.Context(), f, scenario.Env{Transport: w, Start: today().AddDays(-f.Days), Today: today, Seed: "replayed"})
			must(t, err)
			if w.mutations < 80 {
				t.Errorf("only %d mutations", w.mutations)
			}
			t.Logf("%d mutations, each sent three times", w.mutations)
		})
	}
}

func clone(m map[string]any) map[string]any {
	out := maps.Clone(m)
	for k, v := range out {
		if inner, ok := v.(map[string]any); ok {
			out[k] = clone(inner)
		}
	}
	return out
}

// TestShapes: what only the wire can get wrong.
func TestShapes(t *testing.T) {
	c := setUp(t)
	referrals := "/v1/gminas/" + gmina + "/referrals"
	huge := `{"requestId": "request-1", "purpose": "` + strings.Repeat("x", 10<<20) + `"}`
	for _, tt := range []struct {
		name, verb, path, body string
		status                 int
		reason                 string
	}{
		{"10 MB body", "POST", referrals, huge, 413, "BODY_TOO_LARGE"},
		{"unknown field", "POST", referrals, `{"requestId": "request-1", "niespodzianka": 1}`, 400, "MALFORMED_REQUEST"},
		{"unknown field inside", "POST", referrals, `{"requestId": "request-1", "referral": {"niespodzianka": 1}}`, 400, "MALFORMED_REQUEST"},
		{"wrong type", "POST", referrals, `{"requestId": 7}`, 400, "MALFORMED_REQUEST"},
		{"unknown enum word", "POST", referrals, `{"referral": {"source": "SOURCE_PLOTKA"}}`, 400, "MALFORMED_REQUEST"},
		{"no JSON", "POST", referrals, `<referral/>`, 400, "MALFORMED_REQUEST"},
		{"empty body", "POST", referrals, ``, 400, "INVALID_FIELDS"},
		{"unknown parameter", "GET", referrals + "?niespodzianka=1", "", 400, "MALFORMED_REQUEST"},
		{"wrong path", "GET", "/v1/gminy/" + gmina, "", 404, "NO_SUCH_PATH"},
		{"wrong verb", "DELETE", referrals, "", 405, "METHOD_NOT_ALLOWED"},
		{"system method", "POST", "/v1/gminas/" + gmina + "/familyFiles:open", "{}", 404, "NO_SUCH_PATH"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := c.holding(t)
			code, reason, message := c.raw(t, "worker", tt.verb, tt.path, tt.body)
			c.unchanged(t, before)
			if code != tt.status || reason != tt.reason {
				t.Errorf("%d %s, want %d %s", code, reason, tt.status, tt.reason)
			}
			sentence(t, message)
		})
	}
	t.Run("10 MB over gRPC", func(t *testing.T) {
		before := c.holding(t)
		token, err := c.token(t.Context(), "worker")
		must(t, err)
		ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+token)
		req := &referralv1.CreateReferralRequest{Parent: "gminas/" + gmina, RequestId: "request-1", Referral: &referralv1.Referral{
			DescribedReason: strings.Repeat("x", 10<<20), Source: familyv1.Source_SOURCE_FAMILY}}
		_, err = referralv1.NewReferralServiceClient(c.suite.Conn).CreateReferral(ctx, req, grpc.MaxCallSendMsgSize(32<<20))
		c.unchanged(t, before)
		if status.Code(err) != codes.ResourceExhausted {
			t.Errorf("answered %v", err)
		}
	})
}

// raw sends a request as it stands and gives what came back.
func (c *county) raw(t *testing.T, as, verb, path, body string) (code int, reason, message string) {
	t.Helper()
	r, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), verb, "http://"+c.suite.Address()+path, strings.NewReader(body))
	must(t, err)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	token, err := c.token(t.Context(), as)
	must(t, err)
	r.Header.Set("Authorization", "Bearer "+token)
	res, err := http.DefaultClient.Do(r)
	must(t, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	must(t, err)
	var answer struct {
		Error struct{ Reason, Message string }
	}
	if err := json.NewDecoder(bytes.NewReader(raw)).Decode(&answer); err != nil {
		t.Fatalf("%s %s: %d, no error document: %.200s", verb, path, res.StatusCode, raw)
	}
	return res.StatusCode, answer.Error.Reason, answer.Error.Message
}
