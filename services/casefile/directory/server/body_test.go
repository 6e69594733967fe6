package server_test

import (
	"testing"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	directoryv1 "asysta.example/proto/gen/asysta/directory/v1"
)

func (w *world) institution(kind directoryv1.InstitutionKind, name string) *directoryv1.Institution {
	w.t.Helper()
	return must[*directoryv1.Institution](w.t)(w.client.CreateInstitution(w.As("kierownik"), &directoryv1.CreateInstitutionRequest{
		Parent: "gminas/" + gminaA, RequestId: w.RequestID(), Institution: &directoryv1.Institution{Kind: kind, DisplayName: name}}))
}

func (w *world) ofBody(name string, body *directoryv1.Institution, roles ...directoryv1.GminaRole) *directoryv1.StaffMember {
	m := worker(name, roles...)
	m.Contract, m.ContractedBody = directoryv1.ContractKind_CONTRACT_KIND_BODY_190, body.GetName()
	return m
}

func TestABodyManagesItsOwnStaffAlone(t *testing.T) {
	w := newWorld(t)
	w.employ(gminaA, "kierownik", headRole)
	own := w.employ(gminaA, "asystent", assistantRole)
	body := w.institution(directoryv1.InstitutionKind_INSTITUTION_KIND_BODY_190, "Fundacja Dom")
	other := w.institution(directoryv1.InstitutionKind_INSTITUTION_KIND_BODY_190, "Fundacja Próg")
	hire := func(login string, m *directoryv1.StaffMember) (*directoryv1.StaffMember, error) {
		return w.client.CreateStaffMember(w.As(login), &directoryv1.CreateStaffMemberRequest{Parent: "gminas/" + gminaA, StaffMember: m, RequestId: w.RequestID()})
	}
	boss := must[*directoryv1.StaffMember](t)(hire(rootLogin, w.ofBody("Szefowa", body, headRole)))
	w.link(boss.GetPerson(), "szefowa")
	for _, tc := range []struct {
		name, want string
		member     *directoryv1.StaffMember
	}{
		{"for itself", "OK", w.ofBody("Jan", body, assistantRole)},
		{"for another body", "PermissionDenied DENIED", w.ofBody("Jan", other, assistantRole)},
		{"for the centre", "PermissionDenied DENIED", worker("Jan", assistantRole)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if _, err := hire("szefowa", tc.member); reasonOf(err) != tc.want {
				t.Errorf("%s, want %s", reasonOf(err), tc.want)
			}
		})
	}
	denied := map[string]error{}
	_, denied["ends employments of the centre"] = w.client.EndEmployment(w.As("szefowa"), &directoryv1.EndEmploymentRequest{Name: own.GetName(), LastDate: day(2026, 3, 3), Etag: own.GetEtag(), RequestId: w.RequestID()})
	_, denied["appoints deputies of the head"] = w.client.AppointDeputy(w.As("szefowa"), &directoryv1.AppointDeputyRequest{Name: own.GetName(), FromDate: day(2026, 3, 3), Etag: own.GetEtag(), RequestId: w.RequestID()})
	_, denied["changes institutions"] = w.client.CreateInstitution(w.As("szefowa"), &directoryv1.CreateInstitutionRequest{Parent: "gminas/" + gminaA, RequestId: w.RequestID(),
		Institution: &directoryv1.Institution{Kind: directoryv1.InstitutionKind_INSTITUTION_KIND_NGO, DisplayName: "X"}})
	_, denied["sees the centre's caseloads"] = w.client.GetCaseload(w.As("szefowa"), &directoryv1.GetCaseloadRequest{Staff: own.GetName()})
	for what, err := range denied {
		if reasonOf(err) != "PermissionDenied DENIED" {
			t.Errorf("a body's head %s: %v", what, err)
		}
	}
}

