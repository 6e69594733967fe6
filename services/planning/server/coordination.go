package server

import (
	"context"
	"slices"

	"google.golang.org/protobuf/types/known/timestamppb"

	planningv1 "asysta.example/proto/gen/asysta/planning/v1"

	"asysta.example/internal/access"
	"asysta.example/internal/deadline"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/fault"
	"asysta.example/internal/name"
	"asysta.example/internal/rpc"
	"asysta.example/internal/store"
	"asysta.example/services/planning"
)

// ListLinkedChildren implements CoordinationService.
func (s *coordinationServer) ListLinkedChildren(ctx context.Context, req *planningv1.ListLinkedChildrenRequest) (*planningv1.ListLinkedChildrenResponse, error) {
	g := access.GrantFrom(ctx)
	page, err := s.deps.Store.ForCoordinator(g.Person).List(ctx, store.FamilyFiles, store.Query{
		Index: "by_audience", Limit: rpc.PageSize(req.GetPageSize()), Token: req.GetPageToken(),
	})
	if err != nil {
		return nil, pageFault(err)
	}
	out := &planningv1.ListLinkedChildrenResponse{NextPageToken: page.Next}
	for _, h := range page.Hits {
		o, err := s.open(ctx, h.Doc, planning.Env{Today: s.deps.Today(), Person: g.Person})
		if f, ok := fault.As(err); (ok && f.Kind == fault.KindDenied) || h.Doc.County != g.County {
			continue // locked out by name, or another county's
		}
		if err != nil {
			return nil, err
		}
		out.Children = append(out.Children, o.linkedChildren()...)
	}
	return out, nil
}

// linkedChildren writes the children in care given to the calling coordinator.
func (o opened) linkedChildren() []*planningv1.LinkedChild {
	names := memberNames(o.file.Cover)
	return mapped(planning.OwnChildren(o.file.Cover, o.env.Person), func(c familyfile.Child) *planningv1.LinkedChild {
		out := &planningv1.LinkedChild{
			FamilyFile: o.name(), Child: c.Member, DisplayName: names[c.Member], BirthDate: rpc.Date(c.BornOn), InCareSince: rpc.Date(c.InCareSince),
			ChildPlanVersion: int32(c.ChildPlanVersion), CoordinatedOn: rpc.Date(c.CoordinatedOn), LastReviewOn: rpc.Date(c.LastReviewOn),
		}
		if c.ChildPlan != "" {
			out.ChildPlan = name.InCounty(o.doc.County, name.ChildPlans, c.ChildPlan)
		}
		for _, d := range o.deadlines(deadline.RuleCoordination, deadline.RuleChildReview) {
			if d.GetKey() == c.Member {
				out.Deadlines = append(out.Deadlines, d)
			}
		}
		return out
	})
}

// GetFileSlice implements CoordinationService.
func (s *coordinationServer) GetFileSlice(ctx context.Context, req *planningv1.GetFileSliceRequest) (*planningv1.FileSlice, error) {
	o, err := s.find(ctx, req.GetName())
	if err != nil {
		return nil, err
	}
	return s.slice(ctx, o)
}

// rememberedAssessments is how many conclusions a slice shows.
const rememberedAssessments = 10

