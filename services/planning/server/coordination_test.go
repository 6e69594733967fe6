package server_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"

	planningv1 "asysta.example/proto/gen/asysta/planning/v1"

	"asysta.example/internal/calendar"
	"asysta.example/internal/deadline"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/store"
)

// publish publishes the next version of a child's help plan.
func (w *world) publish(who, child, etag string, goal planningv1.CareGoal) (*planningv1.ChildPlan, error) {
	return w.coord.PublishChildPlan(w.As(who), &planningv1.PublishChildPlanRequest{Parent: "powiaty/" + county, FamilyFile: file, Child: child, PublishedOn: on("2026-04-10"), RequestId: w.RequestID(), Etag: etag,
		Content: &planningv1.ChildPlanContent{Goal: goal, Reason: "zmiana", Tasks: []*planningv1.ChildTask{{TaskId: "t1", Description: "kontakt z rodzicami", Responsible: "koordynator", DueDate: on("2026-09-30")}}}})
}

// adopted puts a plan in force that the coordinators named have agreed to.
func (w *world) adopted(coordinators []string, children ...string) *planningv1.Plan {
	w.t.Helper()
	p := w.sign(w.consult(w.draft(content(children...))), false)
	for _, who := range coordinators {
		slice, err := w.coord.GetFileSlice(w.As(who), &planningv1.GetFileSliceRequest{Name: file})
		must(w.t, err)
		if slice.GetDraft().GetContentHash() != p.GetContentHash() {
			w.t.Fatalf("the coordinator sees another hash")
		}
		_, err = w.plans.AgreeAsCoordinator(w.As(who), &planningv1.AgreeAsCoordinatorRequest{Name: p.GetName(), ContentHash: slice.GetDraft().GetContentHash(), AgreedOn: on("2026-03-22"), Etag: slice.GetEtag(), RequestId: w.RequestID()})
		must(w.t, err)
	}
	p, err := w.plans.GetPlan(w.As("as-1"), &planningv1.GetPlanRequest{Name: p.GetName()})
	must(w.t, err)
	p, err = w.adopt(p, "2026-03-25")
	must(w.t, err)
	return p
}

func TestAdoptionNeedsEachCoordinator(t *testing.T) {
	w := newWorld(t)
	w.family(cover("p-co-a", "p-co-b"))
	p := w.sign(w.consult(w.draft(content("care1", "care2"))), false)
	_, err := w.adopt(p, "2026-03-25")
	reason(t, err, "PLAN_NOT_AGREED")
	agree := func(who, etag string) (*planningv1.Plan, error) {
		return w.plans.AgreeAsCoordinator(w.As(who), &planningv1.AgreeAsCoordinatorRequest{Name: plan1, ContentHash: p.GetContentHash(), AgreedOn: on("2026-03-22"), Etag: etag, RequestId: w.RequestID()})
	}
	_, err = agree("co-c", p.GetEtag())
	reason(t, err, "DENIED")
	p, err = agree("co-a", p.GetEtag())
	must(t, err)
	if len(p.GetContent().GetDiagnosis()) != 0 || len(p.GetMissing()) != 0 || len(p.GetSignOffs()) != 1 {
		t.Errorf("a coordinator is answered with more than the slice: %v", p)
	}
	_, err = w.adopt(p, "2026-03-25")
	reason(t, err, "PLAN_NOT_AGREED")
	p, err = agree("co-b", p.GetEtag())
	must(t, err)
	_, err = w.adopt(p, "2026-03-25")
	must(t, err)
}

