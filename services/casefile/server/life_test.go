package server_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"
	familyv1 "asysta.example/proto/gen/asysta/family/v1"

	"asysta.example/internal/store"
	workcard "asysta.example/services/casefile/workcard/server"
)

func due(f *casefilev1.FamilyFile, rule string) string {
	for _, d := range f.GetDeadlines() {
		if d.GetRule() == rule {
			return d.GetDueDate().String()
		}
	}
	return ""
}

func TestFromFirstVisitToTheEnd(t *testing.T) {
	w := newWorld(t)
	f := w.cooperating("f1", "as-1", pesel1)
	if f.GetState() != casefilev1.FamilyFileState_FAMILY_FILE_STATE_COOPERATION || due(f, "plan") != on("2026-05-10").String() {
		t.Fatalf("state %s, plan due %s", f.GetState(), due(f, "plan"))
	}
	f, err := w.client.RecordExpectations(w.As("as-1"), &casefilev1.RecordExpectationsRequest{Name: f.GetName(), Etag: f.GetEtag(), RequestId: w.RequestID(), Picture: &casefilev1.FamilyPicture{
		KnownOn: on("2026-03-10"), CommunityResources: "sąsiedzi", TaskCodes: []string{"3", "6"}, Members: []*casefilev1.MemberPicture{{MemberId: "m", Expectations: "spokój"}}}})
	must(t, err)
	f, err = w.client.RecordConsent(w.As("as-1"), &casefilev1.RecordConsentRequest{Name: f.GetName(), Etag: f.GetEtag(), RequestId: w.RequestID(), Consent: consent("m", cooperation, withdrawn, "2026-03-10")})
	must(t, err)
	if !f.GetVoluntaryWorkStopped() || f.GetFamilyPicture().GetCommunityResources() != "sąsiedzi" || len(f.GetConsents()) != 3 {
		t.Errorf("after the withdrawal: stopped %t, %d consents", f.GetVoluntaryWorkStopped(), len(f.GetConsents()))
	}
	f, err = w.client.AddCourtOrder(w.As("sw-1"), &casefilev1.AddCourtOrderRequest{Name: f.GetName(), Etag: f.GetEtag(), RequestId: w.RequestID(), CourtOrder: &familyv1.CourtOrder{
		Court: "Sąd Rejonowy w Grajewie", CaseNumber: "III Nsm 1/26", OrderedOn: on("2026-03-09"), ReportEveryMonths: 3}})
	must(t, err)
	if f.GetVoluntaryWorkStopped() || f.GetBasis() != familyv1.Basis_BASIS_COURT_ORDER || due(f, "court-report") != on("2026-06-09").String() {
		t.Errorf("under the order: %s, report due %s", f.GetBasis(), due(f, "court-report"))
	}
	f, err = w.client.ProposeDecision(w.As("as-1"), &casefilev1.ProposeDecisionRequest{Name: f.GetName(), Etag: f.GetEtag(), RequestId: w.RequestID(), Obstacle: "rodzina nie otwiera drzwi",
		Decision: casefilev1.DecisionCode_DECISION_CODE_END_EARLY, ProposedOn: on("2026-03-10")})
	must(t, err)
	if !slices.Contains(w.get("head", f.GetName()).GetAllowedActions(), "ConfirmDecision") || slices.Contains(f.GetAllowedActions(), "ConfirmDecision") {
		t.Error("the head alone confirms")
	}
	f, err = w.client.ConfirmDecision(w.As("head"), &casefilev1.ConfirmDecisionRequest{Name: f.GetName(), Etag: f.GetEtag(), RequestId: w.RequestID(),
		Decision: casefilev1.DecisionCode_DECISION_CODE_END_EARLY, DecidedOn: on("2026-03-10")})
	must(t, err)
	f, err = w.client.ProposeClosure(w.As("as-1"), &casefilev1.ProposeClosureRequest{Name: f.GetName(), Etag: f.GetEtag(), RequestId: w.RequestID(),
		Closure: &casefilev1.Closure{ClosedOn: on("2026-03-10"), Reason: casefilev1.ClosureReason_CLOSURE_REASON_LACK_OF_COOPERATION, FinalAssessment: "bez efektów"}})
	must(t, err)
	f, err = w.client.CloseFamilyFile(w.As("head"), &casefilev1.CloseFamilyFileRequest{Name: f.GetName(), Etag: f.GetEtag(), RequestId: w.RequestID()})
	must(t, err)
	if f.GetState() != casefilev1.FamilyFileState_FAMILY_FILE_STATE_MONITORING || w.places("as-1") != "" || due(f, "monitoring") != on("2026-04-10").String() {
		t.Errorf("closed: %s, places %q, monitoring due %s", f.GetState(), w.places("as-1"), due(f, "monitoring"))
	}
	w.Travel("2027-03-12")
	f, err = w.client.RecordMonitoring(w.As("as-1"), &casefilev1.RecordMonitoringRequest{Name: f.GetName(), Etag: f.GetEtag(), RequestId: w.RequestID(), Month: 12, MonitoredOn: on("2027-03-12"), Note: "znów trudno", HelpNeeded: true})
	must(t, err)
	if f.GetState() != casefilev1.FamilyFileState_FAMILY_FILE_STATE_ENDED || len(f.GetMonitoring()) != 1 {
		t.Errorf("after the last monitoring: %s", f.GetState())
	}
	f, err = w.client.ReopenFamilyFile(w.As("head"), &casefilev1.ReopenFamilyFileRequest{Name: f.GetName(), Etag: f.GetEtag(), RequestId: w.RequestID(), Source: familyv1.Source_SOURCE_FAMILY,
		Basis: familyv1.Basis_BASIS_COURT_ORDER, Reason: "kryzys po monitorowaniu", OpenedOn: on("2027-03-12"), Assistant: staff("as-2")})
	must(t, err)
	if len(f.GetSpells()) != 2 || w.places("as-2") != "f1 HELD" || f.GetCooperationStartDate() != nil || f.GetNumber() != "AR/1/2026" {
		t.Errorf("reopened: %v, places %q", f.GetSpells(), w.places("as-2"))
	}
}

