package server

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"strings"

	planningv1 "asysta.example/proto/gen/asysta/planning/v1"

	"asysta.example/internal/access"
	"asysta.example/internal/calendar"
	"asysta.example/internal/fault"
	"asysta.example/internal/name"
	"asysta.example/internal/rpc"
	"asysta.example/internal/store"
	"asysta.example/services/planning"
)

// childPlanSection is the section of a child plan's aggregate that holds it.
const childPlanSection = "child_plan"

// childPlanCover is what lists of child plans run on. It holds no name.
type childPlanCover struct {
	FamilyFile  string        `bson:"family_file"`
	Child       string        `bson:"child"`
	Coordinator string        `bson:"coordinator"` // person who published or reviewed last
	Version     int           `bson:"version"`
	UpdatedOn   calendar.Date `bson:"updated_on"`
	Pending     bool          `bson:"pending"` // the family file has not learned of it yet: the sweep's list
}

// childPlanID is the id of the help plan of a child of a file: one plan per child, whoever publishes first.
func childPlanID(file, child string) string {
	sum := sha256.Sum256([]byte("asysta/child-plan/1\n" + file + "\n" + child))
	return strings.ToLower(base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:16]))
}

func childPlanRef(id string) store.Ref { return store.Ref{Kind: store.ChildPlans, ID: id} }

func decodeChildPlan(doc *store.Document) (planning.ChildPlan, error) {
	return rpc.Part[planning.ChildPlan](doc, doc.Sections[childPlanSection])
}

// childPlan gives the help plan of a child as last published; a zero one where none is. The caller has reached the child's family file before.
func (s shell) childPlan(ctx context.Context, county, file, child string) (planning.ChildPlan, *store.Document, error) {
	doc, err := s.deps.Store.ForCounty(county).Load(ctx, childPlanRef(childPlanID(file, child)))
	if errors.Is(err, store.ErrNotFound) {
		return planning.ChildPlan{}, nil, nil
	}
	if err != nil {
		return planning.ChildPlan{}, nil, fmt.Errorf("planning: child plan: %w", err)
	}
	p, err := decodeChildPlan(doc)
	return p, doc, err
}

// linked loads a family file for the calling coordinator, who must have the child in care.
func (s shell) linked(ctx context.Context, file, child string) (opened, error) {
	g := access.GrantFrom(ctx)
	doc, err := s.deps.Store.ForCoordinator(g.Person).Load(ctx, fileRef(file))
	if err != nil {
		return opened{}, rpc.Absent(ctx, err)
	}
	env, err := s.env(ctx, doc.Gmina)
	if err != nil {
		return opened{}, err
	}
	o, err := s.open(ctx, doc, env)
	if err != nil {
		return opened{}, err
	}
	if fact := o.file.Cover.Child(child); fact == nil || !fact.InCare() || fact.Coordinator != g.Person || doc.County != g.County {
		return opened{}, fault.Denied()
	}
	return o, nil
}

// linkedPlan loads a child's help plan by its name, for the coordinator of the child.
func (s *coordinationServer) linkedPlan(ctx context.Context, resource string) (planning.ChildPlan, *store.Document, opened, error) {
	n, err := name.ParseAs(resource, name.ChildPlans)
	if err != nil {
		return planning.ChildPlan{}, nil, opened{}, fault.Denied()
	}
	doc, err := s.deps.Store.ForCounty(n.County).Load(ctx, childPlanRef(n.ID))
	if err != nil {
		return planning.ChildPlan{}, nil, opened{}, rpc.Absent(ctx, err)
	}
	p, err := decodeChildPlan(doc)
	if err != nil {
		return p, nil, opened{}, err
	}
	o, err := s.linked(ctx, p.File, p.Child)
	return p, doc, o, err
}

