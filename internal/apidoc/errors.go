package apidoc

import (
	"maps"
	"slices"
)

const (
	definitions = "#/definitions/"
	problem     = "Problem"
)

// describeError lets an operation answer refusals with the gateway's own document, in place of the generator's google.rpc.Status.
func describeError(op *object) {
	refused := newObject(
		"description", "Refusal or failure, with the HTTP status of its gRPC code. The message is Polish and meant for the person at the desk.",
		"schema", newObject("$ref", definitions+problem),
		"examples", newObject("application/json", newObject("error", problemExample())),
	)
	op.object("responses").set("default", refused)
}

func problemExample() *object {
	return newObject("code", 400, "status", "FAILED_PRECONDITION", "reason", "CONSENT_MISSING", "rule", "step 4", "message",
		"Brakuje pisemnej zgody co najmniej jednej osoby dorosłej z władzą rodzicielską albo została ona wycofana. Uzyskaj zgodę (krok 4) lub zamknij zgłoszenie.")
}

// defineError adds the error document to the definitions. Its fields are those of package gateway, whose tests compare the two.
func defineError(doc *object) {
	str := func(description string, example any) *object {
		return newObject("type", "string", "description", description, "example", example)
	}
	violation := newObject("type", "object", "required", []any{"field", "message"}, "properties", newObject(
		"field", str("Path of the field in the request.", "referral.members[0].pesel"),
		"message", str("What is wrong with it, in Polish.", "numer PESEL ma 11 cyfr"),
	))
	fields := newObject("type", "array", "description", "Fields to correct, on INVALID_ARGUMENT.", "items", violation)
	inner := newObject("type", "object", "required", []any{"code", "status", "reason", "message"}, "properties", newObject(
		"code", newObject("type", "integer", "format", "int32", "description", "HTTP status.", "example", 400),
		"status", str("Name of the gRPC code.", "FAILED_PRECONDITION"),
		"reason", str("Stable reason, for programs.", "CONSENT_MISSING"),
		"rule", str("Step of the procedure or article that refuses; only where one does.", "step 4"),
		"message", str("What happened and what to do, in Polish.", problemExample().text("message")),
		"fields", fields,
		"errorId", str("Number under which the administrator finds the failure in the log; on INTERNAL only.", "01k9example000000000000999"),
		"traceId", str("Trace that the request belongs to, for the administrator; only where the deployment traces.", "0af7651916cd43dd8448eb211c80319c"),
	))
	doc.object("definitions").set(problem, newObject("type", "object", "description", "What every call answers that is refused or fails.",
		"required", []any{"error"}, "properties", newObject("error", inner)))
}

// references counts how often each definition is referred to.
func references(doc *object) map[string]int {
	uses := map[string]int{}
	count(doc, uses)
	return uses
}

func count(v any, uses map[string]int) {
	switch v := v.(type) {
	case *object:
		for _, key := range v.keys {
			if ref, ok := v.values[key].(string); ok && key == "$ref" {
				uses[ref]++
			}
			count(v.values[key], uses)
		}
	case []any:
		for _, e := range v {
			count(e, uses)
		}
	}
}

// prune takes out the definitions that nothing refers to any more.
func prune(doc *object) {
	all := doc.object("definitions")
	for before := -1; before != len(all.keys); {
		before = len(all.keys)
		uses := references(doc)
		for _, name := range slices.Sorted(maps.Keys(all.values)) {
			if uses[definitions+name] == 0 {
				all.remove(name)
			}
		}
	}
}
