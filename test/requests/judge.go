package main

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	optionsv1 "asysta.example/proto/gen/asysta/options/v1"

	"asysta.example/internal/testkit/county"
)

// refusals are the codes in which Asysta may refuse.
var refusals = map[string]bool{
	"INVALID_ARGUMENT": true, "FAILED_PRECONDITION": true, "PERMISSION_DENIED": true, "NOT_FOUND": true, "ABORTED": true, "ALREADY_EXISTS": true, "RESOURCE_EXHAUSTED": true, "UNAUTHENTICATED": true,
	"InvalidArgument": true, "FailedPrecondition": true, "PermissionDenied": true, "NotFound": true, "Aborted": true, "AlreadyExists": true, "ResourceExhausted": true, "Unauthenticated": true,
}

// judge says what is wrong with an outcome; "" for nothing. wrote says that the store was written to.
func judge(a *attempt, o outcome, wrote bool, personal []string) string {
	switch {
	case o.broken != "":
		return o.broken
	case wrote && !mayWrite(a, o):
		return "what changes nothing has written"
	case o.ok:
		return ""
	case o.code == "ResourceExhausted" && strings.Contains(o.text, "larger than max"):
		return "" // gRPC's client or server, in its own words
	case o.http >= 501 && o.code == "" && a.odd && a.rest != nil && a.rest.wire:
		return "" // the HTTP library's own word for HTTP that it does not speak
	case o.http >= 500 && (!a.hasty || o.http != 504), o.code == "DeadlineExceeded" && !a.hasty:
		return fmt.Sprintf("answered %d %s", o.http, o.code)
	case a.hasty && (o.http == 504 || o.code == "DEADLINE_EXCEEDED" || o.code == "DeadlineExceeded"):
	case o.code == "REDIRECT", a.odd && (o.code == "CLOSED" || o.code == "CANCELLED" || o.code == "" && o.http >= 400 || o.code == "ResourceExhausted"):
		return "" // in the words of the HTTP or gRPC library, which has not asked Asysta
	case a.rest != nil && a.way == "REST" && a.rest.verb == "HEAD" && o.http >= 400:
		return "" // an answer without words
	case o.code == "UNIMPLEMENTED" && o.http == 405:
	case !refusals[o.code]:
		return fmt.Sprintf("answered %d %s", o.http, o.code)
	}
	return wording(o, personal)
}

// wording holds a refusal to what it must say and must not say.
func wording(o outcome, personal []string) string {
	if o.reason == "" || len(o.polish) < 20 {
		return fmt.Sprintf("refused as %s without a reason or a message for the desk", o.code)
	}
	if strings.Contains(o.text, marker) {
		return "the refusal repeats what was sent"
	}
	for _, p := range personal {
		if strings.Contains(o.text, p) {
			return "the refusal tells something personal"
		}
	}
	return ""
}

// mayWrite says that the request is one that changes something and was carried out.
func mayWrite(a *attempt, o outcome) bool {
	if !o.ok || a.method == nil || !a.method.Permission.GetMutation() && a.kind != "verb" && a.kind != "path" {
		return a.hasty && o.http == 504 // nobody knows
	}
	if a.raw == nil && (a.rest == nil || a.kind == "valid") && a.msg != nil {
		f := a.msg.ProtoReflect().Descriptor().Fields().ByName("validate_only")
		return f == nil || !a.msg.ProtoReflect().Get(f).Bool()
	}
	return true
}

// personalOf collects what the counties' people were said to be called, to have for a number and to live at.
func personalOf(sent []county.Sent) []string {
	found := map[string]bool{}
	for _, s := range sent {
		collect(s.Request, found)
	}
	var all []string
	for p := range found {
		all = append(all, p)
	}
	return all
}

// telling are the fields whose values are a family's alone.
var telling = map[protoreflect.Name]bool{"family_name": true, "pesel": true, "street": true, "phone": true, "case_number": true, "reference": true}

func collect(m proto.Message, found map[string]bool) {
	m.ProtoReflect().Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case f.IsList() && f.Message() != nil:
			for i := range v.List().Len() {
				collect(v.List().Get(i).Message().Interface(), found)
			}
		case f.Message() != nil && !f.IsList() && !f.IsMap():
			collect(v.Message().Interface(), found)
		case f.Kind() == protoreflect.StringKind && !f.IsList() && telling[f.Name()] && len(v.String()) > 4:
			if s, _ := proto.GetExtension(f.Options(), optionsv1.E_Sensitivity).(optionsv1.Sensitivity); s >= optionsv1.Sensitivity_SENSITIVITY_PERSONAL {
				found[v.String()] = true
			}
		}
		return true
	})
}
