package main

import (
	"hash/fnv"
	"io"
	"slices"
	"testing"

	optionsv1 "asysta.example/proto/gen/asysta/options/v1"

	"asysta.example/internal/testkit/county"
)

// typical are callers of every kind, one of each.
var typical = []string{
	"head", "both", "worker", "assistant", "body", "coordinator", "reporter", "auditor", "admin", "head-b", "administrator", county.Service + county.Gmina, "gone", "revoked", "no-token",
}

// TestMatrix asks, for typical callers, a third of all cells, and of every method, caller and label of object at least what that third holds; the command asks all.
func TestMatrix(t *testing.T) {
	w, err := newWorld(t.Context(), t.TempDir(), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	f, err := run(t.Context(), w, func(_ int, c cell) bool {
		h := fnv.New32a()
		label := ""
		if c.object != nil {
			label = c.object.label
		}
		_, _ = io.WriteString(h, c.method.Call+c.who.name+label+c.way)
		share := map[string]uint32{"gRPC": 4, "REST": 12}[c.way]
		return slices.Contains(typical, c.who.name) && (h.Sum32()%share == 0 || expected(c.method.Permission, c.who, c.object) == admitted && c.way == "gRPC")
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range f.mismatches {
		t.Error(m)
	}
	for m, vain := range f.vain {
		if vain {
			t.Errorf("%s: nobody came further than the check of the fields, so that the object rules were not asked", m)
		}
	}
	if len(f.vain) != f.methods || f.verdicts[denied] < 1000 || f.verdicts[absent] == 0 || f.verdicts[unauthenticated] == 0 {
		t.Errorf("the matrix has lost its aim: %d methods with somebody admitted; %s", len(f.vain), f)
	}
	t.Log(f)
}

// TestOracle holds the oracle to sentences of the rules of access, so that it does not only agree with the program.
func TestOracle(t *testing.T) {
	own := optionsv1.ObjectRule_OBJECT_RULE_OWN_FAMILIES
	of := func(roles ...optionsv1.Role) *optionsv1.Permission {
		return &optionsv1.Permission{Roles: roles, Tenant: optionsv1.Tenant_TENANT_GMINA, Resource: "name", ObjectRules: []optionsv1.ObjectRule{own, optionsv1.ObjectRule_OBJECT_RULE_LINKED_CHILD}}
	}
	all := of(head, worker, assistant, body, coordinator)
	who := map[string]caller{}
	for _, c := range callers() {
		who[c.name] = c
	}
	family := object{gmina: county.Gmina, county: county.Digits, there: true, worker: "worker", area: "r1", assistant: "assistant", coordinators: []string{"coordinator"}}
	with := func(change func(*object)) object { o := family; change(&o); return o }
	nothing := with(func(o *object) { o.there = false })
	foreign := with(func(o *object) { o.gmina = county.Other })
	for name, c := range map[string]struct {
		p    *optionsv1.Permission
		who  string
		o    object
		want verdict
	}{
		"the head sees every family of the gmina":             {all, "head", family, admitted},
		"the head is told what is not there":                  {all, "head", nothing, absent},
		"the head of another gmina is told nothing":           {all, "head-b", family, denied},
		"nor that nothing is there":                           {all, "head-b", nothing, denied},
		"who deputizes is the head":                           {all, "deputy", family, admitted},
		"locked out by name":                                  {all, "both", with(func(o *object) { o.locked = []string{"both"} }), denied},
		"the family's assistant":                              {all, "assistant", family, admitted},
		"a colleague":                                         {all, "assistant2", family, denied},
		"after a handover nothing":                            {all, "assistant", with(func(o *object) { o.assistant = "assistant2" }), denied},
		"an assistant is not told what is not there":          {all, "assistant", nothing, denied},
		"the social worker of the area":                       {all, "worker", family, admitted},
		"the social worker of another area":                   {all, "worker2", family, denied},
		"the body that the family was given to":               {all, "body", with(func(o *object) { o.body = firstBody }), admitted},
		"another body":                                        {all, "body2", with(func(o *object) { o.body = firstBody }), denied},
		"the child's coordinator":                             {all, "coordinator", family, admitted},
		"another coordinator":                                 {all, "coordinator2", family, denied},
		"a coordinator where the method has no place for any": {of(head), "coordinator", family, denied},
		"the county's administrator sees no family":           {all, "admin", family, denied},
		"county reporting sees no family":                     {all, "reporter", family, denied},
		"the auditor sees no family":                          {all, "auditor", family, denied},
		"a family of another gmina, by its assistant's name":  {all, "assistant", foreign, denied},
		"who works there no more":                             {all, "gone", family, denied},
		"a service":                                           {all, county.Service + county.Gmina, family, denied},
		"no token":                                            {all, "no-token", family, unauthenticated},
		"a login that was revoked":                            {all, "revoked", family, unauthenticated},
	} {
		t.Run(name, func(t *testing.T) {
			if got := expected(c.p, who[c.who], &c.o); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}
