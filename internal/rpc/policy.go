package rpc

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	optionsv1 "asysta.example/proto/gen/asysta/options/v1"

	"asysta.example/internal/access"
	"asysta.example/internal/name"
)

// policy is the permission of one method, read from the contract.
type policy struct {
	method     string
	roles      []access.Role
	tenant     optionsv1.Tenant
	resource   []protoreflect.FieldDescriptor // path to the field that names the resource
	reads      bool
	mutation   bool
	requestID  protoreflect.FieldDescriptor // nil where the request has none
	child      bool                         // the request names a child of the resource
	why        statement
	serverSide bool // the answer is a stream
}

// policiesOf reads the policies of a registered service out of the contract; the error names every fault.
func policiesOf(service string) (map[string]*policy, error) {
	found, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(service))
	if err != nil {
		return nil, fmt.Errorf("rpc: service %s: %w", service, err)
	}
	desc, ok := found.(protoreflect.ServiceDescriptor)
	if !ok {
		return nil, fmt.Errorf("rpc: %s is no service", service)
	}
	policies := map[string]*policy{}
	var faults []error
	for i := range desc.Methods().Len() {
		m := desc.Methods().Get(i)
		p, err := policyOf(m)
		if err != nil {
			faults = append(faults, fmt.Errorf("rpc: %s: %w", m.FullName(), err))
			continue
		}
		policies[p.method] = p
	}
	return policies, errors.Join(faults...)
}

func policyOf(m protoreflect.MethodDescriptor) (*policy, error) {
	perm, _ := proto.GetExtension(m.Options(), optionsv1.E_Permission).(*optionsv1.Permission)
	if perm == nil || !proto.HasExtension(m.Options(), optionsv1.E_Permission) {
		return nil, errors.New("no permission in the contract")
	}
	p := &policy{
		method: "/" + string(m.Parent().FullName()) + "/" + string(m.Name()), tenant: perm.GetTenant(), reads: perm.GetReadsFamilyData(),
		mutation: perm.GetMutation(), serverSide: m.IsStreamingServer(), requestID: textField(m.Input(), "request_id"),
		child: textField(m.Input(), "child") != nil,
	}
	if m.IsStreamingClient() {
		return nil, errors.New("a stream of requests cannot be authorized before it begins")
	}
	for _, r := range perm.GetRoles() {
		if r == optionsv1.Role_ROLE_UNSPECIFIED {
			return nil, errors.New("unspecified role in the permission")
		}
		p.roles = append(p.roles, roleOf(r))
	}
	if len(p.roles) == 0 {
		return nil, errors.New("no role in the permission")
	}
	if len(perm.GetObjectRules()) == 0 || slices.Contains(perm.GetObjectRules(), optionsv1.ObjectRule_OBJECT_RULE_UNSPECIFIED) {
		return nil, errors.New("no object rule in the permission")
	}
	if p.mutation && p.requestID == nil && !p.systemOnly() {
		return nil, errors.New("a mutation without a request_id")
	}
	var err error
	if p.why, err = statementOf(m, perm); err != nil {
		return nil, err
	}
	p.resource, err = resourcePath(m.Input(), perm)
	return p, err
}

func roleOf(r optionsv1.Role) access.Role {
	return access.Role(strings.TrimPrefix(r.String(), "ROLE_"))
}

func (p *policy) systemOnly() bool { return len(p.roles) == 1 && p.roles[0] == access.System }

