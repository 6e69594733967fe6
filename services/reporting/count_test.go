package reporting

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"asysta.example/internal/calendar"
	"asysta.example/internal/catalogue"
	"asysta.example/internal/familyfile"
)

func on(s string) calendar.Date { return calendar.MustParse(s) }

func half() Period { return Period{on("2026-01-01"), on("2026-06-30")} }

// file has a spell for each triple of from, to ("" while open) and reason.
func file(id string, basis familyfile.Basis, spells ...[3]string) File {
	c := familyfile.Cover{Basis: basis, Difficulty: 2}
	for _, s := range spells {
		sp := familyfile.Spell{From: on(s[0]), Basis: basis, Reason: s[2]}
		if s[1] != "" {
			sp.To = on(s[1])
		}
		c.Spells = append(c.Spells, sp)
	}
	return File{ID: id, Cover: c}
}

func values(rows []Row, ids ...string) map[string]int64 {
	at, out := index(rows), map[string]int64{}
	for _, id := range ids {
		out[id] = at[id].Value
	}
	return out
}

func TestFamiliesOfAPeriod(t *testing.T) {
	files := []File{
		file("before", familyfile.BasisConsent, [3]string{"2025-01-01", "2025-12-31", "GOALS_ACHIEVED"}),
		file("first day", familyfile.BasisConsent, [3]string{"2026-01-01", "", ""}),
		file("ended on the first day", familyfile.BasisConsent, [3]string{"2025-03-01", "2026-01-01", "FAMILY_WITHDREW"}),
		file("ended on the last day", familyfile.BasisCourtOrder, [3]string{"2025-07-01", "2026-06-30", "GOALS_ACHIEVED"}),
		file("last day", familyfile.BasisConsent, [3]string{"2026-06-30", "", ""}),
		file("after", familyfile.BasisConsent, [3]string{"2026-07-01", "", ""}),
		file("two spells", familyfile.BasisConsent, [3]string{"2025-05-01", "2026-02-10", "NO_EFFECTS"}, [3]string{"2026-05-20", "", ""}),
	}
	in := CountGmina(half(), files, nil, nil)
	want := map[string]int64{
		"families.in_period": 5, "families.opening": 3, "families.accepted": 3, "families.ended": 3, "families.on_last_day": 3,
		"families.awaiting": 3, "families.basis.consent": 4, "families.basis.court_order": 1,
		"families.duration.up_to_3_months": 2, "families.duration.3_to_12_months": 3, "families.duration.over_12_months": 0,
		"endings.GOALS_ACHIEVED": 1, "endings.FAMILY_WITHDREW": 1, "endings.NO_EFFECTS": 1, "endings.DEATH": 0,
	}
	ids := make([]string, 0, len(want))
	for id := range want {
		ids = append(ids, id)
	}
	if diff := cmp.Diff(want, values(in.Rows, ids...)); diff != "" {
		t.Error(diff)
	}
	for _, c := range Checks(in.Rows) {
		if !c.Holds {
			t.Errorf("does not hold: %s", c.Title)
		}
	}
	if got := index(in.Rows)["families.ended"].Files; !cmp.Equal(got, []string{"ended on the first day", "ended on the last day", "two spells"}) {
		t.Errorf("behind the row of endings: %v", got)
	}
}

func TestTimelinessCountsTermsThatFellDue(t *testing.T) {
	cover := func(day0, adopted, closed string) File {
		f := file(day0, familyfile.BasisConsent, [3]string{day0, closed, ""})
		f.Cover.State, f.Cover.Day0 = familyfile.Cooperation, on(day0)
		if adopted != "" {
			f.Cover.PlanAdoptedOn = on(adopted)
		}
		if closed != "" {
			f.Cover.State, f.Cover.ClosedOn = familyfile.Monitoring, on(closed)
		}
		return f
	}
	files := []File{
		cover("2026-01-10", "2026-03-10", ""),           // on the last day
		cover("2026-02-10", "2026-04-11", ""),           // a day late
		cover("2026-03-10", "2026-07-01", ""),           // after the period
		cover("2026-04-10", "", ""),                     // not at all
		cover("2026-03-01", "", "2026-03-20"),           // closed before it was due
		cover("2026-06-10", "2026-06-20", ""),           // due after the period
		cover("2025-09-01", "2025-10-01", "2026-05-01"), // assessment due and not made
		cover("2026-02-01", "", "2026-04-02"),           // plan due and not made, then closed
		cover("2026-02-01", "", "2026-07-10"),           // the same, closed after the period
		cover("2026-02-01", "", "2026-04-01"),           // closed on the last day
		cover("2024-09-01", "2024-10-01", ""),           // three assessments not made, the third of them in the period
	}
	in := CountGmina(half(), files, nil, nil)
	want := map[string]int64{"plans.due": 6, "plans.on_time": 1, "plans.late": 1, "plans.missing": 4, "assessments.due": 2, "assessments.on_time": 0, "assessments.late": 0, "assessments.missing": 2}
	if diff := cmp.Diff(want, values(in.Rows, slices.Collect(maps.Keys(want))...)); diff != "" {
		t.Error(diff)
	}
}

