package scenario

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"asysta.example/internal/calendar"
)

// Env is what a scenario is played in.
type Env struct {
	Transport Transport
	Start     calendar.Date
	Today     func() calendar.Date                       // the day by which the suite computes; for $today
	Vars      map[string]any                             // instead of the file's own variables of the same name
	Known     map[string]any                             // answers of an earlier play that this one may refer to, by step id
	Seed      string                                     // makes the request ids of this play its own
	Before    func(ctx context.Context, s Step) error    // called before each step, e.g. to move a clock; nil for nothing
	Seen      func(s Step, answer any, refusal *Refusal) // called after each step that came out as expected; nil for nothing
}

// Transport carries a call.
type Transport interface {
	// Call sends a request as a person and gives the answers, as JSON values: one, or up to take of a stream. A refusal is a *Refusal.
	Call(ctx context.Context, as string, m protoreflect.MethodDescriptor, req proto.Message, take int) ([]any, error)
}

type play struct {
	env     Env
	vars    map[string]any
	answers map[string]any
	written func(step, path string) (any, error) // instead of answers, where nothing is played
}

// Play plays a scenario to its end or to the first step that does not come out as the file says. It returns the answers by step id.
func Play(ctx context.Context, f *File, env Env) (map[string]any, error) {
	p := &play{env: env, vars: maps.Clone(f.Vars), answers: map[string]any{}}
	if p.vars == nil {
		p.vars = map[string]any{}
	}
	maps.Copy(p.vars, env.Vars)
	maps.Copy(p.answers, env.Known)
	for _, s := range f.Chronological() {
		if err := p.step(ctx, s); err != nil {
			return p.answers, fmt.Errorf("scenario: step %s (%s, %s): %w", s.ID, s.As, s.Call, err)
		}
	}
	return p.answers, nil
}

func (p *play) step(ctx context.Context, s Step) error {
	if p.env.Before != nil {
		if err := p.env.Before(ctx, s); err != nil {
			return err
		}
	}
	m, err := method(s.Method())
	if err != nil {
		return err
	}
	req, err := p.request(ctx, s, m)
	if err != nil {
		return err
	}
	answers, err := p.env.Transport.Call(ctx, s.As, m, req, max(1, s.Take))
	var refusal *Refusal
	if err != nil && !errors.As(err, &refusal) {
		return err
	}
	var answer any
	switch {
	case m.IsStreamingServer():
		answer = map[string]any{"answers": answers}
	case len(answers) == 1:
		answer = answers[0]
	}
	p.answers[s.ID] = answer
	if err := p.judge(s, answer, refusal); err != nil {
		return err
	}
	if p.env.Seen != nil {
		p.env.Seen(s, answer, refusal)
	}
	return nil
}

func (p *play) judge(s Step, answer any, refusal *Refusal) error {
	switch {
	case refusal != nil && s.Refuse == nil:
		return fmt.Errorf("refused: %w: %s", refusal, refusal.Polish)
	case refusal == nil && s.Refuse != nil:
		return fmt.Errorf("carried out, but %w was expected", s.Refuse)
	case refusal != nil:
		if refusal.Code != s.Refuse.Code || (s.Refuse.Reason != "" && refusal.Reason != s.Refuse.Reason) {
			return fmt.Errorf("refused as %w, want %w", refusal, s.Refuse)
		}
		return nil
	}
	var wrong []string
	for _, path := range slices.Sorted(maps.Keys(s.Expect)) {
		diff, err := p.compare(answer, path, s.Expect[path])
		if err != nil {
			return err
		}
		if diff != "" {
			wrong = append(wrong, diff)
		}
	}
	if len(wrong) > 0 {
		return errors.New(strings.Join(wrong, "; "))
	}
	return nil
}

// method finds a method of the contract by its full name.
func method(full string) (protoreflect.MethodDescriptor, error) {
	service, name, _ := strings.Cut(strings.TrimPrefix(full, "/"), "/")
	d, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(service))
	if err != nil {
		return nil, fmt.Errorf("service %s: %w", service, err)
	}
	sd, ok := d.(protoreflect.ServiceDescriptor)
	if !ok {
		return nil, fmt.Errorf("%s is no service", service)
	}
	m := sd.Methods().ByName(protoreflect.Name(name))
	if m == nil {
		return nil, fmt.Errorf("service %s has no method %s", service, name)
	}
	return m, nil
}

