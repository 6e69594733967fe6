package rpc

import (
	"context"
	"errors"
	"slices"

	"asysta.example/internal/access"
	"asysta.example/internal/fault"
	"asysta.example/internal/store"
)

// Visible gives the role in which the caller reaches a family file or referral, or fault.Denied.
func Visible(g access.Grant, p access.Parties) (access.Role, error) {
	r, ok := g.RoleOn(p)
	if !ok {
		return "", fault.Denied()
	}
	return r, nil
}

// Absent turns store.ErrNotFound into fault.NotFound for who may see everything of the tenant, into fault.Denied for everybody else. Other
// errors, nil too, pass.
func Absent(ctx context.Context, err error) error {
	if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if seesAll(access.GrantFrom(ctx)) {
		return fault.NotFound()
	}
	return fault.Denied()
}

// seesAll tells who may learn that something is absent: the gmina's own head in the gmina, the county's administrator in what a method
// gives to administrators, and a service asking another. The head of a contracted body sees the families given to it and no more.
func seesAll(g access.Grant) bool {
	head := g.Gmina != "" && g.WholeGmina() && g.Employment.Body == ""
	return head || g.Has(access.CountyAdministrator, access.System)
}

// strength orders roles for the audit of a change whose handler did not name the acting role.
var strength = []access.Role{
	access.Head, access.SocialWorker, access.Assistant, access.ContractedBody, access.Coordinator, access.CountyAdministrator,
	access.CountyReporting, access.Auditor, access.System, access.Any,
}

func strongest(g access.Grant) access.Role {
	for _, r := range strength {
		if g.Has(r) {
			return r
		}
	}
	return ""
}

// actor is who the journal and the access log name. A system principal names the role of the person for whom it acts.
func (d Deps) actor(g access.Grant, role access.Role) store.Actor {
	if role == "" {
		role = strongest(g)
	}
	a := store.Actor{Person: g.Person, Role: string(role), System: g.System, Subject: g.Subject, Instance: d.Instance}
	if g.System != "" && g.ActingRole != "" {
		a.Role = string(g.ActingRole)
	}
	if slices.Contains(access.GminaRoles, role) {
		a.Staff = g.Employment.Staff
		a.Deputy = role == access.Head && g.Employment.Deputy
	}
	return a
}

// Scope gives the handle on the data of the call's tenant: the gmina of the grant; only the files with a linked child where the caller is a coordinator and
// nothing else; the county where the call is about the county.
func (d Deps) Scope(ctx context.Context) store.Scope {
	g := access.GrantFrom(ctx)
	switch {
	case g.Gmina == "":
		return d.Store.ForCounty(g.County)
	case len(g.Roles) == 1 && g.Roles[0] == access.Coordinator:
		return linkedScope{Scope: d.Store.ForCoordinator(g.Person), gmina: g.Gmina}
	default:
		return d.Store.For(g.Gmina)
	}
}

// linkedScope is a coordinator's scope in one gmina: a file reached under the name of another gmina is absent.
type linkedScope struct {
	store.Scope
	gmina string
}

// Load implements store.Reader.
func (s linkedScope) Load(ctx context.Context, ref store.Ref) (*store.Document, error) {
	doc, err := s.Scope.Load(ctx, ref)
	if err == nil && doc.Gmina != s.gmina {
		return nil, store.ErrNotFound
	}
	return doc, err
}

// List implements store.Reader; a page may hold less than its limit while another follows.
func (s linkedScope) List(ctx context.Context, kind store.Kind, q store.Query) (store.Page, error) {
	page, err := s.Scope.List(ctx, kind, q)
	if err != nil {
		return store.Page{}, err
	}
	page.Hits = slices.DeleteFunc(page.Hits, func(h store.Hit) bool { return h.Doc.Gmina != s.gmina })
	return page, nil
}