func TestVisitsAndLoads(t *testing.T) {
	with := file("f1", familyfile.BasisConsent, [3]string{"2025-01-01", "", ""})
	with.Cover.Assignments = []familyfile.Assignment{
		{Staff: "a1", From: on("2025-01-01"), To: on("2026-03-01")},
		{Staff: "a2", From: on("2026-03-01")},
	}
	visits := []Visit{
		{ID: "1", On: on("2026-01-01"), Staff: "a1", Kind: "MEETING", Minutes: 60, Tasks: []string{"3", "6"}},
		{ID: "2", On: on("2026-06-30"), Staff: "a2", Kind: "MEETING", Minutes: 90, Tasks: []string{"3"}},
		{ID: "3", On: on("2026-04-01"), Staff: "a2", Kind: "UNSUCCESSFUL"},
		{ID: "7", On: on("2026-04-02"), Staff: "a2", Kind: "MEETING", Place: "PHONE", Minutes: 15, Tasks: []string{"3"}},
		{ID: "4", On: on("2026-07-01"), Staff: "a2", Kind: "MEETING", Minutes: 30},
		{ID: "5", On: on("2026-05-01"), Staff: "a2", Kind: "MEETING", Minutes: 45},
		{ID: "6", On: on("2026-07-02"), Staff: "a2", Kind: "MEETING", Minutes: 45, Supersedes: "5"}, // moved out of the period
	}
	in := CountGmina(half(), []File{with}, visits, []string{"a1", "a2", "a3"})
	want := map[string]int64{"visits.held": 2, "visits.unsuccessful": 1, "visits.by_phone": 1, "visits.minutes": 150, "tasks.3.visits": 2, "tasks.3.minutes": 150,
		"tasks.6.visits": 1, "tasks.6.minutes": 60, "tasks.19.visits": 0, "families.awaiting": 0}
	ids := make([]string, 0, len(want))
	for id := range want {
		ids = append(ids, id)
	}
	if diff := cmp.Diff(want, values(in.Rows, ids...)); diff != "" {
		t.Error(diff)
	}
	loads := []Load{{Staff: "a1", Visits: 1, Minutes: 60}, {Staff: "a2", Families: 1, Difficulty: 2, Visits: 1, Minutes: 90}, {Staff: "a3"}}
	if diff := cmp.Diff(loads, in.Loads); diff != "" {
		t.Error(diff)
	}
}

func TestCountyHasNoFilesAndNoSmallCells(t *testing.T) {
	var files []File
	for range 7 {
		files = append(files, file("x", familyfile.BasisConsent, [3]string{"2025-01-01", "", ""}))
	}
	for range 2 {
		files = append(files, file("x", familyfile.BasisCourtOrder, [3]string{"2026-05-01", "", ""}))
	}
	in := CountCounty(half(), files, nil)
	at := index(in.Rows)
	for _, id := range []string{"families.basis.court_order", "families.basis.consent", "families.accepted"} {
		if r := at[id]; !r.Suppressed || r.Value != 0 {
			t.Errorf("%s shows %d", id, r.Value)
		}
	}
	if r := at["families.in_period"]; r.Suppressed || r.Value != 9 {
		t.Errorf("the total: %+v", *r)
	}
	for _, r := range in.Rows {
		if r.Files != nil || r.HasFiles {
			t.Errorf("%s names files", r.ID)
		}
	}
}

