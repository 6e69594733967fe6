package apidoc

import (
	"regexp"
	"strings"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// required says whether a request without the field, or with its zero value, is refused by the contract's rules.
func required(f protoreflect.FieldDescriptor) bool {
	r, _ := proto.GetExtension(f.Options(), validate.E_Field).(*validate.FieldRules)
	text, number := r.GetString(), r.GetInt32()
	switch {
	case r.GetRequired(), text.GetMinLen() > 0, r.GetRepeated().GetMinItems() > 0:
		return true
	case text.GetPattern() != "":
		return !strings.HasPrefix(text.GetPattern(), "^$") && !strings.HasPrefix(text.GetPattern(), "^(|")
	}
	for _, n := range r.GetEnum().GetNotIn() {
		if n == 0 {
			return true
		}
	}
	return number.GetGte() > 0 || isRequestID(f, r)
}

// isRequestID says that a field is the idempotency key of a change. Where its form is a rule of its own, which speaks Polish, that is what asks for it.
func isRequestID(f protoreflect.FieldDescriptor, r *validate.FieldRules) bool {
	for _, rule := range r.GetCel() {
		form := matching.FindStringSubmatch(rule.GetExpression())
		if f.Name() != "request_id" || form == nil {
			continue
		}
		if expr, err := regexp.Compile(form[1]); err == nil && !expr.MatchString("") {
			return true
		}
	}
	return false
}

// matching is a rule that wants a text of a form and nothing else.
var matching = regexp.MustCompile(`^this\.matches\('([^']*)'\)$`)

// demand marks what the contract asks for of a method's request: in the query, and in a body that is the request itself. What a body refers to has no marks, as
// the same definitions stand in answers and in changes of some fields.
func demand(doc, op *object, m protoreflect.MethodDescriptor, uses map[string]int) {
	fields := m.Input().Fields()
	for _, v := range op.list("parameters") {
		param := v.(*object)
		f := fields.ByJSONName(param.text("name"))
		switch param.text("in") {
		case "query":
			if f != nil && required(f) && param.text("name") != maskName {
				param.set("required", true)
			}
		case "body":
			ref := param.object("schema").text("$ref")
			body := doc.object("definitions", strings.TrimPrefix(ref, definitions))
			if httpOf(m).GetBody() != "*" || body == nil || uses[ref] != 1 {
				continue
			}
			if names := asked(body, fields); len(names) > 0 {
				body.set("required", names)
			}
		}
	}
}

// asked are the fields of a body that the contract asks for, as the body has them.
func asked(body *object, fields protoreflect.FieldDescriptors) []any {
	var names []any
	properties := body.object("properties")
	if properties == nil {
		return nil
	}
	for _, name := range properties.keys {
		if f := fields.ByJSONName(name); f != nil && required(f) {
			names = append(names, name)
		}
	}
	return names
}

const maskName = "updateMask"

// showMask adds the fields to change to the query of a change whose body is the resource. The generator leaves them out there, as the gateway takes the fields of the body
// where none are given.
func showMask(op *object, m protoreflect.MethodDescriptor) {
	f := m.Input().Fields().ByJSONName(maskName)
	if body := httpOf(m).GetBody(); f == nil || body == "*" || body == "" {
		return
	}
	comment := strings.TrimSpace(f.ParentFile().SourceLocations().ByDescriptor(f).LeadingComments)
	if comment != "" {
		comment += "\n\n"
	}
	comment += "Here the names are those of the contract, with underscores, and a comma between them; without any the fields that the body has are changed."
	op.set("parameters", append(op.list("parameters"), newObject("name", maskName, "description", comment, "in", "query", "required", false, "type", "string")))
}
