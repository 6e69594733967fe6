package planning_test

import (
	"slices"
	"strings"
	"testing"

	"asysta.example/internal/calendar"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/fault"
	"asysta.example/services/planning"
)

// family is a file with a mother, her daughters of 2 and 15 years, and a son who came of age last year.
func family() planning.File {
	f := cooperating()
	f.Cover.Children = []familyfile.Child{{Member: "cora", BornOn: calendar.MustOf(2024, 3, 1)}, {Member: "ola", BornOn: calendar.MustOf(2011, 3, 1)}, {Member: "jan", BornOn: calendar.MustOf(2007, 3, 1)},
		{Member: "thirteen", BornOn: calendar.MustOf(2013, 7, 31)}, {Member: "almost", BornOn: calendar.MustOf(2013, 8, 1)}}
	return f
}

// TestAnAdultSignsForTheFamily: a plan that nobody but minors signed is not adopted; from 13 years on a child may sign beside an adult.
func TestAnAdultSignsForTheFamily(t *testing.T) {
	for _, tc := range []struct {
		by       string
		refused  bool
		want     string // reason of the refusal to record it
		adoption bool   // PLAN_NOT_SIGNED no longer missing
	}{
		{by: "m1", adoption: true}, {by: "m1", refused: true, adoption: true}, {by: "jan", adoption: true},
		{by: "ola"}, {by: "ola", refused: true}, {by: "thirteen"},
		{by: "cora", want: "SIGNER_TOO_YOUNG"}, {by: "cora", refused: true, want: "SIGNER_TOO_YOUNG"}, {by: "almost", want: "SIGNER_TOO_YOUNG"},
	} {
		c := full()
		f := apply(t, family(), planning.CreateDraft{Content: &c})
		f, _, err := planning.Apply(f, planning.Sign{Version: draftOf(f), Hash: hashOf(f), Signatures: []planning.SignOff{{By: tc.by, On: today, Refused: tc.refused}}}, env)
		if (err == nil) != (tc.want == "") || err != nil && !fault.IsReason(err, tc.want) {
			t.Errorf("%s: %v, want %q", tc.by, err, tc.want)
		}
		lacks := slices.ContainsFunc(planning.Missing(f, env), func(e *fault.Error) bool { return e.Reason == "PLAN_NOT_SIGNED" })
		if lacks == tc.adoption {
			t.Errorf("%s (refused %v): signature missing = %v", tc.by, tc.refused, lacks)
		}
	}
}

// TestWhoLeftSignsNoMore: a signature or refusal is a member's, up to the last day in the family.
func TestWhoLeftSignsNoMore(t *testing.T) {
	f := family()
	yesterday := today.AddDays(-1)
	f.Cover.Children[2].LeftOn = yesterday // jan, of age
	f.Cover.Label.Members = []familyfile.MemberName{{Member: "m1", Name: "Anna Kos"}, {Member: "m2", Name: "Piotr Kos", LeftOn: yesterday}}
	for _, tc := range []struct {
		by   string
		on   calendar.Date
		want string
	}{
		{"m1", today, ""}, {"m2", yesterday, ""}, {"m2", today, "SIGNER_LEFT"}, {"jan", yesterday, ""}, {"jan", today, "SIGNER_LEFT"},
	} {
		c := full()
		f := apply(t, f, planning.CreateDraft{Content: &c})
		_, _, err := planning.Apply(f, planning.Sign{Version: draftOf(f), Hash: hashOf(f), Signatures: []planning.SignOff{{By: tc.by, On: tc.on}}}, env)
		if (err == nil) != (tc.want == "") || err != nil && !fault.IsReason(err, tc.want) {
			t.Errorf("%s on %s: %v, want %q", tc.by, tc.on, err, tc.want)
		}
	}
}

