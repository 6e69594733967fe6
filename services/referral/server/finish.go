package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"
	familyv1 "asysta.example/proto/gen/asysta/family/v1"

	"asysta.example/internal/access"
	"asysta.example/internal/fault"
	"asysta.example/internal/name"
	"asysta.example/internal/rpc"
	"asysta.example/internal/store"
	"asysta.example/services/referral"
)

// sweepMethod names the service's own work in the journal.
const sweepMethod = "referral/finish-approval"

// sweepPage is how many referrals one look of the sweep takes.
const sweepPage = 100

// Sweep finishes the approvals that a crash or an unreachable casefile service left (state APPROVING), in every gmina, and returns how many it finished. It
// goes on after one that cannot be finished now; the first error comes back.
func (s *Server) Sweep(ctx context.Context) (int, error) {
	finished, token := 0, ""
	var first error
	for {
		page, err := s.Store.System().List(ctx, store.Referrals, store.Query{Index: "pending", Equal: []any{string(referral.Approving)}, Limit: sweepPage, Token: token})
		if err != nil {
			return finished, fmt.Errorf("referral: sweep: %w", err)
		}
		for _, hit := range page.Hits {
			after, err := s.finish(rpc.Background(ctx, service, hit.Doc.Gmina, sweepMethod), targetOfDoc(hit.Doc), hit.Doc)
			if err == nil {
				r, _ := stateOf(after)
				if r.State == referral.Approved {
					finished++
				}
			} else if first == nil {
				first = err
			}
		}
		if token = page.Next; token == "" {
			return finished, first
		}
	}
}

func targetOfDoc(doc *store.Document) target {
	return target{Name: name.Name{Gmina: doc.Gmina, Kind: name.Referrals, ID: doc.ID}, ref: doc.Ref()}
}

// finish opens the family file of a referral in APPROVING and commits APPROVED. Any number of finishers may run side by side. Where the casefile service
// does not answer the referral stays as it is for the sweep; where it refuses for good the approval is undone and its refusal comes back.
func (s *Server) finish(ctx context.Context, t target, doc *store.Document) (*store.Document, error) {
	r, err := stateOf(doc)
	if err != nil || r.State != referral.Approving {
		return doc, err
	}
	req, err := s.opening(ctx, t, r)
	if err != nil {
		return nil, err
	}
	_, err = s.casework.OpenFamilyFile(s.asking(ctx), req)
	err = rpc.FaultFrom(err)
	if err == nil {
		return s.settle(ctx, t, referral.FileOpened{FamilyFile: r.FamilyFile})
	}
	if !forGood(err) {
		s.Log.WarnContext(ctx, "family file not opened yet", slog.String("referral", t.ID), slog.String("cause", err.Error()))
		return doc, nil
	}
	return s.undo(ctx, t, doc, r, err)
}

// forGood tells refusals that no repetition mends.
func forGood(err error) bool {
	f, ok := fault.As(err)
	return ok && (f.Kind == fault.KindPrecondition || f.Kind == fault.KindInvalid || f.Kind == fault.KindExists)
}

// undo fences the file against openings still under way, with an assistant or without, gives the place back, and then takes the approval back.
func (s *Server) undo(ctx context.Context, t target, doc *store.Document, r referral.Referral, refusal error) (*store.Document, error) {
	if !fault.IsReason(refusal, fenced) {
		err := s.release(ctx, t, r.FamilyFile, "")
		switch {
		case fault.IsReason(err, "FILE_ACTIVE"): // somebody else's opening came through meanwhile
			return s.settle(ctx, t, referral.FileOpened{FamilyFile: r.FamilyFile})
		case err != nil:
			s.Log.WarnContext(ctx, "file not fenced yet", slog.String("referral", t.ID), slog.String("cause", err.Error()))
			return doc, nil // the sweep goes on
		}
		if r.Decision.Assistant != "" {
			if err := s.release(ctx, t, r.FamilyFile, r.Decision.Assistant); err != nil { // the caseload's sweep frees what is reserved for a fenced file
				s.Log.WarnContext(ctx, "place not given back", slog.String("referral", t.ID), slog.String("cause", err.Error()))
			}
		}
	}
	after, err := s.settle(ctx, t, referral.FileRejected{FamilyFile: r.FamilyFile})
	if err != nil {
		return nil, err
	}
	if now, err := stateOf(after); err != nil || now.State == referral.Approved {
		return after, err
	}
	if fault.IsReason(refusal, fenced) {
		refusal = lapsed()
	}
	return nil, refusal
}

var errSettled = errors.New("referral: settled by another finisher")

// settle commits the end of an approval in the name of the system, on behalf of the caller; who comes second finds it done.
func (s *Server) settle(ctx context.Context, t target, cmd referral.Command) (*store.Document, error) {
	caller := access.GrantFrom(ctx)
	own := rpc.Background(context.WithoutCancel(ctx), service, t.Gmina, sweepMethod)
	g := access.GrantFrom(own)
	g.Person = caller.Person
	own = access.WithGrant(own, g)
	scope := s.Store.For(t.Gmina)
	doc, _, err := s.Mutate(own, rpc.Mutation{Scope: scope, Ref: t.ref, Role: access.System, Apply: func(doc *store.Document) (store.Change, error) {
		if r, err := stateOf(doc); err != nil || r.State != referral.Approving {
			return store.Change{}, errors.Join(errSettled, err)
		}
		return s.apply(own, doc, cmd)
	}})
	if errors.Is(err, errSettled) {
		return scope.Load(ctx, t.ref)
	}
	return doc, err
}

// opening is what the referral hands over to the family file. PESEL numbers are in clear here and nowhere else.
func (s *Server) opening(ctx context.Context, t target, r referral.Referral) (*casefilev1.OpenFamilyFileRequest, error) {
	d, g := r.Decision, t.Gmina
	req := &casefilev1.OpenFamilyFileRequest{
		FamilyFile: name.In(g, name.FamilyFiles, r.FamilyFile), Referral: t.String(), Source: rpc.Enum[familyv1.Source](r.Source), Basis: rpc.Enum[familyv1.Basis](r.Basis(d.On)),
		ClientKind: rpc.Enum[familyv1.ClientKind](r.ClientKind), Preventive: r.Preventive, Members: membersOut(g, r.Members), Address: addressOut(r.Address),
		Consents: consentsOut(r.Consents), SocialWorker: rpc.StaffName(g, r.Route.SocialWorker), Area: r.Route.Area,
		ContractedBody: rpc.LocalName(g, name.Institutions, r.Request.Institution), Assistant: rpc.StaffName(g, d.Assistant), Difficulty: int32(r.Analysis.Difficulty),
		OpenedOn: rpc.Date(d.On), LockedOut: rpc.PeopleNames(g, r.LockedOut), RequestId: "open-" + r.FamilyFile,
	}
	if o, ok := r.OrderOn(d.On); ok {
		req.CourtOrder = orderOut(o)
	}
	for i, m := range r.Members {
		pesel, err := s.Vault.Open(ctx, g, t.ID, m.Pesel)
		if err != nil {
			return nil, fmt.Errorf("referral: open: %w", err)
		}
		req.Members[i].Pesel = pesel
	}
	return req, nil
}
