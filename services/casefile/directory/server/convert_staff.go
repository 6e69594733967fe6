package server

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/types/known/timestamppb"

	directoryv1 "asysta.example/proto/gen/asysta/directory/v1"

	"asysta.example/internal/access"
	"asysta.example/internal/calendar"
	"asysta.example/internal/name"
	"asysta.example/internal/rpc"
	"asysta.example/internal/store"
	core "asysta.example/services/casefile/directory"

	dir "asysta.example/internal/directory"
)

// staffTo writes a staff member. Qualifications are for those who manage the person, and for the person.
func staffTo(ctx context.Context, s dir.Staff, doc *store.Document, today calendar.Date) *directoryv1.StaffMember {
	by := actor(ctx)
	out := &directoryv1.StaffMember{
		Name: name.In(s.Gmina, name.Staff, s.ID), Person: name.InCounty(s.Gmina[:4], name.People, s.Person), DisplayName: s.DisplayName, Position: s.Position,
		Phone: s.Phone, Email: s.Email, Roles: gminaRolesTo(s.Roles), Contract: key(contracts, s.Contract), FteHundredths: int32(s.FTE), Areas: s.Areas,
		ContractedBody: rpc.LocalName(s.Gmina, name.Institutions, s.Body), ActiveFromDate: rpc.Date(s.ActiveFrom), ActiveUntilDate: rpc.Date(s.ActiveTo),
		State:       rpc.Enum[directoryv1.StaffState](core.StaffStateOn(s, today)),
		AbsentToday: s.AbsentOn(today), RolesToday: gminaRolesTo(s.RolesOn(today)),
		Etag: rpc.Etag(doc.Version), CreateTime: timestamppb.New(doc.Created), UpdateTime: timestamppb.New(doc.Updated),
		AllowedActions: core.StaffActions(s, by, today),
	}
	for _, a := range s.Absences {
		out.Absences = append(out.Absences, &directoryv1.Absence{AbsenceId: a.ID, FromDate: rpc.Date(a.From), UntilDate: rpc.Date(a.To)})
	}
	for _, d := range s.DeputyFor {
		out.Deputizing = append(out.Deputizing, &directoryv1.Deputizing{DeputizingId: d.ID, Head: rpc.StaffName(s.Gmina, d.Head), FromDate: rpc.Date(d.From), UntilDate: rpc.Date(d.To)})
	}
	if by.Manages(s.Body) || access.GrantFrom(ctx).Employment.Staff == s.ID {
		out.Qualifications = qualificationsTo(s.Qualifications)
	}
	return out
}

func qualificationsTo(qs []dir.Qualification) []*directoryv1.Qualification {
	var out []*directoryv1.Qualification
	for _, q := range qs {
		out = append(out, &directoryv1.Qualification{Kind: rpc.Enum[directoryv1.QualificationKind](q.Kind),
			CheckedDate: rpc.Date(q.CheckedOn), CheckByDate: rpc.Date(q.CheckBy), OriginalAt: q.Document})
	}
	return out
}

// staffFrom reads a staff member of a gmina. The person is read apart (personOf).
func staffFrom(gmina string, m *directoryv1.StaffMember) (dir.Staff, error) {
	out := dir.Staff{Gmina: gmina, DisplayName: m.GetDisplayName(), Position: m.GetPosition(), Phone: m.GetPhone(), Email: m.GetEmail(),
		Roles: gminaRolesFrom(m.GetRoles()), Contract: contracts[m.GetContract()], FTE: int(m.GetFteHundredths()), Areas: m.GetAreas()}
	var err error
	if out.Body, err = idIn(m.GetContractedBody(), gmina, name.Institutions, "staff_member.contracted_body"); err != nil {
		return out, err
	}
	if out.ActiveFrom, err = rpc.DateFrom(m.GetActiveFromDate(), "staff_member.active_from_date"); err != nil {
		return out, err
	}
	if out.ActiveTo, err = rpc.DateFrom(m.GetActiveUntilDate(), "staff_member.active_until_date"); err != nil {
		return out, err
	}
	for i, q := range m.GetQualifications() {
		path := fmt.Sprintf("staff_member.qualifications[%d]", i)
		checked, err := rpc.DateFrom(q.GetCheckedDate(), path+".checked_date")
		if err != nil {
			return out, err
		}
		by, err := rpc.DateFrom(q.GetCheckByDate(), path+".check_by_date")
		if err != nil {
			return out, err
		}
		out.Qualifications = append(out.Qualifications, dir.Qualification{Kind: rpc.Word[string](q.GetKind()), CheckedOn: checked, CheckBy: by, Document: q.GetOriginalAt()})
	}
	return out, nil
}