// After a handover the old assistant sees nothing of the family, not even that it exists.
func TestHandover(t *testing.T) {
	w := newWorld(t)
	f := w.cooperating("f1", "as-1", "")
	req := &casefilev1.ReassignAssistantRequest{Name: f.GetName(), Etag: f.GetEtag(), RequestId: w.RequestID(), Assistant: staff("as-2"), HandoverDate: on("2026-03-10"), Reason: "urlop"}
	f, err := w.client.ReassignAssistant(w.As("head"), req)
	must(t, err)
	if w.places("as-1") != "" || w.places("as-2") != "f1 HELD" {
		t.Errorf("places %q and %q", w.places("as-1"), w.places("as-2"))
	}
	_, err = w.client.GetFamilyFile(w.As("as-1"), &casefilev1.GetFamilyFileRequest{Name: f.GetName()})
	_, absent := w.client.GetFamilyFile(w.As("as-1"), &casefilev1.GetFamilyFileRequest{Name: file("none")})
	if err == nil || err.Error() != absent.Error() {
		t.Errorf("old assistant: %v; absent: %v", err, absent)
	}
	list, err := w.client.ListFamilyFiles(w.As("as-1"), &casefilev1.ListFamilyFilesRequest{Parent: "gminas/" + gmina})
	must(t, err)
	if len(list.GetFamilyFiles()) != 0 {
		t.Error("the old assistant still lists the family")
	}
	again, err := w.client.ReassignAssistant(w.As("head"), req)
	must(t, err)
	if again.GetEtag() != f.GetEtag() {
		t.Error("a retry handed over again")
	}
	if got := w.get("as-2", f.GetName()); len(got.GetAssignments()) != 2 || !proto.Equal(got.GetCooperationStartDate(), on("2026-03-10")) {
		t.Errorf("assignments %v", got.GetAssignments())
	}
	f, err = w.client.UnassignAssistant(w.As("head"), &casefilev1.UnassignAssistantRequest{Name: f.GetName(), Etag: f.GetEtag(), RequestId: w.RequestID(), ToDate: on("2026-03-10"), Reason: "koniec umowy"})
	must(t, err)
	if f.GetState() != casefilev1.FamilyFileState_FAMILY_FILE_STATE_AWAITING_ASSISTANT || w.places("as-2") != "" || due(f, "awaiting-assistant") == "" {
		t.Errorf("waits as %s, places %q", f.GetState(), w.places("as-2"))
	}
	f, err = w.client.AssignAssistant(w.As("head"), &casefilev1.AssignAssistantRequest{Name: f.GetName(), Etag: f.GetEtag(), RequestId: w.RequestID(), Assistant: staff("as-1"), FromDate: on("2026-03-10")})
	must(t, err)
	if f.GetState() != casefilev1.FamilyFileState_FAMILY_FILE_STATE_COOPERATION || w.places("as-1") != "f1 HELD" {
		t.Errorf("assigned again as %s, places %q", f.GetState(), w.places("as-1"))
	}
}

