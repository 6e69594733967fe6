package server

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/types/known/timestamppb"

	directoryv1 "asysta.example/proto/gen/asysta/directory/v1"

	"asysta.example/internal/calendar"
	"asysta.example/internal/name"
	"asysta.example/internal/rpc"
	"asysta.example/internal/store"
	core "asysta.example/services/casefile/directory"

	dir "asysta.example/internal/directory"
)

func gminaTo(ctx context.Context, g dir.Gmina, doc *store.Document) *directoryv1.Gmina {
	out := &directoryv1.Gmina{
		Name: name.Gmina(g.TERYT), DisplayName: g.DisplayName, Office: officeTo(g.Office), Settings: settingsTo(g),
		Etag: rpc.Etag(doc.Version), CreateTime: timestamppb.New(doc.Created), UpdateTime: timestamppb.New(doc.Updated),
	}
	if actor(ctx).Heads() {
		out.AllowedActions = []string{"UpdateGmina"}
	}
	return out
}

func officeTo(o dir.Office) *directoryv1.Office {
	return &directoryv1.Office{DisplayName: o.Name, Address: o.Address, Place: o.Place, Phone: o.Phone, Email: o.Email, HeadTitle: o.HeadAs}
}

func officeFrom(o *directoryv1.Office) dir.Office {
	return dir.Office{Name: o.GetDisplayName(), Address: o.GetAddress(), Place: o.GetPlace(), Phone: o.GetPhone(), Email: o.GetEmail(), HeadAs: o.GetHeadTitle()}
}

func settingsTo(g dir.Gmina) *directoryv1.GminaSettings {
	s := g.Settings
	out := &directoryv1.GminaSettings{
		PlanMonths: int32(s.PlanMonths), VisitGapDays: int32(s.VisitGapDays), JointVisitDays: int32(s.JointVisitDays), DocumentsDays: int32(s.DocumentsDays),
		AwaitingDays: int32(s.AwaitingDays), AnswerDays: int32(s.AnswerDays), ApprovalDays: int32(s.ApprovalDays),
		PlanApprovalByHead: s.PlanApprovalByHead, FamilyAssistantTeam: s.FamilyAssistantTeam,
		Organiser: &directoryv1.Organiser{
			Kind:        rpc.Enum[directoryv1.OrganiserKind](s.Organiser.KindOrCentre()),
			Institution: rpc.LocalName(g.TERYT, name.Institutions, s.Organiser.Institution), ResolutionNumber: s.Organiser.Resolution, ResolutionDate: rpc.Date(s.Organiser.ResolutionOn),
		},
	}
	for _, m := range s.MonitoringMonths {
		out.MonitoringMonths = append(out.MonitoringMonths, int32(m))
	}
	for _, a := range s.Areas {
		out.Areas = append(out.Areas, &directoryv1.Area{AreaId: a.ID, DisplayName: a.DisplayName, SocialWorker: rpc.StaffName(g.TERYT, a.SocialWorker), Places: a.Places})
	}
	return out
}

// gminaFrom reads a gmina; areas without an id get one of the request.
func gminaFrom(ctx context.Context, teryt string, g *directoryv1.Gmina) (dir.Gmina, error) {
	s := g.GetSettings()
	out := dir.Gmina{TERYT: teryt, DisplayName: g.GetDisplayName(), Office: officeFrom(g.GetOffice()), Settings: dir.Settings{
		PlanMonths: int(s.GetPlanMonths()), VisitGapDays: int(s.GetVisitGapDays()), JointVisitDays: int(s.GetJointVisitDays()), DocumentsDays: int(s.GetDocumentsDays()),
		AwaitingDays: int(s.GetAwaitingDays()), AnswerDays: int(s.GetAnswerDays()), ApprovalDays: int(s.GetApprovalDays()),
		PlanApprovalByHead: s.GetPlanApprovalByHead(), FamilyAssistantTeam: s.GetFamilyAssistantTeam(),
	}}
	for _, m := range s.GetMonitoringMonths() {
		out.Settings.MonitoringMonths = append(out.Settings.MonitoringMonths, int(m))
	}
	for i, a := range s.GetAreas() {
		worker, err := idIn(a.GetSocialWorker(), teryt, name.Staff, fmt.Sprintf("gmina.settings.areas[%d].social_worker", i))
		if err != nil {
			return out, err
		}
		id := a.GetAreaId()
		if id == "" {
			id = rpc.DerivedID(ctx, "area", fmt.Sprint(i))
		}
		out.Settings.Areas = append(out.Settings.Areas, dir.Area{ID: id, DisplayName: a.GetDisplayName(), SocialWorker: worker, Places: a.GetPlaces()})
	}
	var err error
	out.Settings.Organiser, err = organiserFrom(teryt, s.GetOrganiser())
	return out, err
}

func organiserFrom(teryt string, o *directoryv1.Organiser) (dir.Organiser, error) {
	const field = "gmina.settings.organiser"
	institution, err := idIn(o.GetInstitution(), teryt, name.Institutions, field+".institution")
	if err != nil {
		return dir.Organiser{}, err
	}
	on, err := rpc.DateFrom(o.GetResolutionDate(), field+".resolution_date")
	return dir.Organiser{Kind: rpc.Word[dir.OrganiserKind](o.GetKind()), Institution: institution, Resolution: o.GetResolutionNumber(), ResolutionOn: on}, err
}

func personTo(ctx context.Context, p dir.Person, doc *store.Document, today calendar.Date) *directoryv1.Person {
	out := &directoryv1.Person{
		Name: name.InCounty(p.County, name.People, p.ID), DisplayName: p.DisplayName, Email: p.Email, Phone: p.Phone, CountyRoles: countyRolesTo(p.CountyRoles),
		Subjects: p.Subjects, State: directoryv1.PersonState_PERSON_STATE_DEACTIVATED, ActiveUntilDate: rpc.Date(p.ActiveTo),
		Etag: rpc.Etag(doc.Version), CreateTime: timestamppb.New(doc.Created), UpdateTime: timestamppb.New(doc.Updated),
	}
	if p.ActiveOn(today) {
		out.State = directoryv1.PersonState_PERSON_STATE_ACTIVE
	}
	if by := actor(ctx); by.Administrator {
		out.AllowedActions = core.PersonActions(p, by, today)
	}
	return out
}

func institutionTo(ctx context.Context, i dir.Institution, doc *store.Document) *directoryv1.Institution {
	out := &directoryv1.Institution{
		Name: name.In(i.Gmina, name.Institutions, i.ID), DisplayName: i.DisplayName, Kind: rpc.Enum[directoryv1.InstitutionKind](i.Kind),
		Address: i.Address, Phone: i.Phone, Email: i.Email, ContractNumber: i.ContractNo, ActiveUntilDate: rpc.Date(i.ActiveTo),
		Etag: rpc.Etag(doc.Version), CreateTime: timestamppb.New(doc.Created), UpdateTime: timestamppb.New(doc.Updated),
	}
	if by := actor(ctx); by.Head && by.Heads() {
		out.AllowedActions = []string{"UpdateInstitution"}
	}
	return out
}

func institutionFrom(i *directoryv1.Institution) (dir.Institution, error) {
	until, err := rpc.DateFrom(i.GetActiveUntilDate(), "institution.active_until_date")
	return dir.Institution{DisplayName: i.GetDisplayName(), Kind: rpc.Word[dir.InstitutionKind](i.GetKind()),
		Address: i.GetAddress(), Phone: i.GetPhone(), Email: i.GetEmail(), ContractNo: i.GetContractNumber(), ActiveTo: until}, err
}
