package server

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"google.golang.org/grpc"

	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"

	"asysta.example/internal/access"
	"asysta.example/internal/deadline"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/fault"
	"asysta.example/internal/name"
	"asysta.example/internal/rpc"
	"asysta.example/internal/store"
	"asysta.example/services/casefile"
	"asysta.example/services/casefile/workcard"
)

// section is the work card's own section of the family file.
const section = workcard.SectionName

// Server serves asysta.casefile.v1.WorkCardService.
type Server struct {
	deps rpc.Deps
}

// New gives the service over the deployment's dependencies.
func New(deps rpc.Deps) *Server { return &Server{deps: deps} }

// Register implements rpc.Service.
func (s *Server) Register(r grpc.ServiceRegistrar) { casefilev1.RegisterWorkCardServiceServer(r, s) }

// file is a family file that the caller reaches.
type file struct {
	gmina   string
	id      string
	updated time.Time // instant of the last commit
	card    workcard.File
	members []casefile.Member
	by      workcard.By
}

// parse reads the name of a family file, or with sub of an entry of one.
func parse(s string, sub ...name.Kind) (name.Name, error) {
	n, err := name.ParseAs(s, name.FamilyFiles, sub...)
	if err != nil {
		return n, fault.Denied()
	}
	return n, nil
}

func ref(n name.Name) store.Ref { return store.Ref{Kind: store.FamilyFiles, ID: n.ID} }

// reach checks the object rules on a loaded family file and gives the role in which the caller reaches it. A number that was given up is no file.
func reach(ctx context.Context, doc *store.Document) (access.Role, familyfile.Cover, error) {
	cover, err := rpc.Part[familyfile.Cover](doc, doc.Cover)
	if err != nil {
		return "", cover, err
	}
	if cover.State == familyfile.Fenced {
		return "", cover, rpc.Absent(ctx, store.ErrNotFound)
	}
	role, err := rpc.Visible(access.GrantFrom(ctx), cover.Parties())
	return role, cover, err
}

// open decodes a family file for its caller.
func open(ctx context.Context, doc *store.Document) (file, error) {
	role, cover, err := reach(ctx, doc)
	if err != nil {
		return file{}, err
	}
	life, err := rpc.Part[casefile.Section](doc, doc.Sections[casefile.SectionName])
	if err != nil {
		return file{}, err
	}
	card, err := rpc.Part[workcard.Card](doc, doc.Sections[section])
	if err != nil {
		return file{}, err
	}
	e := access.GrantFrom(ctx).Employment
	f := file{gmina: doc.Gmina, id: doc.ID, updated: doc.Updated, members: life.Members, card: workcard.File{Cover: cover, Card: card}, by: workcard.By{Role: role, Staff: e.Staff, Body: e.Body != ""}}
	for _, m := range life.Members {
		f.card.Members = append(f.card.Members, m.ID)
	}
	for _, o := range life.Orders {
		f.card.Orders = append(f.card.Orders, workcard.Order{ID: o.ID, Court: o.Court, CaseNumber: o.CaseNumber})
	}
	return f, nil
}

// load gives the family file of a name.
func (s *Server) load(ctx context.Context, n name.Name) (file, error) {
	doc, err := s.deps.Scope(ctx).Load(ctx, ref(n))
	if err != nil {
		return file{}, rpc.Absent(ctx, err)
	}
	return open(ctx, doc)
}

// commit gives a command to a family file. The command is made anew on each version met, from the file as it is then. Nothing is committed with validateOnly. It
// returns the file afterwards and, unless the call was carried out before, what the command did.
func (s *Server) commit(
	ctx context.Context, n name.Name, validateOnly bool, command func(store.Scope, file) (workcard.Command, error),
) (file, workcard.Outcome, error) {
	var out workcard.Outcome
	scope, today := s.deps.Scope(ctx), s.deps.Today()
	doc, err := scope.Load(ctx, ref(n))
	if err != nil {
		return file{}, out, rpc.Absent(ctx, err)
	}
	f, err := open(ctx, doc)
	if err != nil {
		return f, out, err
	}
	doc, replayed, err := s.deps.Mutate(ctx, rpc.Mutation{
		Scope: scope, Ref: ref(n), Base: doc, ValidateOnly: validateOnly, Role: f.by.Role,
		Authorize: func(d *store.Document) error { _, _, err := reach(ctx, d); return err },
		Apply: func(d *store.Document) (store.Change, error) {
			f, err := open(ctx, d)
			if err != nil {
				return store.Change{}, err
			}
			cmd, err := command(scope, f)
			if err != nil {
				return store.Change{}, err
			}
			if out, err = workcard.Apply(f.card, cmd, f.by, today); err != nil {
				return store.Change{}, err
			}
			return change(out), nil
		},
	})
	if err != nil {
		return file{}, out, err
	}
	if replayed {
		out = workcard.Outcome{}
	}
	f, err = open(ctx, doc)
	return f, out, err
}