func TestWhoSeesAFile(t *testing.T) {
	w := newWorld(t)
	f := w.cooperating("f1", "as-1", pesel1)
	_, err := w.client.UpdateFamilyFile(w.As("head"), &casefilev1.UpdateFamilyFileRequest{FamilyFile: &casefilev1.FamilyFile{Name: f.GetName(), ContractedBody: "gminas/" + gmina + "/institutions/ngo"},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"contracted_body"}}, Etag: f.GetEtag(), RequestId: w.RequestID()})
	must(t, err)
	f = w.get("head", f.GetName())
	_, err = w.client.LockOut(w.As("head"), &casefilev1.LockOutRequest{Name: f.GetName(), Etag: f.GetEtag(), RequestId: w.RequestID(), Person: person("head-2")})
	must(t, err)
	for who, reason := range map[string]string{"head": "", "as-1": "", "sw-1": "", "ngo": "", "head-2": "DENIED", "as-2": "DENIED", "sw-2": "DENIED", "as-3": "DENIED", "far-head": "DENIED", "co-1": "DENIED", "auditor": "DENIED", "admin": "DENIED"} {
		t.Run(who, func(t *testing.T) {
			_, err := w.client.GetFamilyFile(w.As(who), &casefilev1.GetFamilyFileRequest{Name: f.GetName()})
			want(t, err, reason)
			_, err = w.client.RevealPesel(w.As(who), &casefilev1.RevealPeselRequest{Name: f.GetName(), MemberId: "m", Purpose: familyv1.ReadPurpose_READ_PURPOSE_COURT, CaseReference: "III Nsm 12/26"})
			want(t, err, reason)
			list, err := w.client.ListFamilyFiles(w.As(who), &casefilev1.ListFamilyFilesRequest{Parent: "gminas/" + gmina})
			if n := len(list.GetFamilyFiles()); (reason == "") != (n == 1) {
				t.Errorf("lists %d files, %v", n, err)
			}
		})
	}
	_, err = w.client.LockOut(w.As("head"), &casefilev1.LockOutRequest{Name: f.GetName(), Etag: w.get("head", f.GetName()).GetEtag(), RequestId: w.RequestID(), Person: person("sw-1")})
	want(t, err, "LOCKED_OUT_WORKS")
	_, err = w.client.UpdateFamilyFile(w.As("as-1"), &casefilev1.UpdateFamilyFileRequest{FamilyFile: &casefilev1.FamilyFile{Name: f.GetName(), Area: "a2"},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"area"}}, Etag: w.get("head", f.GetName()).GetEtag(), RequestId: w.RequestID()})
	want(t, err, "DENIED")
}

