package server

import (
	"context"
	"slices"

	"google.golang.org/protobuf/types/known/timestamppb"

	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"
	familyv1 "asysta.example/proto/gen/asysta/family/v1"

	"asysta.example/internal/access"
	"asysta.example/internal/calendar"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/name"
	"asysta.example/internal/pesel"
	"asysta.example/internal/rpc"
	"asysta.example/internal/store"
	"asysta.example/services/casefile"
	"asysta.example/services/casefile/workcard"
)

// familyFile writes a document as the resource that the caller sees today.
func (s *Server) familyFile(ctx context.Context, doc *store.Document) (*casefilev1.FamilyFile, error) {
	l, err := decode(doc)
	if err != nil {
		return nil, err
	}
	out, err := s.resource(ctx, doc.Gmina, doc.ID, rpc.Etag(doc.Version), l.file)
	if err != nil {
		return nil, err
	}
	if doc.Version > 0 {
		out.CreateTime, out.UpdateTime = timestamppb.New(doc.Created), timestamppb.New(doc.Updated)
	}
	return out, nil
}

// resource writes a file of a gmina.
func (s *Server) resource(ctx context.Context, gmina, id, etag string, f casefile.File) (*casefilev1.FamilyFile, error) {
	g := access.GrantFrom(ctx)
	out := writer{gmina: gmina, file: f, today: s.deps.Today()}.write(id)
	out.Etag = etag
	roles := rolesOn(g, f.Cover.Parties())
	out.AllowedActions = append(casefile.Allowed(f, roles), workcard.Actions(f.Cover, roles...)...)
	if g.Has(access.Head, access.System) {
		out.LockedOut = rpc.PeopleNames(gmina, f.Cover.LockedOut)
	}
	return out, nil
}

// rolesOn are the caller's roles that reach an object each by itself.
func rolesOn(g access.Grant, p access.Parties) []access.Role {
	var roles []access.Role
	for _, r := range g.Roles {
		alone := g
		alone.Roles = []access.Role{r}
		if _, ok := alone.RoleOn(p); ok {
			roles = append(roles, r)
		}
	}
	return roles
}

// writer writes one file for the wire.
type writer struct {
	gmina string
	file  casefile.File
	today calendar.Date
}

func (w writer) staff(id string) string { return rpc.StaffName(w.gmina, id) }

func addressTo(f casefile.File) *familyv1.Address {
	return &familyv1.Address{Place: f.Cover.Label.Place, Street: f.Cover.Label.Address, PostalCode: f.Section.PostalCode}
}

func (w writer) write(id string) *casefilev1.FamilyFile {
	c, sec := w.file.Cover, w.file.Section
	resource := name.In(w.gmina, name.FamilyFiles, id)
	out := &casefilev1.FamilyFile{
		Name: resource, Number: c.Number, State: rpc.Enum[casefilev1.FamilyFileState](c.State), FamilyName: c.Label.FamilyName,
		Address: addressTo(w.file),
		Source:  rpc.Enum[familyv1.Source](c.Source), Basis: rpc.Enum[familyv1.Basis](c.Basis),
		ClientKind: rpc.Enum[familyv1.ClientKind](c.ClientKind), Preventive: c.Preventive,
		TakenOver: c.TakenOver, Referral: rpc.LocalName(w.gmina, name.Referrals, c.Referral), OpenedOn: rpc.Date(c.OpenedOn), Area: c.Area, SocialWorker: w.staff(c.SocialWorker), ContractedBody: rpc.LocalName(w.gmina, name.Institutions, c.ContractedBody),
		Assistant: w.staff(c.Assistant), AwaitingSinceDate: rpc.Date(c.AwaitingSince), Difficulty: int32(c.Difficulty),
		DocumentationReadOn: rpc.Date(c.DocsReadOn), CooperationStartDate: rpc.Date(c.Day0), VoluntaryWorkStopped: c.StoppedNow(w.today),
		BlueCardHeld: c.BlueCard, LastVisitOn: rpc.Date(c.LastVisitOn), PlanVersion: int32(c.PlanVersion), PlanAdoptedOn: rpc.Date(c.PlanAdoptedOn),
		Deadlines: rpc.Deadlines(familyfile.Deadlines(c), w.gmina, resource, w.today), CorrectionsCount: int32(sec.Corrections),
	}
	if c.JointVisitOn.IsZero() && c.State == familyfile.Assigned {
		out.JointVisitAgreedDate = rpc.Date(c.NextVisitOn)
	}
	for _, m := range c.Terms.Monitoring() {
		out.MonitoringMonths = append(out.MonitoringMonths, int32(m))
	}
	w.people(out)
	w.work(out)
	return out
}

