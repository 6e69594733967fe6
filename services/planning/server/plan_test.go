package server_test

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	familyv1 "asysta.example/proto/gen/asysta/family/v1"
	planningv1 "asysta.example/proto/gen/asysta/planning/v1"

	"asysta.example/internal/calendar"
	"asysta.example/internal/deadline"
	"asysta.example/internal/directory"
	"asysta.example/internal/familyfile"
)

// draft begins a draft and gives it.
func (w *world) draft(c *planningv1.PlanContent) *planningv1.Plan {
	w.t.Helper()
	p, err := w.plans.CreatePlanDraft(w.As("as-1"), &planningv1.CreatePlanDraftRequest{Parent: file, Content: c, RequestId: w.RequestID()})
	must(w.t, err)
	return p
}

// markDay is a day of marks on a version: the second follows the first, which is adopted on 25 March.
func markDay(p *planningv1.Plan, first string) string {
	if p.GetVersion() > 1 {
		return "2026-06-05"
	}
	return first
}

func (w *world) consult(p *planningv1.Plan) *planningv1.Plan {
	w.t.Helper()
	p, err := w.plans.RecordConsultation(w.As("sw-1"), &planningv1.RecordConsultationRequest{Name: p.GetName(), ContentHash: p.GetContentHash(), ConsultedOn: on(markDay(p, "2026-03-20")), RequestId: w.RequestID(), Etag: p.GetEtag()})
	must(w.t, err)
	return p
}

func (w *world) sign(p *planningv1.Plan, refused bool) *planningv1.Plan {
	w.t.Helper()
	p, err := w.plans.RecordFamilySignatures(w.As("as-1"), &planningv1.RecordFamilySignaturesRequest{Name: p.GetName(), ContentHash: p.GetContentHash(),
		Signatures: []*familyv1.Signature{{Signer: "m1", SignedOn: on(markDay(p, "2026-03-21")), OriginalAt: "k. 4", Refused: refused}}, RequestId: w.RequestID(), Etag: p.GetEtag()})
	must(w.t, err)
	return p
}

func (w *world) adopt(p *planningv1.Plan, day string) (*planningv1.Plan, error) {
	return w.plans.AdoptPlan(w.As("as-1"), &planningv1.AdoptPlanRequest{Name: p.GetName(), ContentHash: p.GetContentHash(), AdoptedOn: on(day), RequestId: w.RequestID(), Etag: p.GetEtag()})
}