// TestMarksAreNotOlderThanThePlan: nobody marks a version before the cooperation or before the version that it replaces; a coordinator not before the child's care and
// the help plan that the version names.
func TestMarksAreNotOlderThanThePlan(t *testing.T) {
	care, told := calendar.MustOf(2026, 3, 1), calendar.MustOf(2026, 5, 4)
	first := cooperating("co-a")
	first.Cover.Children[0].InCareSince = care
	naming := first
	naming.Cover.Children = slices.Clone(first.Cover.Children)
	naming.Cover.Children[0].ChildPlanVersion, naming.Cover.Children[0].ChildPlanOn = 2, told
	second := cooperating("co-a")
	second.Section.InForce = &planning.Version{Version: 1, AdoptedOn: told}
	second.Cover.PlanVersion = 1
	for name, tc := range map[string]struct {
		file  planning.File
		refs  []planning.ChildPlanRef
		kind  planning.SignOffKind
		limit calendar.Date
		what  string
	}{
		"consulted before the cooperation":       {file: first, kind: planning.Consultation, limit: day0, what: "początek współpracy (31.01.2026)"},
		"signed before the cooperation":          {file: first, kind: planning.FamilyMark, limit: day0, what: "początek współpracy"},
		"approved before the cooperation":        {file: first, kind: planning.HeadApproval, limit: day0, what: "początek współpracy"},
		"agreed before the care":                 {file: first, kind: planning.Agreement, limit: care, what: "początek pieczy zastępczej (01.03.2026)"},
		"agreed before the plan that it names":   {file: naming, refs: []planning.ChildPlanRef{{Child: child, Version: 2}}, kind: planning.Agreement, limit: told, what: "ogłoszenie planu pomocy dziecku"},
		"an older child plan is named":           {file: naming, refs: []planning.ChildPlanRef{{Child: child, Version: 1}}, kind: planning.Agreement, limit: care, what: "początek pieczy"},
		"consulted before the version before it": {file: second, kind: planning.Consultation, limit: told, what: "przyjęcie poprzedniej wersji planu (04.05.2026)"},
	} {
		t.Run(name, func(t *testing.T) {
			c := full()
			c.ChildPlans = tc.refs
			f := apply(t, tc.file, planning.CreateDraft{Content: &c})
			e := env
			e.HeadApproves = true
			if tc.kind == planning.HeadApproval {
				e.Staff = "head"
			}
			put := func(on calendar.Date) error {
				var cmd planning.Command = planning.Marking{Kind: tc.kind, Version: draftOf(f), Hash: hashOf(f), On: on}
				if tc.kind == planning.FamilyMark {
					cmd = planning.Sign{Version: draftOf(f), Hash: hashOf(f), Signatures: []planning.SignOff{{By: "m1", On: on}}}
				}
				_, _, err := planning.Apply(f, cmd, e)
				return err
			}
			if err := put(tc.limit); err != nil {
				t.Errorf("on the limit: %v", err)
			}
			err := put(tc.limit.AddDays(-1))
			if refused, ok := fault.As(err); !ok || refused.Reason != "MARK_DAY" || !strings.Contains(refused.Fields[0].Polish, tc.what) {
				t.Errorf("the day before: %v", err)
			}
		})
	}
}

// TestReviewsAreOfTheChildInCare: a review may be older than the plan that is published here, but not older than the care.
func TestReviewsAreOfTheChildInCare(t *testing.T) {
	p := childPlan(t, child, planning.CareReturn) // published today
	if _, err := p.Reviewed(planning.Review{On: day0, Conclusions: "x"}, day0, env); err != nil {
		t.Errorf("on the first day of the care: %v", err)
	}
	_, err := p.Reviewed(planning.Review{On: day0.AddDays(-1), Conclusions: "x"}, day0, env)
	if refused, ok := fault.As(err); !ok || refused.Reason != "REVIEW_DAY" || !strings.Contains(refused.Fields[0].Polish, "pieczy zastępczej (31.01.2026)") {
		t.Errorf("before the care: %v", err)
	}
}
