package directory_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"asysta.example/internal/access"
	"asysta.example/internal/calendar"
	"asysta.example/internal/fault"
	"asysta.example/services/casefile/directory"

	dir "asysta.example/internal/directory"
)

var (
	today = calendar.MustOf(2026, 3, 2)
	head  = directory.Actor{Person: "head", Head: true}
	admin = directory.Actor{Person: "admin", Administrator: true}
	boss  = dir.Staff{ID: "boss", Gmina: "2004042", Person: "head", DisplayName: "Kierownik", Roles: []access.Role{access.Head},
		Contract: dir.ContractEmployment, FTE: 100, ActiveFrom: calendar.MustOf(2020, 1, 1)}
)

func employee(from, to calendar.Date) dir.Staff {
	return dir.Staff{ID: "s", Gmina: "2004042", Person: "p", DisplayName: "Jan", Roles: []access.Role{access.SocialWorker},
		Contract: dir.ContractEmployment, FTE: 100, ActiveFrom: from, ActiveTo: to}
}

// inState gives an employment in each state of today, with something to cancel and to revoke.
func inState() map[directory.StaffState]dir.Staff {
	states := map[directory.StaffState]dir.Staff{
		directory.StaffPlanned:  employee(today.AddDays(5), calendar.Date{}),
		directory.StaffEmployed: employee(today.AddDays(-50), calendar.Date{}),
		directory.StaffEnded:    employee(today.AddDays(-50), today.AddDays(-1)),
	}
	for state, s := range states {
		s.Absences = []dir.Absence{{ID: "a", From: today.AddDays(30), To: today.AddDays(31)}}
		s.DeputyFor = []dir.Deputy{{ID: "d", From: today.AddDays(40), To: today.AddDays(41)}}
		states[state] = s
	}
	return states
}

// TestCommandsKeepTheTable holds the code to the table that the documentation is drawn from.
func TestCommandsKeepTheTable(t *testing.T) {
	commands := map[string]func(dir.Staff) error{
		"UpdateStaffMember": func(s dir.Staff) error {
			_, err := directory.Revise(s, s, directory.StaffFacts{}, head, today)
			return err
		},
		"EndEmployment": func(s dir.Staff) error {
			_, err := directory.EndEmployment(s, today.AddDays(60), head, today)
			return err
		},
		"RecordAbsence": func(s dir.Staff) error {
			_, err := directory.RecordAbsence(s, dir.Absence{ID: "b", From: today.AddDays(10), To: today.AddDays(11)}, today)
			return err
		},
		"CancelAbsence": func(s dir.Staff) error { _, err := directory.CancelAbsence(s, "a", today); return err },
		"AppointDeputy": func(s dir.Staff) error {
			_, err := directory.AppointDeputy(s, dir.Deputy{ID: "e", From: today.AddDays(10), To: today.AddDays(11)}, boss, head, today)
			return err
		},
		"RevokeDeputy": func(s dir.Staff) error { _, err := directory.RevokeDeputy(s, "d", head, today); return err },
	}
	for _, tr := range directory.Transitions[1:] {
		for state, s := range inState() {
			t.Run(tr.Command+"/"+string(state), func(t *testing.T) {
				err := commands[tr.Command](s)
				if slices.Contains(tr.From, state) {
					if err != nil {
						t.Error(err)
					}
				} else if !fault.IsReason(err, directory.ReasonEmploymentEnded) {
					t.Errorf("not in the table, yet %v", err)
				}
				offered := slices.Contains(directory.StaffActions(s, head, today), tr.Command)
				if offered != slices.Contains(tr.From, state) {
					t.Errorf("offered %v", offered)
				}
			})
		}
	}
}

