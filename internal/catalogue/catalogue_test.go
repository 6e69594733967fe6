package catalogue_test

import (
	"testing"

	"asysta.example/internal/calendar"
	"asysta.example/internal/catalogue"
)

func TestTask(t *testing.T) {
	for name, tc := range map[string]struct {
		code string
		on   string
		want bool
	}{
		"first task":                       {"1", "2012-01-01", true},
		"before the act":                   {"1", "2011-12-31", false},
		"Za życiem before its act":         {"13a", "2016-12-31", false},
		"Za życiem on its first day":       {"13a", "2017-01-01", true},
		"local":                            {"L4", "2026-11-21", true},
		"unknown":                          {"20", "2026-11-21", false},
		"codes are exact, not numbers":     {"01", "2026-11-21", false},
		"a code of another catalogue":      {"PARENTING", "2026-11-21", false},
		"points of art. 15(1) reach to 19": {"19", "2026-11-21", true},
	} {
		t.Run(name, func(t *testing.T) {
			e, ok := catalogue.Task(tc.code, calendar.MustParse(tc.on))
			if ok != tc.want || (ok && e.Code != tc.code) {
				t.Errorf("Task(%q, %s) = %v, %v, want %v", tc.code, tc.on, e.Code, ok, tc.want)
			}
		})
	}
}

func TestEntriesAreComplete(t *testing.T) {
	for name, list := range map[string]catalogue.List{
		"tasks": catalogue.Tasks, "aims": catalogue.Aims, "support forms": catalogue.SupportForms, "work forms": catalogue.WorkForms,
		"help sources": catalogue.HelpSources, "closure reasons": catalogue.ClosureReasons, "life areas": catalogue.LifeAreas, "visit kinds": catalogue.VisitKinds,
	} {
		for i, e := range list {
			if e.Code == "" || e.Title == "" || e.Source == "" || e.From.IsZero() {
				t.Errorf("%s: entry %d lacks something: %+v", name, i, e)
			}
			for _, f := range list[:i] {
				if f.Code == e.Code && (f.To.IsZero() || !f.To.Before(e.From)) {
					t.Errorf("%s: code %s means two things on %s", name, e.Code, e.From)
				}
			}
		}
	}
}

func TestTitleOfUnknownCodeIsTheCode(t *testing.T) {
	if got := catalogue.Tasks.Title("99"); got != "99" {
		t.Errorf("Title = %q", got)
	}
	if got := catalogue.Tasks.Title("13a"); got != "Zadania z ustawy „Za życiem”" {
		t.Errorf("Title = %q", got)
	}
}
