package server_test

import (
	"context"
	"strings"
	"testing"
	"time"

	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"
	familyv1 "asysta.example/proto/gen/asysta/family/v1"

	"asysta.example/internal/access"
	"asysta.example/internal/directory"
	"asysta.example/internal/fault"
	"asysta.example/internal/store"
	"asysta.example/internal/testkit/office"
	"asysta.example/services/casefile/caseload/keeper"
	"asysta.example/services/casefile/server"
)

const (
	gmina  = office.Gmina
	other  = office.Nearby
	county = office.County
	pesel1 = "44051401359" // published example, born 14 May 1944
)

var (
	must = office.Must
	on   = office.Day
)

func staff(id string) string  { return "gminas/" + gmina + "/staff/" + id }
func person(id string) string { return "powiaty/" + county + "/people/p-" + id }
func file(id string) string   { return "gminas/" + gmina + "/familyFiles/" + id }

// world is a county with the casefile service.
type world struct {
	*office.Office
	t       *testing.T
	keeper  *keeper.Keeper
	service *server.Server
	client  casefilev1.CasefileServiceClient
	system  casefilev1.CaseworkInternalServiceClient
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{Office: office.New(t, office.At(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))), t: t}
	w.keeper = keeper.New(w.Deps.Store, w.Now)
	w.service = server.New(w.Deps, w.Deps.Vault, w.keeper)
	conn := w.Serve(w.service)
	w.client, w.system = casefilev1.NewCasefileServiceClient(conn), casefilev1.NewCaseworkInternalServiceClient(conn)
	w.people()
	return w
}

// want fails the test unless an error has a reason; "" wants none.
func want(t *testing.T, err error, reason string) {
	t.Helper()
	got := ""
	if f, ok := fault.As(err); ok {
		got = f.Reason
	} else if err != nil {
		got = err.Error()
	}
	if got != reason {
		t.Fatalf("got %q (%v), want %q", got, err, reason)
	}
}

// people fills the directory: two offices and the county.
func (w *world) people() {
	for staff, role := range map[string]access.Role{"sw-1": access.SocialWorker, "sw-2": access.SocialWorker, "head": access.Head, "head-2": access.Head,
		"as-1": access.Assistant, "as-2": access.Assistant} {
		w.Employ(gmina, staff, role)
	}
	ofBody := func(s *directory.Staff) { s.Body = "ngo" }
	w.Employ(gmina, "as-3", access.Assistant, ofBody)
	w.Employ(gmina, "ngo", access.ContractedBody, ofBody)
	w.Employ(other, "far-head", access.Head)
	w.Employ(other, "far-as", access.Assistant)
	for id, role := range map[string]access.Role{"co-1": access.Coordinator, "auditor": access.Auditor, "auditor-2": access.Auditor, "admin": access.CountyAdministrator} {
		w.Appoint(county, id, role)
	}
	w.Write(w.Deps.Store.For(gmina), store.Institutions, "ngo", directory.Institution{DisplayName: "Fundacja", Kind: directory.InstitutionBody190})
	w.Settle(gmina, directory.Settings{PlanMonths: 2,
		Areas: []directory.Area{{ID: "a1", SocialWorker: "sw-1", Places: []string{"Radziłów"}}, {ID: "a2", SocialWorker: "sw-2", Places: []string{"Słucz"}}}})
}

// asking gives the context in which the referral service asks for the head.
func (w *world) asking() context.Context {
	g := access.Grant{Principal: access.Principal{Person: "p-head", County: county}, Gmina: gmina, Roles: []access.Role{access.Head}, Employment: access.Employment{Staff: "head", Gmina: gmina}}
	return w.Deps.SystemContext(access.WithGrant(w.t.Context(), g), "referral")
}

func members(pesel string) []*familyv1.FamilyMember {
	return []*familyv1.FamilyMember{
		{MemberId: "m", Role: familyv1.MemberRole_MEMBER_ROLE_MOTHER, GivenName: "Anna", FamilyName: "Świątek", Pesel: pesel, ParentalAuthority: true},
		{MemberId: "c", Role: familyv1.MemberRole_MEMBER_ROLE_CHILD, GivenName: "Ola", FamilyName: "Świątek", BirthDate: on("2020-01-31")},
	}
}

