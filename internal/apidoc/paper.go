package apidoc

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"strconv"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"asysta.example/internal/calendar"
	"asysta.example/internal/scenario"
)

// firstDay is the scenario's day 0 in the examples. It never moves, so that the document changes only with the contract and the scenario; the
// scenario's last day lies in the past, as the services refuse an event of the future.
var firstDay, _ = calendar.Of(2024, 1, 8)

// masked is how a PESEL number stands in every answer.
const masked = "•••••••••••"

// example is what the document shows for a method.
type example struct {
	request proto.Message
	answer  proto.Message // nil where the scenario does not say
	refused bool          // only a refused step calls the method
}

// paper is the scenario written down: its requests with everything put in, and its answers as far as it says what they hold.
type paper struct {
	contract  *contract
	rules     scenario.Paper
	file      *scenario.File
	examples  map[protoreflect.FullName]*example
	answers   map[string]any            // by step
	resources map[string]map[string]any // by resource name
	names     []string                  // of the resources, oldest first
	messages  map[protoreflect.FullName]map[string]any
	lists     map[protoreflect.FullName][]any
	texts     map[string]string // first text of the scenario in a field, by its JSON name
	ids       int
}

func writeDown(c *contract, f *scenario.File) (*paper, error) {
	p := &paper{contract: c, file: f, examples: map[protoreflect.FullName]*example{}, answers: map[string]any{}, resources: map[string]map[string]any{},
		messages: map[protoreflect.FullName]map[string]any{}, lists: map[protoreflect.FullName][]any{}, texts: map[string]string{}}
	p.rules = scenario.Paper{Start: firstDay, Vars: f.Vars, Answer: p.lookup}
	for _, s := range f.Chronological() {
		if err := p.step(s); err != nil {
			return nil, fmt.Errorf("apidoc: step %s: %w", s.ID, err)
		}
	}
	return p, nil
}

func (p *paper) step(s scenario.Step) error {
	m := p.contract.methods[s.Method()]
	if m == nil {
		return nil // of services alone: nothing to document
	}
	v, err := p.rules.Resolve(s, s.Request)
	if err != nil {
		return err
	}
	fields := v.(map[string]any)
	p.envelope(m, fields, "przyklad-"+s.ID)
	req, err := messageOf(m.Input(), fields)
	if err != nil {
		return err
	}
	p.learn(m.Input(), fields)
	known := p.examples[m.FullName()]
	if s.Refuse != nil {
		if known == nil {
			p.examples[m.FullName()] = &example{request: req, refused: true}
		}
		return nil
	}
	answer, err := p.answer(m, s, fields)
	if err != nil {
		return err
	}
	if known == nil || known.refused {
		p.examples[m.FullName()] = &example{request: req, answer: answer}
	} else if known.answer == nil {
		known.answer = answer
	}
	return nil
}

// envelope puts in the request id and the etag that a caller would send.
func (p *paper) envelope(m protoreflect.MethodDescriptor, fields map[string]any, requestID string) {
	if _, ok := fields["requestId"]; !ok && m.Input().Fields().ByName("request_id") != nil {
		fields["requestId"] = requestID
	}
	f := m.Input().Fields().ByName("etag")
	if _, ok := fields["etag"]; ok || f == nil {
		return
	}
	if etag, ok := p.resources[targetOf(m, fields)]["etag"].(string); ok {
		fields["etag"] = etag
	} else if required(f) {
		fields["etag"] = "1"
	}
}

// targetOf is what the path of a request names; "" where it names nothing.
func targetOf(m protoreflect.MethodDescriptor, fields map[string]any) string {
	field, _ := variableOf(m)
	d, at := m.Input(), any(fields)
	for _, name := range strings.Split(field, ".") {
		f := d.Fields().ByName(protoreflect.Name(name))
		inner, ok := at.(map[string]any)
		if f == nil || !ok {
			return ""
		}
		d, at = f.Message(), inner[f.JSONName()]
	}
	name, _ := at.(string)
	return name
}

// answer writes down what comes of a step: the resource as it was, what the request says of it, and what the step expects. It is nil for what is no
// JSON object, and where the scenario says nothing.
func (p *paper) answer(m protoreflect.MethodDescriptor, s scenario.Step, fields map[string]any) (proto.Message, error) {
	d := m.Output()
	if m.IsStreamingServer() || d.FullName() == "google.api.HttpBody" {
		p.answers[s.ID] = map[string]any{}
		return nil, nil
	}
	out := any(map[string]any{})
	name, changes := p.nameOf(m, s, fields)
	if old := p.resources[name]; old != nil && d.Fields().ByName("name") != nil {
		out = clone(old)
	}
	p.takeOver(m, fields, out.(map[string]any))
	for _, path := range sortedKeys(s.Expect) {
		want, err := p.expected(d, s, path)
		if err != nil {
			return nil, err
		}
		if want != nil {
			out = scenario.Put(out, path, want)
		}
	}
	answer := out.(map[string]any)
	p.stamp(d, answer, name, changes)
	p.answers[s.ID] = answer
	mask(answer)
	if len(answer) == 0 {
		return nil, nil
	}
	return messageOf(d, answer)
}

// expected is the value that a step expects at a path, or one that would do where it only says that there is one; nil where it says neither.
func (p *paper) expected(d protoreflect.MessageDescriptor, s scenario.Step, path string) (any, error) {
	want, err := p.rules.Resolve(s, s.Expect[path])
	text, isText := want.(string)
	if err != nil || !isText {
		return want, err
	}
	if text == "present" {
		return p.invent(path[strings.LastIndexAny(path, ".]")+1:], s.ID), nil
	}
	for _, prefix := range []string{"contains:", "lacks:", "length:"} {
		if strings.HasPrefix(text, prefix) {
			return nil, nil
		}
	}
	return want, nil
}

