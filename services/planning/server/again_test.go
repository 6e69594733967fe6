package server_test

import (
	"fmt"
	"strings"
	"testing"

	planningv1 "asysta.example/proto/gen/asysta/planning/v1"

	"asysta.example/internal/store"
)

func TestPublishingTwiceIsPublishingOnce(t *testing.T) {
	w := newWorld(t)
	w.family(cover("p-co-a"))
	req := &planningv1.PublishChildPlanRequest{Parent: "powiaty/" + county, FamilyFile: file, Child: "care1", PublishedOn: on("2026-04-10"), RequestId: w.RequestID(),
		Content: &planningv1.ChildPlanContent{Goal: planningv1.CareGoal_CARE_GOAL_RETURN, Tasks: []*planningv1.ChildTask{{Description: "kontakt", Responsible: "PCPR", DueDate: on("2026-09-30")}}}}
	first, err := w.coord.PublishChildPlan(w.As("co-a"), req)
	must(t, err)
	again, err := w.coord.PublishChildPlan(w.As("co-a"), req)
	must(t, err)
	if again.GetVersion() != 1 || again.GetContent().GetTasks()[0].GetTaskId() != first.GetContent().GetTasks()[0].GetTaskId() || again.GetEtag() != first.GetEtag() {
		t.Errorf("again = %v, first = %v", again, first)
	}
	req.Content.Goal = planningv1.CareGoal_CARE_GOAL_STAY
	_, err = w.coord.PublishChildPlan(w.As("co-a"), req)
	reason(t, err, "REQUEST_ID_REUSED")
}

func TestTryingAdoptionKeepsNothing(t *testing.T) {
	w := newWorld(t)
	w.family(cover())
	p := w.sign(w.consult(w.draft(content())), false)
	tried, err := w.plans.AdoptPlan(w.As("as-1"), &planningv1.AdoptPlanRequest{Name: plan1, ContentHash: p.GetContentHash(), AdoptedOn: on("2026-03-25"), Etag: p.GetEtag(), RequestId: w.RequestID(), ValidateOnly: true})
	must(t, err)
	if tried.GetState() != planningv1.PlanState_PLAN_STATE_IN_FORCE || w.cover().PlanVersion != 0 {
		t.Errorf("tried = %v, cover = %+v", tried.GetState(), w.cover())
	}
}

// TestDocumentStaysSmall holds a file with a large plan in force and its revision in hand to the budget of a document.
func TestDocumentStaysSmall(t *testing.T) {
	w := newWorld(t)
	w.family(cover())
	c := content()
	for i := range 5 {
		goal := fmt.Sprintf("goal%d", i)
		c.Goals = append(c.Goals, &planningv1.Goal{GoalId: goal, Title: strings.Repeat("cel ", 20), Aims: []string{"PARENTING"}})
		for j := range 4 {
			c.Actions = append(c.Actions, &planningv1.Action{ActionId: fmt.Sprintf("action%d%d", i, j), GoalId: goal, Description: strings.Repeat("opis ", 25), Responsible: planningv1.ResponsibleKind_RESPONSIBLE_KIND_ASSISTANT,
				TaskCode: "6", DueDate: on("2026-09-30"), ExpectedEffect: strings.Repeat("efekt ", 20)})
		}
	}
	_, err := w.adopt(w.sign(w.consult(w.draft(c)), false), "2026-03-25")
	must(t, err)
	w.draft(nil)
	doc, err := w.Deps.Store.For(gmina).Load(t.Context(), store.Ref{Kind: store.FamilyFiles, ID: fileID})
	must(t, err)
	if n := len(doc.Sections["planning"]) + len(doc.Cover); n > 28<<10 {
		t.Errorf("cover and planning take %d bytes of the document's 32 KB", n)
	} else {
		t.Logf("%d bytes", n)
	}
}