func change(out workcard.Outcome) store.Change {
	c := store.Change{
		Cover: out.Cover, Sections: map[string]any{section: out.Card},
		Deadlines: append([]deadline.Deadline{}, familyfile.Deadlines(out.Cover)...),
		Audience:  append([]string{}, out.Cover.Coordinators()...),
	}
	switch {
	case out.Visit != nil:
		c.Records = []store.Record{{Type: store.Visits, ID: out.Visit.ID, Date: out.Visit.On.String(), Body: out.Visit}}
	case out.Contact != nil:
		c.Records = []store.Record{{Type: store.Contacts, ID: out.Contact.ID, Date: out.Contact.On.String(), Body: out.Contact}}
	case out.Intervention != nil:
		c.Records = []store.Record{{Type: store.Interventions, ID: out.Intervention.ID, Date: out.Intervention.On.String(), Body: out.Intervention}}
	case out.Court != nil:
		c.Records = []store.Record{{Type: store.CourtMatters, ID: out.Court.ID, Date: out.Court.On().String(), Body: out.Court}}
	}
	return c
}

// made is the record of a type that a call has just made. With validateOnly it is the record as it would be, which has no instant yet.
func (f file) made(t store.RecordType, id string, validateOnly bool) store.StoredRecord {
	r := store.StoredRecord{ID: id, Type: t, File: f.id, Actor: store.Actor{Staff: f.by.Staff}}
	if !validateOnly {
		r.RecordedAt = f.updated
	}
	return r
}

// madeBefore reads what the call made when it was carried out first.
func madeBefore[T any](ctx context.Context, s *Server, f file, t store.RecordType, id string) (r store.StoredRecord, body T, err error) {
	if r, err = s.deps.Scope(ctx).Record(ctx, t, f.id, id); err != nil {
		return r, body, fmt.Errorf("workcard: record made: %w", err)
	}
	body, err = rpc.Decode[T](r.Body)
	return r, body, err
}

// staffID reads the name of a staff member of the gmina; "" for an empty name. The staff member must exist.
func (s *Server) staffID(ctx context.Context, gmina, staff, field string) (string, error) {
	if staff == "" {
		return "", nil
	}
	n, err := name.ParseAs(staff, name.Staff)
	if err == nil && n.Gmina == gmina {
		_, err = s.deps.Directory.Staff(ctx, gmina, n.ID)
		if err == nil {
			return n.ID, nil
		}
		if !errors.Is(err, store.ErrNotFound) {
			return "", err
		}
	}
	return "", fault.Invalid(field, "UNKNOWN_STAFF", "nie ma takiego pracownika w tej gminie; wybierz z listy.")
}

// institutionID reads the name of an institution of the gmina; "" for an empty name. The institution must exist.
func (s *Server) institutionID(ctx context.Context, gmina, institution, field string) (string, error) {
	if institution == "" {
		return "", nil
	}
	n, err := name.ParseAs(institution, name.Institutions)
	if err == nil && n.Gmina == gmina {
		_, err = s.deps.Directory.Institution(ctx, gmina, n.ID)
		if err == nil {
			return n.ID, nil
		}
		if !errors.Is(err, store.ErrNotFound) {
			return "", err
		}
	}
	return "", fault.Invalid(field, "UNKNOWN_INSTITUTION", "nie ma takiej instytucji w tej gminie; wybierz z listy.")
}

// person gives the name of a member for papers, "" for an unknown id.
func (f file) person(id string) string {
	i := slices.IndexFunc(f.members, func(m casefile.Member) bool { return m.ID == id })
	if i < 0 {
		return ""
	}
	return f.members[i].GivenName + " " + f.members[i].FamilyName
}