// Secrets are shown by their own method with a purpose; who looked is known, and the database holds neither.
func TestSecrets(t *testing.T) {
	w := newWorld(t)
	f := w.cooperating("f1", "as-1", pesel1)
	f, err := w.client.SetBlueCardReference(w.As("as-1"), &casefilev1.SetBlueCardReferenceRequest{Name: f.GetName(), Etag: f.GetEtag(), RequestId: w.RequestID(), Reference: "NK-A/7/2026", NotedOn: on("2026-03-10")})
	must(t, err)
	if !f.GetBlueCardHeld() || strings.Contains(f.String(), "NK-A") || strings.Contains(f.String(), pesel1) {
		t.Error("the resource shows a secret")
	}
	p, err := w.client.RevealPesel(w.As("head"), &casefilev1.RevealPeselRequest{Name: f.GetName(), MemberId: "m", Purpose: familyv1.ReadPurpose_READ_PURPOSE_COURT, CaseReference: "III Nsm 12/26"})
	must(t, err)
	card, err := w.client.RevealBlueCardReference(w.As("as-1"), &casefilev1.RevealBlueCardReferenceRequest{Name: f.GetName(), Purpose: familyv1.ReadPurpose_READ_PURPOSE_SAFETY})
	must(t, err)
	if p.GetPesel() != pesel1 || card.GetReference() != "NK-A/7/2026" {
		t.Errorf("revealed %q and %q", p.GetPesel(), card.GetReference())
	}
	_, err = w.client.RevealPesel(w.As("head"), &casefilev1.RevealPeselRequest{Name: f.GetName(), MemberId: "m"})
	want(t, err, "PURPOSE_REQUIRED")
	_, err = w.client.RevealBlueCardReference(w.As("as-1"), &casefilev1.RevealBlueCardReferenceRequest{Name: f.GetName()})
	want(t, err, "PURPOSE_REQUIRED")
	_, err = w.client.RevealPesel(w.As("head"), &casefilev1.RevealPeselRequest{Name: f.GetName(), MemberId: "m", Purpose: familyv1.ReadPurpose_READ_PURPOSE_COURT, CaseReference: "sprawa Kowalskich"})
	want(t, err, "INVALID_FIELDS")
	doc, err := w.Deps.Store.For(gmina).Load(t.Context(), store.Ref{Kind: store.FamilyFiles, ID: "f1"})
	must(t, err)
	raw, err := bson.Marshal(doc)
	must(t, err)
	if strings.Contains(string(raw), pesel1) || strings.Contains(string(raw), "NK-A") {
		t.Error("the database holds a secret in clear")
	}
	accesses, err := w.client.ListAccesses(w.As("auditor"), &casefilev1.ListAccessesRequest{Parent: f.GetName(), Purpose: familyv1.ReadPurpose_READ_PURPOSE_AUDIT})
	must(t, err)
	found := slices.ContainsFunc(accesses.GetAccesses(), func(a *casefilev1.Access) bool {
		return a.GetMethod() == "RevealPesel" && a.GetPurpose() == "żądanie sądu, prokuratury lub kuratora, III Nsm 12/26" &&
			a.GetReadPurpose() == familyv1.ReadPurpose_READ_PURPOSE_COURT && a.GetCaseReference() == "III Nsm 12/26" && a.GetActor().GetPerson() == person("head") && a.GetActor().GetRole() == "HEAD" && a.GetActor().GetDisplayName() == "head"
	})
	if !found {
		t.Errorf("accesses lack the reveal: %v", accesses)
	}
	_, err = w.client.ListAccesses(w.As("auditor"), &casefilev1.ListAccessesRequest{Parent: f.GetName()})
	want(t, err, "PURPOSE_REQUIRED")
	accesses, err = w.client.ListAccesses(w.As("head"), &casefilev1.ListAccessesRequest{Parent: f.GetName()})
	must(t, err)
	if !slices.ContainsFunc(accesses.GetAccesses(), func(a *casefilev1.Access) bool {
		return a.GetMethod() == "ListAccesses" && a.GetReadPurpose() == familyv1.ReadPurpose_READ_PURPOSE_AUDIT && a.GetActor().GetRole() == "AUDITOR"
	}) {
		t.Errorf("the head does not see the auditor's look: %v", accesses)
	}
}

