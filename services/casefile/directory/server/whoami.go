package server

import (
	"context"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	directoryv1 "asysta.example/proto/gen/asysta/directory/v1"
	optionsv1 "asysta.example/proto/gen/asysta/options/v1"

	"asysta.example/internal/access"
	"asysta.example/internal/name"
	"asysta.example/internal/rpc"

	dir "asysta.example/internal/directory"
)

// WhoAmI says who the caller is and which methods the contract gives to the roles of each employment.
func (s *Server) WhoAmI(ctx context.Context, _ *directoryv1.WhoAmIRequest) (*directoryv1.WhoAmIResponse, error) {
	g := access.GrantFrom(ctx)
	p, err := s.reader.Person(ctx, g.County, g.Person)
	if err != nil {
		return nil, rpc.Absent(ctx, err)
	}
	out := &directoryv1.WhoAmIResponse{
		Person: name.InCounty(g.County, name.People, g.Person), DisplayName: p.DisplayName, CountyRoles: countyRolesTo(g.CountyRoles),
		AllowedActions: methodsFor(g.CountyRoles), TodayDate: rpc.Date(s.deps.Today()),
	}
	for _, e := range g.Employments {
		gmina, _, err := s.reader.Gmina(ctx, e.Gmina)
		if err != nil {
			return nil, err
		}
		out.Employments = append(out.Employments, employmentTo(e, gmina))
	}
	return out, nil
}

func employmentTo(e access.Employment, g dir.Gmina) *directoryv1.Employment {
	return &directoryv1.Employment{
		Staff: rpc.StaffName(e.Gmina, e.Staff), Gmina: name.Gmina(e.Gmina), GminaDisplayName: g.DisplayName, OfficeDisplayName: g.Office.Name,
		Roles: gminaRolesTo(e.Roles), Deputy: e.Deputy, ContractedBody: rpc.LocalName(e.Gmina, name.Institutions, e.Body), AllowedActions: methodsFor(e.Roles),
	}
}

// methodsFor gives the methods of the contract that accept one of the roles, sorted. Every service linked into the process is looked at.
func methodsFor(roles []access.Role) []string {
	var out []string
	protoregistry.GlobalFiles.RangeFiles(func(f protoreflect.FileDescriptor) bool {
		if !strings.HasPrefix(string(f.Package()), "asysta.") {
			return true
		}
		for i := range f.Services().Len() {
			methods := f.Services().Get(i).Methods()
			for j := range methods.Len() {
				if m := methods.Get(j); accepts(m, roles) {
					out = append(out, string(m.Parent().FullName())+"/"+string(m.Name()))
				}
			}
		}
		return true
	})
	slices.Sort(out)
	return out
}

func accepts(m protoreflect.MethodDescriptor, roles []access.Role) bool {
	permission, _ := proto.GetExtension(m.Options(), optionsv1.E_Permission).(*optionsv1.Permission)
	return slices.ContainsFunc(permission.GetRoles(), func(r optionsv1.Role) bool {
		return slices.Contains(roles, rpc.Word[access.Role](r))
	})
}
