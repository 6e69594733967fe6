package server

import (
	"context"

	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"
	familyv1 "asysta.example/proto/gen/asysta/family/v1"

	"asysta.example/internal/access"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/fault"
	"asysta.example/internal/name"
	"asysta.example/internal/rpc"
	"asysta.example/services/casefile"
	"asysta.example/services/casefile/caseload/keeper"
)

// beginning is what both ways to begin a file carry.
type beginning interface {
	GetBasis() familyv1.Basis
	GetClientKind() familyv1.ClientKind
	GetPreventive() bool
	GetMembers() []*familyv1.FamilyMember
	GetAddress() *familyv1.Address
	GetConsents() []*familyv1.Consent
	GetCourtOrder() *familyv1.CourtOrder
	GetSocialWorker() string
	GetArea() string
	GetContractedBody() string
	GetDifficulty() int32
}

// opening reads the common part of a beginning and seals what is secret in it.
func (s *Server) opening(ctx context.Context, at sealing, req beginning) (o casefile.Opening, err error) {
	o = casefile.Opening{Basis: rpc.Word[familyfile.Basis](req.GetBasis()), ClientKind: clientKindFrom(req.GetClientKind()), Preventive: req.GetPreventive(),
		Address: addressFrom(req.GetAddress()), Area: req.GetArea(), Difficulty: int(req.GetDifficulty())}
	if o.Members, o.Care, err = s.membersFrom(ctx, at, req.GetMembers()); err != nil {
		return o, err
	}
	if o.Consents, err = consentsFrom(req.GetConsents(), casefile.Participation); err != nil {
		return o, err
	}
	if o.Order, err = orderFrom(ctx, req.GetCourtOrder()); err != nil {
		return o, err
	}
	gmina, areaWorker := at.gmina, ""
	if o.SocialWorker, err = s.socialWorker(ctx, gmina, req.GetSocialWorker(), "social_worker"); err != nil {
		return o, err
	}
	if o.SocialWorker == "" && o.Area != "" {
		if areaWorker, err = s.area(ctx, gmina, o.Area, "area"); err != nil {
			return o, err
		}
		o.SocialWorker = areaWorker
	}
	if o.Body, err = s.body(ctx, gmina, req.GetContractedBody(), "contracted_body"); err != nil {
		return o, err
	}
	o.Terms, o.SettingsVer, err = s.terms(ctx, gmina)
	return o, err
}

// TakeOverPaperCase opens a file in the middle, with its past dates.
func (s *Server) TakeOverPaperCase(ctx context.Context, req *casefilev1.TakeOverPaperCaseRequest) (*casefilev1.FamilyFile, error) {
	g := access.GrantFrom(ctx)
	if n, err := name.ParseAs(req.GetParent(), ""); err != nil || n.Gmina != g.Gmina {
		return nil, fault.Denied()
	}
	id := rpc.DerivedID(ctx, "file")
	if l, exists, err := s.find(ctx, g.Gmina, id); err != nil || exists {
		return s.takenOverBefore(ctx, l, err)
	}
	cmd, err := s.takeOverFrom(ctx, req, g.Gmina, id)
	if err != nil {
		return nil, err
	}
	if req.GetValidateOnly() {
		return s.tryTakeOver(ctx, g.Gmina, id, cmd)
	}
	doc, err := s.create(ctx, g.Gmina, id, access.Head, cmd.Opening, func(number string) casefile.Command { cmd.Number = number; return cmd })
	if err != nil {
		if settled(err) {
			s.forget(ctx, g.Gmina, id, cmd.Assistant)
		}
		return nil, err
	}
	return s.familyFile(ctx, doc)
}

// takenOverBefore answers a retry: the id derives from the request, so that the file is the one it made.
func (s *Server) takenOverBefore(ctx context.Context, l loaded, err error) (*casefilev1.FamilyFile, error) {
	if err != nil {
		return nil, err
	}
	doc, _, err := s.deps.Mutate(ctx, rpc.Mutation{Scope: s.deps.Scope(ctx), Ref: l.doc.Ref(), Role: access.Head,
		Authorize: authorize(ctx), Apply: neverAgain})
	if err != nil {
		return nil, err
	}
	if err := s.settle(ctx, doc); err != nil {
		return nil, err
	}
	return s.familyFile(ctx, doc)
}

// tryTakeOver is validate_only: the file as it would be, with nothing claimed, reserved or committed.
func (s *Server) tryTakeOver(ctx context.Context, gmina, id string, cmd casefile.TakeOver) (*casefilev1.FamilyFile, error) {
	o, err := casefile.Apply(casefile.File{}, cmd, actor(ctx, access.Head), s.deps.Today())
	if err != nil {
		return nil, err
	}
	if err := s.inUse(ctx, s.deps.Store.For(gmina), claim{File: id, Hashes: hashesOf(cmd.Members)}); err != nil {
		return nil, err
	}
	if cmd.Assistant.Person != "" {
		if err := s.free(ctx, keeper.At{Gmina: gmina, Person: cmd.Assistant.Person, File: id}, false); err != nil {
			return nil, err
		}
	}
	return s.resource(ctx, gmina, id, "", o.File)
}

// forget gives back the place of a file that was not opened. What it cannot do the sweep does.
func (s *Server) forget(ctx context.Context, gmina, id string, as casefile.Assistant) {
	if as.Person == "" {
		return
	}
	if _, exists, err := s.find(ctx, gmina, id); err != nil || exists {
		return
	}
	if err := s.keeper.Release(ctx, keeper.At{Gmina: gmina, Person: as.Person, File: id}); err != nil {
		s.deps.Log.WarnContext(ctx, "place not given back; the sweep will")
	}
}

func (s *Server) takeOverFrom(ctx context.Context, req *casefilev1.TakeOverPaperCaseRequest, gmina, id string) (cmd casefile.TakeOver, err error) {
	if cmd.Opening, err = s.opening(ctx, sealing{gmina: gmina, file: id, dry: req.GetValidateOnly()}, req); err != nil {
		return cmd, err
	}
	if err := ownBody(ctx, cmd.Body); err != nil {
		return cmd, err
	}
	if _, err := s.area(ctx, gmina, req.GetArea(), "area"); err != nil {
		return cmd, err
	}
	cmd.FamilyName, cmd.Visits, cmd.Reference = req.GetFamilyName(), int(req.GetVisitsCount()), req.GetPaperReference()
	if cmd.Assistant, err = s.assistant(ctx, gmina, req.GetAssistant(), nil); err != nil {
		return cmd, err
	}
	if err := dates(
		into(&cmd.OpenedOn, req.GetOpenedOn(), "opened_on"),
		into(&cmd.AssistantSince, req.GetAssistantSinceDate(), "assistant_since_date"),
		into(&cmd.Day0, req.GetCooperationStartDate(), "cooperation_start_date"),
		into(&cmd.PlanAdoptedOn, req.GetPlanAdoptedOn(), "plan_adopted_on"),
		into(&cmd.LastVisitOn, req.GetLastVisitOn(), "last_visit_on"),
	); err != nil {
		return cmd, err
	}
	for _, as := range req.GetAssessments() {
		var done familyfile.Assessed
		if err := dates(into(&done.PresentedOn, as.GetPresentedOn(), "assessments.presented_on"), into(&done.ReceivedOn, as.GetReceivedOn(), "assessments.received_on")); err != nil {
			return cmd, err
		}
		cmd.Assessments = append(cmd.Assessments, done)
	}
	return cmd, nil
}
