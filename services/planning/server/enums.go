package server

import (
	"strings"

	planningv1 "asysta.example/proto/gen/asysta/planning/v1"

	"asysta.example/services/planning"
)

// The contract's enums are spelled as the core's words with the enum's prefix; nothing said is "" there and UNSPECIFIED here.

// toWire gives the enum value of a core's word.
func toWire[E ~int32, S ~string](values map[string]int32, prefix string, s S) E {
	return E(values[prefix+string(s)])
}

// toCore gives the core's word of an enum value.
func toCore[S ~string](value, prefix string) S {
	if w := strings.TrimPrefix(value, prefix); w != "UNSPECIFIED" {
		return S(w)
	}
	return ""
}

func statusOf(s planning.Status) planningv1.ProgressStatus {
	return toWire[planningv1.ProgressStatus](planningv1.ProgressStatus_value, "PROGRESS_STATUS_", s)
}

func responsibleOf(r planning.Responsible) planningv1.ResponsibleKind {
	return toWire[planningv1.ResponsibleKind](planningv1.ResponsibleKind_value, "RESPONSIBLE_KIND_", r)
}

func careOf(c planning.CareGoal) planningv1.CareGoal {
	return toWire[planningv1.CareGoal](planningv1.CareGoal_value, "CARE_GOAL_", c)
}

func holderOf(h planning.Holder) planningv1.ResourceHolder {
	return toWire[planningv1.ResourceHolder](planningv1.ResourceHolder_value, "RESOURCE_HOLDER_", h)
}

func kindOf(k planning.SignOffKind) planningv1.PlanSignOff_Kind {
	return toWire[planningv1.PlanSignOff_Kind](planningv1.PlanSignOff_Kind_value, "KIND_", k)
}

func recommendationOf(r planning.Recommendation) planningv1.Recommendation {
	return toWire[planningv1.Recommendation](planningv1.Recommendation_value, "RECOMMENDATION_", r)
}

func assessmentStateOf(s planning.Stage) planningv1.AssessmentState {
	return toWire[planningv1.AssessmentState](planningv1.AssessmentState_value, "ASSESSMENT_STATE_", s)
}

func sideOf(s planning.Side) planningv1.CoordinationSide {
	return toWire[planningv1.CoordinationSide](planningv1.CoordinationSide_value, "COORDINATION_SIDE_", s)
}

func conflictKindOf(k planning.ConflictKind) planningv1.Conflict_Kind {
	return toWire[planningv1.Conflict_Kind](planningv1.Conflict_Kind_value, "KIND_", k)
}

func careFrom(c planningv1.CareGoal) planning.CareGoal {
	return toCore[planning.CareGoal](c.String(), "CARE_GOAL_")
}

func sideFrom(s planningv1.CoordinationSide) planning.Side {
	return toCore[planning.Side](s.String(), "COORDINATION_SIDE_")
}