func TestMembers(t *testing.T) {
	w := newWorld(t)
	w.open("f0", "as-2", pesel1)
	f := w.cooperating("f1", "as-1", "")
	update := func(f *casefilev1.FamilyFile, changes ...*casefilev1.MemberChange) (*casefilev1.FamilyFile, error) {
		return w.client.UpdateMembers(w.As("as-1"), &casefilev1.UpdateMembersRequest{Name: f.GetName(), Etag: f.GetEtag(), RequestId: w.RequestID(), Changes: changes})
	}
	father := &familyv1.FamilyMember{Role: familyv1.MemberRole_MEMBER_ROLE_FATHER, GivenName: "Jan", FamilyName: "Świątek", Pesel: pesel1}
	_, err := update(f, &casefilev1.MemberChange{Change: &casefilev1.MemberChange_Add{Add: father}})
	want(t, err, "PESEL_IN_USE")
	_, err = update(f, care("m", "co-1"))
	want(t, err, "NOT_A_CHILD")
	_, err = update(f, care("c", "as-2"))
	want(t, err, "NOT_COORDINATOR")
	father.Pesel = "44051401358"
	_, err = update(f, &casefilev1.MemberChange{Change: &casefilev1.MemberChange_Add{Add: father}})
	want(t, err, "PESEL")
	father.Pesel = ""
	f, err = update(f, &casefilev1.MemberChange{Change: &casefilev1.MemberChange_Add{Add: father}}, care("c", "co-1"))
	must(t, err)
	if len(f.GetMembers()) != 3 || f.GetMembers()[1].GetMember().GetCoordinator() != person("co-1") || due(f, "child-review") == "" {
		t.Errorf("members %v", f.GetMembers())
	}
	if _, err := w.Deps.Store.ForCoordinator("p-co-1").Load(t.Context(), store.Ref{Kind: store.FamilyFiles, ID: "f1"}); err != nil {
		t.Errorf("the coordinator's slice: %v", err)
	}
	f, err = update(f, &casefilev1.MemberChange{Change: &casefilev1.MemberChange_EndCare{EndCare: &casefilev1.EndCare{MemberId: "c", EndedOn: on("2026-03-10"), CareEnd: casefilev1.CareEnd_CARE_END_RETURNED}}})
	must(t, err)
	if _, err := w.Deps.Store.ForCoordinator("p-co-1").Load(t.Context(), store.Ref{Kind: store.FamilyFiles, ID: "f1"}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the coordinator keeps the slice after the care: %v", err)
	}
	f.Members[0].Member.FamilyName = "Kowal"
	f, err = update(f, &casefilev1.MemberChange{Change: &casefilev1.MemberChange_Update{Update: f.GetMembers()[0].GetMember()}})
	must(t, err)
	if f.GetMembers()[0].GetMember().GetFamilyName() != "Kowal" {
		t.Error("the name was not put right")
	}
}

func care(member, coordinator string) *casefilev1.MemberChange {
	return &casefilev1.MemberChange{Change: &casefilev1.MemberChange_PlaceInCare{PlaceInCare: &casefilev1.PlaceInCare{MemberId: member, InCareSince: on("2026-03-08"),
		CareForm: "rodzina zastępcza", Coordinator: person(coordinator)}}}
}

// Corrections move the clocks, stay as records, and the file can be seen as it was known before.
func TestCorrections(t *testing.T) {
	w := newWorld(t)
	f := w.cooperating("f1", "as-1", "")
	before := w.Now().Add(time.Hour)
	w.Travel("2026-03-20")
	_, err := w.client.CorrectDay0(w.As("as-1"), &casefilev1.CorrectDay0Request{Name: f.GetName(), Etag: f.GetEtag(), RequestId: w.RequestID(), CooperationStartDate: on("2026-03-12"), Reason: "pomyłka w dacie"})
	want(t, err, "DENIED")
	f, err = w.client.CorrectDay0(w.As("head"), &casefilev1.CorrectDay0Request{Name: f.GetName(), Etag: f.GetEtag(), RequestId: w.RequestID(), CooperationStartDate: on("2026-03-12"), Reason: "pomyłka w dacie"})
	must(t, err)
	if due(f, "plan") != on("2026-05-12").String() || f.GetCorrectionsCount() != 1 {
		t.Errorf("plan due %s, %d corrections", due(f, "plan"), f.GetCorrectionsCount())
	}
	list, err := w.client.ListCorrections(w.As("as-1"), &casefilev1.ListCorrectionsRequest{Parent: f.GetName()})
	must(t, err)
	if c := list.GetCorrections(); len(c) != 1 || c[0].GetBefore() != "10.03.2026" || c[0].GetAfter() != "12.03.2026" || c[0].GetCorrectedBy() != staff("head") || c[0].GetSubject() != casefilev1.Correction_SUBJECT_DAY0 {
		t.Errorf("corrections %v", c)
	}
	then, err := w.client.GetFamilyFile(w.As("head"), &casefilev1.GetFamilyFileRequest{Name: f.GetName(), AsKnownAt: timestamppb.New(before)})
	must(t, err)
	if !proto.Equal(then.GetCooperationStartDate(), on("2026-03-10")) || len(then.GetAllowedActions()) != 0 {
		t.Errorf("as known before: %v", then.GetCooperationStartDate())
	}
	_, err = w.client.GetFamilyFile(w.As("as-1"), &casefilev1.GetFamilyFileRequest{Name: f.GetName(), AsKnownAt: timestamppb.New(before)})
	want(t, err, "DENIED")
	f, err = w.client.LockOut(w.As("head"), &casefilev1.LockOutRequest{Name: f.GetName(), Etag: f.GetEtag(), RequestId: w.RequestID(), Person: person("auditor-2")})
	must(t, err)
	for who, reason := range map[string]string{"head": "", "auditor": "", "auditor-2": "DENIED", "as-1": "DENIED", "far-head": "DENIED", "admin": "DENIED"} {
		history, err := w.client.ListHistory(w.As(who), &casefilev1.ListHistoryRequest{Parent: f.GetName(), PageSize: 2, Purpose: familyv1.ReadPurpose_READ_PURPOSE_AUDIT})
		want(t, err, reason)
		if n := len(history.GetChanges()); reason == "" && (n != 2 || history.GetNextPageToken() == "" || history.GetChanges()[0].GetMethod() != "OpenFamilyFile") {
			t.Errorf("%s: history %v", who, history)
		}
	}
}