func TestPlanFromDraftToSecondVersion(t *testing.T) {
	w := newWorld(t)
	w.family(cover())
	p := w.draft(content())
	_, err := w.adopt(p, "2026-03-25")
	reason(t, err, "PLAN_NOT_CONSULTED")
	p = w.consult(p)
	_, err = w.adopt(p, "2026-03-25")
	reason(t, err, "PLAN_NOT_SIGNED")
	p = w.sign(p, true)
	if len(p.GetMissing()) != 0 {
		t.Fatalf("missing = %v", p.GetMissing())
	}
	_, err = w.adopt(p, "2026-03-20")
	reason(t, err, "ADOPTION_DAY")
	p, err = w.adopt(p, "2026-03-25")
	must(t, err)
	if p.GetState() != planningv1.PlanState_PLAN_STATE_IN_FORCE || p.GetName() != plan1 || !p.GetSignOffs()[1].GetRefused() {
		t.Fatalf("adopted = %v", p)
	}
	c := w.cover()
	if c.PlanVersion != 1 || c.PlanAdoptedOn != calendar.MustOf(2026, 3, 25) || c.PlanHash != p.GetContentHash() || c.GoalsTotal != 1 {
		t.Fatalf("cover = %+v", c)
	}
	for _, d := range familyfile.Deadlines(c) {
		if d.Rule == deadline.RulePlan && (d.Open || d.On(c.PlanAdoptedOn) != deadline.Met) {
			t.Errorf("plan term = %+v", d)
		}
	}
	_, err = w.plans.UpdatePlan(w.As("as-1"), &planningv1.UpdatePlanRequest{Plan: &planningv1.Plan{Name: plan1, Content: content()}, Etag: p.GetEtag(), RequestId: w.RequestID()})
	reason(t, err, "PLAN_NOT_DRAFT")

	_, err = w.plans.RecordProgress(w.As("as-1"), &planningv1.RecordProgressRequest{Name: plan1, Etag: p.GetEtag(), RequestId: w.RequestID(),
		Progress: []*planningv1.Progress{{TargetId: "g1", Status: planningv1.ProgressStatus_PROGRESS_STATUS_ACHIEVED, Result: "udało się", NotedOn: on("2026-06-01")}}})
	must(t, err)
	if c := w.cover(); c.GoalsAchieved != 1 {
		t.Errorf("achieved = %d", c.GoalsAchieved)
	}
	second := w.draft(nil) // a copy of the version in force
	_, err = w.adopt(w.sign(w.consult(second), false), "2026-06-10")
	reason(t, err, "PLAN_REASON_MISSING")
	second, err = w.plans.GetPlan(w.As("as-1"), &planningv1.GetPlanRequest{Name: second.GetName()})
	must(t, err)
	second, err = w.plans.UpdatePlan(w.As("as-1"), &planningv1.UpdatePlanRequest{Plan: &planningv1.Plan{Name: second.GetName(), Content: &planningv1.PlanContent{Reason: "nowy cel"}},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"content.reason"}}, Etag: second.GetEtag(), RequestId: w.RequestID()})
	must(t, err)
	for _, s := range second.GetSignOffs() {
		if !s.GetVoid() || s.GetVoidedOn() == nil {
			t.Errorf("an edit left %v in force", s)
		}
	}
	_, err = w.adopt(second, "2026-06-10")
	reason(t, err, "PLAN_NOT_CONSULTED")
	_, err = w.adopt(w.sign(w.consult(second), false), "2026-06-10")
	must(t, err)
	list, err := w.plans.ListPlanVersions(w.As("head"), &planningv1.ListPlanVersionsRequest{Parent: file})
	must(t, err)
	if len(list.GetPlans()) != 2 || list.GetPlans()[1].GetState() != planningv1.PlanState_PLAN_STATE_SUPERSEDED || list.GetPlans()[1].GetProgress()[0].GetResult() != "udało się" {
		t.Fatalf("versions = %v", list)
	}
	if c := w.cover(); c.PlanVersion != 2 || c.PlanAdoptedOn != calendar.MustOf(2026, 3, 25) || c.PlanRevisedOn != calendar.MustOf(2026, 6, 10) {
		t.Errorf("cover = %+v", c)
	}
}

func TestPlanRetriesAndStaleEtag(t *testing.T) {
	w := newWorld(t)
	w.family(cover())
	req := &planningv1.CreatePlanDraftRequest{Parent: file, Content: content(), RequestId: w.RequestID()}
	first, err := w.plans.CreatePlanDraft(w.As("as-1"), req)
	must(t, err)
	again, err := w.plans.CreatePlanDraft(w.As("as-1"), req)
	must(t, err)
	if first.GetEtag() != again.GetEtag() || first.GetName() != again.GetName() {
		t.Errorf("a retry made %v of %v", again, first)
	}
	_, err = w.plans.CreatePlanDraft(w.As("as-1"), &planningv1.CreatePlanDraftRequest{Parent: file, RequestId: w.RequestID()})
	reason(t, err, "PLAN_DRAFT_EXISTS")
	w.consult(first)
	_, err = w.plans.DiscardPlanDraft(w.As("as-1"), &planningv1.DiscardPlanDraftRequest{Name: plan1, Etag: first.GetEtag(), RequestId: w.RequestID()})
	reason(t, err, "STALE_ETAG")
}

