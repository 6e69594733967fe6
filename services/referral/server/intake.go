package server

import (
	"context"
	"errors"
	"fmt"
	"slices"

	referralv1 "asysta.example/proto/gen/asysta/referral/v1"

	"asysta.example/internal/access"
	"asysta.example/internal/directory"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/fault"
	"asysta.example/internal/name"
	"asysta.example/internal/rpc"
	"asysta.example/internal/store"
	"asysta.example/services/referral"
)

// CreateReferral implements step 1.
func (s *Server) CreateReferral(ctx context.Context, req *referralv1.CreateReferralRequest) (*referralv1.Referral, error) {
	parent, err := name.ParseAs(req.GetParent(), "")
	if err != nil {
		return nil, fault.Denied()
	}
	role := access.SocialWorker
	if g := access.GrantFrom(ctx); g.Has(access.Head) {
		role = access.Head
	}
	if !referral.May(referral.ActCreate, actorOf(ctx, role)) { // before anything is sealed or looked up
		return nil, fault.Denied()
	}
	id := rpc.DerivedID(ctx)
	cmd, err := s.creation(ctx, parent.Gmina, id, req)
	if err != nil {
		return nil, err
	}
	if _, err := referral.Apply(referral.Referral{}, cmd, actorOf(ctx, role), s.Today()); err != nil { // what is refused leaves no key behind
		return nil, err
	}
	if !req.GetValidateOnly() {
		if cmd.Members, _, err = s.members(ctx, &reading{gmina: parent.Gmina}, id, req.GetReferral().GetMembers(), false); err != nil {
			return nil, err
		}
	}
	doc, _, err := s.Mutate(ctx, rpc.Mutation{Scope: s.Scope(ctx), Ref: store.Ref{Kind: store.Referrals, ID: id}, Create: true, ValidateOnly: req.GetValidateOnly(), Role: role,
		Authorize: s.asCreated(ctx),
		Apply: func(doc *store.Document) (store.Change, error) {
			was, err := stateOf(doc)
			if err != nil {
				return store.Change{}, err
			}
			r, err := referral.Apply(was, cmd, actorOf(ctx, role), s.Today())
			return stored(r), err
		}})
	if err != nil {
		return nil, err
	}
	return s.view(ctx, doc)
}

// asCreated is the object rule of a repeated creation: who made a referral for another area is told again what they wrote, and nothing of what others have
// made of it since.
func (s *Server) asCreated(ctx context.Context) func(*store.Document) error {
	return func(doc *store.Document) error {
		if doc.Version == 1 {
			return nil
		}
		return s.authorize(ctx)(doc)
	}
}

// creation gathers what step 1 needs: the request, the area's social worker, the gmina's terms. Nothing is sealed yet.
func (s *Server) creation(ctx context.Context, gmina, id string, req *referralv1.CreateReferralRequest) (referral.Create, error) {
	pb, in := req.GetReferral(), &reading{gmina: gmina}
	settings, version, err := s.settings(ctx, gmina)
	if err != nil {
		return referral.Create{}, err
	}
	members, keep, err := s.members(ctx, in, id, pb.GetMembers(), true)
	if err == nil && len(keep) > 0 {
		err = fault.Invalid("referral.members", "PESEL_MASKED", "podaj numer PESEL cyframi.")
	}
	if err != nil {
		return referral.Create{}, err
	}
	cmd := referral.Create{ReceivedOn: in.date(pb.GetReceivedOn(), "referral.received_on"), Source: rpc.Word[familyfile.Source](pb.GetSource()),
		ClientKind: rpc.Word[string](pb.GetClientKind()), Preventive: pb.GetPreventive(), Urgent: pb.GetUrgent(), Members: members,
		Address: addressIn(pb.GetAddress()), Reason: pb.GetDescribedReason(), LockedOut: in.people(pb.GetLockedOut(), "referral.locked_out"),
		Terms: terms(settings), SettingsVer: version}
	for i, o := range pb.GetCourtOrders() {
		cmd.Orders = append(cmd.Orders, in.order(o, rpc.DerivedID(ctx, "order", string(rune('a'+i))), fmt.Sprintf("referral.court_orders[%d]", i)))
	}
	if cmd.Notice, err = s.notice(ctx, in, pb.GetNotice()); err != nil {
		return cmd, err
	}
	cmd.ZaZyciem = in.authorisation(pb.GetZaZyciem())
	if in.err != nil {
		return cmd, in.err
	}
	if cmd.Route, err = referral.RouteTo(areas(settings), pb.GetArea(), cmd.Address); err != nil {
		return cmd, err
	}
	cmd.RoutePerson, err = s.personOf(ctx, gmina, cmd.Route.SocialWorker)
	return cmd, err
}