// slice writes what the calling coordinator sees of a file.
func (s *coordinationServer) slice(ctx context.Context, o opened) (*planningv1.FileSlice, error) {
	out := &planningv1.FileSlice{FamilyFile: o.name(), Etag: o.etag(), Children: o.linkedChildren(), UpdateTime: timestamppb.New(o.doc.Updated)}
	if v := o.file.Section.InForce; v != nil {
		out.Plan = o.inForceSlice()
	}
	if d := o.file.Section.Draft; d != nil {
		out.Draft = o.planSlice(d.Version, planningv1.PlanState_PLAN_STATE_DRAFT, d.Content, d.Hash, d.SignOffs)
	}
	page, err := s.deps.Store.ForCoordinator(o.env.Person).Records(ctx, store.RecordQuery{Type: store.Assessments, File: o.doc.ID, Desc: true, Limit: rememberedAssessments})
	if err != nil {
		return nil, rpc.Absent(ctx, err)
	}
	for _, r := range page.Records {
		a, err := rpc.Decode[planning.Assessment](r.Body)
		if err != nil {
			return nil, err
		}
		out.Assessments = append(out.Assessments, &planningv1.AssessmentConclusions{
			Number: int32(a.Number), ReceivedOn: rpc.Date(a.ReceivedOn), Conclusions: a.Conclusions, Recommendation: rpc.Enum[planningv1.Recommendation](a.Recommendation),
		})
	}
	for _, c := range planning.OwnChildren(o.file.Cover, o.env.Person) {
		p, doc, err := s.childPlan(ctx, o.doc.County, o.doc.ID, c.Member)
		if err != nil {
			return nil, err
		}
		if doc != nil {
			out.ChildPlans = append(out.ChildPlans, o.childPlanMessage(p, rpc.Etag(doc.Version)))
		}
	}
	return out, nil
}

// inForceSlice writes goals and actions of the version in force.
func (o opened) inForceSlice() *planningv1.PlanSlice {
	v := o.file.Section.InForce
	out := o.planSlice(v.Version, planningv1.PlanState_PLAN_STATE_IN_FORCE, v.Content, v.Hash, v.SignOffs)
	out.AdoptedOn = rpc.Date(v.AdoptedOn)
	out.Progress = mapped(planning.MarksOf(o.file.Section.Progress, o.sees(v.Content)), markOf)
	return out
}

func (o opened) planSlice(version int, state planningv1.PlanState, c planning.Content, hash string, marks []planning.SignOff) *planningv1.PlanSlice {
	c = o.sees(c)
	return &planningv1.PlanSlice{Version: int32(version), State: state, Goals: mapped(c.Goals, goalOf), Actions: mapped(c.Actions, actionOf),
		ChildPlans: mapped(c.ChildPlans, childRefOf), ContentHash: hash, SignOffs: o.signOffs(marks, hash)}
}

// GetCoordination implements CoordinationService.
func (s *coordinationServer) GetCoordination(ctx context.Context, req *planningv1.GetCoordinationRequest) (*planningv1.Coordination, error) {
	o, err := s.find(ctx, req.GetName())
	if err != nil {
		return nil, err
	}
	return s.coordinationOf(ctx, o, req.GetChild())
}

// coordinationOf writes the coordination of a child, if the caller may see the child.
func (s *coordinationServer) coordinationOf(ctx context.Context, o opened, child string) (*planningv1.Coordination, error) {
	fact := o.file.Cover.Child(child)
	if fact == nil || (o.role == access.Coordinator && (!fact.InCare() || fact.Coordinator != o.env.Person)) {
		return nil, rpc.Absent(ctx, store.ErrNotFound)
	}
	p, doc, err := s.childPlan(ctx, o.doc.County, o.doc.ID, child)
	if err != nil {
		return nil, err
	}
	entry, hash := o.file.Section.Coordinating(child), o.file.Section.CoordinationHash(child)
	out := &planningv1.Coordination{
		FamilyFile: o.name(), Child: child, ContentHash: hash, CoordinatedOn: rpc.Date(fact.CoordinatedOn), Etag: o.etag(),
		Links: mapped(entry.Links, func(l planning.Link) *planningv1.GoalLink {
			return &planningv1.GoalLink{GoalId: l.Goal, TaskId: l.Task}
		}),
		SignOffs: mapped(entry.SignOffs, func(m planning.SideMark) *planningv1.CoordinationSignOff {
			by := rpc.StaffName(o.gmina(), m.By)
			if m.Side == planning.CoordinatorSide {
				by = name.InCounty(o.doc.County, name.People, m.By)
			}
			return &planningv1.CoordinationSignOff{Side: rpc.Enum[planningv1.CoordinationSide](m.Side), By: by, SignedOn: rpc.Date(m.On), ContentHash: m.Hash, Void: !m.Counts(hash)}
		}),
		Conflicts: mapped(planning.Conflicts(o.file, child, p), func(c planning.Conflict) *planningv1.Conflict {
			return &planningv1.Conflict{Kind: rpc.Enum[planningv1.Conflict_Kind](c.Kind), Explanation: c.Polish, GoalId: c.Goal, TaskId: c.Task}
		}),
		AllowedActions: o.coordinationActions(hash),
	}
	if doc != nil {
		out.ChildPlan = o.childPlanMessage(p, rpc.Etag(doc.Version))
	}
	if o.file.Section.InForce != nil {
		out.Plan = o.inForceSlice()
	}
	if day, ok := planning.SharedDate(o.file.Cover, child); ok {
		out.SharedDate = rpc.Date(day)
	}
	return out, nil
}