func TestStaleEtagAndTrying(t *testing.T) {
	w := newWorld(t)
	f := w.cooperating("f1", "as-1", "")
	set := func(who, etag string, weight int32, try bool) (*casefilev1.FamilyFile, error) {
		return w.client.SetDifficulty(w.As(who), &casefilev1.SetDifficultyRequest{Name: f.GetName(), Etag: etag, RequestId: w.RequestID(), Difficulty: weight, ValidateOnly: try})
	}
	tried, err := set("as-1", f.GetEtag(), 3, true)
	must(t, err)
	if tried.GetDifficulty() != 3 || w.get("head", f.GetName()).GetDifficulty() != 1 {
		t.Error("trying changed the file, or did not show the change")
	}
	_, err = set("as-1", f.GetEtag(), 2, false)
	must(t, err)
	_, err = set("head", f.GetEtag(), 3, false)
	want(t, err, "STALE_ETAG")
	_, err = w.client.ReassignAssistant(w.As("head"), &casefilev1.ReassignAssistantRequest{Name: f.GetName(), Etag: f.GetEtag(), RequestId: w.RequestID(), Assistant: staff("as-2"), HandoverDate: on("2026-03-10"), Reason: "urlop"})
	want(t, err, "STALE_ETAG")
	if w.places("as-2") != "" {
		t.Errorf("a refused handover holds %q", w.places("as-2"))
	}
}

func TestTakeOver(t *testing.T) {
	w := newWorld(t)
	req := &casefilev1.TakeOverPaperCaseRequest{Parent: "gminas/" + gmina, RequestId: w.RequestID(), Members: members(pesel1), Address: &familyv1.Address{Place: "Słucz"}, Basis: familyv1.Basis_BASIS_CONSENT,
		Consents: []*familyv1.Consent{consent("m", participation, given, "2025-01-02"), consent("m", cooperation, given, "2025-01-10")}, Area: "a2", Assistant: staff("as-1"), Difficulty: 2,
		OpenedOn: on("2025-01-05"), CooperationStartDate: on("2025-01-10"), PlanAdoptedOn: on("2025-03-01"), VisitsCount: 60, LastVisitOn: on("2026-02-20"), PaperReference: "AR/3/2024",
		Assessments: []*casefilev1.PastAssessment{{PresentedOn: on("2025-07-01"), ReceivedOn: on("2025-07-03")}, {PresentedOn: on("2026-01-05"), ReceivedOn: on("2026-01-07")}}}
	req.ValidateOnly = true
	tried, err := w.client.TakeOverPaperCase(w.As("head"), req)
	must(t, err)
	if w.places("as-1") != "" {
		t.Error("trying took a place")
	}
	if w.keyed(tried.GetName()) || tried.GetMembers()[0].GetMember().GetPesel() != "•••••••••••" {
		t.Errorf("trying made a key: %t, PESEL shown as %q", w.keyed(tried.GetName()), tried.GetMembers()[0].GetMember().GetPesel())
	}
	req.ValidateOnly = false
	f, err := w.client.TakeOverPaperCase(w.As("head"), req)
	must(t, err)
	if f.GetName() != tried.GetName() || !w.keyed(f.GetName()) {
		t.Errorf("%s, tried as %s, has a key: %t", f.GetName(), tried.GetName(), w.keyed(f.GetName()))
	}
	if !f.GetTakenOver() || f.GetState() != casefilev1.FamilyFileState_FAMILY_FILE_STATE_COOPERATION || f.GetSocialWorker() != staff("sw-2") || f.GetNumber() != "AR/1/2025" {
		t.Errorf("taken over as %v", f)
	}
	if !strings.HasSuffix(w.places("as-1"), " HELD") {
		t.Errorf("places %q", w.places("as-1"))
	}
	again, err := w.client.TakeOverPaperCase(w.As("head"), req)
	must(t, err)
	if again.GetName() != f.GetName() || again.GetEtag() != f.GetEtag() {
		t.Error("a retry took it over twice")
	}
	changed := proto.Clone(req).(*casefilev1.TakeOverPaperCaseRequest)
	changed.VisitsCount = 61
	_, err = w.client.TakeOverPaperCase(w.As("head"), changed)
	want(t, err, "REQUEST_ID_REUSED")
	changed.RequestId = w.RequestID()
	_, err = w.client.TakeOverPaperCase(w.As("head"), changed)
	want(t, err, "PESEL_IN_USE")
	if strings.Contains(w.places("as-1"), ",") {
		t.Errorf("a refused take-over holds %q", w.places("as-1"))
	}
	_, err = w.client.TakeOverPaperCase(w.As("as-1"), changed)
	want(t, err, "DENIED")
}

