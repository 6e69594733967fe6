package directory_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"asysta.example/internal/access"
	"asysta.example/internal/calendar"
	"asysta.example/internal/directory"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/store"
	"asysta.example/internal/store/sqlite"
)

const gmina, foreign = "2004042", "3024035"

var today = calendar.MustOf(2026, 3, 2)

func open(t *testing.T) store.Store {
	t.Helper()
	return openAt(t, filepath.Join(t.TempDir(), "asysta.db"))
}

// openAt opens a data file as one process; another may have it open too.
func openAt(t *testing.T, path string) store.Store {
	t.Helper()
	engine, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	s := store.Open(engine)
	t.Cleanup(func() { s.Close() })
	if err := s.System().Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

func put(t *testing.T, scope store.Scope, kind store.Kind, id string, cover any) {
	t.Helper()
	_, _, err := scope.Commit(t.Context(), scope.New(store.Ref{Kind: kind, ID: id}),
		store.Change{Actor: store.Actor{System: "test"}, Method: "test", RecordedAt: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Cover: cover})
	if err != nil {
		t.Fatal(err)
	}
}

func employed(person, name string, from calendar.Date, roles ...access.Role) directory.Staff {
	return directory.Staff{Person: person, DisplayName: name, Roles: roles, Contract: directory.ContractEmployment, FTE: directory.FullTime, ActiveFrom: from}
}

func county(t *testing.T) *directory.Reader {
	t.Helper()
	s := open(t)
	from := calendar.MustOf(2025, 1, 1)
	areas := []directory.Area{{ID: "a1", DisplayName: "I", SocialWorker: "sw"}, {ID: "a2", DisplayName: "II"}}
	put(t, s.ForCounty("2004"), store.Gminas, gmina, directory.Gmina{TERYT: gmina, DisplayName: "gmina", Settings: directory.Settings{Areas: areas, PlanMonths: 3}})
	put(t, s.ForCounty("2004"), store.People, "ewa", directory.Person{DisplayName: "Ewa", Subjects: []string{"ewa@gops", "ewa@mobile"}, CountyRoles: []access.Role{access.Coordinator}, ActiveFrom: from})
	put(t, s.ForCounty("2004"), store.People, "iza", directory.Person{DisplayName: "Iza", Subjects: []string{"iza", "shared"}, ActiveFrom: from, ActiveTo: today})
	put(t, s.ForCounty("2004"), store.People, "ola", directory.Person{DisplayName: "Ola", Subjects: []string{"ola", "shared"}, ActiveFrom: today.AddDays(1)})
	sw := employed("ewa", "Ewa", from, access.SocialWorker)
	sw.Areas = []string{"a2"}
	sw.DeputyFor = []directory.Deputy{{ID: "d", From: today.AddDays(1), To: today.AddDays(2)}}
	put(t, s.For(gmina), store.Staff, "sw", sw)
	old := employed("ewa", "Ewa", from, access.Assistant)
	old.ActiveTo = today.AddDays(-1)
	put(t, s.For("2004052"), store.Staff, "old", old)
	put(t, s.For(foreign), store.Staff, "elsewhere", employed("ewa", "Ewa", from, access.Head)) // of another county: not hers
	return directory.NewReader(s)
}

func TestPrincipalHoldsWhatIsInForceToday(t *testing.T) {
	r := county(t)
	worker := access.Employment{Staff: "sw", Gmina: gmina, Roles: []access.Role{access.SocialWorker}, Areas: []string{"a1", "a2"}}
	deputy := worker
	deputy.Roles, deputy.Deputy = []access.Role{access.SocialWorker, access.Head}, true
	ended := access.Employment{Staff: "old", Gmina: "2004052", Roles: []access.Role{access.Assistant}}
	for _, tc := range []struct {
		name, subject string
		day           calendar.Date
		want          []access.Employment
	}{
		{"today", "ewa@gops", today, []access.Employment{worker}},
		{"other login", "ewa@mobile", today, []access.Employment{worker}},
		{"first day as deputy", "ewa@gops", today.AddDays(1), []access.Employment{deputy}},
		{"last day as deputy", "ewa@gops", today.AddDays(2), []access.Employment{deputy}},
		{"after it", "ewa@gops", today.AddDays(3), []access.Employment{worker}},
		{"last day of an employment", "ewa@gops", today.AddDays(-1), []access.Employment{worker, ended}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := r.Principal(t.Context(), tc.subject, tc.day)
			if err != nil {
				t.Fatal(err)
			}
			want := access.Principal{Person: "ewa", County: "2004", Subject: tc.subject, CountyRoles: []access.Role{access.Coordinator}, Employments: tc.want}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWhoIsNobody(t *testing.T) {
	r := county(t)
	for _, tc := range []struct {
		name, subject string
		day           calendar.Date
	}{
		{"no subject", "", today},
		{"unknown", "nobody", today},
		{"deactivated", "iza", today.AddDays(1)},
		{"not yet active", "ola", today},
		{"two people hold it", "shared", today.AddDays(1)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if p, err := r.Principal(t.Context(), tc.subject, tc.day); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("%+v, %v", p, err)
			}
		})
	}
}

func TestReadersKeepToTheirTenant(t *testing.T) {
	r := county(t)
	if _, err := r.Staff(t.Context(), gmina, "old"); !errors.Is(err, store.ErrNotFound) {
		t.Error(err)
	}
	for name, read := range map[string]func(context.Context) error{
		"gmina":       func(ctx context.Context) error { _, _, err := r.Gmina(ctx, foreign); return err },
		"short code":  func(ctx context.Context) error { _, _, err := r.Gmina(ctx, "20"); return err },
		"person":      func(ctx context.Context) error { _, err := r.Person(ctx, "3024", "ewa"); return err },
		"institution": func(ctx context.Context) error { _, err := r.Institution(ctx, gmina, "none"); return err },
		"county":      func(ctx context.Context) error { _, err := r.County(ctx, "2004"); return err },
	} {
		if err := read(t.Context()); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	g, version, err := r.Gmina(t.Context(), gmina)
	if err != nil || version != 1 || g.Settings.Terms().PlanMonths != 3 {
		t.Error(g, version, err)
	}
	staff, err := r.ListStaff(t.Context(), gmina, access.SocialWorker)
	if err != nil || len(staff) != 1 || staff[0].ID != "sw" || staff[0].Gmina != gmina {
		t.Error(staff, err)
	}
}

func TestGap(t *testing.T) {
	here := employed("p", "Jan", today.AddDays(-100), access.Assistant)
	absent, ended, other := here, here, here
	absent.Absences = []directory.Absence{{From: today, To: today.AddDays(3)}}
	ended.ActiveTo = today.AddDays(-1)
	ended.Absences = absent.Absences
	other.Roles = []access.Role{access.SocialWorker}
	for _, tc := range []struct {
		name   string
		staff  directory.Staff
		person directory.Person
		want   directory.Gap
	}{
		{"there", here, directory.Person{}, directory.Gap{}},
		{"absent", absent, directory.Person{}, directory.Gap{Reason: directory.GapAbsent, From: today, To: today.AddDays(3)}},
		{"ended outweighs absent", ended, directory.Person{}, directory.Gap{Reason: directory.GapEnded, From: today}},
		{"last day of work", func() directory.Staff { s := here; s.ActiveTo = today; return s }(), directory.Person{}, directory.Gap{}},
		{"deactivated", here, directory.Person{ActiveTo: today.AddDays(-3)}, directory.Gap{Reason: directory.GapDeactivated, From: today.AddDays(-2)}},
		{"no assistant any more", other, directory.Person{}, directory.Gap{Reason: directory.GapNoAssistant, From: today}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, gone := directory.GapOn(tc.staff, tc.person, today)
			if got != tc.want || gone != (tc.want != directory.Gap{}) {
				t.Errorf("%+v %v", got, gone)
			}
		})
	}
}

func TestACourtOrderHasItsOwnTerm(t *testing.T) {
	gap := directory.Gap{Reason: directory.GapEnded, From: today}
	for basis, rule := range map[familyfile.Basis]string{familyfile.BasisConsent: "awaiting-assistant", familyfile.BasisCourtOrder: "court-order-waiting"} {
		u := directory.Uncover(directory.Family{Cover: familyfile.Cover{Basis: basis, Terms: familyfile.Terms{AwaitingDays: 5}}}, directory.Staff{}, gap)
		if u.Deadline.Rule != rule || u.Deadline.Due != today.AddDays(5) || !u.Deadline.Open || u.Deadline.Person != "" {
			t.Errorf("%+v", u.Deadline)
		}
	}
}

// A gap that began before the family had the assistant does not bring it a term from before it was theirs, or was there at all.
func TestTheTermOfAFamilyBeginsNoEarlierThanItsAssistant(t *testing.T) {
	gap := directory.Gap{Reason: directory.GapEnded, From: today.AddDays(-60)}
	assigned := func(at ...calendar.Date) (as []familyfile.Assignment) {
		for _, d := range at {
			as = append(as, familyfile.Assignment{Staff: "as1", From: d})
		}
		return append(as, familyfile.Assignment{Staff: "as2", From: today})
	}
	for name, tc := range map[string]struct {
		cover familyfile.Cover
		since calendar.Date
	}{
		"had it before":           {familyfile.Cover{OpenedOn: today.AddDays(-90), Assignments: assigned(today.AddDays(-90))}, today.AddDays(-60)},
		"given since":             {familyfile.Cover{OpenedOn: today.AddDays(-90), Assignments: assigned(today.AddDays(-20))}, today.AddDays(-20)},
		"had it twice":            {familyfile.Cover{OpenedOn: today.AddDays(-90), Assignments: assigned(today.AddDays(-90), today.AddDays(-10))}, today.AddDays(-10)},
		"since when is not known": {familyfile.Cover{OpenedOn: today.AddDays(-30)}, today.AddDays(-30)},
	} {
		if u := directory.Uncover(directory.Family{Cover: tc.cover}, directory.Staff{ID: "as1"}, gap); u.Deadline.Anchor != tc.since || u.Deadline.Due != tc.since.AddDays(14) {
			t.Errorf("%s: %+v", name, u.Deadline)
		}
	}
}

// Who is revoked through another process on the same file is nobody for the next call of this one.
func TestRevokedThroughAnotherProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "asysta.db")
	process, another := openAt(t, path), openAt(t, path)
	here, there := process.ForCounty("2004"), another.ForCounty("2004")
	ewa := directory.Person{DisplayName: "Ewa", Subjects: []string{"ewa"}, CountyRoles: []access.Role{access.Coordinator}, ActiveFrom: calendar.MustOf(2025, 1, 1)}
	put(t, here, store.People, "ewa", ewa)
	r := directory.NewReader(process)
	for range 3 {
		if p, err := r.Principal(t.Context(), "ewa", today); err != nil || p.Person != "ewa" {
			t.Fatalf("before: %v, %v", p, err)
		}
		doc, err := there.Load(t.Context(), store.Ref{Kind: store.People, ID: "ewa"})
		if err != nil {
			t.Fatal(err)
		}
		for _, last := range []calendar.Date{today.AddDays(-1), {}} {
			ewa.ActiveTo = last
			if doc, _, err = there.Commit(t.Context(), doc, store.Change{Actor: store.Actor{System: "test"}, Method: "test", RecordedAt: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC), Cover: ewa}); err != nil {
				t.Fatal(err)
			}
			if _, err := r.Principal(t.Context(), "ewa", today); (err != nil) == last.IsZero() || (err != nil && !errors.Is(err, store.ErrNotFound)) {
				t.Errorf("with the last day %v: %v", last, err)
			}
		}
	}
}