// Many visits to one family, or its many children, tell of that family as a small cell would.
func TestCountyTellsNothingOfOneFamily(t *testing.T) {
	var files []File
	var visits []Visit
	for i := range 9 {
		f := file(fmt.Sprint(i), familyfile.BasisConsent, [3]string{"2025-01-01", "", ""})
		if i == 0 {
			for range 6 {
				f.Cover.Children = append(f.Cover.Children, familyfile.Child{InCareSince: on("2026-02-01"), CareEndedOn: on("2026-03-01"), Returned: true})
			}
			for n := range 20 {
				visits = append(visits, Visit{ID: fmt.Sprint(n), File: f.ID, On: on("2026-02-02"), Minutes: 60, Tasks: []string{"13a"}})
			}
		}
		visits = append(visits, Visit{ID: "0", File: f.ID, On: on("2026-02-02"), Minutes: 60, Tasks: []string{"1"}})
		files = append(files, f)
	}
	in := CountCounty(half(), files, visits)
	for _, r := range in.Rows {
		switch {
		case strings.HasPrefix(r.ID, "tasks.13a.") && (!r.Suppressed || r.Value != 0):
			t.Errorf("%s of one family shows %d", r.ID, r.Value)
		case strings.Contains(r.ID, "returned") && r.Value != 0:
			t.Errorf("%s of one family shows %d", r.ID, r.Value)
		case r.ID == "visits.held" && (r.Suppressed || r.Value != 29):
			t.Errorf("visits to nine families: %+v", r)
		}
	}
}