// An assignment cannot be corrected past what its assistant has written in the work card.
func TestCorrectedAssignmentHoldsItsVisits(t *testing.T) {
	w := newWorld(t)
	card := casefilev1.NewWorkCardServiceClient(w.Serve(workcard.New(w.Deps)))
	f := w.cooperating("f1", "as-1", "")
	w.Travel("2026-03-20")
	f, err := w.client.ReassignAssistant(w.As("head"), &casefilev1.ReassignAssistantRequest{Name: f.GetName(), Etag: f.GetEtag(), RequestId: w.RequestID(), Assistant: staff("as-2"), HandoverDate: on("2026-03-20"), Reason: "urlop"})
	must(t, err)
	w.Travel("2026-03-25")
	_, err = card.RecordVisit(w.As("as-2"), &casefilev1.RecordVisitRequest{Parent: f.GetName(), RequestId: w.RequestID(), Visit: &casefilev1.Visit{VisitedOn: on("2026-03-22"), Kind: casefilev1.VisitKind_VISIT_KIND_MEETING,
		Place: casefilev1.VisitPlace_VISIT_PLACE_HOME, FromTimeOfDay: "10:00", ToTimeOfDay: "11:00", MemberIds: []string{"m"}, TaskCodes: []string{"3"}, Findings: "rozmowa"}})
	must(t, err)
	for _, c := range []struct{ day, reason string }{{"2026-03-23", "INVALID_FIELDS"}, {"2026-03-22", ""}} {
		f = w.get("head", f.GetName())
		_, err := w.client.CorrectAssignment(w.As("head"), &casefilev1.CorrectAssignmentRequest{Name: f.GetName(), Etag: f.GetEtag(), RequestId: w.RequestID(), Number: 2, FromDate: on(c.day), Reason: "pomyłka"})
		want(t, err, c.reason)
	}
}

// A request that is only tried seals nothing, so that no key is made for it.
func TestTryingSealsNothing(t *testing.T) {
	w := newWorld(t)
	f := w.open("f1", "as-1", "")
	card := &casefilev1.SetBlueCardReferenceRequest{Name: f.GetName(), Etag: f.GetEtag(), RequestId: w.RequestID(), Reference: "NK-A/1/2026", NotedOn: on("2026-03-02"), ValidateOnly: true}
	change := members(pesel1)[0]
	change.BirthDate = nil
	who := &casefilev1.UpdateMembersRequest{Name: f.GetName(), Etag: f.GetEtag(), RequestId: w.RequestID(), ValidateOnly: true,
		Changes: []*casefilev1.MemberChange{{Change: &casefilev1.MemberChange_Update{Update: change}}}}
	tried, err := w.client.SetBlueCardReference(w.As("head"), card)
	must(t, err)
	_, err = w.client.UpdateMembers(w.As("head"), who)
	must(t, err)
	if !tried.GetBlueCardHeld() || w.keyed(f.GetName()) {
		t.Errorf("tried: card held %t, a key was made: %t", tried.GetBlueCardHeld(), w.keyed(f.GetName()))
	}
	card.ValidateOnly = false
	if f, err = w.client.SetBlueCardReference(w.As("head"), card); err != nil || !w.keyed(f.GetName()) {
		t.Errorf("a card was set: %v, key %t", err, w.keyed(f.GetName()))
	}
}
