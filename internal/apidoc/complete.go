package apidoc

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	"asysta.example/internal/scenario"
)

// Complete gives the OpenAPI 2 document with examples, the error document and the services in the order of the scenario. Image is what `buf build` writes
// of the same contract.
func Complete(document, image []byte, f *scenario.File) ([]byte, error) {
	doc, err := readObject(document)
	if err != nil {
		return nil, fmt.Errorf("apidoc: document: %w", err)
	}
	c, err := readContract(image)
	if err != nil {
		return nil, err
	}
	p, err := writeDown(c, f)
	if err != nil {
		return nil, err
	}
	uses := references(doc)
	err = eachOperation(doc, func(path string, op *object) error {
		m := c.operations[op.text("operationId")]
		if m == nil {
			return fmt.Errorf("apidoc: no method for %s", op.text("operationId"))
		}
		describeError(op)
		showMask(op, m)
		demand(doc, op, m, uses)
		return p.illustrate(doc, path, op, m, uses)
	})
	if err != nil {
		return nil, err
	}
	defineError(doc)
	prune(doc)
	unwrap(doc)
	orderTags(doc, f)
	return encode(doc)
}

func encode(doc *object) ([]byte, error) {
	raw, err := compact(doc)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := json.Indent(&b, raw, "", "  "); err != nil {
		return nil, err
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}

func eachOperation(doc *object, do func(path string, op *object) error) error {
	paths := doc.object("paths")
	if paths == nil {
		return fmt.Errorf("apidoc: the document has no paths")
	}
	for _, path := range paths.keys {
		for _, verb := range paths.object(path).keys {
			if err := do(path, paths.object(path, verb)); err != nil {
				return err
			}
		}
	}
	return nil
}

// illustrate puts the examples of a method into its operation.
func (p *paper) illustrate(doc *object, path string, op *object, m protoreflect.MethodDescriptor, uses map[string]int) error {
	e, err := p.exampleOf(m)
	if err != nil {
		return fmt.Errorf("apidoc: %s: %w", op.text("operationId"), err)
	}
	parts, err := scenario.PartsOf(m, e.request)
	if err != nil {
		return err
	}
	whole, err := written(e.request)
	if err != nil {
		return err
	}
	inPath := variables(path, parts.Path)
	for _, v := range op.list("parameters") {
		param := v.(*object)
		switch name := param.text("name"); param.text("in") {
		case "path":
			param.set("x-example", inPath[name])
		case "query":
			if values := parts.Query[name]; len(values) > 0 {
				param.set("x-example", typed(param, values))
			}
		case "body":
			source := any(whole)
			if rule := httpOf(m).GetBody(); rule != "*" {
				source = whole.values[m.Input().Fields().ByName(protoreflect.Name(rule)).JSONName()]
			}
			exemplify(doc, param, like(source, parts.Body), uses)
		}
	}
	if e.answer == nil {
		return nil
	}
	answer, err := written(e.answer)
	if err == nil && len(answer.keys) > 0 {
		op.object("responses", "200").set("examples", newObject("application/json", answer))
	}
	return err
}

func (p *paper) exampleOf(m protoreflect.MethodDescriptor) (*example, error) {
	if e := p.examples[m.FullName()]; e != nil {
		return e, nil
	}
	req, err := p.minimal(m)
	if err != nil {
		return nil, err
	}
	e := &example{request: req}
	variable, form := variableOf(m)
	if known := p.resources[p.resourceLike(form)]; known != nil && variable == "name" && httpOf(m).GetGet() != "" {
		if answer, err := messageOf(m.Output(), known); err == nil { // an answer of another kind than the resource has no example
			e.answer = answer
		}
	}
	return e, nil
}

// exemplify puts an example where Swagger UI takes the first text of "Try it out" from: the schema of the body. A schema that others refer to as well is
// wrapped, so that the example stays that of this call.
func exemplify(doc, param *object, example any, uses map[string]int) {
	schema := param.object("schema")
	ref := schema.text("$ref")
	definition := doc.object("definitions", strings.TrimPrefix(ref, definitions))
	switch {
	case ref == "":
		schema.set("example", example)
	case uses[ref] == 1:
		definition.set("example", example)
	default:
		param.set("schema", newObject("allOf", []any{newObject("$ref", ref)}, "example", example))
	}
}

// variables are the values that a path has in the places of a template's variables.
func variables(template, path string) map[string]string {
	values := map[string]string{}
	got := strings.Split(path, "/")
	for i, want := range strings.Split(template, "/") {
		name, rest, ok := strings.Cut(strings.TrimPrefix(want, "{"), "}")
		if ok && strings.HasPrefix(want, "{") && i < len(got) {
			values[name] = strings.TrimSuffix(got[i], rest)
		}
	}
	return values
}

// typed gives the values of a query parameter as its type wants them.
func typed(param *object, values []string) any {
	switch param.text("type") {
	case "array":
		list := make([]any, len(values))
		for i, v := range values {
			list[i] = v
		}
		return list
	case "integer", "number", "boolean":
		if v, err := read([]byte(values[0])); err == nil {
			return v
		}
	}
	return values[0]
}

// unwrap joins the lines of the contract's comments, which pages would break where the source does. Paragraphs, lists and indented lines stay.
func unwrap(v any) {
	switch v := v.(type) {
	case *object:
		for _, key := range v.keys {
			if text, ok := v.values[key].(string); ok && (key == "description" || key == "summary" || key == "title") {
				v.values[key] = wrapped.ReplaceAllString(text, "$1 $2")
			}
			unwrap(v.values[key])
		}
	case []any:
		for _, e := range v {
			unwrap(e)
		}
	}
}

// wrapped is the end of a line whose sentence goes on in the next one.
var wrapped = regexp.MustCompile(`([^\n])\n([^\n\s*#-])`)

// orderTags lists the services in the order in which the scenario first calls them, and drops those without a path.
func orderTags(doc *object, f *scenario.File) {
	rank := map[string]int{}
	_ = eachOperation(doc, func(_ string, op *object) error { // the function never fails
		for _, tag := range op.list("tags") {
			rank[fmt.Sprint(tag)] = len(f.Steps)
		}
		return nil
	})
	for i, s := range slices.Backward(f.Steps) {
		_, call, _ := strings.Cut(s.Call, ".")
		service, _, _ := strings.Cut(call, "/")
		if _, ok := rank[service]; ok {
			rank[service] = i
		}
	}
	tags := slices.DeleteFunc(doc.list("tags"), func(t any) bool { _, ok := rank[t.(*object).text("name")]; return !ok })
	slices.SortStableFunc(tags, func(a, b any) int { return rank[a.(*object).text("name")] - rank[b.(*object).text("name")] })
	doc.set("tags", tags)
}