func (r *reading) authorisation(z *referralv1.ZaZyciemAuthorisation) *referral.Authorisation {
	if z == nil {
		return nil
	}
	return &referral.Authorisation{On: r.date(z.GetAuthorisedOn(), "referral.za_zyciem.authorised_on"), OriginalAt: z.GetOriginalAt()}
}

// notice reads an institution's notice; the institution must be one of the gmina's.
func (s *Server) notice(ctx context.Context, in *reading, pb *referralv1.InstitutionNotice) (*referral.Notice, error) {
	if pb == nil {
		return nil, nil
	}
	id := in.local(pb.GetInstitution(), name.Institutions, "referral.notice.institution")
	if in.err != nil {
		return nil, in.err
	}
	if _, err := s.Directory.Institution(ctx, in.gmina, id); errors.Is(err, store.ErrNotFound) {
		return nil, fault.Invalid("referral.notice.institution", "NO_SUCH_INSTITUTION", "nie ma takiej instytucji w kartotece gminy; dodaj ją najpierw.")
	} else if err != nil {
		return nil, err
	}
	return &referral.Notice{Institution: id, CaseReference: pb.GetCaseReference()}, nil
}

// settings are those of the gmina; a gmina that has made none gets the rules' own numbers.
func (s *Server) settings(ctx context.Context, gmina string) (directory.Settings, int64, error) {
	g, version, err := s.Directory.Gmina(ctx, gmina)
	if errors.Is(err, store.ErrNotFound) {
		return directory.Settings{}, 0, nil
	}
	return g.Settings, version, err
}

func terms(s directory.Settings) referral.Terms {
	return referral.Terms{ApprovalDays: s.ApprovalDays, AnswerDays: s.AnswerDays}
}

func areas(s directory.Settings) []referral.Area {
	out := make([]referral.Area, 0, len(s.Areas))
	for _, a := range s.Areas {
		out = append(out, referral.Area{ID: a.ID, SocialWorker: a.SocialWorker, Places: a.Places})
	}
	return out
}

// personOf is the person behind a staff id; "" for no staff member, or one who is not there any more.
func (s *Server) personOf(ctx context.Context, gmina, staff string) (string, error) {
	if staff == "" {
		return "", nil
	}
	m, err := s.Directory.Staff(ctx, gmina, staff)
	if errors.Is(err, store.ErrNotFound) {
		return "", nil
	}
	return m.Person, err
}

// UpdateReferral corrects the family data before the request.
func (s *Server) UpdateReferral(ctx context.Context, req *referralv1.UpdateReferralRequest) (*referralv1.Referral, error) {
	t, _, r, err := s.load(ctx, req.GetReferral().GetName())
	if err != nil {
		return nil, err
	}
	cmd := referral.Update{}
	if cmd.RoutePerson, err = s.personOf(ctx, t.Gmina, r.Route.SocialWorker); err != nil {
		return nil, err
	}
	fields := rpc.Named(req.GetUpdateMask())
	if slices.ContainsFunc(fields, func(field string) bool { return !slices.Contains(updatable, field) }) {
		return nil, fault.Invalid("update_mask", "FIELD_NOT_UPDATABLE", "lista pól (update_mask) zawiera pole, którego nie można zmienić.")
	}
	now := &referralv1.Referral{ReceivedOn: rpc.Date(r.ReceivedOn), Address: addressOut(r.Address)}
	origin(now, t.Gmina, r)
	merged, err := rpc.Merge(now, req.GetReferral(), req.GetUpdateMask(), updatable...)
	if err != nil {
		return nil, err
	}
	in := &reading{gmina: t.Gmina}
	for _, field := range fields {
		if err := s.take(ctx, in, &cmd, field, t.ID, merged, req.GetValidateOnly()); err != nil {
			return nil, err
		}
	}
	if in.err != nil {
		return nil, in.err
	}
	return s.change(ctx, update{req}, cmd)
}