func TestSliceShowsNothingOfTheSibling(t *testing.T) {
	w := newWorld(t)
	w.family(cover("p-co-a", "p-co-b"))
	w.adopted([]string{"co-a", "co-b"}, "care1", "care2")
	_, err := w.publish("co-b", "care2", "", planningv1.CareGoal_CARE_GOAL_RETURN)
	must(t, err)
	slice, err := w.coord.GetFileSlice(w.As("co-a"), &planningv1.GetFileSliceRequest{Name: file})
	must(t, err)
	children, err := w.coord.ListLinkedChildren(w.As("co-a"), &planningv1.ListLinkedChildrenRequest{Parent: "powiaty/" + county})
	must(t, err)
	text := protojson.Format(slice) + protojson.Format(children)
	for _, never := range []string{"care2", "p-co-b", "brak rytmu dnia", "Słucz", "Świątek"} {
		if strings.Contains(text, never) {
			t.Errorf("the slice shows %q", never)
		}
	}
	for _, want := range []string{"Dziecko care1", "returncare1", "stały rytm dnia"} {
		if !strings.Contains(text, want) {
			t.Errorf("the slice lacks %q", want)
		}
	}
	if !json.Valid([]byte(protojson.Format(slice))) || len(children.GetChildren()) != 1 {
		t.Errorf("children = %v", children)
	}
	for _, who := range []string{"co-a", "co-c"} {
		_, err := w.coord.GetCoordination(w.As(who), &planningv1.GetCoordinationRequest{Name: file, Child: "care2"})
		reason(t, err, "DENIED")
		_, err = w.publish(who, "care2", "", planningv1.CareGoal_CARE_GOAL_STAY)
		reason(t, err, "DENIED")
	}
	_, err = w.coord.GetFileSlice(w.As("as-1"), &planningv1.GetFileSliceRequest{Name: file})
	reason(t, err, "DENIED")
	_, err = w.coord.GetFileSlice(w.As("co-a"), &planningv1.GetFileSliceRequest{Name: "gminas/" + other + "/familyFiles/" + fileID})
	reason(t, err, "DENIED")
}

func TestChildPlanVersionsAndReviews(t *testing.T) {
	w := newWorld(t)
	w.family(cover("p-co-a"))
	_, err := w.publish("co-a", "care1", "7", planningv1.CareGoal_CARE_GOAL_RETURN) // none yet: the coordinator may know
	reason(t, err, "CHILD_PLAN_NOT_PUBLISHED")
	_, err = w.publish("co-b", "care1", "7", planningv1.CareGoal_CARE_GOAL_RETURN)
	reason(t, err, "DENIED")
	p, err := w.publish("co-a", "care1", "", planningv1.CareGoal_CARE_GOAL_RETURN)
	must(t, err)
	if !p.GetSettled() || p.GetVersion() != 1 {
		t.Fatalf("published = %v", p)
	}
	if c := w.child("care1"); c.ChildPlanVersion != 1 || c.ChildPlanOn != calendar.MustOf(2026, 4, 10) || !strings.HasSuffix(p.GetName(), c.ChildPlan) {
		t.Fatalf("cover = %+v", c)
	}
	_, err = w.publish("co-a", "care1", "", planningv1.CareGoal_CARE_GOAL_STAY)
	reason(t, err, "STALE_ETAG")
	p, err = w.publish("co-a", "care1", p.GetEtag(), planningv1.CareGoal_CARE_GOAL_STAY)
	must(t, err)
	p, err = w.coord.RecordChildReview(w.As("co-a"), &planningv1.RecordChildReviewRequest{Name: p.GetName(), Etag: p.GetEtag(), RequestId: w.RequestID(), Review: &planningv1.ChildReview{ReviewedOn: on("2026-07-15"), Conclusions: "dobrze", AssistantPresent: true}})
	must(t, err)
	if c := w.child("care1"); c.LastReviewOn != calendar.MustOf(2026, 7, 15) || c.ChildPlanVersion != 2 {
		t.Errorf("cover = %+v", c)
	}
	for _, d := range familyfile.Deadlines(w.cover()) {
		if d.Rule == deadline.RuleChildReview && d.Due != calendar.MustOf(2027, 1, 15) {
			t.Errorf("next review = %+v", d)
		}
	}
	list, err := w.coord.ListChildPlanVersions(w.As("co-a"), &planningv1.ListChildPlanVersionsRequest{Parent: p.GetName()})
	must(t, err)
	if len(list.GetVersions()) != 2 || list.GetVersions()[0].GetVersion() != 2 || list.GetVersions()[1].GetContent().GetGoal() != planningv1.CareGoal_CARE_GOAL_RETURN {
		t.Errorf("versions = %v", list)
	}
	_, err = w.coord.GetChildPlan(w.As("co-b"), &planningv1.GetChildPlanRequest{Name: p.GetName()})
	reason(t, err, "DENIED")
	_, err = w.coord.GetChildPlan(w.As("as-1"), &planningv1.GetChildPlanRequest{Name: p.GetName()})
	reason(t, err, "DENIED")
}