func consent(member string, kind familyv1.Consent_Kind, d familyv1.Consent_Decision, day string) *familyv1.Consent {
	return &familyv1.Consent{MemberId: member, Kind: kind, Decision: d, Signature: &familyv1.Signature{SignedOn: on(day), OriginalAt: "teczka AR, k. 4"}}
}

const (
	participation = familyv1.Consent_KIND_PARTICIPATION
	cooperation   = familyv1.Consent_KIND_COOPERATION
	given         = familyv1.Consent_DECISION_GIVEN
	withdrawn     = familyv1.Consent_DECISION_WITHDRAWN
)

// opening is what the referral hands over for a family.
func (w *world) opening(id, assistant, pesel string) *casefilev1.OpenFamilyFileRequest {
	return &casefilev1.OpenFamilyFileRequest{
		FamilyFile: file(id), Referral: "gminas/" + gmina + "/referrals/r-" + id, Source: familyv1.Source_SOURCE_FAMILY, Basis: familyv1.Basis_BASIS_CONSENT,
		Members: members(pesel), Address: &familyv1.Address{Place: "Radziłów", Street: "ul. Polna 4/2", PostalCode: "19-213"},
		Consents:     []*familyv1.Consent{consent("m", participation, given, "2026-02-20")},
		SocialWorker: staff("sw-1"), Area: "a1", Assistant: assistant, OpenedOn: on("2026-03-02"), RequestId: w.RequestID(),
	}
}

// open opens a file with an assistant, as an approval does.
func (w *world) open(id, assistant, pesel string) *casefilev1.FamilyFile {
	w.t.Helper()
	if assistant != "" {
		assistant = staff(assistant)
		_, err := w.system.ReservePlace(w.asking(), &casefilev1.ReservePlaceRequest{FamilyFile: file(id), Assistant: assistant, RequestId: w.RequestID()})
		must(w.t, err)
	}
	f, err := w.system.OpenFamilyFile(w.asking(), w.opening(id, assistant, pesel))
	must(w.t, err)
	return f
}

func (w *world) get(who, name string) *casefilev1.FamilyFile {
	w.t.Helper()
	f, err := w.client.GetFamilyFile(w.As(who), &casefilev1.GetFamilyFileRequest{Name: name})
	must(w.t, err)
	return f
}

// cooperating opens a file and begins the cooperation on 2026-03-10.
func (w *world) cooperating(id, assistant, pesel string) *casefilev1.FamilyFile {
	w.t.Helper()
	f := w.open(id, assistant, pesel)
	w.Travel("2026-03-10")
	f, err := w.client.RecordDocumentationRead(w.As(assistant), &casefilev1.RecordDocumentationReadRequest{Name: f.GetName(), Etag: f.GetEtag(), RequestId: w.RequestID(), ReadOn: on("2026-03-04")})
	must(w.t, err)
	f, err = w.client.RecordJointVisit(w.As(assistant), &casefilev1.RecordJointVisitRequest{Name: f.GetName(), Etag: f.GetEtag(), RequestId: w.RequestID(),
		Visit:    &casefilev1.JointVisit{VisitedOn: on("2026-03-10"), SocialWorker: staff("sw-1"), MemberIds: []string{"m", "c"}, RulesDiscussed: true},
		Consents: []*familyv1.Consent{consent("m", cooperation, given, "2026-03-10")}})
	must(w.t, err)
	return f
}

// places are the families of an assistant, e.g. "f1 HELD".
func (w *world) places(who string) string {
	w.t.Helper()
	c, err := w.keeper.Load(w.t.Context(), county, "p-"+who)
	must(w.t, err)
	var out []string
	for _, p := range c.Places {
		out = append(out, p.File+" "+string(p.State))
	}
	return strings.Join(out, ", ")
}

// at is a place that belongs to no file.
func at(who string) keeper.At {
	return keeper.At{Gmina: gmina, Person: "p-" + who, File: "stray"}
}

// keyed says that a file has a key of its own: only then is there something that cannot be handed over from another gmina.
func (w *world) keyed(name string) bool {
	return w.Deps.Vault.Rewrap(w.t.Context(), name[strings.LastIndex(name, "/")+1:], other, "9999999") != nil
}
