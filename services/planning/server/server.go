package server

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"google.golang.org/grpc"

	planningv1 "asysta.example/proto/gen/asysta/planning/v1"

	"asysta.example/internal/access"
	"asysta.example/internal/deadline"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/fault"
	"asysta.example/internal/name"
	"asysta.example/internal/rpc"
	"asysta.example/internal/store"
	"asysta.example/services/planning"
)

// Sealer makes keyed hashes, with a key that all processes of the deployment share; seal.Vault is one. It protects the feed's tokens.
type Sealer interface {
	CountyHash(county, text string) string
}

// Server offers both services of planning.
type Server struct {
	planning     *planningServer
	coordination *coordinationServer
}

// New makes the server. The vault of the deps seals the feed's tokens.
func New(deps rpc.Deps) *Server {
	sh := shell{deps: deps}
	return &Server{planning: &planningServer{shell: sh}, coordination: &coordinationServer{shell: sh, tokens: deps.Vault, poll: pollEvery}}
}

// Register implements rpc.Service.
func (s *Server) Register(r grpc.ServiceRegistrar) {
	planningv1.RegisterPlanningServiceServer(r, s.planning)
	planningv1.RegisterCoordinationServiceServer(r, s.coordination)
}

// planningServer implements PlanningService; a missing method does not compile.
type planningServer struct {
	planningv1.UnsafePlanningServiceServer
	shell
}

// coordinationServer implements CoordinationService; a missing method does not compile.
type coordinationServer struct {
	planningv1.UnsafeCoordinationServiceServer
	shell
	tokens Sealer
	poll   pollInterval
}

// shell is what the handlers share.
type shell struct{ deps rpc.Deps }

// opened is a family file as loaded, for one caller.
type opened struct {
	doc  *store.Document
	file planning.File
	role access.Role // in which the caller reaches the file
	env  planning.Env
}

// gmina of the file.
func (o opened) gmina() string { return o.doc.Gmina }

// name of the file.
func (o opened) name() string { return name.In(o.doc.Gmina, name.FamilyFiles, o.doc.ID) }

// etag of the file.
func (o opened) etag() string { return rpc.Etag(o.doc.Version) }

func fileRef(id string) store.Ref { return store.Ref{Kind: store.FamilyFiles, ID: id} }

// fileName reads the name of a family file or of a part of it; what is no such name is denied like what is absent.
func fileName(s string, sub ...name.Kind) (name.Name, error) {
	n, err := name.ParseAs(s, name.FamilyFiles, sub...)
	if err != nil {
		return n, fault.Denied()
	}
	return n, nil
}

// narrow leaves the grant of the call only the roles named, so that somebody who is assistant and coordinator acts as one of them.
func narrow(ctx context.Context, roles ...access.Role) (context.Context, error) {
	g := access.GrantFrom(ctx)
	g.Roles = slices.DeleteFunc(slices.Clone(g.Roles), func(r access.Role) bool { return !slices.Contains(roles, r) })
	if len(g.Roles) == 0 {
		return ctx, fault.Denied()
	}
	return access.WithGrant(ctx, g), nil
}

// env is what acts depend on in a gmina.
func (s shell) env(ctx context.Context, gmina string) (planning.Env, error) {
	g := access.GrantFrom(ctx)
	settings, _, err := s.deps.Directory.Gmina(ctx, gmina)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return planning.Env{}, fmt.Errorf("planning: settings of the gmina: %w", err)
	}
	env := planning.Env{Today: s.deps.Today(), Now: s.deps.Clock().Truncate(time.Millisecond), Staff: g.Employment.Staff, Person: g.Person, HeadApproves: settings.Settings.PlanApprovalByHead}
	return env, nil
}

// decode reads what planning works on out of a document.
func decode(doc *store.Document) (planning.File, error) {
	cover, err := rpc.Part[familyfile.Cover](doc, doc.Cover)
	if err != nil {
		return planning.File{}, err
	}
	section, err := rpc.Part[planning.Section](doc, doc.Sections[planning.SectionName])
	return planning.File{Cover: cover, Section: section}, err
}