func TestPlanIsClosedToOthers(t *testing.T) {
	w := newWorld(t)
	w.family(cover("p-co-a"))
	p := w.draft(content("care1"))
	for _, who := range []string{"as-2", "far", "co-a", "co-b"} {
		_, err := w.plans.GetPlan(w.As(who), &planningv1.GetPlanRequest{Name: p.GetName()})
		reason(t, err, "DENIED")
	}
	_, err := w.plans.GetPlan(w.As("as-1"), &planningv1.GetPlanRequest{Name: file + "/plans/7"})
	reason(t, err, "DENIED")
	_, err = w.plans.GetPlan(w.As("head"), &planningv1.GetPlanRequest{Name: file + "/plans/7"})
	reason(t, err, "NOT_FOUND")
	for _, who := range []string{"head", "sw-1"} { // reads, does not write
		_, err = w.plans.DiscardPlanDraft(w.As(who), &planningv1.DiscardPlanDraftRequest{Name: plan1, Etag: p.GetEtag(), RequestId: w.RequestID()})
		reason(t, err, "DENIED")
	}
	_, err = w.plans.RecordConsultation(w.As("as-1"), &planningv1.RecordConsultationRequest{Name: plan1, ContentHash: p.GetContentHash(), ConsultedOn: on(markDay(p, "2026-03-20")), Etag: p.GetEtag(), RequestId: w.RequestID()})
	reason(t, err, "DENIED")
}

func TestHeadApprovesOnlyWhereTheGminaSaysSo(t *testing.T) {
	w := newWorld(t)
	w.family(cover())
	p := w.sign(w.consult(w.draft(content())), false)
	approve := func() (*planningv1.Plan, error) {
		return w.plans.ApprovePlan(w.As("head"), &planningv1.ApprovePlanRequest{Name: plan1, ContentHash: p.GetContentHash(), ApprovedOn: on("2026-03-22"), Etag: p.GetEtag(), RequestId: w.RequestID()})
	}
	_, err := approve()
	reason(t, err, "PLAN_APPROVAL_NOT_USED")
	w.Settle(gmina, directory.Settings{PlanApprovalByHead: true})
	_, err = w.adopt(p, "2026-03-25")
	reason(t, err, "PLAN_NOT_APPROVED")
	p, err = approve()
	must(t, err)
	_, err = w.adopt(p, "2026-03-25")
	must(t, err)
}

