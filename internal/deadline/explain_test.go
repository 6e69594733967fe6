package deadline_test

import (
	"strings"
	"testing"

	"asysta.example/internal/calendar"
	"asysta.example/internal/deadline"
)

func TestExplainSaysWhichTermOfItsRuleItIs(t *testing.T) {
	anchor := calendar.MustOf(2025, 1, 24)
	for _, c := range []struct{ rule, key, want string }{
		{deadline.RuleAssessment, "4", "Dokonać okresowej oceny sytuacji rodziny (ocena nr 4): termin "},
		{deadline.RuleReceipt, "4", "Przyjąć przedstawioną ocenę okresową (ocena nr 4): termin "},
		{deadline.RuleMonitoring, "3", "Sprawdzić, jak funkcjonuje rodzina po zakończeniu pracy (3. miesiąc): termin "},
		{deadline.RuleAssessment, "", "Dokonać okresowej oceny sytuacji rodziny: termin "},
		{deadline.RuleChildReview, "member-1", "Ocena sytuacji dziecka w pieczy zastępczej: termin "}, // a child's id is for programs
		{deadline.RulePlan, "", "Opracować plan pracy z rodziną: termin "},
	} {
		d := deadline.Term(c.rule, anchor, 0, "a1")
		d.Key = c.key
		if got := d.Explain(); !strings.HasPrefix(got, c.want) || !strings.Contains(got, ", liczony od 24.01.2025 (") {
			t.Errorf("%s %q: %s", c.rule, c.key, got)
		}
	}
}