func TestBothSidesSignTheSameContent(t *testing.T) {
	w := newWorld(t)
	w.family(cover("p-co-a"))
	w.adopted([]string{"co-a"}, "care1")
	published, err := w.publish("co-a", "care1", "", planningv1.CareGoal_CARE_GOAL_RETURN)
	must(t, err)
	link := func(who string, side planningv1.CoordinationSide, etag string, links ...*planningv1.GoalLink) (*planningv1.Coordination, error) {
		return w.coord.LinkGoals(w.As(who), &planningv1.LinkGoalsRequest{Name: file, Child: "care1", Side: side, Links: links, Etag: etag, RequestId: w.RequestID()})
	}
	sign := func(who string, side planningv1.CoordinationSide, c *planningv1.Coordination) (*planningv1.Coordination, error) {
		return w.coord.SignOff(w.As(who), &planningv1.SignOffRequest{Name: file, Child: "care1", Side: side, ContentHash: c.GetContentHash(), SignedOn: on("2026-04-20"), Etag: c.GetEtag(), RequestId: w.RequestID()})
	}
	const assistant, coordinator = planningv1.CoordinationSide_COORDINATION_SIDE_ASSISTANT, planningv1.CoordinationSide_COORDINATION_SIDE_COORDINATOR
	c, err := w.coord.GetCoordination(w.As("as-1"), &planningv1.GetCoordinationRequest{Name: file, Child: "care1"})
	must(t, err)
	stale := c.GetContentHash()
	c, err = link("as-1", assistant, c.GetEtag(), &planningv1.GoalLink{GoalId: "returncare1", TaskId: "t1"})
	must(t, err)
	if len(c.GetConflicts()) != 1 || c.GetConflicts()[0].GetKind() != planningv1.Conflict_KIND_TERMS_CONTRADICT { // the action ends in October, the task in September
		t.Errorf("conflicts = %v", c.GetConflicts())
	}
	_, err = sign("co-a", coordinator, &planningv1.Coordination{ContentHash: stale, Etag: c.GetEtag()})
	reason(t, err, "COORDINATION_CONTENT_CHANGED")
	_, err = sign("co-a", assistant, c)
	reason(t, err, "DENIED")
	_, err = sign("as-1", coordinator, c)
	reason(t, err, "DENIED")
	c, err = sign("co-a", coordinator, c)
	must(t, err)
	if c.GetCoordinatedOn() != nil {
		t.Error("one side alone coordinated")
	}
	c, err = sign("as-1", assistant, c)
	must(t, err)
	if c.GetCoordinatedOn().GetDay() != 20 || w.child("care1").CoordinatedOn != calendar.MustOf(2026, 4, 20) {
		t.Fatalf("coordinated = %v", c)
	}
	_, err = w.publish("co-a", "care1", published.GetEtag(), planningv1.CareGoal_CARE_GOAL_ADOPTION)
	must(t, err)
	c, err = w.coord.GetCoordination(w.As("co-a"), &planningv1.GetCoordinationRequest{Name: file, Child: "care1"})
	must(t, err)
	kinds := map[planningv1.Conflict_Kind]int{}
	for _, k := range c.GetConflicts() {
		kinds[k.GetKind()]++
	}
	if c.GetCoordinatedOn() != nil || kinds[planningv1.Conflict_KIND_SIGN_OFF_VOID] != 2 || kinds[planningv1.Conflict_KIND_RETURN_VERSUS_ADOPTION] != 1 {
		t.Errorf("after a new version: %v", c)
	}
}

func TestSweepTellsTheFileAfterACrash(t *testing.T) {
	w := newWorld(t)
	w.family(cover("p-co-a"))
	crash := errors.New("crash")
	commits := 0
	w.Fail(func(p store.FailPoint) error {
		if p == store.PointJournal {
			if commits++; commits > 1 { // the intent is committed, the second step is not
				return crash
			}
		}
		return nil
	})
	if _, err := w.publish("co-a", "care1", "", planningv1.CareGoal_CARE_GOAL_RETURN); err == nil {
		t.Fatal("the crash was not noticed")
	}
	w.Fail(nil)
	if c := w.child("care1"); c.ChildPlanVersion != 0 {
		t.Fatalf("the file learned of it: %+v", c)
	}
	for want := range 2 {
		n, err := w.service.Sweep(t.Context())
		must(t, err)
		if n != 1-want {
			t.Errorf("sweep %d settled %d", want, n)
		}
	}
	if c := w.child("care1"); c.ChildPlanVersion != 1 {
		t.Errorf("cover = %+v", c)
	}
}

// child reads the cover's facts of a child.
func (w *world) child(member string) familyfile.Child {
	c := w.cover()
	return *c.Child(member)
}
