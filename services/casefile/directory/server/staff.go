package server

import (
	"context"
	"errors"
	"strconv"

	directoryv1 "asysta.example/proto/gen/asysta/directory/v1"

	"asysta.example/internal/access"
	"asysta.example/internal/fault"
	"asysta.example/internal/name"
	"asysta.example/internal/rpc"
	"asysta.example/internal/store"
	core "asysta.example/services/casefile/directory"

	dir "asysta.example/internal/directory"
)

// CreateStaffMember records the employment of a person; with no person named a new one is made, to whom a login can be linked.
func (s *Server) CreateStaffMember(ctx context.Context, req *directoryv1.CreateStaffMemberRequest) (*directoryv1.StaffMember, error) {
	n, err := parse(req.GetParent(), "", "parent")
	if err != nil {
		return nil, err
	}
	m, err := staffFrom(n.Gmina, req.GetStaffMember())
	if err != nil {
		return nil, err
	}
	m.ID = rpc.DerivedID(ctx)
	if m.Person, err = s.personOf(ctx, n, req.GetStaffMember().GetPerson()); err != nil {
		return nil, err
	}
	for range hireAttempts {
		out, err := s.hire(ctx, m, req)
		if !errors.Is(err, errNumberTaken) {
			return out, err
		}
	}
	return nil, fault.Unavailable("CONTENTION")
}

// hireAttempts is how often a hire meets another one of the same person in the same gmina.
const hireAttempts = 8

// errNumberTaken says that somebody else has hired the person under the number that a hire went by; what it judged is out of date.
var errNumberTaken = errors.New("directory: another employment took the number")

// hire judges a new employment by the others of the person and commits it under the number that follows theirs, so that of two at once only one can be committed
// and the other is judged again.
func (s *Server) hire(ctx context.Context, m dir.Staff, req *directoryv1.CreateStaffMemberRequest) (*directoryv1.StaffMember, error) {
	facts, err := s.staffFacts(ctx, m)
	if err != nil {
		return nil, err
	}
	named := req.GetStaffMember().GetPerson() != ""
	if named {
		if m.ID, err = s.nextEmployment(ctx, m, facts.Others); err != nil {
			return nil, err
		}
	}
	hire := func() (any, error) { return core.Hire(m, facts, actor(ctx), s.deps.Today()) }
	if !named {
		if err := s.newEmployee(ctx, m, hire, req.GetValidateOnly()); err != nil {
			return nil, err
		}
	}
	mutation := create(s.deps.Scope(ctx), store.Staff, m.ID, "nowe zatrudnienie", req.GetValidateOnly(), hire)
	first := mutation.Apply
	mutation.Apply = func(doc *store.Document) (store.Change, error) {
		if doc.Version > 0 {
			return store.Change{}, errNumberTaken
		}
		return first(doc)
	}
	return s.mutateStaff(ctx, mutation)
}

// nextEmployment gives the id of a person's next employment in a gmina, derived from the number of those before it; to a request that has made one, that one's.
func (s *Server) nextEmployment(ctx context.Context, m dir.Staff, others []dir.Staff) (string, error) {
	n := 0
	for _, o := range others {
		if o.Gmina != m.Gmina {
			continue
		}
		n++
		doc, err := s.deps.Scope(ctx).Load(ctx, store.Ref{Kind: store.Staff, ID: o.ID})
		if err != nil {
			return "", err
		}
		if _, met := doc.Request(rpc.CallFrom(ctx).RequestID); met {
			return o.ID, nil
		}
	}
	return store.DerivedID(m.Gmina, m.Person, "employment", strconv.Itoa(n)), nil
}

// personOf gives the person id of a new employee: the one named, who must be of the county and able to log in, or one of the request.
func (s *Server) personOf(ctx context.Context, gmina name.Name, person string) (string, error) {
	if person == "" {
		return rpc.DerivedID(ctx, "person"), nil
	}
	wrong := fault.Invalid("staff_member.person", "PERSON", "wskaż osobę tego powiatu, której konto jest włączone.")
	n, err := name.ParseAs(person, name.People)
	if err != nil || n.County != gmina.CountyOf() {
		return "", wrong
	}
	p, err := s.reader.Person(ctx, n.County, n.ID)
	if errors.Is(err, store.ErrNotFound) || err == nil && !p.ActiveOn(s.deps.Today()) {
		return "", wrong
	}
	return n.ID, err
}

// newEmployee makes the person of a new employment, after the employment has been found right.
func (s *Server) newEmployee(ctx context.Context, m dir.Staff, hire func() (any, error), validateOnly bool) error {
	if _, err := hire(); err != nil {
		return err
	}
	p := dir.Person{DisplayName: m.DisplayName, Email: m.Email, Phone: m.Phone, CountyRoles: []access.Role{}}
	_, _, err := s.deps.Mutate(ctx, create(s.deps.Store.ForCounty(m.Gmina[:4]), store.People, m.Person, "nowy pracownik gminy", validateOnly,
		func() (any, error) { return core.NewPerson(p, s.deps.Today()) }))
	return err
}

// staffFacts gathers what an employment refers to. Families are counted, not read.
func (s *Server) staffFacts(ctx context.Context, m dir.Staff) (core.StaffFacts, error) {
	var facts core.StaffFacts
	g, _, err := s.reader.Gmina(ctx, m.Gmina)
	if err != nil {
		return facts, err
	}
	facts.Settings = g.Settings
	if facts.Others, err = s.reader.Employments(ctx, m.Person); err != nil {
		return facts, err
	}
	families, err := s.reader.Families(unlogged(ctx), m.Gmina, m.ID)
	if err != nil {
		return facts, err
	}
	facts.Families = len(families)
	if m.Body == "" {
		return facts, nil
	}
	body, err := s.reader.Institution(ctx, m.Gmina, m.Body)
	if errors.Is(err, store.ErrNotFound) {
		return facts, nil
	}
	facts.Body = &body
	return facts, err
}

