package main

import (
	"bytes"
	"context"
	_ "embed" // the steps
	"fmt"
	"io"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	optionsv1 "asysta.example/proto/gen/asysta/options/v1"

	"asysta.example/internal/scenario"
	"asysta.example/internal/testkit/county"
)

//go:embed world.yaml
var steps []byte

// world is the counties with who asks and what is asked about.
type world struct {
	*county.County
	callers []caller
	objects []object
}

// newWorld serves the counties and adds what the matrix needs.
func newWorld(ctx context.Context, dir string, log io.Writer) (*world, error) {
	c, err := county.Start(ctx, dir, log)
	if err != nil {
		return nil, err
	}
	w := &world{County: c, callers: callers()}
	f, err := scenario.Read(bytes.NewReader(steps))
	if err == nil {
		err = c.Play(ctx, f, f.Days)
	}
	if err == nil {
		w.objects, err = w.everything()
	}
	if err != nil {
		_ = c.Close()
		return nil, err
	}
	return w, nil
}

// Bodies of the gmina.
const (
	firstBody  = "body190"
	secondBody = "body190-2"
)

func callers() []caller {
	own := func(name string, roles ...optionsv1.Role) caller {
		return caller{name: name, gmina: county.Gmina, roles: roles}
	}
	other := func(name string, roles ...optionsv1.Role) caller {
		return caller{name: name, gmina: county.Other, roles: roles}
	}
	ofCounty := func(name, digits string, roles ...optionsv1.Role) caller {
		return caller{name: name, county: digits, roles: roles}
	}
	with := func(c caller, change func(*caller)) caller { change(&c); return c }
	all := []caller{
		own("head", head), own("assistant", assistant), own("assistant2", assistant), own("full", assistant),
		with(own("worker", worker), func(c *caller) { c.areas = []string{"r1"} }), with(own("worker2", worker), func(c *caller) { c.areas = []string{"r2"} }),
		with(own("both", head, worker), func(c *caller) { c.areas = []string{"r3"} }), own("deputy", head, worker),
		with(own("body", body), func(c *caller) { c.body = firstBody }), with(own("body2", body), func(c *caller) { c.body = secondBody }),
		other("head-b", head), with(other("worker-b", worker), func(c *caller) { c.areas = []string{"w1"} }), other("assistant-b", assistant),
		ofCounty("coordinator", county.Digits, coordinator), ofCounty("coordinator2", county.Digits, coordinator), ofCounty("reporter", county.Digits, reporting),
		ofCounty("auditor", county.Digits, auditor), ofCounty("admin", county.Digits, admin),
		ofCounty("koordynator1", county.FarAway, coordinator), ofCounty("audytor", county.FarAway, auditor), ofCounty("administrator", county.FarAway, admin),
		{name: "kierownik.pyzdry", gmina: "3030043", roles: []optionsv1.Role{head}},
		{name: county.Service + county.Gmina, gmina: county.Gmina, county: county.Digits, roles: []optionsv1.Role{system}},
		{name: county.Service + county.Other, gmina: county.Other, county: county.Digits, roles: []optionsv1.Role{system}},
		{name: "gone"}, {name: "revoked", stranger: true},
	}
	for _, s := range county.Strangers {
		all = append(all, caller{name: s, stranger: true})
	}
	return all
}

// toCome is the pattern of files that services open, or take places for: there are none yet.
const toCome = "familyFiles to come"

// collection labels a tenant itself, which lists, and beginnings of things, are asked of.
const collection = "tenant"