func TestHire(t *testing.T) {
	body := dir.Institution{ID: "body", Kind: dir.InstitutionBody190}
	of190 := func(s *dir.Staff) {
		s.Contract, s.Body, s.Roles = dir.ContractBody190, "body", []access.Role{access.Assistant}
	}
	facts := directory.StaffFacts{Body: &body, Settings: dir.Settings{Areas: []dir.Area{{ID: "r1"}}}}
	earlier := employee(today.AddDays(-100), today)
	earlier.ID = "earlier"
	for _, tc := range []struct {
		name   string
		by     directory.Actor
		change func(*dir.Staff)
		others []dir.Staff
		want   string // reason, "" for none
	}{
		{"social worker of an area", head, func(s *dir.Staff) { s.Areas = []string{"r1"} }, nil, ""},
		{"area that is none", head, func(s *dir.Staff) { s.Areas = []string{"r2"} }, nil, "INVALID_FIELDS"},
		{"assistant with an area", head, func(s *dir.Staff) { s.Roles, s.Areas = []access.Role{access.Assistant}, []string{"r1"} }, nil, "INVALID_FIELDS"},
		{"both roles", admin, func(s *dir.Staff) { s.Roles = []access.Role{access.Assistant, access.SocialWorker} }, nil, directory.ReasonArt17},
		{"county role", admin, func(s *dir.Staff) { s.Roles = []access.Role{access.Coordinator} }, nil, "INVALID_FIELDS"},
		{"head by head", head, func(s *dir.Staff) { s.Roles = []access.Role{access.Head} }, nil, directory.ReasonHeadByAdmin},
		{"head by administrator", admin, func(s *dir.Staff) { s.Roles = []access.Role{access.Head, access.SocialWorker} }, nil, ""},
		{"oneself", head, func(s *dir.Staff) { s.Person = "head" }, nil, directory.ReasonOwnRoles},
		{"last day of another employment", head, func(s *dir.Staff) { s.ActiveFrom = today }, []dir.Staff{earlier}, directory.ReasonEmployedAlready},
		{"day after another employment", head, func(s *dir.Staff) { s.ActiveFrom = today.AddDays(1) }, []dir.Staff{earlier}, ""},
		{"employment without a measure", head, func(s *dir.Staff) { s.FTE = 0 }, nil, "INVALID_FIELDS"},
		{"services without a measure", head, func(s *dir.Staff) { s.Contract, s.FTE = dir.ContractService, 0 }, nil, ""},
		{"assistant of a body", head, of190, nil, ""},
		{"body without its contract", head, func(s *dir.Staff) { s.Body = "body" }, nil, "INVALID_FIELDS"},
		{"contract without its body", head, func(s *dir.Staff) { of190(s); s.Body = "" }, nil, "INVALID_FIELDS"},
		{"social worker of a body", head, func(s *dir.Staff) { of190(s); s.Roles = []access.Role{access.SocialWorker} }, nil, "INVALID_FIELDS"},
		{"a body's head for the centre", directory.Actor{Person: "b", Head: true, Body: "body"}, func(*dir.Staff) {}, nil, "DENIED"},
		{"a body's head for the body", directory.Actor{Person: "b", Head: true, Body: "body"}, of190, nil, ""},
		{"ends before it begins", head, func(s *dir.Staff) { s.ActiveTo = s.ActiveFrom.AddDays(-1) }, nil, "INVALID_FIELDS"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, f := employee(today, calendar.Date{}), facts
			tc.change(&s)
			f.Others = tc.others
			_, err := directory.Hire(s, f, tc.by, today)
			got := ""
			if e, ok := fault.As(err); ok {
				got = e.Reason
			}
			if got != tc.want {
				t.Errorf("%q, want %q", got, tc.want)
			}
		})
	}
}

func TestAnAssistantOfFamiliesStaysOne(t *testing.T) {
	old := employee(today, calendar.Date{})
	old.Roles = []access.Role{access.Assistant}
	next := old
	next.Roles = []access.Role{access.SocialWorker}
	if _, err := directory.Revise(old, next, directory.StaffFacts{Families: 2}, head, today); !fault.IsReason(err, directory.ReasonHasFamilies) {
		t.Error(err)
	}
	if _, err := directory.Revise(old, next, directory.StaffFacts{}, head, today); err != nil {
		t.Error(err)
	}
}

// TestWhoWasNeverAnAssistant: the record says so until the role is given, and never again after it, whatever the caller sends.
func TestWhoWasNeverAnAssistant(t *testing.T) {
	s := employee(today, calendar.Date{})
	s.Roles = []access.Role{access.SocialWorker}
	hired, err := directory.Hire(s, directory.StaffFacts{}, head, today)
	if err != nil || !hired.NeverAssistant {
		t.Fatalf("a social worker: %+v, %v", hired, err)
	}
	old := hired
	old.NeverAssistant = false // a record from before the field
	for _, step := range []struct {
		name string
		from *dir.Staff
		role access.Role
		want bool
	}{
		{"an old record does not know", &old, access.SocialWorker, false},
		{"the role as before", &hired, access.SocialWorker, true},
		{"an assistant now", &hired, access.Assistant, false},
		{"no more", &hired, access.SocialWorker, false},
	} {
		next := *step.from
		next.Roles, next.NeverAssistant = []access.Role{step.role}, true
		if *step.from, err = directory.Revise(*step.from, next, directory.StaffFacts{}, head, today); err != nil || step.from.NeverAssistant != step.want {
			t.Errorf("%s: %t, want %t; %v", step.name, step.from.NeverAssistant, step.want, err)
		}
	}
	s.Roles, s.NeverAssistant = []access.Role{access.Assistant}, true
	if hired, err = directory.Hire(s, directory.StaffFacts{}, head, today); err != nil || hired.NeverAssistant {
		t.Errorf("an assistant: %+v, %v", hired, err)
	}
}