// update is the envelope of an UpdateReferralRequest, whose name lies in the referral.
type update struct {
	*referralv1.UpdateReferralRequest
}

// GetName implements envelope.
func (u update) GetName() string { return u.GetReferral().GetName() }

// updatable are the fields of a referral that UpdateReferral changes.
var updatable = []string{"received_on", "members", "address", "described_reason", "client_kind", "preventive", "urgent", "locked_out", "notice", "za_zyciem"}

// take takes one field of the mask over into the command; with dry nothing is sealed.
func (s *Server) take(ctx context.Context, in *reading, cmd *referral.Update, field, id string, pb *referralv1.Referral, dry bool) (err error) {
	switch field {
	case "received_on":
		cmd.ReceivedOn = ptr(in.date(pb.GetReceivedOn(), "referral.received_on"))
	case "members":
		var members []referral.Member
		members, cmd.KeepPesel, err = s.members(ctx, in, id, pb.GetMembers(), dry)
		cmd.Members = &members
	case "address":
		cmd.Address = ptr(addressIn(pb.GetAddress()))
	case "described_reason":
		cmd.Reason = ptr(pb.GetDescribedReason())
	case "client_kind":
		cmd.ClientKind = ptr(rpc.Word[string](pb.GetClientKind()))
	case "preventive":
		cmd.Preventive = ptr(pb.GetPreventive())
	case "urgent":
		cmd.Urgent = ptr(pb.GetUrgent())
	case "locked_out":
		cmd.LockedOut = ptr(in.people(pb.GetLockedOut(), "referral.locked_out"))
	case "notice":
		cmd.Notice, err = s.notice(ctx, in, pb.GetNotice())
	case "za_zyciem":
		cmd.ZaZyciem = in.authorisation(pb.GetZaZyciem())
	}
	return err
}

func ptr[T any](v T) *T { return &v }

// RouteReferral sends the referral to another social worker or area.
func (s *Server) RouteReferral(ctx context.Context, req *referralv1.RouteReferralRequest) (*referralv1.Referral, error) {
	t, doc, r, err := s.load(ctx, req.GetName())
	if err != nil {
		return nil, err
	}
	if req.GetArea() == "" && req.GetSocialWorker() == "" {
		return nil, fault.Invalid("area", "ROUTE_MISSING", "wskaż rejon albo pracownika socjalnego.")
	}
	settings, _, err := s.settings(ctx, t.Gmina)
	if err != nil {
		return nil, err
	}
	cmd := referral.Reroute{Route: referral.Route{Area: r.Route.Area}}
	if req.GetArea() != "" {
		if cmd.Route, err = referral.RouteTo(areas(settings), req.GetArea(), r.Address); err != nil {
			return nil, referral.NoSuchArea(areas(settings), "area")
		}
	}
	in := &reading{gmina: t.Gmina}
	if chosen := in.local(req.GetSocialWorker(), name.Staff, "social_worker"); chosen != "" {
		cmd.Route.Personal = !slices.Contains(settings.AreasOf(chosen), cmd.Route.Area)
		cmd.Route.SocialWorker = chosen
	}
	if in.err != nil {
		return nil, in.err
	}
	if cmd.Person, err = s.socialWorker(ctx, t.Gmina, cmd.Route.SocialWorker); err != nil {
		return nil, err
	}
	parties, err := s.parties(ctx, doc)
	if err != nil {
		return nil, err
	}
	cmd.LockedOut = parties.LockedOut
	return s.change(ctx, req, cmd)
}

// socialWorker gives the person of a social worker who works in the gmina today.
func (s *Server) socialWorker(ctx context.Context, gmina, staff string) (string, error) {
	m, err := s.Directory.Staff(ctx, gmina, staff)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return "", err
	}
	if err != nil || !slices.Contains(m.RolesOn(s.Today()), access.SocialWorker) {
		return "", fault.Invalid("social_worker", "NOT_SOCIAL_WORKER", "wskaż pracownika socjalnego, który dziś pracuje w tej gminie.")
	}
	return m.Person, nil
}
