package server

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"

	"asysta.example/internal/calendar"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/rpc"
	"asysta.example/internal/store"
	"asysta.example/services/casefile"
	"asysta.example/services/casefile/workcard"
)

// CorrectDay0 corrects day 0; clocks follow.
func (s *Server) CorrectDay0(ctx context.Context, req *casefilev1.CorrectDay0Request) (*casefilev1.FamilyFile, error) {
	return s.act(ctx, req, func(casefile.File) (casefile.Command, error) {
		on, err := rpc.DateFrom(req.GetCooperationStartDate(), "cooperation_start_date")
		return casefile.CorrectDay0{On: on, Reason: req.GetReason()}, err
	})
}

// CorrectConsent corrects or annuls a consent.
func (s *Server) CorrectConsent(ctx context.Context, req *casefilev1.CorrectConsentRequest) (*casefilev1.FamilyFile, error) {
	return s.act(ctx, req, func(casefile.File) (casefile.Command, error) {
		cmd := casefile.CorrectConsent{Number: int(req.GetNumber()), Reason: req.GetReason()}
		if req.GetConsent() == nil {
			return cmd, nil
		}
		c, err := consentFrom(req.GetConsent(), "", "consent")
		cmd.Consent = &c
		return cmd, err
	})
}

// CorrectAssignment corrects the days of an assignment.
func (s *Server) CorrectAssignment(ctx context.Context, req *casefilev1.CorrectAssignmentRequest) (*casefilev1.FamilyFile, error) {
	l, _, err := s.load(ctx, req.GetName())
	if err != nil {
		return nil, err
	}
	cmd := casefile.CorrectAssignment{Number: int(req.GetNumber()), Reason: req.GetReason()}
	if err := dates(into(&cmd.From, req.GetFromDate(), "from_date"), into(&cmd.To, req.GetToDate(), "to_date")); err != nil {
		return nil, err
	}
	if all := l.file.Cover.Assignments; cmd.Number >= 1 && cmd.Number <= len(all) {
		if cmd.FirstVisit, cmd.LastVisit, err = s.visited(ctx, l.doc, all[cmd.Number-1]); err != nil {
			return nil, err
		}
	}
	return s.act(ctx, req, func(casefile.File) (casefile.Command, error) { return cmd, nil })
}

// visited gives the first and last day on which the work card has an entry of an assignment, interventions apart. Nothing of the entries is handed out.
func (s *Server) visited(ctx context.Context, doc *store.Document, as familyfile.Assignment) (first, last calendar.Date, err error) {
	card, err := rpc.Part[workcard.Card](doc, doc.Sections[workcard.SectionName])
	if err != nil {
		return first, last, err
	}
	quiet := store.Unnoted(ctx)
	q := store.RecordQuery{Type: store.Visits, File: doc.ID, From: as.From.String(), Limit: 200}
	if !as.To.IsZero() {
		q.To = as.To.AddDays(1).String()
	}
	for {
		page, err := s.deps.Scope(ctx).Records(quiet, q)
		if err != nil {
			return first, last, err
		}
		for _, r := range page.Records {
			v, err := rpc.Decode[workcard.Visit](r.Body)
			if err != nil {
				return first, last, err
			}
			if v.Staff != as.Staff || v.Kind == workcard.Intervention || card.SupersededBy(v.ID) != "" {
				continue
			}
			if last = v.On; first.IsZero() {
				first = v.On
			}
		}
		if q.Token = page.Next; q.Token == "" {
			return first, last, nil
		}
	}
}

// ListCorrections lists what was corrected, and why.
func (s *Server) ListCorrections(ctx context.Context, req *casefilev1.ListCorrectionsRequest) (*casefilev1.ListCorrectionsResponse, error) {
	l, _, err := s.load(ctx, req.GetParent())
	if err != nil {
		return nil, err
	}
	page, err := s.deps.Scope(ctx).Records(ctx, store.RecordQuery{Type: store.Corrections, File: l.doc.ID, Limit: rpc.PageSize(req.GetPageSize()), Token: req.GetPageToken()})
	if err != nil {
		return nil, pageFault(err)
	}
	out := &casefilev1.ListCorrectionsResponse{NextPageToken: page.Next}
	for _, r := range page.Records {
		c, err := rpc.Decode[casefile.Correction](r.Body)
		if err != nil {
			return nil, err
		}
		out.Corrections = append(out.Corrections, &casefilev1.Correction{CorrectionId: r.ID, Number: int32(c.Number), Before: c.Before, After: c.After, Reason: c.Reason,
			Subject:     rpc.Enum[casefilev1.Correction_Subject](c.Subject),
			CorrectedBy: rpc.StaffName(l.doc.Gmina, c.By), CorrectTime: timestamppb.New(r.RecordedAt)})
	}
	return out, nil
}
