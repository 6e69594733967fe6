package server

import (
	"context"
	"fmt"
	"strings"

	"google.golang.org/protobuf/types/known/timestamppb"

	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"
	familyv1 "asysta.example/proto/gen/asysta/family/v1"

	"asysta.example/internal/name"
	"asysta.example/internal/rpc"
	"asysta.example/internal/store"
	"asysta.example/services/casefile/workcard"
)

func timestamp(r store.StoredRecord) *timestamppb.Timestamp {
	if r.RecordedAt.IsZero() {
		return nil
	}
	return timestamppb.New(r.RecordedAt)
}

// visitIn reads an entry of the contract. What the service sets is left out.
func (s *Server) visitIn(ctx context.Context, gmina, id string, v *casefilev1.Visit) (workcard.Visit, error) {
	out := workcard.Visit{
		ID: id, Kind: rpc.Word[workcard.VisitKind](v.GetKind()), Place: rpc.Word[workcard.Place](v.GetPlace()),
		PlaceNote: v.GetPlaceNote(), From: v.GetFromTimeOfDay(), To: v.GetToTimeOfDay(), Members: v.GetMemberIds(), Others: v.GetOthers(),
		Failure: rpc.Word[workcard.Failure](v.GetUnsuccessfulReason()), Tasks: v.GetTaskCodes(),
		Findings: v.GetFindings(), Agreements: v.GetAgreements(), FamilyTasks: v.GetFamilyTasks(), AssistantTasks: v.GetAssistantTasks(),
	}
	var err error
	if out.On, err = rpc.PastDate(v.GetVisitedOn(), "visit.visited_on", s.deps.Today()); err != nil {
		return out, err
	}
	if err := rpc.PastTimeOfDay(out.To, "visit.to_time_of_day", out.On, s.deps.Clock()); err != nil {
		return out, err
	}
	if out.NextOn, err = rpc.DateFrom(v.GetNextMeetingDate(), "visit.next_meeting_date"); err != nil {
		return out, err
	}
	for i, staff := range v.GetStaff() {
		with, err := s.staffID(ctx, gmina, staff, fmt.Sprintf("visit.staff[%d]", i))
		if err != nil {
			return out, err
		}
		out.WithStaff = append(out.WithStaff, with)
	}
	for i, sig := range v.GetSignatures() {
		signature, err := s.signatureIn(ctx, gmina, sig, fmt.Sprintf("visit.signatures[%d]", i))
		if err != nil {
			return out, err
		}
		out.Signatures = append(out.Signatures, signature)
	}
	return out, nil
}

func (s *Server) signatureIn(ctx context.Context, gmina string, sig *familyv1.Signature, field string) (workcard.Signature, error) {
	out := workcard.Signature{OriginalAt: sig.GetOriginalAt(), Refused: sig.GetRefused()}
	var err error
	if strings.Contains(sig.GetSigner(), "/") {
		out.Staff, err = s.staffID(ctx, gmina, sig.GetSigner(), field+".signer")
	} else {
		out.Member = sig.GetSigner()
	}
	if err != nil {
		return out, err
	}
	out.On, err = rpc.PastDate(sig.GetSignedOn(), field+".signed_on", s.deps.Today())
	return out, err
}

// visitOut writes an entry for its caller.
func (f file) visitOut(r store.StoredRecord, v workcard.Visit) *casefilev1.Visit {
	out := &casefilev1.Visit{
		Name: f.sub(name.Visits, v.ID), VisitedOn: rpc.Date(v.On), Kind: rpc.Enum[casefilev1.VisitKind](v.Kind),
		Place: rpc.Enum[casefilev1.VisitPlace](v.Place), PlaceNote: v.PlaceNote,
		FromTimeOfDay: v.From, ToTimeOfDay: v.To, Minutes: int32(v.Minutes), MemberIds: v.Members, Others: v.Others,
		UnsuccessfulReason: rpc.Enum[casefilev1.UnsuccessfulReason](v.Failure),
		TaskCodes:          v.Tasks, Findings: v.Findings, Agreements: v.Agreements, FamilyTasks: v.FamilyTasks, AssistantTasks: v.AssistantTasks,
		NextMeetingDate: rpc.Date(v.NextOn), Assistant: rpc.StaffName(f.gmina, v.Staff), Supersedes: f.sub(name.Visits, v.Supersedes),
		SupersededBy: f.sub(name.Visits, f.card.Card.SupersededBy(v.ID)), CorrectionReason: v.Reason,
		CreateTime: timestamp(r), RecordedBy: rpc.StaffName(f.gmina, r.Actor.Staff),
	}
	for _, id := range v.WithStaff {
		out.Staff = append(out.Staff, rpc.StaffName(f.gmina, id))
	}
	for _, s := range v.Signatures {
		signer := s.Member
		if s.Staff != "" {
			signer = rpc.StaffName(f.gmina, s.Staff)
		}
		out.Signatures = append(out.Signatures, &familyv1.Signature{Signer: signer, SignedOn: rpc.Date(s.On), OriginalAt: s.OriginalAt, Refused: s.Refused})
	}
	if !r.RecordedAt.IsZero() && f.card.MayCorrect(v, f.by) {
		out.AllowedActions = []string{"CorrectVisit"}
	}
	return out
}

