package planning

import (
	"errors"
	"slices"
	"time"

	"asysta.example/internal/calendar"
	"asysta.example/internal/familyfile"
)

// ErrAbsent says that the file has no such plan, assessment or child. The shell answers it as it answers whatever is absent.
var ErrAbsent = errors.New("planning: no such part of the file")

// SectionName is the section of the family file that planning alone writes.
const SectionName = "planning"

// Section is what planning keeps of a family file. Adopted versions and received assessments are records besides.
type Section struct {
	Draft        *Draft         `bson:"draft,omitempty"`
	InForce      *Version       `bson:"in_force,omitempty"`
	Progress     []Mark         `bson:"progress,omitempty"`     // of the version in force, the last of each goal and action
	Assessments  []Assessment   `bson:"assessments,omitempty"`  // drafts and presented ones
	Coordination []Coordinating `bson:"coordination,omitempty"` // by child
}

// File is the family file as planning works on it.
type File struct {
	Cover   familyfile.Cover
	Section Section
}

// Env is what an act depends on besides the file.
type Env struct {
	Today        calendar.Date
	Now          time.Time
	Staff        string // acting employment; "" for a coordinator
	Person       string // acting person
	HeadApproves bool   // the gmina's setting: the head approves plans
}

// Events are what an act leaves as records.
type Events struct {
	Adopted  *VersionRecord
	Received *Assessment
}

// Stage is where plan or assessment stands.
type Stage string

// Stages of the plan of a file, and of one assessment.
const (
	None      Stage = "NONE"
	Drafting  Stage = "DRAFT"    // first version being written
	InForce   Stage = "IN_FORCE" // a version in force, no draft
	Revising  Stage = "REVISION" // a version in force and a draft of the next
	Presented Stage = "PRESENTED"
	Received  Stage = "RECEIVED"
)

// Stage of the plan.
func (s Section) Stage() Stage {
	switch {
	case s.Draft != nil && s.InForce != nil:
		return Revising
	case s.Draft != nil:
		return Drafting
	case s.InForce != nil:
		return InForce
	}
	return None
}

// clone gives a copy whose lists can be changed without touching s.
func (s Section) clone() Section {
	if s.Draft != nil {
		d := *s.Draft
		d.SignOffs = slices.Clone(d.SignOffs)
		s.Draft = &d
	}
	if s.InForce != nil {
		v := *s.InForce
		s.InForce = &v
	}
	s.Progress, s.Assessments = slices.Clone(s.Progress), slices.Clone(s.Assessments)
	s.Coordination = slices.Clone(s.Coordination)
	for i := range s.Coordination {
		s.Coordination[i].Links = slices.Clone(s.Coordination[i].Links)
		s.Coordination[i].SignOffs = slices.Clone(s.Coordination[i].SignOffs)
	}
	return s
}

func (f File) clone() File {
	f.Section = f.Section.clone()
	f.Cover.Children = slices.Clone(f.Cover.Children)
	f.Cover.Assessments = slices.Clone(f.Cover.Assessments)
	return f
}

// Mark gives the progress of a goal or action, or the zero Mark.
func (s Section) Mark(target string) Mark {
	for _, m := range s.Progress {
		if m.Target == target {
			return m
		}
	}
	return Mark{}
}