// GetStaffMember gives a staff member.
func (s *Server) GetStaffMember(ctx context.Context, req *directoryv1.GetStaffMemberRequest) (*directoryv1.StaffMember, error) {
	n, err := parse(req.GetName(), name.Staff, "name")
	if err != nil {
		return nil, err
	}
	doc, err := s.deps.Scope(ctx).Load(ctx, store.Ref{Kind: store.Staff, ID: n.ID})
	if err != nil {
		return nil, rpc.Absent(ctx, err)
	}
	m, err := dir.StaffOf(doc)
	if err != nil {
		return nil, err
	}
	return staffTo(ctx, m, doc, s.deps.Today()), nil
}

// ListStaffMembers lists the staff of the gmina.
func (s *Server) ListStaffMembers(ctx context.Context, req *directoryv1.ListStaffMembersRequest) (*directoryv1.ListStaffMembersResponse, error) {
	q := store.Query{Index: "all", Limit: rpc.PageSize(req.GetPageSize()), Token: req.GetPageToken()}
	if role := rpc.Word[string](req.GetRole()); role != "" {
		q.Index, q.Equal = "by_role", []any{role}
	}
	page, err := s.deps.Scope(ctx).List(ctx, store.Staff, q)
	if err != nil {
		return nil, err
	}
	out := &directoryv1.ListStaffMembersResponse{NextPageToken: page.Next}
	for _, hit := range page.Hits {
		m, err := dir.StaffOf(hit.Doc)
		if err != nil {
			return nil, err
		}
		if !req.GetEmployedToday() || m.ActiveOn(s.deps.Today()) {
			out.StaffMembers = append(out.StaffMembers, staffTo(ctx, m, hit.Doc, s.deps.Today()))
		}
	}
	return out, nil
}

// UpdateStaffMember changes an employment that has not ended.
func (s *Server) UpdateStaffMember(ctx context.Context, req *directoryv1.UpdateStaffMemberRequest) (*directoryv1.StaffMember, error) {
	resource := req.GetStaffMember().GetName()
	revised := func(old dir.Staff, doc *store.Document) (dir.Staff, error) {
		merged, err := rpc.Merge(staffTo(ctx, old, doc, s.deps.Today()), req.GetStaffMember(), req.GetUpdateMask(),
			"display_name", "position", "phone", "email", "roles", "contract", "fte_hundredths", "areas", "contracted_body", "active_from_date", "qualifications")
		if err != nil {
			return dir.Staff{}, err
		}
		next, err := staffFrom(old.Gmina, merged)
		next.ID, next.Person = old.ID, old.Person
		return next, err
	}
	doc, old, err := s.loadStaff(ctx, resource, "staff_member.name")
	if err != nil {
		return nil, err
	}
	planned, err := revised(old, doc)
	if err != nil {
		return nil, err
	}
	facts, err := s.staffFacts(ctx, planned)
	if err != nil {
		return nil, err
	}
	return s.changeStaff(ctx, resource, "staff_member.name", req, "zmiana zatrudnienia", func(old dir.Staff, doc *store.Document) (dir.Staff, error) {
		next, err := revised(old, doc)
		if err != nil {
			return dir.Staff{}, err
		}
		return core.Revise(old, next, facts, actor(ctx), s.deps.Today())
	})
}

// loadStaff gives a staff member whom the caller manages.
func (s *Server) loadStaff(ctx context.Context, resource, field string) (*store.Document, dir.Staff, error) {
	n, err := parse(resource, name.Staff, field)
	if err != nil {
		return nil, dir.Staff{}, err
	}
	doc, err := s.deps.Scope(ctx).Load(ctx, store.Ref{Kind: store.Staff, ID: n.ID})
	if err != nil {
		return nil, dir.Staff{}, rpc.Absent(ctx, err)
	}
	if err := manages(ctx)(doc); err != nil {
		return nil, dir.Staff{}, err
	}
	m, err := dir.StaffOf(doc)
	return doc, m, err
}

// manages is the object rule of every change of an employment.
func manages(ctx context.Context) func(*store.Document) error {
	return func(doc *store.Document) error {
		m, err := dir.StaffOf(doc)
		if err == nil && !actor(ctx).Manages(m.Body) {
			return fault.Denied()
		}
		return err
	}
}

// changeStaff changes an employment whom the caller manages.
func (s *Server) changeStaff(ctx context.Context, resource, field string, req envelope, purpose string, apply func(dir.Staff, *store.Document) (dir.Staff, error)) (*directoryv1.StaffMember, error) {
	n, err := parse(resource, name.Staff, field)
	if err != nil {
		return nil, err
	}
	return s.mutateStaff(ctx, rpc.Mutation{
		Scope: s.deps.Scope(ctx), Ref: store.Ref{Kind: store.Staff, ID: n.ID}, Etag: req.GetEtag(), ValidateOnly: req.GetValidateOnly(), Authorize: manages(ctx),
		Apply: func(doc *store.Document) (store.Change, error) {
			old, err := dir.StaffOf(doc)
			if err != nil {
				return store.Change{}, err
			}
			next, err := apply(old, doc)
			return store.Change{Cover: next, Purpose: purpose}, err
		},
	})
}

func (s *Server) mutateStaff(ctx context.Context, m rpc.Mutation) (*directoryv1.StaffMember, error) {
	doc, _, err := s.deps.Mutate(ctx, m)
	if err != nil {
		return nil, err
	}
	member, err := dir.StaffOf(doc)
	if err != nil {
		return nil, err
	}
	return staffTo(ctx, member, doc, s.deps.Today()), nil
}
