package server

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc"

	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"

	"asysta.example/internal/access"
	"asysta.example/internal/calendar"
	"asysta.example/internal/deadline"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/fault"
	"asysta.example/internal/name"
	"asysta.example/internal/rpc"
	"asysta.example/internal/seal"
	"asysta.example/internal/store"
	"asysta.example/services/casefile"
	"asysta.example/services/casefile/caseload/keeper"
)

// Server serves CasefileService and CaseworkInternalService. It is safe for concurrent use.
type Server struct {
	deps       rpc.Deps
	vault      *seal.Vault
	keeper     *keeper.Keeper
	follows    sync.Map    // county to whether monitoring counted when it was last reconciled
	reconciled atomic.Bool // every county has been tried
}

// New gives the server of the family file's lifecycle.
func New(deps rpc.Deps, vault *seal.Vault, k *keeper.Keeper) *Server {
	return &Server{deps: deps, vault: vault, keeper: k}
}

// Register implements rpc.Service.
func (s *Server) Register(r grpc.ServiceRegistrar) {
	casefilev1.RegisterCasefileServiceServer(r, s)
	casefilev1.RegisterCaseworkInternalServiceServer(r, s)
}

// fileRef names a family file's aggregate.
func fileRef(id string) store.Ref { return store.Ref{Kind: store.FamilyFiles, ID: id} }

// loaded is a family file as the store has it, decoded.
type loaded struct {
	doc  *store.Document
	file casefile.File
}

func decode(doc *store.Document) (loaded, error) {
	cover, err := rpc.Part[familyfile.Cover](doc, doc.Cover)
	if err != nil {
		return loaded{}, err
	}
	section, err := rpc.Part[casefile.Section](doc, doc.Sections[casefile.SectionName])
	return loaded{doc: doc, file: casefile.File{Cover: cover, Section: section}}, err
}

// visible says in which role the caller reaches the file, or fault.Denied. A service that asks for a person reaches what the tenant has.
func visible(ctx context.Context, doc *store.Document) (access.Role, error) {
	cover, err := rpc.Part[familyfile.Cover](doc, doc.Cover)
	if err != nil {
		return "", err
	}
	return rpc.Visible(access.GrantFrom(ctx), cover.Parties())
}

// load gives the file of a resource name, with the role in which the caller reaches it.
func (s *Server) load(ctx context.Context, resource string) (loaded, access.Role, error) {
	n, err := name.ParseAs(resource, name.FamilyFiles)
	if err != nil {
		return loaded{}, "", rpc.Absent(ctx, store.ErrNotFound)
	}
	doc, err := s.deps.Scope(ctx).Load(ctx, fileRef(n.ID))
	if err != nil {
		return loaded{}, "", rpc.Absent(ctx, err)
	}
	role, err := visible(ctx, doc)
	if err != nil {
		return loaded{}, "", err
	}
	l, err := decode(doc)
	if err == nil && l.file.Cover.State == familyfile.Fenced {
		return loaded{}, "", rpc.Absent(ctx, store.ErrNotFound)
	}
	return l, role, err
}

// actor is who acts, for the core.
func actor(ctx context.Context, role access.Role) casefile.Actor {
	g := access.GrantFrom(ctx)
	return casefile.Actor{Staff: g.Employment.Staff, Person: g.Person, Role: role}
}

// request is what every change of an existing file carries.
type request interface {
	GetName() string
	GetEtag() string
	GetValidateOnly() bool
}

// act carries a command out on the file of the request. The command is built for the file as it is.
func (s *Server) act(ctx context.Context, req request, build func(casefile.File) (casefile.Command, error)) (*casefilev1.FamilyFile, error) {
	doc, err := s.carryOut(ctx, req, build)
	if err != nil {
		return nil, err
	}
	return s.familyFile(ctx, doc)
}

func (s *Server) carryOut(ctx context.Context, req request, build func(casefile.File) (casefile.Command, error)) (*store.Document, error) {
	l, role, err := s.load(ctx, req.GetName())
	if err != nil {
		return nil, err
	}
	return s.commit(ctx, l, role, req.GetEtag(), req.GetValidateOnly(), build)
}

// commit puts a command on a loaded file.
func (s *Server) commit(ctx context.Context, l loaded, role access.Role, etag string, validateOnly bool, build func(casefile.File) (casefile.Command, error)) (*store.Document, error) {
	doc, _, err := s.deps.Mutate(ctx, rpc.Mutation{
		Scope: s.deps.Scope(ctx), Ref: l.doc.Ref(), Base: l.doc, Etag: etag, ValidateOnly: validateOnly, Role: role,
		Authorize: func(doc *store.Document) error { _, err := visible(ctx, doc); return err },
		Apply: func(doc *store.Document) (store.Change, error) {
			now, err := decode(doc)
			if err != nil {
				return store.Change{}, err
			}
			cmd, err := build(now.file)
			if err != nil {
				return store.Change{}, err
			}
			return s.change(ctx, now.file, cmd, role)
		},
	})
	return doc, err
}

// change runs the core and writes what it made for the store.
func (s *Server) change(ctx context.Context, f casefile.File, cmd casefile.Command, role access.Role) (store.Change, error) {
	today := s.deps.Today()
	o, err := casefile.Apply(f, cmd, actor(ctx, role), today)
	if err != nil {
		return store.Change{}, err
	}
	return changeOf(ctx, o, today), nil
}

func changeOf(ctx context.Context, o casefile.Outcome, today calendar.Date) store.Change {
	cover := o.File.Cover
	c := store.Change{
		Cover:     cover,
		Sections:  map[string]any{casefile.SectionName: o.File.Section},
		Deadlines: append([]deadline.Deadline{}, familyfile.Deadlines(cover)...),
		Audience:  append([]string{}, cover.Coordinators()...),
	}
	if o.Correction != nil {
		c.Records = append(c.Records, store.Record{Type: store.Corrections, ID: rpc.DerivedID(ctx, "correction"), Date: today.String(), Body: *o.Correction})
	}
	if o.Monitoring != nil {
		c.Records = append(c.Records, store.Record{Type: store.MonitorNotes, ID: rpc.DerivedID(ctx, "monitoring"), Date: o.Monitoring.On.String(), Body: *o.Monitoring})
	}
	return c
}

// replayed says that the file remembers the present request as carried out, so that nothing is to be prepared for it.
func replayed(ctx context.Context, doc *store.Document) bool {
	_, met := doc.Request(rpc.CallFrom(ctx).RequestID)
	return met
}

// terms are the gmina's settings that a file's clocks run by; a gmina that has set nothing has the rules' own numbers.
func (s *Server) terms(ctx context.Context, gmina string) (familyfile.Terms, int64, error) {
	g, version, err := s.deps.Directory.Gmina(ctx, gmina)
	if errors.Is(err, store.ErrNotFound) {
		return familyfile.Terms{}, 0, nil
	}
	return g.Settings.Terms(), version, err
}

// hashesOf gives the search hashes of members' numbers, each once.
func hashesOf(members []casefile.Member) []string {
	var hashes []string
	for _, m := range members {
		if m.Present() && m.Pesel.GminaHash != "" && !slices.Contains(hashes, m.Pesel.GminaHash) {
			hashes = append(hashes, m.Pesel.GminaHash)
		}
	}
	return hashes
}

// peselInUse refuses a number that another open file of the gmina holds.
func peselInUse() error {
	return fault.Precondition("PESEL_IN_USE", "step 6", "Osoba o tym numerze PESEL ma już otwartą sprawę w tej gminie. Wyszukaj tę sprawę; jeżeli numer jest błędny, popraw go.")
}