// sub names an entry of the file; "" for no id.
func (f file) sub(kind name.Kind, id string) string {
	if id == "" {
		return ""
	}
	return name.Sub(f.gmina, name.FamilyFiles, f.id, kind, id)
}

func (s *Server) contactIn(ctx context.Context, gmina, id string, c *casefilev1.Contact) (workcard.Contact, error) {
	out := workcard.Contact{
		ID: id, Channel: rpc.Word[string](c.GetChannel()), Party: rpc.Word[workcard.Party](c.GetParty()),
		PartyNote: c.GetPartyNote(), Summary: c.GetSummary(), Progress: c.GetProgressDiscussion(),
	}
	var err error
	if out.On, err = rpc.PastDate(c.GetContactedOn(), "contact.contacted_on", s.deps.Today()); err != nil {
		return out, err
	}
	if out.Staff, err = s.staffID(ctx, gmina, c.GetStaff(), "contact.staff"); err != nil {
		return out, err
	}
	out.Institution, err = s.institutionID(ctx, gmina, c.GetInstitution(), "contact.institution")
	return out, err
}

func (f file) contactOut(r store.StoredRecord, c workcard.Contact) *casefilev1.Contact {
	return &casefilev1.Contact{
		Name: f.sub(name.Contacts, c.ID), ContactedOn: rpc.Date(c.On),
		Channel: rpc.Enum[casefilev1.ContactChannel](c.Channel),
		Party:   rpc.Enum[casefilev1.ContactParty](c.Party),
		Staff:   rpc.StaffName(f.gmina, c.Staff), PartyNote: c.PartyNote, Summary: c.Summary, ProgressDiscussion: c.Progress,
		RecordedBy: rpc.StaffName(f.gmina, r.Actor.Staff), CreateTime: timestamp(r), Institution: rpc.LocalName(f.gmina, name.Institutions, c.Institution),
	}
}

func (s *Server) interventionIn(id string, n *casefilev1.Intervention) (workcard.InterventionNote, error) {
	out := workcard.InterventionNote{
		ID: id, At: n.GetTimeOfDay(), Threat: rpc.Word[string](n.GetThreat()), Members: n.GetMemberIds(), Description: n.GetDescription(),
		BlueCard: n.GetBlueCardStarted(),
	}
	for _, a := range n.GetActions() {
		out.Actions = append(out.Actions, rpc.Word[string](a))
	}
	for _, p := range n.GetInformed() {
		out.Informed = append(out.Informed, rpc.Word[string](p))
	}
	var err error
	out.On, err = rpc.PastDate(n.GetIntervenedOn(), "intervention.intervened_on", s.deps.Today())
	if err != nil || out.At == "" {
		return out, err
	}
	return out, rpc.PastTimeOfDay(out.At, "intervention.time_of_day", out.On, s.deps.Clock())
}

func (f file) interventionOut(r store.StoredRecord, n workcard.InterventionNote) *casefilev1.Intervention {
	out := &casefilev1.Intervention{
		Name: f.sub(name.Interventions, n.ID), IntervenedOn: rpc.Date(n.On), TimeOfDay: n.At,
		Threat: rpc.Enum[casefilev1.ThreatKind](n.Threat), MemberIds: n.Members, Description: n.Description,
		BlueCardStarted: n.BlueCard, RecordedBy: rpc.StaffName(f.gmina, r.Actor.Staff), CreateTime: timestamp(r),
	}
	for _, a := range n.Actions {
		out.Actions = append(out.Actions, rpc.Enum[casefilev1.InterventionAction](a))
	}
	for _, p := range n.Informed {
		out.Informed = append(out.Informed, rpc.Enum[casefilev1.InformedParty](p))
	}
	return out
}
