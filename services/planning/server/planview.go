package server

import (
	"context"
	"errors"
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

// plan gives a version as the caller may see it: the draft, the version in force or a record.
func (s shell) plan(ctx context.Context, o opened, version int) (*planningv1.Plan, error) {
	sec := o.file.Section
	switch {
	case sec.Draft != nil && sec.Draft.Version == version:
		return o.draftPlan(*sec.Draft), nil
	case sec.InForce != nil && sec.InForce.Version == version:
		return o.adoptedPlan(*sec.InForce, planningv1.PlanState_PLAN_STATE_IN_FORCE, sec.Progress), nil
	case version < 1 || version > o.file.Cover.PlanVersion:
		return nil, rpc.Absent(ctx, store.ErrNotFound)
	}
	old, err := s.versionRecord(ctx, o.doc.ID, version)
	if err != nil {
		return nil, rpc.Absent(ctx, err)
	}
	later, err := s.versionRecord(ctx, o.doc.ID, version+1)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	return o.adoptedPlan(old.Version, planningv1.PlanState_PLAN_STATE_SUPERSEDED, later.Previous), nil
}

func (s shell) versionRecord(ctx context.Context, file string, version int) (planning.VersionRecord, error) {
	r, err := s.deps.Scope(ctx).Record(ctx, store.PlanVersions, file, versionID(version))
	if err != nil {
		return planning.VersionRecord{}, err
	}
	return rpc.Decode[planning.VersionRecord](r.Body)
}

// sees reduces a content to what the caller may see: all of it, or a coordinator's slice.
func (o opened) sees(c planning.Content) planning.Content {
	if o.role == access.Coordinator {
		return planning.SliceFor(c, o.file.Cover, o.env.Person)
	}
	return c
}

func (o opened) planMessage(version int, state planningv1.PlanState, c planning.Content, hash string, marks []planning.SignOff) *planningv1.Plan {
	return &planningv1.Plan{
		Name: name.Sub(o.gmina(), name.FamilyFiles, o.doc.ID, name.Plans, itoa(version)), Version: int32(version), State: state,
		Content: contentOf(o.sees(c)), ContentHash: hash, SignOffs: o.signOffs(marks, hash), Deadlines: o.deadlines(deadline.RulePlan, deadline.RuleCoordination),
		Etag: o.etag(), UpdateTime: timestamppb.New(o.doc.Updated), AllowedActions: o.planActions(version),
	}
}

// draftPlan writes the draft.
func (o opened) draftPlan(d planning.Draft) *planningv1.Plan {
	p := o.planMessage(d.Version, planningv1.PlanState_PLAN_STATE_DRAFT, d.Content, d.Hash, d.SignOffs)
	p.CreateTime = timestamppb.New(d.Begun)
	if o.role != access.Coordinator {
		p.Missing = mapped(planning.Missing(o.file, o.env), func(e *fault.Error) *planningv1.MissingRequirement {
			return &planningv1.MissingRequirement{Reason: e.Reason, Rule: e.Rule, Explanation: e.Polish}
		})
	}
	return p
}

// adoptedPlan writes an adopted version with its progress.
func (o opened) adoptedPlan(v planning.Version, state planningv1.PlanState, progress []planning.Mark) *planningv1.Plan {
	p := o.planMessage(v.Version, state, v.Content, v.Hash, v.SignOffs)
	p.CreateTime, p.AdoptedOn = timestamppb.New(v.Begun), rpc.Date(v.AdoptedOn)
	p.Progress = mapped(planning.MarksOf(progress, o.sees(v.Content)), markOf)
	if p.Content.ValidFromDate == nil {
		p.Content.ValidFromDate = p.AdoptedOn
	}
	return p
}

// signOffs writes the marks on a content; a coordinator sees the own ones alone.
func (o opened) signOffs(marks []planning.SignOff, hash string) []*planningv1.PlanSignOff {
	var out []*planningv1.PlanSignOff
	for _, m := range marks {
		if o.role == access.Coordinator && (m.Kind != planning.Agreement || m.By != o.env.Person) {
			continue
		}
		by := m.By
		switch m.Kind {
		case planning.Consultation, planning.HeadApproval:
			by = rpc.StaffName(o.gmina(), m.By)
		case planning.Agreement:
			by = name.InCounty(o.doc.County, name.People, m.By)
		}
		out = append(out, &planningv1.PlanSignOff{Kind: rpc.Enum[planningv1.PlanSignOff_Kind](m.Kind), By: by, GivenOn: rpc.Date(m.On), ContentHash: m.Hash, Refused: m.Refused,
			OriginalAt: m.OriginalAt, Note: m.Note, Void: !m.Counts(hash), VoidedOn: rpc.Date(m.VoidedOn)})
	}
	return out
}

// deadlines writes the terms of some rules; a coordinator sees those about own children alone.
func (o opened) deadlines(rules ...string) []*familyDeadline {
	own := planning.OwnChildren(o.file.Cover, o.env.Person)
	ds := slices.DeleteFunc(familyfile.Deadlines(o.file.Cover), func(d deadline.Deadline) bool {
		if o.role == access.Coordinator && !slices.ContainsFunc(own, func(c familyfile.Child) bool { return c.Member == d.Key }) {
			return true
		}
		return !slices.Contains(rules, d.Rule)
	})
	return rpc.Deadlines(ds, o.gmina(), o.name(), o.env.Today)
}

// verbs are the method names of acts, as allowed_actions gives them.
var verbs = map[planning.Act]string{
	planning.ActCreate: "createPlanDraft", planning.ActUpdate: "update", planning.ActDiscard: "discard", planning.ActConsult: "recordConsultation",
	planning.ActSign: "recordSignatures", planning.ActAgree: "agreeAsCoordinator", planning.ActApprove: "approve", planning.ActAdopt: "adopt",
	planning.ActProgress: "recordProgress", planning.ActReassess: "update", planning.ActPresent: "present", planning.ActReceive: "receive",
	planning.ActLink: "linkGoals", planning.ActSignOff: "signOff",
}

// planActions are what the caller may do next with a version.
func (o opened) planActions(version int) []string {
	sec := o.file.Section
	isDraft := sec.Draft != nil && sec.Draft.Version == version
	inForce := sec.InForce != nil && sec.InForce.Version == version
	var out []string
	for _, t := range planning.PlanTransitions {
		if o.file.Cover.State != familyfile.Cooperation || !slices.Contains(t.Roles, o.role) || !slices.Contains(t.From, sec.Stage()) {
			continue
		}
		switch t.Act {
		case planning.ActCreate, planning.ActProgress:
			if !inForce {
				continue
			}
		case planning.ActAdopt:
			if !isDraft || len(planning.Missing(o.file, o.env)) > 0 {
				continue
			}
		case planning.ActApprove:
			if !isDraft || !o.env.HeadApproves {
				continue
			}
		case planning.ActLink, planning.ActSignOff, planning.ActPublish, planning.ActReview:
			continue // of the coordination, not of a version
		default:
			if !isDraft {
				continue
			}
		}
		out = append(out, verbs[t.Act])
	}
	return out
}