// The id of an entry is its file's: a correction in one file leaves the other files' entries.
func TestACorrectionStaysInItsFile(t *testing.T) {
	var got []string
	for _, v := range Standing([]Visit{{ID: "a", File: "f1"}, {ID: "b", File: "f1", Supersedes: "a"}, {ID: "a", File: "f2"}}) {
		got = append(got, v.File+"/"+v.ID)
	}
	if diff := cmp.Diff([]string{"f1/b", "f2/a"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestSuppressionLeavesNothingToCompute(t *testing.T) {
	endings := int64(len(catalogue.ClosureReasons))
	rapid.Check(t, func(t *rapid.T) {
		n := func(name string) int64 { return rapid.Int64Range(0, 9).Draw(t, name) }
		rows := map[string]int64{"families.opening": n("o"), "families.basis.consent": n("c"), "families.basis.court_order": n("k"), "plans.on_time": n("p")}
		sum := int64(0)
		for i, r := range catalogue.ClosureReasons {
			if int64(i) < endings-1 {
				rows["endings."+r.Code] = n(r.Code)
				sum += rows["endings."+r.Code]
			}
		}
		rows["families.ended"], rows["families.accepted"] = sum, n("a")
		rows["families.on_last_day"] = rows["families.opening"] + rows["families.accepted"] - sum
		rows["families.in_period"] = rows["families.basis.consent"] + rows["families.basis.court_order"]
		var list []Row
		for id, v := range rows {
			list = append(list, Row{ID: id, Value: v, Unit: Count})
		}
		at := index(Suppress(list))
		for id, r := range at {
			if !r.Suppressed && r.Value >= smallFrom && r.Value <= smallTo {
				t.Fatalf("%s shows %d", id, r.Value)
			}
		}
		for _, rel := range Relations() {
			hidden := 0
			for _, id := range append(append([]string(nil), rel.Plus...), rel.Minus...) {
				if r, ok := at[id]; ok && r.Suppressed {
					hidden++
				}
			}
			if hidden == 1 && len(rel.Plus) > 1 && at[rel.Plus[1]] != nil {
				t.Fatalf("one cell of %q can be computed", rel.Title)
			}
		}
	})
}

func TestMinutesGoWithTheirCount(t *testing.T) {
	rows := Suppress([]Row{{ID: "tasks.3.visits", Value: 2, Unit: Count}, {ID: "tasks.3.minutes", Value: 120, Unit: Minutes},
		{ID: "visits.held", Value: 5, Unit: Count}, {ID: "visits.minutes", Value: 300, Unit: Minutes}})
	if !rows[1].Suppressed || rows[1].Value != 0 {
		t.Error("two visits are withheld, their time is not")
	}
	if rows[3].Suppressed {
		t.Error("time of five visits is withheld")
	}
}

func TestBehindAgreesWithTheCount(t *testing.T) {
	f := file("f", familyfile.BasisConsent, [3]string{"2025-01-01", "", ""})
	for _, r := range CountGmina(half(), []File{f}, nil, nil).Rows {
		if !r.HasFiles {
			continue
		}
		counts, known := Behind(r.ID, half())
		if !known || counts(f.Cover) != (r.Value > 0) {
			t.Errorf("%s: known %v, value %d", r.ID, known, r.Value)
		}
	}
	if _, known := Behind("visits.held", half()); known {
		t.Error("visits have no files behind them")
	}
}

// TestAnOrderCountsInThePeriodsItBound: a family obliged by a court in the first half of the year stays one of that half when the order ends later.
func TestAnOrderCountsInThePeriodsItBound(t *testing.T) {
	second := Period{on("2026-07-01"), on("2026-12-31")}
	with := func(orders ...familyfile.CourtTerm) File {
		f := file("f", familyfile.BasisConsent, [3]string{"2025-01-01", "", ""})
		f.Cover.CourtOrders = orders
		return f
	}
	order := func(from, until, ended string) familyfile.CourtTerm {
		o := familyfile.CourtTerm{OrderedOn: on(from)}
		if until != "" {
			o.ValidUntil = on(until)
		}
		if ended != "" {
			o.EndedOn = on(ended)
		}
		return o
	}
	for _, k := range []struct {
		name          string
		file          File
		first, second int64
	}{
		{"added in July", with(order("2026-07-01", "", "")), 0, 1},
		{"revoked on 30 June", with(order("2025-03-01", "", "2026-06-30")), 1, 0},
		{"revoked on 1 July", with(order("2025-03-01", "", "2026-07-01")), 1, 1},
		{"expired on 1 January", with(order("2025-03-01", "2026-01-01", "")), 1, 0},
		{"expired on 31 December", with(order("2025-03-01", "2025-12-31", "")), 0, 0},
		{"one after another", with(order("2025-03-01", "2025-12-31", ""), order("2026-08-01", "", "")), 0, 1},
	} {
		for p, want := range map[Period]int64{half(): k.first, second: k.second} {
			in := CountGmina(p, []File{k.file}, nil, nil)
			if diff := cmp.Diff(map[string]int64{"families.basis.court_order": want, "families.basis.consent": 1 - want}, values(in.Rows, "families.basis.court_order", "families.basis.consent")); diff != "" {
				t.Errorf("%s, %s: %s", k.name, p.From, diff)
			}
		}
	}
}

// TestASecondStayInCareLeavesTheFirst: the return of a child stays in the figures of its half year when the child is placed in care again.
func TestASecondStayInCareLeavesTheFirst(t *testing.T) {
	f := file("f", familyfile.BasisConsent, [3]string{"2025-01-01", "", ""})
	f.Cover.Children = []familyfile.Child{{Member: "c", InCareSince: on("2026-08-10"), Stays: []familyfile.CareStay{
		{Since: on("2025-02-01"), EndedOn: on("2025-05-01"), Returned: true}, {Since: on("2025-12-20"), EndedOn: on("2026-01-01"), Returned: true}}}}
	for _, k := range []struct {
		p            Period
		inCare, home int64
	}{
		{Period{on("2025-01-01"), on("2025-06-30")}, 1, 1},
		{Period{on("2025-07-01"), on("2025-12-31")}, 1, 0},
		{half(), 1, 1}, // home on its first day
		{Period{on("2026-02-01"), on("2026-07-31")}, 0, 0},
		{Period{on("2026-07-01"), on("2026-12-31")}, 1, 0},
		{Period{on("2025-01-01"), on("2026-12-31")}, 1, 1}, // a child counts once
	} {
		in := CountGmina(k.p, []File{f}, nil, nil)
		if diff := cmp.Diff(map[string]int64{"families.child_in_care": k.inCare, "children.returned": k.home}, values(in.Rows, "families.child_in_care", "children.returned")); diff != "" {
			t.Errorf("from %s: %s", k.p.From, diff)
		}
	}
}

// TestAReturnBeforeOrAfterTheWorkIsNotItsOwn: who counts a returned child finds its family among those worked with.
func TestAReturnBeforeOrAfterTheWorkIsNotItsOwn(t *testing.T) {
	for day, want := range map[string]int64{"2026-02-09": 0, "2026-02-10": 1, "2026-04-30": 1, "2026-05-01": 0, "2026-06-01": 1} {
		f := file("f", familyfile.BasisConsent, [3]string{"2026-02-10", "2026-04-30", "GOALS_ACHIEVED"}, [3]string{"2026-06-01", "", ""})
		f.Cover.Children = []familyfile.Child{{Member: "c", InCareSince: on("2025-12-20"), CareEndedOn: on(day), Returned: true}}
		if got := values(CountGmina(half(), []File{f}, nil, nil).Rows, "children.returned")["children.returned"]; got != want {
			t.Errorf("home on %s: %d, want %d", day, got, want)
		}
	}
}