// request makes the message of a step. A request id and an etag that the step does not give are put in: the id is the play's own for this step, the etag
// is read from the resource as the same person would read it before changing it.
func (p *play) request(ctx context.Context, s Step, m protoreflect.MethodDescriptor) (proto.Message, error) {
	v, err := p.expand(s.Request)
	if err != nil {
		return nil, err
	}
	fields := v.(map[string]any)
	has := func(name string) bool { return m.Input().Fields().ByName(protoreflect.Name(name)) != nil }
	if _, given := fields["requestId"]; !given && has("request_id") {
		fields["requestId"] = p.env.Seed + "-" + s.ID
	}
	if _, given := fields["etag"]; !given && has("etag") {
		etag, err := p.etag(ctx, s, resourceOf(fields), fields)
		if err != nil {
			return nil, err
		}
		fields["etag"] = etag
	}
	return message(m.Input(), fields)
}

func message(d protoreflect.MessageDescriptor, fields map[string]any) (proto.Message, error) {
	raw, err := json.Marshal(fields)
	if err != nil {
		return nil, err
	}
	t, err := protoregistry.GlobalTypes.FindMessageByName(d.FullName())
	if err != nil {
		return nil, err
	}
	msg := t.New().Interface()
	if err := protojson.Unmarshal(raw, msg); err != nil {
		return nil, fmt.Errorf("request: %w", err)
	}
	return msg, nil
}

// resourceOf is the name of the resource that a request changes.
func resourceOf(fields map[string]any) string {
	if n, ok := fields["name"].(string); ok {
		return n
	}
	for _, v := range fields {
		if inner, ok := v.(map[string]any); ok {
			if n, ok := inner["name"].(string); ok {
				return n
			}
		}
	}
	parent, _ := fields["parent"].(string)
	return parent
}

// getters read the resources of the contract, by the collection at the end of their names.
var getters = map[string]string{
	"referrals":    "/asysta.referral.v1.ReferralService/GetReferral",
	"familyFiles":  "/asysta.casefile.v1.CasefileService/GetFamilyFile",
	"visits":       "/asysta.casefile.v1.WorkCardService/GetVisit",
	"plans":        "/asysta.planning.v1.PlanningService/GetPlan",
	"assessments":  "/asysta.planning.v1.PlanningService/GetAssessment",
	"childPlans":   "/asysta.planning.v1.CoordinationService/GetChildPlan",
	"staff":        "/asysta.directory.v1.DirectoryService/GetStaffMember",
	"people":       "/asysta.directory.v1.DirectoryService/GetPerson",
	"institutions": "/asysta.directory.v1.DirectoryService/GetInstitution",
	"gminas":       "/asysta.directory.v1.DirectoryService/GetGmina",
}

// coordination is how the etag is read for the acts of both sides on one coordination.
const coordination = "/asysta.planning.v1.CoordinationService/GetCoordination"

func (p *play) etag(ctx context.Context, s Step, resource string, fields map[string]any) (string, error) {
	parts := strings.Split(resource, "/")
	if len(parts) < 2 {
		return "", nil
	}
	getter, ok := getters[parts[len(parts)-2]]
	if strings.HasPrefix(s.Call, "planning.CoordinationService/") && strings.Contains(resource, "/familyFiles/") {
		getter = coordination
	}
	if !ok {
		return "", nil
	}
	m, err := method(getter)
	if err != nil {
		return "", err
	}
	ask := map[string]any{"name": resource}
	if child, ok := fields["child"]; ok && getter == coordination {
		ask["child"] = child
	}
	req, err := message(m.Input(), ask)
	if err != nil {
		return "", err
	}
	answers, err := p.env.Transport.Call(ctx, s.As, m, req, 1)
	var refusal *Refusal
	if errors.As(err, &refusal) {
		return "0", nil // whoever may not read may not change either: the step itself will show it
	}
	if err != nil {
		return "", fmt.Errorf("etag of the resource: %w", err)
	}
	etag, _ := at(answers[0], "etag")
	return text(etag), nil
}
