package server

import (
	"context"
	"strconv"

	"google.golang.org/genproto/googleapis/type/date"

	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"
	familyv1 "asysta.example/proto/gen/asysta/family/v1"

	"asysta.example/internal/calendar"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/fault"
	"asysta.example/internal/name"
	"asysta.example/internal/pesel"
	"asysta.example/internal/rpc"
	"asysta.example/internal/seal"
	"asysta.example/internal/store"
	"asysta.example/services/casefile"
)

// fieldBlueCard is the sealed field of the reference to a Blue Card.
const fieldBlueCard = "blue_card"

// read reads one date of a request into its place.
type read func() error

func into(to *calendar.Date, d *date.Date, field string) read {
	return func() (err error) {
		*to, err = rpc.DateFrom(d, field)
		return err
	}
}

// dates reads dates, up to the first that is none.
func dates(reads ...read) error {
	for _, r := range reads {
		if err := r(); err != nil {
			return err
		}
	}
	return nil
}

func clientKindFrom(k familyv1.ClientKind) string {
	if k == familyv1.ClientKind_CLIENT_KIND_UNSPECIFIED {
		k = familyv1.ClientKind_CLIENT_KIND_FAMILY
	}
	return rpc.Word[string](k)
}

func addressFrom(a *familyv1.Address) casefile.Address {
	return casefile.Address{Place: a.GetPlace(), Street: a.GetStreet(), PostalCode: a.GetPostalCode()}
}

// membersFrom reads members with what is known of foster care at the beginning.
func (s *Server) membersFrom(ctx context.Context, at sealing, ms []*familyv1.FamilyMember) (members []casefile.Member, care []familyfile.Child, err error) {
	for i, m := range ms {
		path := "members[" + strconv.Itoa(i) + "]"
		member, _, err := s.memberFrom(ctx, at, m, path, "member", strconv.Itoa(i))
		if err != nil {
			return nil, nil, err
		}
		members = append(members, member)
		if m.GetInCareSince() == nil {
			continue
		}
		ch := familyfile.Child{Member: member.ID}
		if ch.InCareSince, err = rpc.PastDate(m.GetInCareSince(), path+".in_care_since", s.deps.Today()); err != nil {
			return nil, nil, err
		}
		if ch.Coordinator, err = s.coordinator(ctx, at.gmina, m.GetCoordinator(), path+".coordinator"); err != nil {
			return nil, nil, err
		}
		care = append(care, ch)
	}
	return members, care, nil
}

// sealing is where a value is sealed: under the key of a file of a gmina, or with dry, for a request that is only tried, nowhere.
type sealing struct {
	gmina, file string
	dry         bool
}

// sealed seals a field of a file. Where the request is only tried no key is made: the hashes alone stand for the value.
func (s *Server) sealed(ctx context.Context, at sealing, field, text string) (seal.Value, error) {
	if at.dry && text != "" {
		return seal.Value{GminaHash: s.vault.GminaHash(at.gmina, text), CountyHash: s.vault.CountyHash(at.gmina[:4], text)}, nil
	}
	return s.vault.SealField(ctx, at.gmina, at.file, field, text)
}

// memberFrom reads one member and seals the PESEL. Keep says that the number comes masked or not at all, so that the one held stays. Without an id the member
// gets one derived from the request and the salts.
func (s *Server) memberFrom(ctx context.Context, at sealing, m *familyv1.FamilyMember, path string, salts ...string) (out casefile.Member, keep bool, err error) {
	out = casefile.Member{ID: m.GetMemberId(), Role: rpc.Word[casefile.MemberRole](m.GetRole()),
		GivenName: m.GetGivenName(), FamilyName: m.GetFamilyName(), Authority: m.GetParentalAuthority()}
	if out.ID == "" {
		out.ID = rpc.DerivedID(ctx, salts...)
	}
	if out.BornOn, err = rpc.PastDate(m.GetBirthDate(), path+".birth_date", s.deps.Today()); err != nil {
		return out, false, err
	}
	if p := m.GetPesel(); p == "" || p == pesel.Masked {
		return out, true, nil
	}
	number, err := pesel.Parse(m.GetPesel())
	if err != nil {
		return out, false, fault.Invalid(path+".pesel", "PESEL", "numer PESEL jest błędny; sprawdź cyfry w dokumencie.")
	}
	if out.BornOn.IsZero() {
		out.BornOn = number.BirthDate()
	}
	if out.BornOn != number.BirthDate() {
		return out, false, fault.Invalid(path+".birth_date", "BIRTH_DATE_AND_PESEL", "data urodzenia nie zgadza się z numerem PESEL; sprawdź obie.")
	}
	out.Pesel, err = s.sealed(ctx, at, seal.FieldPESEL, number.Digits())
	return out, false, err
}