func TestPrintedPlanHasOfficeAndNoAddressOfTheFamily(t *testing.T) {
	w := newWorld(t)
	w.family(cover())
	w.draft(content())
	page, err := w.plans.PrintPlan(w.As("as-1"), &planningv1.PrintPlanRequest{Name: plan1})
	must(t, err)
	text := string(page.GetData())
	for _, want := range []string{"<html lang=\"pl\">", "w Radziłowie", "86 273 68 72", "Plac 500-lecia 15", "stały rytm dnia", "Anna Świątek", "30.09.2026", "podpis: pracownik socjalny (konsultacja)", "6. Problemy wychowawcze z dziećmi", "projekt"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, never := range []string{"Słucz", "ZgotmplZ"} {
		if strings.Contains(text, never) {
			t.Errorf("the page shows %q", never)
		}
	}
}

// Support, forms of work and who helps are three things, each under its heading; one that the plan does not have has none.
func TestPrintedPlanHeadsWhatHelpsTheFamily(t *testing.T) {
	w := newWorld(t)
	w.family(cover())
	c := content()
	c.SupportForms, c.WorkForms = []string{"FAMILY_WORK"}, []string{"CONSULTATION", "THERAPY"}
	p := w.draft(c)
	page := func() string {
		t.Helper()
		page, err := w.plans.PrintPlan(w.As("as-1"), &planningv1.PrintPlanRequest{Name: plan1})
		must(t, err)
		return string(page.GetData())
	}
	const work = "<h2>Formy wsparcia</h2>\n<ul><li>Praca z rodziną</li></ul>\n<h2>Formy pracy z rodziną</h2>\n<ul><li>Konsultacje i poradnictwo specjalistyczne</li><li>Terapia i mediacja</li></ul>\n"
	if text := page(); !strings.Contains(text, work) || strings.Contains(text, "Kto pomaga rodzinie") {
		t.Errorf("without who helps: %s", text)
	}
	c.HelpSources = []string{"DAY_SUPPORT"}
	_, err := w.plans.UpdatePlan(w.As("as-1"), &planningv1.UpdatePlanRequest{Plan: &planningv1.Plan{Name: p.GetName(), Content: c}, Etag: p.GetEtag(), RequestId: w.RequestID()})
	must(t, err)
	if text := page(); !strings.Contains(text, work+"<h2>Kto pomaga rodzinie</h2>\n<ul><li>Placówka wsparcia dziennego</li></ul>\n") {
		t.Errorf("with who helps: %s", text)
	}
}

// Who signs the plan of a child in care reads whom a goal is about and with which version of the help plan it was coordinated: both are in what is signed.
func TestPrintedPlanSaysWhatItIsCoordinatedWith(t *testing.T) {
	w := newWorld(t)
	facts := cover("co-a")
	child := facts.Children[1].Member
	facts.Child(child).ChildPlanVersion = 2
	w.family(facts)
	c := content(child)
	c.ChildPlans = []*planningv1.ChildPlanReference{{Child: child, Version: 2}}
	w.draft(c)
	page, err := w.plans.PrintPlan(w.As("as-1"), &planningv1.PrintPlanRequest{Name: plan1})
	must(t, err)
	for _, want := range []string{"<br>Dotyczy: Dziecko " + child + "</p>", "<h2>Koordynacja z planem pomocy dziecku</h2>\n<ul><li>Dziecko " + child + " – plan pomocy dziecku, wersja 2</li></ul>\n"} {
		if text := string(page.GetData()); !strings.Contains(text, want) {
			t.Errorf("the page lacks %q: %s", want, text)
		}
	}
}

// The paper says who stands to the content that it shows: marks that an edit voided are not on it.
func TestPrintedPlanSaysWhoSigned(t *testing.T) {
	w := newWorld(t)
	w.family(cover())
	shows := func(what string, want ...string) {
		t.Helper()
		page, err := w.plans.PrintPlan(w.As("as-1"), &planningv1.PrintPlanRequest{Name: plan1})
		must(t, err)
		text := string(page.GetData())
		if len(want) == 0 && strings.Contains(text, "Złożone podpisy") {
			t.Errorf("%s: marks are on the page", what)
		}
		for _, row := range want {
			if !strings.Contains(text, row) {
				t.Errorf("%s: the page lacks %q", what, row)
			}
		}
	}
	consulted := "<tr><td>sw-1 – pracownik socjalny</td><td>konsultacja</td><td>20.03.2026</td><td></td></tr>"
	p := w.draft(content())
	shows("a fresh draft")
	p = w.consult(p)
	shows("consulted", consulted)
	p = w.sign(p, true)
	shows("refused", consulted, "<tr><td>Anna Świątek</td><td>odmowa podpisu</td><td>21.03.2026</td><td>k. 4</td></tr>")
	changed := p.GetContent()
	changed.Goals[0].Title = "inny cel"
	p, err := w.plans.UpdatePlan(w.As("as-1"), &planningv1.UpdatePlanRequest{Plan: &planningv1.Plan{Name: p.GetName(), Content: changed}, Etag: p.GetEtag(), RequestId: w.RequestID()})
	must(t, err)
	shows("edited")
	_, err = w.adopt(w.sign(w.consult(p), false), "2026-03-25")
	must(t, err)
	shows("in force", consulted, "<tr><td>Anna Świątek</td><td>podpis</td><td>21.03.2026</td><td>k. 4</td></tr>", "przyjęta 25.03.2026")
}

func TestAssessmentIsPresentedAndReceived(t *testing.T) {
	w := newWorld(t)
	w.family(cover())
	_, err := w.adopt(w.sign(w.consult(w.draft(content())), false), "2026-03-25")
	must(t, err)
	a, err := w.plans.CreateAssessment(w.As("as-1"), &planningv1.CreateAssessmentRequest{Parent: file, RequestId: w.RequestID(), Assessment: &planningv1.Assessment{PeriodFromDate: on("2026-01-31"), Situation: "lepiej"}})
	must(t, err)
	if a.GetNumber() != 1 || calendar.MustOf(2026, 7, 31).String() != "2026-07-31" || a.GetDueDate().GetDay() != 31 || a.GetDueDate().GetMonth() != 7 {
		t.Fatalf("assessment = %v", a)
	}
	_, err = w.plans.CreateAssessment(w.As("as-1"), &planningv1.CreateAssessmentRequest{Parent: file, RequestId: w.RequestID(), Assessment: &planningv1.Assessment{}})
	reason(t, err, "ASSESSMENT_OPEN")
	present := func() (*planningv1.Assessment, error) {
		return w.plans.PresentAssessment(w.As("as-1"), &planningv1.PresentAssessmentRequest{Name: a.GetName(), PresentedOn: on("2026-07-30"), Etag: a.GetEtag(), RequestId: w.RequestID()})
	}
	_, err = present()
	reason(t, err, "ASSESSMENT_INCOMPLETE")
	a, err = w.plans.UpdateAssessment(w.As("as-1"), &planningv1.UpdateAssessmentRequest{Etag: a.GetEtag(), RequestId: w.RequestID(), UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"period_to_date", "goals", "conclusions", "recommendation"}},
		Assessment: &planningv1.Assessment{Name: a.GetName(), PeriodToDate: on("2026-07-29"), Conclusions: "kontynuować", Recommendation: planningv1.Recommendation_RECOMMENDATION_CONTINUE,
			Goals: []*planningv1.Progress{{TargetId: "g1", Status: planningv1.ProgressStatus_PROGRESS_STATUS_UNDER_WAY, NotedOn: on("2026-07-29")}}}})
	must(t, err)
	if a.GetSituation() != "lepiej" {
		t.Errorf("the mask lost the situation: %v", a)
	}
	_, err = w.plans.ReceiveAssessment(w.As("head"), &planningv1.ReceiveAssessmentRequest{Name: a.GetName(), ReceivedOn: on("2026-07-31"), Etag: a.GetEtag(), RequestId: w.RequestID()})
	reason(t, err, "ASSESSMENT_NOT_PRESENTED")
	a, err = present()
	must(t, err)
	_, err = w.plans.UpdateAssessment(w.As("as-1"), &planningv1.UpdateAssessmentRequest{Etag: a.GetEtag(), RequestId: w.RequestID(), Assessment: &planningv1.Assessment{Name: a.GetName()}})
	reason(t, err, "ASSESSMENT_NOT_DRAFT")
	_, err = w.plans.ReceiveAssessment(w.As("as-1"), &planningv1.ReceiveAssessmentRequest{Name: a.GetName(), ReceivedOn: on("2026-07-31"), Etag: a.GetEtag(), RequestId: w.RequestID()})
	reason(t, err, "DENIED")
	a, err = w.plans.ReceiveAssessment(w.As("head"), &planningv1.ReceiveAssessmentRequest{Name: a.GetName(), ReceivedOn: on("2026-07-31"), Remarks: "zgoda", Etag: a.GetEtag(), RequestId: w.RequestID()})
	must(t, err)
	if a.GetState() != planningv1.AssessmentState_ASSESSMENT_STATE_RECEIVED || a.GetRemarks() != "zgoda" || a.GetPlanVersion() != 1 {
		t.Fatalf("received = %v", a)
	}
	list, err := w.plans.ListAssessments(w.As("as-1"), &planningv1.ListAssessmentsRequest{Parent: file})
	must(t, err)
	if len(list.GetAssessments()) != 1 || list.GetAssessments()[0].GetReceivedBy() != "gminas/"+gmina+"/staff/head" {
		t.Fatalf("list = %v", list)
	}
	for _, d := range familyfile.Deadlines(w.cover()) {
		if d.Rule == deadline.RuleAssessment && (d.Key == "1") == d.Open {
			t.Errorf("term %+v", d)
		}
	}
}

func TestCataloguesAreOpenToAnybodySignedIn(t *testing.T) {
	w := newWorld(t)
	for day, want := range map[string]int{"2016-12-31": 24, "2026-01-01": 25} {
		got, err := w.plans.ListCatalogueEntries(w.As("co-a"), &planningv1.ListCatalogueEntriesRequest{Catalogue: planningv1.Catalogue_CATALOGUE_TASKS, OnDate: on(day)})
		must(t, err)
		if len(got.GetEntries()) != want {
			t.Errorf("%s: %d tasks, want %d", day, len(got.GetEntries()), want)
		}
	}
}