// coordinationActions are what the caller may do next.
func (o opened) coordinationActions(hash string) []string {
	if hash == "" || o.file.Cover.State != familyfile.Cooperation {
		return nil
	}
	var out []string
	for _, t := range planning.PlanTransitions {
		if (t.Act == planning.ActLink || t.Act == planning.ActSignOff) && slices.Contains(t.Roles, o.role) && slices.Contains(t.From, o.file.Section.Stage()) {
			out = append(out, verbs[t.Act])
		}
	}
	return out
}

// sideContext narrows the call to the side in which the caller acts.
func sideContext(ctx context.Context, side planning.Side) (context.Context, error) {
	if side == planning.CoordinatorSide {
		return narrow(ctx, access.Coordinator)
	}
	return narrow(ctx, access.Assistant, access.ContractedBody)
}

// coordinate carries an act on the coordination of a child out.
func (s *coordinationServer) coordinate(ctx context.Context, resource, child, etag string, side planning.Side, cmd planning.Command) (*planningv1.Coordination, error) {
	n, err := fileName(resource)
	if err != nil {
		return nil, err
	}
	if ctx, err = sideContext(ctx, side); err != nil {
		return nil, err
	}
	o, _, err := s.commit(ctx, change{file: n, etag: etag, purpose: "uzgodnienie z planem pomocy dziecku", command: func(f planning.File) (planning.Command, error) {
		if side == planning.CoordinatorSide && !slices.Contains(f.Cover.Coordinators(), access.GrantFrom(ctx).Person) {
			return nil, fault.Denied()
		}
		return cmd, nil
	}})
	if err != nil {
		return nil, err
	}
	return s.coordinationOf(ctx, o, child)
}

// LinkGoals implements CoordinationService.
func (s *coordinationServer) LinkGoals(ctx context.Context, req *planningv1.LinkGoalsRequest) (*planningv1.Coordination, error) {
	side := rpc.Word[planning.Side](req.GetSide())
	links := mapped(req.GetLinks(), func(l *planningv1.GoalLink) planning.Link {
		return planning.Link{Goal: l.GetGoalId(), Task: l.GetTaskId()}
	})
	return s.coordinate(ctx, req.GetName(), req.GetChild(), req.GetEtag(), side, planning.LinkGoals{Child: req.GetChild(), Side: side, Links: links})
}

// SignOff implements CoordinationService.
func (s *coordinationServer) SignOff(ctx context.Context, req *planningv1.SignOffRequest) (*planningv1.Coordination, error) {
	on, err := rpc.PastDate(req.GetSignedOn(), "signed_on", s.deps.Today())
	if err != nil {
		return nil, err
	}
	side := rpc.Word[planning.Side](req.GetSide())
	return s.coordinate(ctx, req.GetName(), req.GetChild(), req.GetEtag(), side, planning.SignOffSide{Child: req.GetChild(), Side: side, Hash: req.GetContentHash(), On: on})
}