// consentsFrom reads consents; those that do not say which consent they are get the kind.
func consentsFrom(cs []*familyv1.Consent, kind string) ([]casefile.Consent, error) {
	var out []casefile.Consent
	for i, c := range cs {
		consent, err := consentFrom(c, kind, "consents["+strconv.Itoa(i)+"]")
		if err != nil {
			return nil, err
		}
		out = append(out, consent)
	}
	return out, nil
}

func consentFrom(c *familyv1.Consent, kind, path string) (casefile.Consent, error) {
	out := casefile.Consent{Member: c.GetMemberId(), Kind: kind, Decision: rpc.Word[string](c.GetDecision()),
		OriginalAt: c.GetSignature().GetOriginalAt(), Unsigned: c.GetSignature().GetRefused()}
	if c.GetKind() != familyv1.Consent_KIND_UNSPECIFIED {
		out.Kind = rpc.Word[string](c.GetKind())
	}
	return out, dates(into(&out.SignedOn, c.GetSignature().GetSignedOn(), path+".signature.signed_on"))
}

// orderFrom reads a court's order; nil for none.
func orderFrom(ctx context.Context, o *familyv1.CourtOrder) (*casefile.Order, error) {
	if o == nil {
		return nil, nil
	}
	out := &casefile.Order{ID: o.GetOrderId(), Court: o.GetCourt(), CaseNumber: o.GetCaseNumber(), ReportEveryMonths: int(o.GetReportEveryMonths())}
	if out.ID == "" {
		out.ID = rpc.DerivedID(ctx, "order")
	}
	return out, dates(into(&out.OrderedOn, o.GetOrderedOn(), "court_order.ordered_on"), into(&out.ValidUntil, o.GetValidUntil(), "court_order.valid_until"))
}

func closureFrom(c *casefilev1.Closure) (casefile.Closure, error) {
	out := casefile.Closure{Reason: rpc.Word[string](c.GetReason()), Text: c.GetReasonText(), Assessment: c.GetFinalAssessment()}
	return out, dates(into(&out.On, c.GetClosedOn(), "closure.closed_on"))
}

func pictureFrom(p *casefilev1.FamilyPicture) (casefile.Picture, error) {
	out := casefile.Picture{Family: p.GetFamilyResources(), Community: p.GetCommunityResources(), Institutions: p.GetInstitutionResources(),
		Scope: p.GetScopeOfServices(), Tasks: p.GetTaskCodes()}
	for _, m := range p.GetMembers() {
		out.Members = append(out.Members, casefile.MemberPicture{Member: m.GetMemberId(), Situation: m.GetSituation(), Problems: m.GetProblems(),
			Limits: m.GetLimits(), Resources: m.GetResources(), Expectations: m.GetExpectations()})
	}
	return out, dates(into(&out.KnownOn, p.GetKnownOn(), "picture.known_on"))
}

func reopenFrom(ctx context.Context, req *casefilev1.ReopenFamilyFileRequest, gmina string) (cmd casefile.Reopen, err error) {
	cmd = casefile.Reopen{Source: rpc.Word[familyfile.Source](req.GetSource()), Basis: rpc.Word[familyfile.Basis](req.GetBasis()), Reason: req.GetReason()}
	if req.GetReferral() != "" {
		n, err := name.ParseAs(req.GetReferral(), name.Referrals)
		if err != nil || n.Gmina != gmina {
			return cmd, fault.Invalid("referral", "REFERRAL_NAME", "to nie jest zgłoszenie tej gminy.")
		}
		cmd.Referral = n.ID
	}
	if cmd.Consents, err = consentsFrom(req.GetConsents(), casefile.Participation); err != nil {
		return cmd, err
	}
	if cmd.Order, err = orderFrom(ctx, req.GetCourtOrder()); err != nil {
		return cmd, err
	}
	return cmd, dates(into(&cmd.OpenedOn, req.GetOpenedOn(), "opened_on"))
}

// authorize is the object rule for Mutate.
func authorize(ctx context.Context) func(*store.Document) error {
	return func(doc *store.Document) error { _, err := visible(ctx, doc); return err }
}

// neverAgain is the change of a request whose file exists: only an earlier self of the same request may be answered.
func neverAgain(*store.Document) (store.Change, error) { return store.Change{}, fault.Reused() }
