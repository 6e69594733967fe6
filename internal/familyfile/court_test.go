package familyfile

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"asysta.example/internal/calendar"
	"asysta.example/internal/deadline"
)

// The reports of an order made on 30 November, every three months.
func TestPeriodicReportsToTheCourt(t *testing.T) {
	for name, tc := range map[string]struct {
		edit func(*CourtTerm)
		want []string
	}{
		"nothing sent":                 {func(*CourtTerm) {}, []string{"o/1 2026-02-28 open"}},
		"sent in time, counted anew":   {func(o *CourtTerm) { o.ReportedOn = []calendar.Date{on("2026-02-20")} }, []string{"o/1 2026-02-28 met 2026-02-20", "o/2 2026-05-30 open"}},
		"two in one period":            {func(o *CourtTerm) { o.ReportedOn = []calendar.Date{on("2026-01-10"), on("2026-02-20")} }, []string{"o/1 2026-02-28 met 2026-01-10", "o/2 2026-05-30 open"}},
		"sent late, a term gone by":    {func(o *CourtTerm) { o.ReportedOn = []calendar.Date{on("2026-06-10")} }, []string{"o/1 2026-02-28 met 2026-06-10", "o/3 2026-08-30 open"}},
		"before the order":             {func(o *CourtTerm) { o.ReportedOn = []calendar.Date{on("2025-11-01")} }, []string{"o/1 2026-02-28 open"}},
		"order known late":             {func(o *CourtTerm) { o.FirstReport = o.ReportFrom(on("2026-03-01")) }, []string{"o/2 2026-05-30 open"}},
		"order known on the day":       {func(o *CourtTerm) { o.FirstReport = o.ReportFrom(on("2026-02-28")) }, []string{"o/1 2026-02-28 open"}},
		"ended before the term":        {func(o *CourtTerm) { o.EndedOn = on("2026-02-27") }, nil},
		"ended after the term: owed":   {func(o *CourtTerm) { o.EndedOn = on("2026-03-01") }, []string{"o/1 2026-02-28 open"}},
		"ended after the work: waived": {func(o *CourtTerm) { o.EndedOn, o.NothingOwed = on("2026-03-01"), true }, []string{"o/1 2026-02-28 ORDER_ENDED 2026-03-01"}},
		"over by its own term":         {func(o *CourtTerm) { o.ValidUntil, o.ReportedOn = on("2026-05-01"), []calendar.Date{on("2026-02-20")} }, []string{"o/1 2026-02-28 met 2026-02-20"}},
		"the court wants none":         {func(o *CourtTerm) { o.ReportMonths = 0 }, nil},
		"the last of two was in time.": {func(o *CourtTerm) { o.ReportedOn = []calendar.Date{on("2026-02-28"), on("2026-05-30")} }, []string{"o/1 2026-02-28 met 2026-02-28", "o/2 2026-05-30 met 2026-05-30", "o/3 2026-08-30 open"}},
	} {
		c := running()
		o := CourtTerm{Matter: "o", OrderedOn: on("2025-11-30"), ReportMonths: 3}
		tc.edit(&o)
		c.CourtOrders = []CourtTerm{o}
		var got []string
		for _, d := range Deadlines(c) {
			switch {
			case d.Rule != deadline.RuleCourtReport:
			case d.Open:
				got = append(got, d.Key+" "+d.Due.String()+" open")
			case d.Waived != "":
				got = append(got, d.Key+" "+d.Due.String()+" "+d.Waived+" "+d.ClosedOn.String())
			default:
				got = append(got, d.Key+" "+d.Due.String()+" met "+d.ClosedOn.String())
			}
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