// people writes members, consents, orders, assignments and spells.
func (w writer) people(out *casefilev1.FamilyFile) {
	c, sec := w.file.Cover, w.file.Section
	for _, m := range sec.Members {
		out.Members = append(out.Members, w.member(m))
	}
	for _, x := range sec.Consents {
		out.Consents = append(out.Consents, consentTo(x))
	}
	for _, o := range sec.Orders {
		out.CourtOrders = append(out.CourtOrders, &casefilev1.FileCourtOrder{EndedOn: rpc.Date(o.EndedOn), Order: &familyv1.CourtOrder{OrderId: o.ID, Court: o.Court,
			CaseNumber: o.CaseNumber, OrderedOn: rpc.Date(o.OrderedOn), ValidUntil: rpc.Date(o.ValidUntil), ReportEveryMonths: int32(o.ReportEveryMonths)}})
	}
	for _, a := range c.Assignments {
		out.Assignments = append(out.Assignments, &casefilev1.Assignment{Assistant: w.staff(a.Staff), FromDate: rpc.Date(a.From), ToDate: rpc.Date(a.To)})
	}
	for _, sp := range c.Spells {
		out.Spells = append(out.Spells, &casefilev1.Spell{FromDate: rpc.Date(sp.From), CooperationStartDate: rpc.Date(sp.Day0), ToDate: rpc.Date(sp.To),
			ClosureReason: rpc.Enum[casefilev1.ClosureReason](sp.Reason), Basis: rpc.Enum[familyv1.Basis](sp.Basis)})
	}
}

func (w writer) member(m casefile.Member) *casefilev1.FileMember {
	out := &casefilev1.FileMember{LeftOn: rpc.Date(m.LeftOn), CareEnd: rpc.Enum[casefilev1.CareEnd](m.CareEnd),
		Member: &familyv1.FamilyMember{MemberId: m.ID, Role: rpc.Enum[familyv1.MemberRole](m.Role),
			GivenName: m.GivenName, FamilyName: m.FamilyName, BirthDate: rpc.Date(m.BornOn), ParentalAuthority: m.Authority}}
	if !m.Pesel.IsZero() {
		out.Member.Pesel = pesel.Masked
	}
	if ch := w.file.Cover.Child(m.ID); ch != nil {
		out.CareForm, out.CareEndedOn = ch.CareForm, rpc.Date(ch.CareEndedOn)
		if ch.InCare() {
			out.Member.InCareSince = rpc.Date(ch.InCareSince)
			out.Member.Coordinator = rpc.PersonName(w.gmina, ch.Coordinator)
		}
	}
	return out
}

// work writes what was done with the family.
func (w writer) work(out *casefilev1.FamilyFile) {
	sec := w.file.Section
	if v := sec.JointVisit; v != nil {
		out.JointVisit = &casefilev1.JointVisit{VisitedOn: rpc.Date(v.On), Assistant: w.staff(v.Assistant), SocialWorker: w.staff(v.SocialWorker),
			MemberIds: slices.Clone(v.Members), RulesDiscussed: v.RulesDiscussed, Note: v.Note}
	}
	if p := sec.Picture; p != nil {
		out.FamilyPicture = pictureTo(*p)
	}
	for _, d := range sec.Decisions {
		out.JointDecisions = append(out.JointDecisions, &casefilev1.JointDecision{DecisionId: d.ID, Obstacle: d.Obstacle, Proposed: rpc.Enum[casefilev1.DecisionCode](d.Proposed),
			ProposedBy: w.staff(d.ProposedBy), ProposedOn: rpc.Date(d.ProposedOn), Decided: rpc.Enum[casefilev1.DecisionCode](d.Decided), Reasons: d.Reasons,
			DecidedBy: w.staff(d.DecidedBy), DecidedOn: rpc.Date(d.DecidedOn)})
	}
	if sec.Proposal != nil {
		out.ProposedClosure = w.closure(*sec.Proposal)
	}
	if n := len(sec.Closures); n > 0 && !w.file.Cover.ClosedOn.IsZero() {
		out.Closure = w.closure(sec.Closures[n-1])
	}
	for _, m := range sec.Monitoring {
		out.Monitoring = append(out.Monitoring, &casefilev1.Monitoring{Month: int32(m.Month), MonitoredOn: rpc.Date(m.On), MonitoredBy: w.staff(m.By), Note: m.Note, HelpNeeded: m.HelpNeeded})
	}
}

func (w writer) closure(c casefile.Closure) *casefilev1.Closure {
	return &casefilev1.Closure{ClosedOn: rpc.Date(c.On), Reason: rpc.Enum[casefilev1.ClosureReason](c.Reason), ReasonText: c.Text, FinalAssessment: c.Assessment,
		ProposedBy: w.staff(c.ProposedBy), ClosedBy: w.staff(c.ClosedBy)}
}

func consentTo(c casefile.Consent) *familyv1.Consent {
	return &familyv1.Consent{MemberId: c.Member, Kind: rpc.Enum[familyv1.Consent_Kind](c.Kind),
		Decision:  rpc.Enum[familyv1.Consent_Decision](c.Decision),
		Signature: &familyv1.Signature{Signer: c.Member, SignedOn: rpc.Date(c.SignedOn), OriginalAt: c.OriginalAt, Refused: c.Unsigned}}
}

func pictureTo(p casefile.Picture) *casefilev1.FamilyPicture {
	out := &casefilev1.FamilyPicture{FamilyResources: p.Family, CommunityResources: p.Community, InstitutionResources: p.Institutions,
		ScopeOfServices: p.Scope, TaskCodes: slices.Clone(p.Tasks), KnownOn: rpc.Date(p.KnownOn)}
	for _, m := range p.Members {
		out.Members = append(out.Members, &casefilev1.MemberPicture{MemberId: m.Member, Situation: m.Situation, Problems: m.Problems, Limits: m.Limits,
			Resources: m.Resources, Expectations: m.Expectations})
	}
	return out
}
