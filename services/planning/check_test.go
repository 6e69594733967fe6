package planning_test

import (
	"strings"
	"testing"

	"asysta.example/internal/calendar"
	"asysta.example/internal/fault"
	"asysta.example/services/planning"
)

// TestAssessmentsAreOfTheCooperation: no period assessed reaches back before day 0.
func TestAssessmentsAreOfTheCooperation(t *testing.T) {
	assess := func(from, to calendar.Date) error {
		_, _, err := planning.Apply(cooperating(), planning.Assessing{New: true, Draft: planning.Assessment{ID: "x", PeriodFrom: from, PeriodTo: to}}, env)
		return err
	}
	if err := assess(day0, today); err != nil {
		t.Error(err)
	}
	for field, err := range map[string]error{
		"assessment.period_from_date": assess(day0.AddDays(-1), today), "assessment.period_to_date": assess(calendar.Date{}, day0.AddDays(-1)),
	} {
		if refused, ok := fault.As(err); !ok || refused.Fields[0].Path != field || !strings.Contains(refused.Fields[0].Polish, "(31.01.2026)") {
			t.Errorf("%s: %v", field, err)
		}
	}
}

// TestWhoIsNamedAsMemberIsOne: papers show members by name, so that nobody is named whom the file does not have.
func TestWhoIsNamedAsMemberIsOne(t *testing.T) {
	for path, spoil := range map[string]func(*planning.Content, string){
		"plan.content.actions[0].who": func(c *planning.Content, who string) {
			c.Actions[0].Responsible, c.Actions[0].Who = planning.ByMember, who
		},
		"plan.content.strengths[0].member_id": func(c *planning.Content, who string) {
			c.Strengths = []planning.Strength{{Holder: planning.OfMember, Member: who, Text: "x"}}
		},
		"plan.content.diagnosis[0].expectations[0].member_id": func(c *planning.Content, who string) {
			c.Diagnosis[0].Expectations = []planning.Expectation{{Member: who, Text: "x"}}
		},
	} {
		for who, ok := range map[string]bool{"m1": true, "cora": true, "wujek": false} {
			c := full()
			spoil(&c, who)
			_, _, err := planning.Apply(family(), planning.CreateDraft{Content: &c}, env)
			if refused, is := fault.As(err); (err == nil) != ok || is && refused.Fields[0].Path != path {
				t.Errorf("%s = %s: %v", path, who, err)
			}
		}
	}
	c := full()
	c.Actions[0].Responsible, c.Actions[0].Who = planning.ByOther, "wujek"
	apply(t, family(), planning.CreateDraft{Content: &c})
}