// open authorizes the caller on a loaded file.
func (s shell) open(ctx context.Context, doc *store.Document, env planning.Env) (opened, error) {
	f, err := decode(doc)
	if err != nil {
		return opened{}, err
	}
	role, err := rpc.Visible(access.GrantFrom(ctx), f.Cover.Parties())
	return opened{doc: doc, file: f, role: role, env: env}, err
}

// find loads the family file of a resource name for a reader.
func (s shell) find(ctx context.Context, resource string) (opened, error) {
	n, err := fileName(resource)
	if err != nil {
		return opened{}, err
	}
	return s.read(ctx, n)
}

// read loads a family file for a reader.
func (s shell) read(ctx context.Context, n name.Name) (opened, error) {
	doc, err := s.deps.Scope(ctx).Load(ctx, fileRef(n.ID))
	if err != nil {
		return opened{}, rpc.Absent(ctx, err)
	}
	env, err := s.env(ctx, doc.Gmina)
	if err != nil {
		return opened{}, err
	}
	return s.open(ctx, doc, env)
}

// change is one act on a family file.
type change struct {
	file         name.Name
	etag         string // "" changes whatever is there
	validateOnly bool
	purpose      string // where the caller gave none
	command      func(planning.File) (planning.Command, error)
}

// commit carries an act out and gives the file as it is afterwards; replayed says that the request had been carried out before.
func (s shell) commit(ctx context.Context, c change) (out opened, replayed bool, err error) {
	env, err := s.env(ctx, c.file.Gmina)
	if err != nil {
		return opened{}, false, err
	}
	authorize := func(doc *store.Document) error {
		_, err := s.open(ctx, doc, env)
		return err
	}
	apply := func(doc *store.Document) (store.Change, error) { return applyTo(ctx, doc, c, env) }
	doc, replayed, err := s.deps.Mutate(ctx, rpc.Mutation{
		Scope: s.deps.Scope(ctx), Ref: fileRef(c.file.ID), Etag: c.etag, ValidateOnly: c.validateOnly, Authorize: authorize, Apply: apply,
	})
	if err != nil {
		return opened{}, false, err
	}
	out, err = s.open(ctx, doc, env)
	return out, replayed, err
}

// applyTo runs the core on a document and gives what is to be committed.
func applyTo(ctx context.Context, doc *store.Document, c change, env planning.Env) (store.Change, error) {
	f, err := decode(doc)
	if err != nil {
		return store.Change{}, err
	}
	cmd, err := c.command(f)
	if err != nil {
		return store.Change{}, err
	}
	next, events, err := planning.Apply(f, cmd, env)
	if err != nil {
		return store.Change{}, absent(ctx, err)
	}
	return store.Change{
		Purpose: c.purpose, Cover: next.Cover, Sections: map[string]any{planning.SectionName: next.Section}, Deadlines: deadlines(next.Cover),
		Audience: append([]string{}, next.Cover.Coordinators()...), Records: records(events),
	}, nil
}

// deadlines is never nil, which would keep the former ones.
func deadlines(c familyfile.Cover) []deadline.Deadline {
	return append([]deadline.Deadline{}, familyfile.Deadlines(c)...)
}

// absent answers a part that the file does not have like whatever is absent.
func absent(ctx context.Context, err error) error {
	if errors.Is(err, planning.ErrAbsent) {
		return rpc.Absent(ctx, store.ErrNotFound)
	}
	return err
}

// always gives a command that does not depend on the file.
func always(c planning.Command) func(planning.File) (planning.Command, error) {
	return func(planning.File) (planning.Command, error) { return c, nil }
}

// versionID is the id of a version's record; padded, so that ids sort as numbers.
func versionID(n int) string { return fmt.Sprintf("%04d", n) }

// records are what an act leaves for ever.
func records(ev planning.Events) []store.Record {
	var out []store.Record
	if v := ev.Adopted; v != nil {
		out = append(out, store.Record{Type: store.PlanVersions, ID: versionID(v.Version.Version), Date: v.AdoptedOn.String(), Body: v})
	}
	if a := ev.Received; a != nil {
		out = append(out, store.Record{Type: store.Assessments, ID: a.ID, Date: a.ReceivedOn.String(), Body: a})
	}
	return out
}