// PublishChildPlan implements CoordinationService.
func (s *coordinationServer) PublishChildPlan(ctx context.Context, req *planningv1.PublishChildPlanRequest) (*planningv1.ChildPlan, error) {
	county, err := name.ParseAs(req.GetParent(), "")
	if err != nil {
		return nil, fault.Denied()
	}
	file, err := fileName(req.GetFamilyFile())
	if err != nil {
		return nil, err
	}
	o, err := s.linked(ctx, file.ID, req.GetChild())
	if err != nil {
		return nil, err
	}
	if o.gmina() != file.Gmina {
		return nil, fault.Denied()
	}
	content, on, err := childContentFrom(ctx, req, o.env.Today)
	if err != nil {
		return nil, err
	}
	id := childPlanID(file.ID, req.GetChild())
	if req.GetEtag() != "" { // only the child's own coordinator gets here: to say that there is none yet tells nothing new
		if _, doc, err := s.childPlan(ctx, county.County, file.ID, req.GetChild()); err != nil {
			return nil, err
		} else if doc == nil {
			return nil, fault.Invalid("etag", "CHILD_PLAN_NOT_PUBLISHED", "planu pomocy temu dziecku jeszcze nie ogłoszono; przy pierwszym ogłoszeniu zostaw etag pusty.")
		}
	}
	return s.commitChildPlan(ctx, county.County, id, req.GetEtag(), func(p planning.ChildPlan) (planning.ChildPlan, []store.Record, error) {
		if p.Version > 0 && req.GetEtag() == "" {
			return p, nil, fault.Conflict()
		}
		p.ID, p.File, p.Child = id, file.ID, req.GetChild()
		p, err := p.Publish(content, on, o.env)
		return p, []store.Record{{Type: store.ChildPlanDocs, ID: versionID(p.Version), Date: on.String(), Body: p}}, err
	})
}

// RecordChildReview implements CoordinationService.
func (s *coordinationServer) RecordChildReview(ctx context.Context, req *planningv1.RecordChildReviewRequest) (*planningv1.ChildPlan, error) {
	_, doc, o, err := s.linkedPlan(ctx, req.GetName())
	if err != nil {
		return nil, err
	}
	on, err := rpc.PastDate(req.GetReview().GetReviewedOn(), "review.reviewed_on", o.env.Today)
	if err != nil {
		return nil, err
	}
	review := planning.Review{On: on, Conclusions: req.GetReview().GetConclusions(), AssistantPresent: req.GetReview().GetAssistantPresent()}
	return s.commitChildPlan(ctx, doc.County, doc.ID, req.GetEtag(), func(p planning.ChildPlan) (planning.ChildPlan, []store.Record, error) {
		p, err := p.Reviewed(review, o.file.Cover.Child(p.Child).InCareSince, o.env)
		return p, nil, err
	})
}

const childPlanPurpose = "plan pomocy dziecku"

// commitChildPlan commits the child plan as intent, tells the family file, and notes that it was told.
func (s *coordinationServer) commitChildPlan(ctx context.Context, county, id, etag string, act func(planning.ChildPlan) (planning.ChildPlan, []store.Record, error)) (*planningv1.ChildPlan, error) {
	doc, _, err := s.deps.Mutate(ctx, rpc.Mutation{
		Scope: s.deps.Store.ForCounty(county), Ref: childPlanRef(id), Etag: etag, Create: etag == "",
		Authorize: func(doc *store.Document) error {
			p, err := decodeChildPlan(doc)
			if err != nil {
				return err
			}
			_, err = s.linked(ctx, p.File, p.Child)
			return err
		},
		Apply: func(doc *store.Document) (store.Change, error) {
			p, err := decodeChildPlan(doc)
			if err != nil {
				return store.Change{}, err
			}
			p, records, err := act(p)
			if err != nil {
				return store.Change{}, absent(ctx, err)
			}
			change := childPlanChange(p, s.deps.Today())
			change.Records = records
			return change, nil
		},
	})
	if err != nil {
		return nil, err
	}
	if doc, err = s.settle(ctx, doc); err != nil {
		return nil, err
	}
	p, err := decodeChildPlan(doc)
	if err != nil {
		return nil, err
	}
	o, err := s.linked(ctx, p.File, p.Child)
	if err != nil {
		return nil, err
	}
	return o.childPlanMessage(p, rpc.Etag(doc.Version)), nil
}

// childPlanChange is the change that stores a child plan.
func childPlanChange(p planning.ChildPlan, today calendar.Date) store.Change {
	by := p.PublishedBy
	if len(p.Reviews) > 0 && p.LastReview().After(p.PublishedOn) {
		by = p.Reviews[0].By
	}
	return store.Change{
		Purpose: childPlanPurpose, Sections: map[string]any{childPlanSection: p},
		Cover: childPlanCover{FamilyFile: p.File, Child: p.Child, Coordinator: by, Version: p.Version, UpdatedOn: today, Pending: !p.Settled()},
	}
}

