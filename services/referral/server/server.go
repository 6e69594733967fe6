package server

import (
	"context"
	"slices"

	"google.golang.org/grpc"

	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"
	referralv1 "asysta.example/proto/gen/asysta/referral/v1"

	"asysta.example/internal/access"
	"asysta.example/internal/fault"
	"asysta.example/internal/name"
	"asysta.example/internal/rpc"
	"asysta.example/internal/store"
	"asysta.example/services/referral"
)

// service is the name by which the referral service asks others.
const service = "referral"

// section is the section of the aggregate that holds the referral.
const section = "referral"

// Server implements asysta.referral.v1.ReferralService. It is safe for concurrent use.
type Server struct {
	referralv1.UnsafeReferralServiceServer
	rpc.Deps
	casework casefilev1.CaseworkInternalServiceClient
}

// New gives the service over its dependencies and a client of the casefile service.
func New(d rpc.Deps, casework casefilev1.CaseworkInternalServiceClient) *Server {
	return &Server{Deps: d, casework: casework}
}

// Register implements rpc.Service.
func (s *Server) Register(r grpc.ServiceRegistrar) { referralv1.RegisterReferralServiceServer(r, s) }

// target is a referral that a request names.
type target struct {
	name.Name
	ref store.Ref
}

func targetOf(resource string) (target, error) {
	n, err := name.ParseAs(resource, name.Referrals)
	if err != nil {
		return target{}, fault.Denied()
	}
	return target{Name: n, ref: store.Ref{Kind: store.Referrals, ID: n.ID}}, nil
}

// authorize is the object rule of referrals.
func (s *Server) authorize(ctx context.Context) func(*store.Document) error {
	return func(doc *store.Document) error {
		parties, err := s.parties(ctx, doc)
		if err != nil {
			return err
		}
		_, err = rpc.Visible(access.GrantFrom(ctx), parties)
		return err
	}
}

// parties are the people whom the object rules ask about: those of the referral and, once its family file is open, those who are kept from that.
func (s *Server) parties(ctx context.Context, doc *store.Document) (access.Parties, error) {
	cover, err := rpc.Part[referral.Cover](doc, doc.Cover)
	if err != nil {
		return access.Parties{}, err
	}
	return s.PartiesWithFile(ctx, doc.Gmina, cover.FamilyFile, cover.Parties())
}

// load gives a referral that the caller may see.
func (s *Server) load(ctx context.Context, resource string) (target, *store.Document, referral.Referral, error) {
	t, err := targetOf(resource)
	if err != nil {
		return t, nil, referral.Referral{}, err
	}
	doc, err := s.Scope(ctx).Load(ctx, t.ref)
	if err != nil {
		return t, nil, referral.Referral{}, rpc.Absent(ctx, err)
	}
	if err := s.authorize(ctx)(doc); err != nil {
		return t, nil, referral.Referral{}, err
	}
	r, err := stateOf(doc)
	return t, doc, r, err
}

func stateOf(doc *store.Document) (referral.Referral, error) {
	return rpc.Part[referral.Referral](doc, doc.Sections[section])
}

// actorOf is the caller as the core knows people, in the role in which the caller reaches the referral.
func actorOf(ctx context.Context, role access.Role) referral.Actor {
	g := access.GrantFrom(ctx)
	return referral.Actor{By: referral.By{Person: g.Person, Staff: g.Employment.Staff}, Role: role, Body: g.Employment.Body,
		Deputy: role == access.Head && g.Employment.Deputy}
}

// envelope is what every change of a referral carries.
type envelope interface {
	GetName() string
	GetEtag() string
	GetValidateOnly() bool
}

// change carries out a command on an existing referral and answers with it.
func (s *Server) change(ctx context.Context, env envelope, cmd referral.Command) (*referralv1.Referral, error) {
	doc, err := s.commit(ctx, env, cmd)
	if err != nil {
		return nil, err
	}
	return s.view(ctx, doc)
}

func (s *Server) commit(ctx context.Context, env envelope, cmd referral.Command) (*store.Document, error) {
	t, err := targetOf(env.GetName())
	if err != nil {
		return nil, err
	}
	doc, _, err := s.Mutate(ctx, rpc.Mutation{Scope: s.Scope(ctx), Ref: t.ref, Etag: env.GetEtag(), ValidateOnly: env.GetValidateOnly(), Authorize: s.authorize(ctx),
		Apply: func(doc *store.Document) (store.Change, error) { return s.apply(ctx, doc, cmd) }})
	return doc, err
}

// apply runs the core on a stored referral.
func (s *Server) apply(ctx context.Context, doc *store.Document, cmd referral.Command) (store.Change, error) {
	r, err := stateOf(doc)
	if err != nil {
		return store.Change{}, err
	}
	g := access.GrantFrom(ctx)
	role := access.System
	if !g.Has(access.System) {
		if role, err = rpc.Visible(g, referral.CoverOf(r).Parties()); err != nil {
			return store.Change{}, err
		}
	}
	if r, err = referral.Apply(r, cmd, actorOf(ctx, role), s.Today()); err != nil {
		return store.Change{}, err
	}
	return stored(r), nil
}

// stored is the change that stores a referral.
func stored(r referral.Referral) store.Change {
	cover := referral.CoverOf(r)
	return store.Change{Cover: cover, Sections: map[string]any{section: r}, Deadlines: referral.Deadlines(cover)}
}

// allowed are the acts that the caller may try next, in every role that reaches the referral.
func (s *Server) allowed(ctx context.Context, r referral.Referral) []string {
	g := access.GrantFrom(ctx)
	if g.System != "" {
		return nil
	}
	var roles []access.Role
	for _, role := range []access.Role{access.Head, access.SocialWorker, access.ContractedBody} {
		one := g
		one.Roles = []access.Role{role}
		if _, sees := one.RoleOn(referral.CoverOf(r).Parties()); sees && slices.Contains(g.Employment.Roles, role) {
			roles = append(roles, role)
		}
	}
	if len(roles) == 0 {
		return nil
	}
	return referral.Allowed(r, actorOf(ctx, roles[0]), roles)
}
