package main

import (
	"slices"

	"google.golang.org/protobuf/reflect/protoreflect"

	optionsv1 "asysta.example/proto/gen/asysta/options/v1"
)

// caller is somebody who asks, as the directory knows them on the day.
type caller struct {
	name     string // login
	gmina    string // where the gmina's roles are held; of a service: its tenant
	county   string // where the county's roles are held
	roles    []optionsv1.Role
	areas    []string // of a social worker
	body     string   // of who works for a contracted body
	stranger bool     // no token that is good, or nobody's
}

// object is something that a request can name, with what the rules of access ask of it.
type object struct {
	label         string
	name, pattern string
	gmina, county string // whose it is named as; the gmina is "" for what is the county's
	there         bool   // it exists under this name
	within        bool   // it does not, but what it would be part of does
	noGmina       bool   // nor is there such a gmina or county
	worker        string // social worker
	area          string
	assistant     string
	body          string
	coordinators  []string
	locked        []string                     // locked out by name
	owner         string                       // whose record or caseload it is
	staff         map[protoreflect.Name]string // staff of its gmina, by the field that may name them
}

// container is what the object would be part of.
func (o *object) container() *object {
	c := *o
	c.there, c.within = true, false
	return &c
}

// verdict is what must happen.
type verdict string

const (
	unauthenticated verdict = "UNAUTHENTICATED"
	denied          verdict = "PERMISSION_DENIED"
	absent          verdict = "NOT_FOUND"
	admitted        verdict = "admitted" // let through: carried out, or refused for what the request says
)

const (
	head        = optionsv1.Role_ROLE_HEAD
	worker      = optionsv1.Role_ROLE_SOCIAL_WORKER
	assistant   = optionsv1.Role_ROLE_ASSISTANT
	body        = optionsv1.Role_ROLE_CONTRACTED_BODY
	coordinator = optionsv1.Role_ROLE_COORDINATOR
	reporting   = optionsv1.Role_ROLE_COUNTY_REPORTING
	admin       = optionsv1.Role_ROLE_COUNTY_ADMINISTRATOR
	auditor     = optionsv1.Role_ROLE_AUDITOR
	system      = optionsv1.Role_ROLE_SYSTEM
	anybody     = optionsv1.Role_ROLE_ANY
)

// ofGmina are the roles that are held in one gmina.
var ofGmina = []optionsv1.Role{head, worker, assistant, body}

// expected says what must come of a method that a caller asks of an object; nil is the object of a method that names none.
func expected(p *optionsv1.Permission, who caller, o *object) verdict {
	if who.stranger {
		return unauthenticated
	}
	granted := grantedTo(p, who, o)
	reached := o != nil && !slices.Contains(o.locked, who.name) && slices.ContainsFunc(granted, func(r optionsv1.Role) bool { return reaches(p, r, who, o) })
	switch {
	case len(granted) == 0:
		return denied
	case o == nil || o.label == collection || o.there && reached:
		return admitted
	case !o.there && (!o.within || reached) && slices.ContainsFunc(granted, func(r optionsv1.Role) bool { return seesAll(r, who) }):
		return absent
	}
	return denied
}

// grantedTo gives the roles of the permission that the caller holds in the tenant of the object.
func grantedTo(p *optionsv1.Permission, who caller, o *object) []optionsv1.Role {
	var granted []optionsv1.Role
	for _, r := range p.GetRoles() {
		if holds(who, r, o) {
			granted = append(granted, r)
		}
	}
	return granted
}

// holds says that a caller has a role where the object is: a gmina's role in that gmina, a county's role in its county and in every gmina that the county has.
func holds(who caller, r optionsv1.Role, o *object) bool {
	service := slices.Contains(who.roles, system)
	switch {
	case r == anybody:
		return !service
	case !slices.Contains(who.roles, r):
		return false
	case o == nil:
		return true
	case service:
		return who.gmina == o.gmina
	case slices.Contains(ofGmina, r):
		return o.gmina != "" && who.gmina == o.gmina
	}
	return who.county == o.county && !o.noGmina
}

// reaches applies the method's object rules to one role.
func reaches(p *optionsv1.Permission, r optionsv1.Role, who caller, o *object) bool {
	for _, rule := range p.GetObjectRules() {
		switch rule {
		case optionsv1.ObjectRule_OBJECT_RULE_TENANT:
			self := slices.Contains(p.GetObjectRules(), optionsv1.ObjectRule_OBJECT_RULE_SELF)
			if r != assistant || !self { // beside "self", the whole tenant is the head's
				return true
			}
		case optionsv1.ObjectRule_OBJECT_RULE_OWN_FAMILIES:
			if ownFamily(r, who, o) {
				return true
			}
		case optionsv1.ObjectRule_OBJECT_RULE_LINKED_CHILD:
			if r == coordinator && slices.Contains(o.coordinators, who.name) {
				return true
			}
		case optionsv1.ObjectRule_OBJECT_RULE_SELF:
			if o.owner == who.name {
				return true
			}
		}
	}
	return false
}

func ownFamily(r optionsv1.Role, who caller, o *object) bool {
	switch r {
	case head:
		return who.body == ""
	case worker:
		return o.worker == who.name || slices.Contains(who.areas, o.area)
	case assistant:
		return o.assistant == who.name
	case body:
		return who.body != "" && o.body == who.body
	}
	return false
}

// seesAll says that a role shows a caller everything of the tenant, and so what is not there.
func seesAll(r optionsv1.Role, who caller) bool {
	return r == head && who.body == "" || r == admin || r == system
}
