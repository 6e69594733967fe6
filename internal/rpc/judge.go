package rpc

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	"asysta.example/internal/access"
	"asysta.example/internal/fault"
	"asysta.example/internal/name"
	"asysta.example/internal/store"
)

// Authenticator finds out who sent a bearer token.
type Authenticator interface {
	// Authenticate gives the principal of a token as in force now. A token that is not accepted, whatever the cause, is fault.Unauthenticated; where it is good
	// and its subject may not log in, the principal beside the fault has that subject. Other errors say that it could not be checked.
	Authenticate(ctx context.Context, token string) (access.Principal, error)
}

// authenticate reads the bearer token, finds its principal and bounds the principal's rate.
func (s *Server) authenticate(ctx context.Context, t *trail) error {
	token, err := bearer(ctx)
	if err != nil {
		return err
	}
	if t.who, err = s.auth.Authenticate(ctx, token); err != nil {
		if t.who.Subject != "" && s.former.first(t.who.Subject, time.Now()) {
			t.why = whyPerson
			s.auditDenial(ctx, t)
		}
		return err
	}
	return s.limiter.allow(t.who, time.Now())
}

func bearer(ctx context.Context) (string, error) {
	values := metadata.ValueFromIncomingContext(ctx, "authorization")
	if len(values) == 0 {
		return "", fault.Unauthenticated("TOKEN_MISSING")
	}
	scheme, token, ok := strings.Cut(values[0], " ")
	if len(values) > 1 || !ok || !strings.EqualFold(scheme, "bearer") || token == "" || strings.ContainsAny(token, " ,") {
		return "", fault.Unauthenticated("TOKEN_MALFORMED")
	}
	return token, nil
}

// judge authorizes a request in its tenant, checks it against the contract's rules and gives the context in which the handler runs.
func (s *Server) judge(ctx context.Context, t *trail, req proto.Message) (context.Context, error) {
	if err := readable(req); err != nil {
		return ctx, err
	}
	if err := s.authorize(ctx, t, req); err != nil {
		return ctx, err
	}
	if err := s.validator.check(req); err != nil {
		return ctx, err
	}
	if err := t.policy.why.required(t.grant, req.ProtoReflect()); err != nil {
		return ctx, err
	}
	call, err := callOf(t.policy, req, s.bodyHash)
	if err != nil {
		return ctx, err
	}
	t.call = call
	ctx, t.reads = store.WithReadSet(withCall(access.WithGrant(ctx, t.grant), call))
	return ctx, nil
}

// authorize decides by the tenant alone; the store is asked for nothing but the directory.
func (s *Server) authorize(ctx context.Context, t *trail, req proto.Message) error {
	n, wellFormed := t.policy.resourceOf(req)
	if !wellFormed {
		t.why = whyTenant
		return fault.Denied()
	}
	t.gmina, t.county, t.resource = n.Gmina, n.County, n
	g, ok := t.policy.grant(t.who, n)
	if ok {
		var err error
		if ok, err = s.knows(ctx, g, n); err != nil {
			return err
		}
	}
	if !ok {
		t.why = whyTenant
		return fault.Denied()
	}
	t.grant, t.why = g, whyObject
	return nil
}

// knows tells whether the gmina is one of the county's; whoever works in it knows so already.
func (s *Server) knows(ctx context.Context, g access.Grant, n name.Name) (bool, error) {
	if n.Gmina == "" || g.System != "" || g.Employment.Gmina == n.Gmina {
		return true, nil
	}
	_, _, err := s.deps.Directory.Gmina(ctx, n.Gmina)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

var requestIDForm = regexp.MustCompile(`^[A-Za-z0-9-]{8,64}$`)

// callOf reads the contract's envelope of a request; hash is keyed.
func callOf(p *policy, req proto.Message, hash func([]byte) []byte) (Call, error) {
	c := Call{Method: p.method}
	m := req.ProtoReflect()
	c.Purpose = p.why.read(m)
	if !p.mutation {
		return c, nil
	}
	if p.requestID != nil {
		id := m.Get(p.requestID)
		if c.RequestID = id.String(); !requestIDForm.MatchString(c.RequestID) {
			return c, fault.Invalid("request_id", "REQUEST_ID", "podaj identyfikator żądania: od 8 do 64 liter, cyfr lub łączników; przy ponowieniu ten sam.")
		}
		m.Clear(p.requestID) // for the hash alone; the request is this call's own, and its handler has not seen it yet
		defer m.Set(p.requestID, id)
	}
	raw, err := proto.MarshalOptions{Deterministic: true}.Marshal(req)
	if err != nil {
		return c, fmt.Errorf("rpc: hash of the request: %w", err)
	}
	c.BodyHash = hash(raw)
	return c, nil
}

// bodyHasher gives the keyed hash of requests: the vault's, which all processes share; a server without a vault, and so without secrets, has a key of its own.
func bodyHasher(d Deps) (func([]byte) []byte, error) {
	if d.Vault != nil {
		return d.Vault.RequestHash, nil
	}
	key := make([]byte, sha256.Size)
	if _, err := rand.Read(key); err != nil {
		return nil, fmt.Errorf("rpc: key of request hashes: %w", err)
	}
	return func(body []byte) []byte {
		mac := hmac.New(sha256.New, key)
		mac.Write(body)
		return mac.Sum(nil)
	}, nil
}