// takeOver copies what the request says of the answered resource: the resource itself, or fields that both have by name and type.
func (p *paper) takeOver(m protoreflect.MethodDescriptor, fields, out map[string]any) {
	for key, v := range fields {
		f := m.Input().Fields().ByJSONName(key)
		if f.Message() != nil && f.Message().FullName() == m.Output().FullName() {
			maps.Copy(out, clone(v.(map[string]any)))
			continue
		}
		g := m.Output().Fields().ByName(f.Name())
		if g == nil || key == "etag" || key == "name" || f.Kind() != g.Kind() || f.Cardinality() != g.Cardinality() {
			continue
		}
		if f.Message() == nil || f.Message().FullName() == g.Message().FullName() {
			out[key] = clone(v)
		}
	}
}

// nameOf is the name of the resource that a step answers with, and whether the step changes it.
func (p *paper) nameOf(m protoreflect.MethodDescriptor, s scenario.Step, fields map[string]any) (string, bool) {
	if want, ok := s.Expect["name"].(string); ok {
		if v, err := p.rules.Resolve(s, want); err == nil {
			return fmt.Sprint(v), true
		}
	}
	target := targetOf(m, fields)
	template := templateOf(m)
	_, tail, _ := strings.Cut(template, "}")
	tail, _, verb := strings.Cut(tail, ":")
	if collection, ok := strings.CutPrefix(tail, "/"); ok && m.Output().Fields().ByName("name") != nil {
		if id, ok := fields[strings.TrimSuffix(collection, "s")+"Id"].(string); ok && collection == "gminas" {
			return collection + "/" + id, true
		}
		return target + "/" + collection + "/" + p.newID(collection, target), true
	}
	if verb && httpOf(m).GetGet() == "" && m.Output().Fields().ByName("name") != nil {
		if field, _ := variableOf(m); field == "parent" {
			_, act, _ := strings.Cut(template, "}")
			return target + "/" + strings.Trim(strings.Split(act, ":")[0], "/") + "/" + p.newID("", ""), true
		}
	}
	return target, httpOf(m).GetGet() == ""
}

// newID is the id of a new resource; a plan's is its version.
func (p *paper) newID(collection, parent string) string {
	if collection == "plans" {
		n := 1
		for p.resources[parent+"/plans/"+strconv.Itoa(n)] != nil {
			n++
		}
		return strconv.Itoa(n)
	}
	p.ids++
	return fmt.Sprintf("01k9example%015d", p.ids)
}

// stamp gives an answered resource its name and version and keeps it.
func (p *paper) stamp(d protoreflect.MessageDescriptor, answer map[string]any, name string, changes bool) {
	if d.Fields().ByName("name") == nil || name == "" {
		return
	}
	answer["name"] = name
	if d.Fields().ByName("etag") != nil {
		n, _ := strconv.Atoi(fmt.Sprint(answer["etag"]))
		if changes || n == 0 {
			n++
		}
		answer["etag"] = strconv.Itoa(n)
	}
	if p.resources[name] == nil {
		p.names = append(p.names, name)
	}
	p.resources[name] = answer
}

// lookup gives what the answer to a step has at a path, or invents it.
func (p *paper) lookup(step, path string) (any, error) {
	answer, ok := p.answers[step]
	if !ok {
		return nil, fmt.Errorf("nothing is called %q", step+"."+path)
	}
	if v, ok := scenario.At(answer, path); ok {
		return v, nil
	}
	v := p.invent(path[strings.LastIndex(path, ".")+1:], step)
	if v == nil {
		return nil, fmt.Errorf("the answer to %s has no %q and none is invented", step, path)
	}
	if !strings.Contains(path, "-1") { // counts from the end of what nobody has written down
		p.answers[step] = scenario.Put(answer, path, v)
	}
	return v, nil
}

// invent gives a value that a service would make; nil for fields of other kinds.
func (p *paper) invent(field, step string) any {
	switch field {
	case "person":
		return fmt.Sprint(p.file.Vars["powiat"]) + "/people/" + p.newID("", "")
	case "familyFile":
		return fmt.Sprint(p.file.Vars["gmina"]) + "/familyFiles/" + p.newID("", "")
	case "deputizingId", "absenceId":
		return p.newID("", "")
	case "contentHash":
		sum := sha256.Sum256([]byte(step))
		return hex.EncodeToString(sum[:])
	case "token":
		return "cHJ6eWtsYWQ"
	case "etag":
		return "1"
	}
	return nil
}

// typeOf is the message type of a field; "" for a field of another kind.
func typeOf(f protoreflect.FieldDescriptor) protoreflect.FullName {
	if f.Message() == nil {
		return ""
	}
	return f.Message().FullName()
}

// learn keeps the first message and the first list of each type and the first text of each field, for methods that no step calls.
func (p *paper) learn(d protoreflect.MessageDescriptor, fields map[string]any) {
	if _, ok := p.messages[d.FullName()]; !ok {
		p.messages[d.FullName()] = clone(fields)
	}
	for _, key := range sortedKeys(fields) {
		f := d.Fields().ByJSONName(key)
		if f == nil || f.IsMap() {
			continue
		}
		values, ok := fields[key].([]any)
		if !ok {
			values = []any{fields[key]}
		}
		if _, known := p.lists[typeOf(f)]; ok && !known && f.Message() != nil {
			p.lists[typeOf(f)] = clone(values)
		}
		for _, v := range values {
			switch v := v.(type) {
			case map[string]any:
				p.learn(f.Message(), v)
			case string:
				if _, known := p.texts[key]; !known && f.Kind() == protoreflect.StringKind {
					p.texts[key] = v
				}
			}
		}
	}
}