// everything gives the objects of every pattern of the contract.
func (w *world) everything() ([]object, error) {
	var all []object
	var missing error
	name := func(step string) string {
		answer, _ := w.Answers[step].(map[string]any)
		n, _ := answer["name"].(string)
		if n == "" {
			missing = fmt.Errorf("matrix: step %s made nothing", step)
		}
		return n
	}
	families := []object{
		{label: "assistant's", name: name("working"), worker: "worker", area: "r1", assistant: "assistant", coordinators: []string{"coordinator"}},
		{label: "assistant2's", name: name("care2"), worker: "worker2", area: "r2", assistant: "assistant2", coordinators: []string{"coordinator2"}},
		{label: "handed over to assistant", name: name("handed"), worker: "worker", area: "r1", assistant: "assistant"},
		{label: "given to a body", name: name("given"), worker: "worker", area: "r1", body: firstBody},
		{label: "locked for both", name: name("locked"), worker: "worker", area: "r1", assistant: "full", locked: []string{"both"}},
		{label: "another gmina's", name: name("foreign-file"), worker: "worker-b", area: "w1", assistant: "assistant-b"},
		{label: "another county's", name: name("teczka")},
	}
	staffOf := func(head, worker, assistant string) map[protoreflect.Name]string {
		return map[protoreflect.Name]string{"head": name(head), "social_worker": name(worker), "assistant": name(assistant)}
	}
	staff := map[string]map[protoreflect.Name]string{
		county.Gmina: staffOf("head", "worker", "assistant"), county.Other: staffOf("head-b", "worker-b", "assistant-b"), county.Far: staffOf("kierownik", "socjalny", "asystentka"),
	}
	add := func(pattern string, there bool, list ...object) {
		for _, o := range list {
			o.pattern, o.there = pattern, there && !o.noGmina
			o.gmina, o.county = tenantOf(o.name)
			o.staff = staff[o.gmina]
			all = append(all, o)
		}
	}
	const file = "gminas/*/familyFiles/*"
	add(file, true, families...)
	add(file, false, nowhere("familyFiles", name("foreign-file"))...)
	for sub, step := range map[string]string{"visits": "visit", "plans": "draft", "assessments": "assessment", "courtMatters": "court"} {
		pattern, real := file+"/"+sub+"/*", families[0]
		real.name = name(step)
		add(pattern, true, real)
		for _, o := range append(families, nowhere("familyFiles", name("foreign-file"))...) {
			o.within = !strings.HasSuffix(o.name, nobody) && !strings.HasPrefix(o.label, "another's under")
			o.label, o.name = "absent in "+o.label, o.name+"/"+sub+"/"+nobody
			if sub == "plans" {
				o.name = strings.TrimSuffix(o.name, nobody) + "77"
			}
			add(pattern, false, o)
		}
	}
	add("gminas/*/referrals/*", true, object{label: "worker's", name: name("received"), worker: "worker", area: "r1"}, object{label: "worker2's", name: name("referral-2"), worker: "worker2", area: "r2"},
		object{label: "another gmina's", name: name("foreign"), worker: "worker-b", area: "w1"})
	add("gminas/*/referrals/*", false, nowhere("referrals", name("foreign"))...)
	add("gminas/*/staff/*", true, object{label: "assistant's", name: name("assistant"), owner: "assistant"}, object{label: "assistant2's", name: name("assistant2"), owner: "assistant2"},
		object{label: "head's", name: name("head"), owner: "head"}, object{label: "another gmina's", name: name("assistant-b"), owner: "assistant-b"})
	add("gminas/*/staff/*", false, nowhere("staff", name("assistant-b"))...)
	add("gminas/*/institutions/*", true, object{label: "the gmina's", name: name("school")})
	add("gminas/*/institutions/*", false, nowhere("institutions", "x/3n7xqk0m4f2a9z")...)
	add("powiaty/*/people/*", true, object{label: "assistant's", name: name("assistant-login")}, object{label: "another county's", name: name("koordynatorka")})
	add("powiaty/*/people/*", false, ofCounties("people")...)
	add("powiaty/*/childPlans/*", true, object{label: "coordinator's", name: name("child-plan"), coordinators: []string{"coordinator"}}, object{label: "coordinator2's", name: name("child-plan-2"), coordinators: []string{"coordinator2"}})
	add("powiaty/*/childPlans/*", false, ofCounties("childPlans")...)
	for _, g := range []string{county.Gmina, county.Other, noGmina} {
		add(toCome, false, object{label: collection, name: "gminas/" + g + "/familyFiles/01g" + g + "zzzzzzzzzzzzzzzz", noGmina: g == noGmina})
	}
	for _, g := range []string{county.Gmina, county.Other, county.Far, noGmina} {
		add("gminas/*", true, object{label: collection, name: "gminas/" + g, noGmina: g == noGmina})
	}
	for _, d := range []string{county.Digits, county.FarAway, noCounty} {
		add("powiaty/*", true, object{label: collection, name: "powiaty/" + d, noGmina: d == noCounty})
	}
	return all, missing
}

// Names of nothing.
const (
	nobody   = "01hzzzzzzzzzzzzzzzzzzzzzzz"
	noGmina  = "2004999"
	noCounty = "2099"
)

// nowhere are names that name nothing: in the gmina, in another, in none, and another's thing under the gmina's own name.
func nowhere(kind, foreign string) []object {
	under := foreign[strings.LastIndexByte(foreign, '/')+1:]
	return []object{
		{label: "absent", name: "gminas/" + county.Gmina + "/" + kind + "/" + nobody}, {label: "another's under the gmina's name", name: "gminas/" + county.Gmina + "/" + kind + "/" + under},
		{label: "absent in another gmina", name: "gminas/" + county.Other + "/" + kind + "/" + nobody}, {label: "absent in no gmina", name: "gminas/" + noGmina + "/" + kind + "/" + nobody, noGmina: true},
	}
}

func ofCounties(kind string) []object {
	return []object{
		{label: "absent", name: "powiaty/" + county.Digits + "/" + kind + "/" + nobody}, {label: "absent in another county", name: "powiaty/" + county.FarAway + "/" + kind + "/" + nobody},
		{label: "absent in no county", name: "powiaty/" + noCounty + "/" + kind + "/" + nobody, noGmina: true},
	}
}

// tenantOf gives the gmina, "" for what is the county's, and the county of a name.
func tenantOf(name string) (gmina, digits string) {
	parts := strings.Split(name, "/")
	if parts[0] == "powiaty" {
		return "", parts[1]
	}
	return parts[1], parts[1][:4]
}
