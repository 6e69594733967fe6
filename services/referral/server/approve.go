package server

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strconv"

	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"
	referralv1 "asysta.example/proto/gen/asysta/referral/v1"

	"asysta.example/internal/access"
	"asysta.example/internal/fault"
	"asysta.example/internal/name"
	"asysta.example/internal/rpc"
	"asysta.example/internal/store"
	"asysta.example/services/referral"
)

// fenced is the casefile service's reason for a file number that was given up.
const fenced = "FILE_FENCED"

// numbers is how many file numbers an approval tries when earlier ones were given up.
const numbers = 4

// ApproveReferral implements the second half of step 6: check, take a place, commit the intent, open the file.
func (s *Server) ApproveReferral(ctx context.Context, req *referralv1.ApproveReferralRequest) (*referralv1.Referral, error) {
	t, doc, r, err := s.load(ctx, req.GetName())
	if err != nil {
		return nil, err
	}
	cmd := referral.Approve{}
	_, repeated := doc.Request(rpc.CallFrom(ctx).RequestID)
	if !repeated && req.GetEtag() == rpc.Etag(doc.Version) {
		if cmd, err = s.approval(ctx, t, doc.Version, r, req); err != nil {
			return nil, err
		}
		if _, err := s.apply(ctx, doc, cmd); err != nil {
			return nil, err
		}
		if !req.GetValidateOnly() {
			if cmd, err = s.reserve(ctx, t, doc.Version, r, cmd); err != nil {
				return nil, err
			}
		}
	}
	after, err := s.commit(ctx, req, cmd)
	if err != nil {
		s.giveBack(ctx, t, doc.Version, cmd)
		return nil, err
	}
	if !req.GetValidateOnly() {
		if after, err = s.finish(ctx, t, after); err != nil {
			return nil, err
		}
	}
	if now, err := stateOf(after); err != nil || repeated && now.State != referral.Approving && now.State != referral.Approved {
		return nil, errors.Join(err, lapsed()) // this same request was undone
	}
	return s.view(ctx, after)
}

// lapsed is what who approved is told when the approval was undone.
func lapsed() error {
	return fault.Precondition("APPROVAL_LAPSED", "step 6", "Zatwierdzanie nie doszło do skutku i zostało cofnięte. Odczytaj zgłoszenie ponownie i zatwierdź je jeszcze raz.")
}

// approval gathers what the core needs to judge an approval.
func (s *Server) approval(ctx context.Context, t target, version int64, r referral.Referral, req *referralv1.ApproveReferralRequest) (referral.Approve, error) {
	in := &reading{gmina: t.Gmina}
	cmd := referral.Approve{On: in.date(req.GetDecidedOn(), "decided_on"), Assistant: in.local(req.GetAssistant(), name.Staff, "assistant"), DuplicatesReviewed: req.GetDuplicatesReviewed()}
	if in.err != nil {
		return cmd, in.err
	}
	if cmd.Assistant != "" {
		m, err := s.Directory.Staff(ctx, t.Gmina, cmd.Assistant)
		if errors.Is(err, store.ErrNotFound) {
			return cmd, fault.Invalid("assistant", "NO_SUCH_ASSISTANT", "nie ma takiego asystenta w tej gminie.")
		}
		if err != nil {
			return cmd, err
		}
		cmd.AssistantPerson, cmd.AssistantBody, cmd.AssistantWorker = m.Person, m.Body, m.Has(access.SocialWorker)
	}
	found, err := s.duplicates(ctx, t, r)
	if err != nil {
		return cmd, err
	}
	shown := func(d duplicate) bool { return !d.hiddenFrom(access.GrantFrom(ctx).Person) }
	cmd.Duplicates, cmd.Served = slices.ContainsFunc(found, shown), slices.ContainsFunc(found, duplicate.served)
	cmd.FamilyFile = fileID(t, version, cmd.Assistant, 0)
	return cmd, nil
}

// fileID derives the id of the family file from the version of the referral that is approved: when another commit takes that version, no approval
// can ever use the id, and the place reserved under it may be given back.
func fileID(t target, version int64, assistant string, n int) string {
	return store.DerivedID(t.Gmina, t.ID, "familyFile", rpc.Etag(version), assistant, strconv.Itoa(n))
}

// reserve takes one of the assistant's places for the file, under the first number that was not given up. Without an assistant there is nothing to take.
func (s *Server) reserve(ctx context.Context, t target, version int64, r referral.Referral, cmd referral.Approve) (referral.Approve, error) {
	if cmd.Assistant == "" {
		return cmd, nil
	}
	var err error
	for n := range numbers {
		cmd.FamilyFile = fileID(t, version, cmd.Assistant, n)
		_, err = s.casework.ReservePlace(s.asking(ctx), &casefilev1.ReservePlaceRequest{FamilyFile: name.In(t.Gmina, name.FamilyFiles, cmd.FamilyFile),
			Assistant: rpc.StaffName(t.Gmina, cmd.Assistant), RequestId: "reserve-" + cmd.FamilyFile, LockedOut: rpc.PeopleNames(t.Gmina, r.LockedOut)})
		if err = rpc.FaultFrom(err); !fault.IsReason(err, fenced) {
			break
		}
	}
	return cmd, err
}

// asking is the context in which the casefile service is asked on behalf of the caller.
func (s *Server) asking(ctx context.Context) context.Context {
	g := access.GrantFrom(ctx)
	if g.ActingRole == "" && g.Has(access.Head) {
		g.ActingRole = access.Head
	} else if g.ActingRole == "" && g.Has(access.ContractedBody) {
		g.ActingRole = access.ContractedBody
	}
	return s.SystemContext(access.WithGrant(ctx, g), service)
}

// giveBack frees the place of an approval that was not committed, when it is certain that it never can be: another commit took the version that its file
// number is derived from. In doubt the place stays reserved; the caseload's own sweep frees it later.
func (s *Server) giveBack(ctx context.Context, t target, version int64, cmd referral.Approve) {
	if cmd.Assistant == "" || cmd.FamilyFile == "" {
		return
	}
	ctx = context.WithoutCancel(ctx)
	now, err := s.Store.For(t.Gmina).Load(ctx, t.ref)
	if err != nil || now.Version <= version {
		return
	}
	r, err := stateOf(now)
	if err != nil || r.FamilyFile == cmd.FamilyFile {
		return
	}
	if err := s.release(ctx, t, cmd.FamilyFile, cmd.Assistant); err != nil {
		s.Log.WarnContext(ctx, "place not given back", slog.String("file", cmd.FamilyFile), slog.String("cause", err.Error()))
	}
}

// release fences the file and frees the place of an assistant; "" fences alone.
func (s *Server) release(ctx context.Context, t target, file, assistant string) error {
	id := "release-" + file
	if assistant == "" {
		id = "fence-" + file
	}
	_, err := s.casework.ReleasePlace(s.asking(ctx), &casefilev1.ReleasePlaceRequest{FamilyFile: name.In(t.Gmina, name.FamilyFiles, file),
		Assistant: rpc.StaffName(t.Gmina, assistant), RequestId: id})
	return rpc.FaultFrom(err)
}
