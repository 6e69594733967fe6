package server

import (
	"context"

	"google.golang.org/grpc"

	directoryv1 "asysta.example/proto/gen/asysta/directory/v1"

	"asysta.example/internal/access"
	"asysta.example/internal/fault"
	"asysta.example/internal/name"
	"asysta.example/internal/rpc"
	"asysta.example/internal/store"
	core "asysta.example/services/casefile/directory"

	dir "asysta.example/internal/directory"
	"asysta.example/services/casefile/caseload/keeper"
)

// Server serves DirectoryService.
type Server struct {
	deps   rpc.Deps
	reader *dir.Reader
	keeper *keeper.Keeper
}

var (
	_ directoryv1.DirectoryServiceServer = (*Server)(nil)
	_ rpc.Service                        = (*Server)(nil)
)

// New gives the server. Caseloads are read from the store that the deps hold.
func New(deps rpc.Deps) *Server {
	return &Server{deps: deps, reader: dir.NewReader(deps.Store), keeper: keeper.New(deps.Store, deps.Clock)}
}

// Register registers the service.
func (s *Server) Register(r grpc.ServiceRegistrar) { directoryv1.RegisterDirectoryServiceServer(r, s) }

// actor is who gives a command, out of the grant of the call.
func actor(ctx context.Context) core.Actor {
	g := access.GrantFrom(ctx)
	head := g.Has(access.Head)
	return core.Actor{Person: g.Person, Subject: g.Subject, Administrator: g.Has(access.CountyAdministrator), Head: head,
		Deputy: head && g.Employment.Deputy, Body: g.Employment.Body}
}

// heads refuses who neither heads the centre itself nor administers the county.
func heads(ctx context.Context) error {
	if !actor(ctx).Heads() {
		return fault.Denied()
	}
	return nil
}

// parse reads the name of a resource of a kind; the interceptor has already authorized its tenant, so that another kind is a wrong request.
func parse(s string, kind name.Kind, field string) (name.Name, error) {
	n, err := name.ParseAs(s, kind)
	if err != nil {
		return n, fault.Invalid(field, "NAME", "to nie jest nazwa zasobu tego rodzaju.")
	}
	return n, nil
}

// idIn reads a reference to a resource of the gmina; "" for none.
func idIn(s, gmina string, kind name.Kind, field string) (string, error) {
	if s == "" {
		return "", nil
	}
	n, err := name.ParseAs(s, kind)
	if err != nil || n.Gmina != gmina {
		return "", fault.Invalid(field, "REFERENCE", "wskaż zasób tej gminy.")
	}
	return n.ID, nil
}

// unlogged gives a context in which what is read is not noted in the access log: for counting and choosing. What leaves is noted by noteFile.
func unlogged(ctx context.Context) context.Context {
	ctx, _ = store.WithReadSet(ctx)
	return ctx
}

// noteFile notes a family file that the caller is told of.
func noteFile(ctx context.Context, f dir.Family) {
	store.Note(ctx, &store.Document{Kind: store.FamilyFiles, ID: f.File, Gmina: f.Gmina})
}

// create is the mutation that makes an aggregate under an id derived from the request; cover gives its first state.
func create(scope store.Scope, kind store.Kind, id, purpose string, validateOnly bool, cover func() (any, error)) rpc.Mutation {
	return rpc.Mutation{Scope: scope, Ref: store.Ref{Kind: kind, ID: id}, Create: true, ValidateOnly: validateOnly,
		Apply: func(*store.Document) (store.Change, error) {
			c, err := cover()
			return store.Change{Cover: c, Purpose: purpose}, err
		}}
}