// TestStaffMachine: whatever is done in whatever order, nothing that has been is rewritten, times never overlap, and rights never begin in the past.
func TestStaffMachine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now, s, n := today, employee(today.AddDays(-20), calendar.Date{}), 0
		near := func(t *rapid.T, label string) calendar.Date {
			return now.AddDays(rapid.IntRange(-10, 15).Draw(t, label))
		}
		span := func(t *rapid.T) (from, to calendar.Date) {
			from = near(t, "from")
			if length := rapid.IntRange(-2, 6).Draw(t, "length"); length < 6 {
				to = from.AddDays(length)
			}
			return from, to
		}
		step := func(next dir.Staff, err error) {
			if err != nil {
				return
			}
			for d := range 10 { // what was is what was
				day := now.AddDays(-1 - d)
				if s.AbsentOn(day) && !next.AbsentOn(day) || next.DeputizesOn(day) != s.DeputizesOn(day) && s.ActiveTo == next.ActiveTo {
					t.Fatalf("%s rewritten: %+v to %+v", day, s, next)
				}
			}
			s = next
		}
		t.Repeat(map[string]func(*rapid.T){
			"day passes": func(*rapid.T) { now = now.AddDays(1) },
			"absence": func(t *rapid.T) {
				from, to := span(t)
				n++
				step(directory.RecordAbsence(s, dir.Absence{ID: fmt.Sprint(n), From: from, To: to}, now))
			},
			"cancel": func(t *rapid.T) {
				step(directory.CancelAbsence(s, fmt.Sprint(rapid.IntRange(1, n+1).Draw(t, "id")), now))
			},
			"deputy": func(t *rapid.T) {
				from, to := span(t)
				n++
				next, err := directory.AppointDeputy(s, dir.Deputy{ID: fmt.Sprint(n), From: from, To: to}, boss, head, now)
				if err == nil && from.Before(now) {
					t.Fatal("a deputy backwards in time")
				}
				step(next, err)
			},
			"revoke": func(t *rapid.T) {
				id := fmt.Sprint(rapid.IntRange(1, n+1).Draw(t, "id"))
				next, err := directory.RevokeDeputy(s, id, head, now)
				for _, d := range next.DeputyFor {
					if d.ID == id && !d.To.Before(now) {
						t.Fatalf("still deputy: %+v", d)
					}
				}
				step(next, err)
			},
			"": func(t *rapid.T) {
				for i := 1; i < len(s.Absences); i++ {
					if prev := s.Absences[i-1]; prev.To.IsZero() || !prev.To.Before(s.Absences[i].From) {
						t.Fatalf("absences overlap: %+v", s.Absences)
					}
				}
				if slices.Contains(s.RolesOn(now), access.Head) != s.DeputizesOn(now) {
					t.Fatal("head without deputizing, or the other way round")
				}
			},
		})
	})
}

func TestSettings(t *testing.T) {
	g := dir.Gmina{TERYT: "2004042", DisplayName: "gmina", Office: dir.Office{Name: "GOPS"}}
	worker := employee(today.AddDays(-5), calendar.Date{})
	facts := directory.GminaFacts{Staff: []dir.Staff{worker}, Institutions: []dir.Institution{{ID: "unit", Kind: dir.InstitutionUnit}, {ID: "gone", Kind: dir.InstitutionBody190, ActiveTo: today.AddDays(-1)}}}
	for _, tc := range []struct {
		name  string
		set   dir.Settings
		field string // of the violation, "" for none
	}{
		{"nothing set", dir.Settings{}, ""},
		{"all of it", dir.Settings{PlanMonths: 2, MonitoringMonths: []int{1, 6}, Areas: []dir.Area{{ID: "a", DisplayName: "I", SocialWorker: "s"}},
			Organiser: dir.Organiser{Kind: dir.OrganiserUnit, Institution: "unit", Resolution: "XXVI/126/13", ResolutionOn: calendar.MustOf(2013, 6, 26)}}, ""},
		{"months repeated", dir.Settings{MonitoringMonths: []int{3, 3}}, "gmina.settings.monitoring_months"},
		{"term too long", dir.Settings{VisitGapDays: 181}, "gmina.settings.visit_gap_days"},
		{"area twice", dir.Settings{Areas: []dir.Area{{ID: "a", DisplayName: "I"}, {ID: "a", DisplayName: "II"}}}, "gmina.settings.areas[1].area_id"},
		{"body no longer offered", dir.Settings{Organiser: dir.Organiser{Kind: dir.OrganiserBody, Institution: "gone"}}, "gmina.settings.organiser.institution"},
		{"unit of another kind", dir.Settings{Organiser: dir.Organiser{Kind: dir.OrganiserBody, Institution: "unit"}}, "gmina.settings.organiser.institution"},
		{"resolution without its day", dir.Settings{Organiser: dir.Organiser{Resolution: "1"}}, "gmina.settings.organiser.resolution_number"},
		{"resolution to come", dir.Settings{Organiser: dir.Organiser{Resolution: "1", ResolutionOn: today.AddDays(1)}}, "gmina.settings.organiser.resolution_date"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			next := g
			next.Settings = tc.set
			got, err := directory.ReviseGmina(g, next, facts, today)
			if tc.field == "" {
				if diff := cmp.Diff(next, got, cmp.Comparer(func(a, b calendar.Date) bool { return a == b })); err != nil || diff != "" {
					t.Error(err, diff)
				}
				return
			}
			e, ok := fault.As(err)
			if !ok || len(e.Fields) != 1 || e.Fields[0].Path != tc.field {
				t.Errorf("%v", err)
			}
		})
	}
	if _, err := directory.NewGmina("3024", g, today); !fault.IsReason(err, "FOREIGN_TERYT") {
		t.Error(err)
	}
}