// GetChildPlan implements CoordinationService.
func (s *coordinationServer) GetChildPlan(ctx context.Context, req *planningv1.GetChildPlanRequest) (*planningv1.ChildPlan, error) {
	p, doc, o, err := s.linkedPlan(ctx, req.GetName())
	if err != nil {
		return nil, err
	}
	return o.childPlanMessage(p, rpc.Etag(doc.Version)), nil
}

// ListChildPlanVersions implements CoordinationService.
func (s *coordinationServer) ListChildPlanVersions(ctx context.Context, req *planningv1.ListChildPlanVersionsRequest) (*planningv1.ListChildPlanVersionsResponse, error) {
	_, doc, o, err := s.linkedPlan(ctx, req.GetParent())
	if err != nil {
		return nil, err
	}
	page, err := s.deps.Store.ForCounty(doc.County).Records(ctx, store.RecordQuery{
		Type: store.ChildPlanDocs, File: doc.ID, Desc: true, Limit: rpc.PageSize(req.GetPageSize()), Token: req.GetPageToken(),
	})
	if err != nil {
		return nil, pageFault(err)
	}
	out := &planningv1.ListChildPlanVersionsResponse{NextPageToken: page.Next}
	for _, r := range page.Records {
		v, err := rpc.Decode[planning.ChildPlan](r.Body)
		if err != nil {
			return nil, err
		}
		v.Reviews = nil
		m := o.childPlanMessage(v, rpc.Etag(doc.Version))
		m.Settled, m.AllowedActions = true, nil
		out.Versions = append(out.Versions, m)
	}
	return out, nil
}

// childContentFrom reads what is published, and the day.
func childContentFrom(ctx context.Context, req *planningv1.PublishChildPlanRequest, today calendar.Date) (planning.ChildContent, calendar.Date, error) {
	c := req.GetContent()
	on, err := rpc.PastDate(req.GetPublishedOn(), "published_on", today)
	if err != nil {
		return planning.ChildContent{}, on, err
	}
	var ds dates
	out := planning.ChildContent{Goal: rpc.Word[planning.CareGoal](c.GetGoal()), GoalDue: ds.read(c.GetGoalDueDate(), "content.goal_due_date"), Reason: c.GetReason(), FamilyPlanVersion: int(c.GetFamilyPlanVersion())}
	for i, t := range c.GetTasks() {
		task := planning.ChildTask{ID: t.GetTaskId(), Description: t.GetDescription(), Responsible: t.GetResponsible(), Due: ds.read(t.GetDueDate(), "content.tasks.due_date")}
		if task.ID == "" {
			task.ID = idsOf(ctx)("task", i)
		}
		out.Tasks = append(out.Tasks, task)
	}
	return out, on, ds.err
}

// childPlanMessage writes a child's help plan for the wire.
func (o opened) childPlanMessage(p planning.ChildPlan, etag string) *planningv1.ChildPlan {
	out := &planningv1.ChildPlan{
		Name: name.InCounty(o.doc.County, name.ChildPlans, p.ID), FamilyFile: o.name(), Child: p.Child, Version: int32(p.Version), PublishedOn: rpc.Date(p.PublishedOn),
		ContentHash: p.Hash, Etag: etag, Settled: p.Settled(),
		Content: &planningv1.ChildPlanContent{
			Goal: rpc.Enum[planningv1.CareGoal](p.Content.Goal), GoalDueDate: rpc.Date(p.Content.GoalDue), Reason: p.Content.Reason, FamilyPlanVersion: int32(p.Content.FamilyPlanVersion),
			Tasks: mapped(p.Content.Tasks, func(t planning.ChildTask) *planningv1.ChildTask {
				return &planningv1.ChildTask{TaskId: t.ID, Description: t.Description, Responsible: t.Responsible, DueDate: rpc.Date(t.Due)}
			}),
		},
		Reviews: mapped(p.Reviews, func(r planning.Review) *planningv1.ChildReview {
			return &planningv1.ChildReview{ReviewedOn: rpc.Date(r.On), Conclusions: r.Conclusions, AssistantPresent: r.AssistantPresent}
		}),
	}
	if o.role == access.Coordinator {
		out.AllowedActions = []string{"publish", "recordReview"}
	}
	return out
}