func TestInstitutions(t *testing.T) {
	w := newWorld(t)
	w.employ(gminaA, "kierownik", headRole)
	w.employ(gminaA, "socjalny", workerRole)
	school := w.institution(directoryv1.InstitutionKind_INSTITUTION_KIND_SCHOOL, "Szkoła Podstawowa w Słuczu")
	w.institution(directoryv1.InstitutionKind_INSTITUTION_KIND_COURT, "Sąd Rejonowy w Grajewie")
	update := func(kind directoryv1.InstitutionKind, path string) (*directoryv1.Institution, error) {
		return w.client.UpdateInstitution(w.As("kierownik"), &directoryv1.UpdateInstitutionRequest{Etag: school.GetEtag(), RequestId: w.RequestID(), UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{path}},
			Institution: &directoryv1.Institution{Name: school.GetName(), Kind: kind, Phone: "86 273 00 00", ContractNumber: "1/2026"}})
	}
	for path, want := range map[string]string{"kind": "InvalidArgument UPDATE_MASK", "contract_number": "InvalidArgument INVALID_FIELDS"} {
		if _, err := update(directoryv1.InstitutionKind_INSTITUTION_KIND_POLICE, path); reasonOf(err) != want {
			t.Errorf("%s: %v", path, err)
		}
	}
	must[*directoryv1.Institution](t)(update(0, "phone"))
	list := must[*directoryv1.ListInstitutionsResponse](t)(w.client.ListInstitutions(w.As("socjalny"), &directoryv1.ListInstitutionsRequest{Parent: "gminas/" + gminaA, Kind: school.GetKind()}))
	if len(list.GetInstitutions()) != 1 || list.GetInstitutions()[0].GetPhone() != "86 273 00 00" || len(list.GetInstitutions()[0].GetAllowedActions()) != 0 {
		t.Error(list)
	}
	page := must[*directoryv1.ListInstitutionsResponse](t)(w.client.ListInstitutions(w.As("socjalny"), &directoryv1.ListInstitutionsRequest{Parent: "gminas/" + gminaA, PageSize: 1}))
	rest := must[*directoryv1.ListInstitutionsResponse](t)(w.client.ListInstitutions(w.As("socjalny"), &directoryv1.ListInstitutionsRequest{Parent: "gminas/" + gminaA, PageSize: 1, PageToken: page.GetNextPageToken()}))
	if page.GetInstitutions()[0].GetName() == rest.GetInstitutions()[0].GetName() || rest.GetNextPageToken() != "" {
		t.Error("the second page repeats the first")
	}
	if _, err := w.client.ListStaffMembers(w.As("socjalny"), &directoryv1.ListStaffMembersRequest{Parent: "gminas/" + gminaA, PageToken: page.GetNextPageToken()}); reasonOf(err) != "InvalidArgument PAGE_TOKEN" {
		t.Error(err)
	}
}

func TestQualificationsAreForWhomTheyConcern(t *testing.T) {
	w := newWorld(t)
	w.employ(gminaA, "kierownik", headRole)
	as := w.employ(gminaA, "asystent", assistantRole)
	w.employ(gminaA, "socjalny", workerRole)
	proof := &directoryv1.Qualification{Kind: directoryv1.QualificationKind_QUALIFICATION_KIND_NO_CRIMINAL_RECORD, CheckedDate: day(2026, 1, 5), CheckByDate: day(2027, 1, 5)}
	must[*directoryv1.StaffMember](t)(w.client.UpdateStaffMember(w.As("kierownik"), &directoryv1.UpdateStaffMemberRequest{Etag: as.GetEtag(), RequestId: w.RequestID(),
		StaffMember: &directoryv1.StaffMember{Name: as.GetName(), Qualifications: []*directoryv1.Qualification{proof}}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"qualifications"}}}))
	for login, want := range map[string]int{"kierownik": 1, "asystent": 1, "socjalny": 0, rootLogin: 1} {
		m := must[*directoryv1.StaffMember](t)(w.client.GetStaffMember(w.As(login), &directoryv1.GetStaffMemberRequest{Name: as.GetName()}))
		if len(m.GetQualifications()) != want || m.GetFteHundredths() != 100 {
			t.Errorf("%s sees %v", login, m)
		}
	}
}
