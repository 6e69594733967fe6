package main

import (
	"testing"
	"time"

	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"
	optionsv1 "asysta.example/proto/gen/asysta/options/v1"

	"asysta.example/internal/testkit/contract"
)

// short is the form that make test runs.
func short(t *testing.T) plan {
	t.Helper()
	return plan{seed: 1, counties: 2, each: 700, lanes: 2, within: time.Hour, patience: time.Minute, dir: t.TempDir()}
}

// TestRequests asks two counties hundreds of things each.
func TestRequests(t *testing.T) {
	p := short(t)
	f, err := run(t.Context(), p, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	for _, finding := range f.findings {
		t.Error(finding)
	}
	t.Log(f)
	if len(f.asked) != f.methods || f.wrote == 0 || f.carriedOut < f.requests/50 || f.carriedOut > f.requests/2 {
		t.Errorf("%d of %d methods were asked, %d of %d requests carried out: the requests have lost their aim", len(f.asked), f.methods, f.carriedOut, f.requests)
	}
	p.counties, p.each = 1, beginning
	again, err := run(t.Context(), p, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	if f.begins[0] != again.begins[0] {
		t.Error("the same seed and county ask something else: a run cannot be taken up again")
	}
}

// TestJudge holds the harness itself to what it claims to find.
func TestJudge(t *testing.T) {
	methods, err := contract.Methods()
	if err != nil {
		t.Fatal(err)
	}
	find := func(mutation bool) *contract.Method {
		for _, m := range methods {
			if m.Permission.GetMutation() == mutation && m.Verb != "" && m.Permission.GetTenant() == optionsv1.Tenant_TENANT_GMINA {
				return m
			}
		}
		t.Fatal("no such method")
		return nil
	}
	reads, changes := find(false), find(true)
	const polish = "Nie masz uprawnień do tej czynności."
	refused := outcome{code: "PermissionDenied", reason: "DENIED", polish: polish, text: polish}
	with := func(change func(*outcome)) outcome { o := refused; change(&o); return o }
	tried := &casefilev1.ProposeDecisionRequest{ValidateOnly: true}
	for name, c := range map[string]struct {
		a     attempt
		o     outcome
		wrote bool
		fine  bool
	}{
		"refused as it should be":           {attempt{method: changes, kind: "valid"}, refused, false, true},
		"carried out":                       {attempt{method: changes, kind: "valid"}, outcome{ok: true, code: "OK"}, true, true},
		"refused and written":               {attempt{method: changes, kind: "valid"}, refused, true, false},
		"read and written":                  {attempt{method: reads, kind: "valid"}, outcome{ok: true, code: "OK"}, true, false},
		"tried and written":                 {attempt{method: changes, kind: "valid", msg: tried}, outcome{ok: true, code: "OK"}, true, false},
		"Internal":                          {attempt{method: reads, kind: "valid"}, with(func(o *outcome) { o.code = "Internal" }), false, false},
		"Unknown":                           {attempt{method: reads, kind: "valid"}, with(func(o *outcome) { o.code = "Unknown" }), false, false},
		"unavailable":                       {attempt{method: reads, kind: "valid"}, with(func(o *outcome) { o.code = "Unavailable" }), false, false},
		"500":                               {attempt{method: reads, kind: "valid"}, with(func(o *outcome) { o.code, o.http = "INTERNAL", 500 }), false, false},
		"500 on the wire":                   {attempt{method: reads, kind: "raw headers", odd: true, rest: &request{wire: true}}, with(func(o *outcome) { o.code, o.http = "INTERNAL", 500 }), false, false},
		"late":                              {attempt{method: reads, kind: "valid"}, with(func(o *outcome) { o.code = "DeadlineExceeded" }), false, false},
		"late as it asked to be":            {attempt{method: reads, kind: "timeout", hasty: true}, with(func(o *outcome) { o.code, o.http = "DEADLINE_EXCEEDED", 504 }), false, true},
		"panic":                             {attempt{method: reads, kind: "valid"}, outcome{broken: "panic"}, false, false},
		"no reason":                         {attempt{method: reads, kind: "valid"}, with(func(o *outcome) { o.reason = "" }), false, false},
		"no words":                          {attempt{method: reads, kind: "valid"}, with(func(o *outcome) { o.polish = "" }), false, false},
		"what was sent is repeated":         {attempt{method: reads, kind: "valid"}, with(func(o *outcome) { o.text += marker }), false, false},
		"a family's name is told":           {attempt{method: reads, kind: "valid"}, with(func(o *outcome) { o.text += "Świątek" }), false, false},
		"HTTP that is none, library's word": {attempt{method: reads, kind: "raw headers", odd: true, rest: &request{wire: true}}, outcome{http: 400, text: "400 Bad Request"}, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			if wrong := judge(&c.a, c.o, c.wrote, []string{"Świątek"}); (wrong == "") != c.fine {
				t.Errorf("judged %q", wrong)
			}
		})
	}
}
