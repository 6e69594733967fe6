package server

import (
	"context"
	"fmt"

	"google.golang.org/genproto/googleapis/type/date"

	familyv1 "asysta.example/proto/gen/asysta/family/v1"

	"asysta.example/internal/calendar"
	"asysta.example/internal/fault"
	"asysta.example/internal/name"
	"asysta.example/internal/pesel"
	"asysta.example/internal/rpc"
	"asysta.example/internal/seal"
	"asysta.example/services/referral"
)

// reading gathers what is wrong with the dates and names of a request; the core judges the rest.
type reading struct {
	gmina string
	err   error
}

func (r *reading) keep(err error) {
	if r.err == nil {
		r.err = err
	}
}

func (r *reading) date(d *date.Date, field string) calendar.Date {
	v, err := rpc.DateFrom(d, field)
	r.keep(err)
	return v
}

// local reads the name of a resource of the gmina; "" for no name.
func (r *reading) local(resource string, kind name.Kind, field string) string {
	if resource == "" {
		return ""
	}
	n, err := name.ParseAs(resource, kind)
	if err != nil || n.Gmina != r.gmina {
		r.keep(fault.Invalid(field, "NAME", "wskaż pozycję z tej gminy, w postaci gminas/{gmina}/"+string(kind)+"/{id}."))
	}
	return n.ID
}

// person reads the name of a person of the county; "" for no name.
func (r *reading) person(resource, field string) string {
	if resource == "" {
		return ""
	}
	n, err := name.ParseAs(resource, name.People)
	if err != nil || n.County != r.gmina[:4] {
		r.keep(fault.Invalid(field, "NAME", "wskaż osobę z tego powiatu, w postaci powiaty/{powiat}/people/{id}."))
	}
	return n.ID
}

func (r *reading) people(resources []string, field string) []string {
	var out []string
	for i, p := range resources {
		out = append(out, r.person(p, fmt.Sprintf("%s[%d]", field, i)))
	}
	return out
}

func (r *reading) order(o *familyv1.CourtOrder, id, field string) referral.Order {
	if o.GetOrderId() != "" {
		id = o.GetOrderId()
	}
	return referral.Order{ID: id, Court: o.GetCourt(), CaseNumber: o.GetCaseNumber(), OrderedOn: r.date(o.GetOrderedOn(), field+".ordered_on"),
		ValidUntil: r.date(o.GetValidUntil(), field+".valid_until"), ReportEvery: int(o.GetReportEveryMonths())}
}

func addressIn(a *familyv1.Address) referral.Address {
	return referral.Address{Place: a.GetPlace(), Street: a.GetStreet(), PostalCode: a.GetPostalCode()}
}

// members reads members and seals their PESEL numbers as those of the referral. It gives the ids of those whose number is masked and stays. With
// dry nothing is sealed, so that a trial leaves no key behind.
func (s *Server) members(ctx context.Context, r *reading, id string, list []*familyv1.FamilyMember, dry bool) (members []referral.Member, keep []string, err error) {
	for i, pb := range list {
		field := fmt.Sprintf("referral.members[%d]", i)
		m := referral.Member{ID: pb.GetMemberId(), Role: rpc.Word[string](pb.GetRole()), GivenName: pb.GetGivenName(), FamilyName: pb.GetFamilyName(),
			BornOn: r.date(pb.GetBirthDate(), field+".birth_date"), Authority: pb.GetParentalAuthority(),
			InCareSince: r.date(pb.GetInCareSince(), field+".in_care_since"), Coordinator: r.person(pb.GetCoordinator(), field+".coordinator")}
		switch {
		case pb.GetPesel() == pesel.Masked:
			keep = append(keep, m.ID)
		case pb.GetPesel() != "":
			if m.BornOn, err = referral.BornBy(pb.GetPesel(), m.BornOn, field); err != nil {
				return nil, nil, err
			}
			if m.Pesel, err = s.sealed(ctx, r.gmina, id, pb.GetPesel(), dry); err != nil {
				return nil, nil, err
			}
		}
		members = append(members, m)
	}
	return members, keep, r.err
}

func (s *Server) sealed(ctx context.Context, gmina, id, pesel string, dry bool) (seal.Value, error) {
	if dry {
		return seal.Value{GminaHash: s.Vault.GminaHash(gmina, pesel)}, nil
	}
	v, err := s.Vault.Seal(ctx, gmina, id, pesel)
	if err != nil {
		return v, fmt.Errorf("referral: seal: %w", err)
	}
	return v, nil
}