// resourcePath resolves the permission's resource path in the request.
func resourcePath(in protoreflect.MessageDescriptor, perm *optionsv1.Permission) ([]protoreflect.FieldDescriptor, error) {
	switch perm.GetTenant() {
	case optionsv1.Tenant_TENANT_NONE:
		if perm.GetResource() != "" {
			return nil, errors.New("a resource without a tenant")
		}
		return nil, nil
	case optionsv1.Tenant_TENANT_GMINA, optionsv1.Tenant_TENANT_COUNTY:
	default:
		return nil, errors.New("no tenant in the permission")
	}
	var path []protoreflect.FieldDescriptor
	for _, step := range strings.Split(perm.GetResource(), ".") {
		if in == nil {
			return nil, fmt.Errorf("resource path %q leads through a text", perm.GetResource())
		}
		f := in.Fields().ByName(protoreflect.Name(step))
		if f == nil || f.IsList() || f.IsMap() {
			return nil, fmt.Errorf("resource path %q is not in the request", perm.GetResource())
		}
		path, in = append(path, f), f.Message()
	}
	if path[len(path)-1].Kind() != protoreflect.StringKind {
		return nil, fmt.Errorf("resource path %q names no text", perm.GetResource())
	}
	return path, nil
}

func textField(m protoreflect.MessageDescriptor, field protoreflect.Name) protoreflect.FieldDescriptor {
	f := m.Fields().ByName(field)
	if f == nil || f.Kind() != protoreflect.StringKind || f.IsList() {
		return nil
	}
	return f
}

// resourceOf reads the name of the request's resource; false when it is malformed or of the other kind of tenant.
func (p *policy) resourceOf(req proto.Message) (name.Name, bool) {
	if p.tenant == optionsv1.Tenant_TENANT_NONE {
		return name.Name{}, true
	}
	m := req.ProtoReflect()
	for _, f := range p.resource[:len(p.resource)-1] {
		m = m.Get(f).Message()
	}
	n, err := name.Parse(m.Get(p.resource[len(p.resource)-1]).String())
	if err != nil {
		return name.Name{}, false
	}
	return n, (n.Gmina != "") == (p.tenant == optionsv1.Tenant_TENANT_GMINA)
}

// grant gives what the permission grants a principal on a resource; false for nothing.
func (p *policy) grant(who access.Principal, n name.Name) (access.Grant, bool) {
	g := access.Grant{Principal: who, Gmina: n.Gmina}
	if who.System != "" {
		if !slices.Contains(p.roles, access.System) || !within(who, n) {
			return access.Grant{}, false
		}
		if n != (name.Name{}) {
			g.County = n.CountyOf()
		}
		g.Roles = []access.Role{access.System}
		return g, true
	}
	g.Employment = p.employment(who, n)
	for _, r := range p.roles {
		if p.holds(who, g.Employment, r, n) {
			g.Roles = append(g.Roles, r)
		}
	}
	return g, len(g.Roles) > 0
}

// within tells whether a resource lies in the tenant that a system principal was made for: its gmina and what of the county's belongs to it, or its
// county; one made for no tenant reaches all.
func within(who access.Principal, n name.Name) bool {
	if n == (name.Name{}) {
		return true
	}
	if len(who.Employments) == 1 && n.Gmina != "" {
		return who.Employments[0].Gmina == n.Gmina
	}
	return who.County == "" || who.County == n.CountyOf()
}

// employment gives the employment in which the caller acts: the one in the gmina; for what is the county's the first in the county with an accepted role.
func (p *policy) employment(who access.Principal, n name.Name) access.Employment {
	var first access.Employment
	for _, e := range who.Employments {
		if n.Gmina != "" && e.Gmina != n.Gmina || n.County != "" && !strings.HasPrefix(e.Gmina, n.County) {
			continue
		}
		if first.Staff == "" {
			first = e
		}
		if slices.ContainsFunc(e.Roles, func(r access.Role) bool { return slices.Contains(p.roles, r) }) {
			return e
		}
	}
	return first
}

// holds tells whether a person holds a role in the tenant of the resource. The county's roles count in every gmina of the county.
func (p *policy) holds(who access.Principal, e access.Employment, r access.Role, n name.Name) bool {
	inCounty := n == (name.Name{}) || who.County == n.CountyOf()
	switch {
	case r == access.Any:
		return inCounty || e.Staff != ""
	case slices.Contains(access.GminaRoles, r):
		return slices.Contains(e.Roles, r)
	case slices.Contains(access.CountyRoles, r):
		return inCounty && who.Has(r)
	}
	return false
}
