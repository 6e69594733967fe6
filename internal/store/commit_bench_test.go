package store

import (
	"strings"
	"testing"
	"time"

	"asysta.example/internal/calendar"
	"asysta.example/internal/deadline"
	"asysta.example/internal/familyfile"
)

// card and essay are a small section and a text.
type (
	card struct {
		Begun bool `bson:"begun"`
	}
	essay struct {
		Text string `bson:"text"`
	}
)

// visited gives a file as two years of work leave it, with the sections that a visit does not touch, and what the next visit makes of it.
func visited(tb testing.TB) (*Document, func(visit int) Change) {
	tb.Helper()
	first := calendar.MustOf(2024, 11, 14)
	id := func(s string) string { return DerivedID("0201062", "p", "m", s) }
	cover := familyfile.Cover{
		Number: "AR/498/2024", State: familyfile.Cooperation, Source: familyfile.SourceInstitution, Basis: familyfile.BasisConsent, ClientKind: "FAMILY",
		Label: familyfile.Label{FamilyName: "Woźniak", Place: "Dębina", Address: "ul. Spacerowa 34", Search: []string{"34", "debina", "spacerowa", "ul", "wozniak"}, Members: []familyfile.MemberName{
			{Member: "m", Name: "Kinga Woźniak"}, {Member: "o", Name: "Rafał Woźniak"}, {Member: "d1", Name: "Nikola Woźniak"}, {Member: "d2", Name: "Szymon Woźniak"},
		}},
		Referral: id("referral"), OpenedOn: first, Area: "rejon-6", SocialWorker: id("worker"), Assistant: id("staff"), AssistantPer: id("person"),
		Assignments: []familyfile.Assignment{{Staff: id("staff"), Person: id("person"), From: first}}, Difficulty: 1, DocsReadOn: first.AddDays(3), JointVisitOn: first.AddDays(9),
		Day0: first.AddDays(9), Spells: []familyfile.Spell{{From: first, Day0: first.AddDays(9), Basis: familyfile.BasisConsent}}, Adults: 2,
		Children:    []familyfile.Child{{Member: "d1", BornOn: calendar.MustOf(2019, 1, 18)}, {Member: "d2", BornOn: calendar.MustOf(2022, 5, 4)}},
		PeselHashes: []string{strings.Repeat("1", 32), strings.Repeat("2", 32), strings.Repeat("3", 32), strings.Repeat("4", 32)},
		PlanVersion: 1, PlanAdoptedOn: first.AddDays(40), PlanRevisedOn: first.AddDays(40), PlanHash: strings.Repeat("8", 64), GoalsTotal: 3, SettingsVer: 1,
		Terms: familyfile.Terms{VisitGapDays: 30},
	}
	for n := 1; n <= 4; n++ {
		on := first.AddMonths(6 * n)
		cover.Assessments = append(cover.Assessments, familyfile.Assessed{Number: n, ID: id("assessment"), PresentedOn: on, ReceivedOn: on})
	}
	visit := func(n int) Change {
		cover.LastVisitOn = first.AddMonths(24).AddDays(14 * n)
		cover.NextVisitOn = cover.LastVisitOn.AddDays(14)
		return Change{
			Actor: Actor{Person: id("person"), Staff: id("staff"), Role: "ASSISTANT", Subject: "assistant-13", Instance: "all-1"}, Method: "/asysta.casefile.v1.WorkCardService/RecordVisit",
			RequestID: id("request"), BodyHash: make([]byte, 32), RecordedAt: time.Date(2026, 11, 22, 8, 0, n, 0, time.UTC), Audience: []string{},
			Cover: &cover, Deadlines: append([]deadline.Deadline{}, familyfile.Deadlines(cover)...), Sections: map[string]any{"workcard": card{Begun: true}},
			Records: []Record{{Type: Visits, ID: id("visit"), Date: cover.LastVisitOn.String(), Body: essay{strings.Repeat("x", 800)}}},
		}
	}
	base := &Document{ID: id("file"), Kind: FamilyFiles, Gmina: "0201062", County: "0201", Schema: Schema}
	c := visit(0)
	for _, name := range []string{"casefile", "planning"} {
		c.Sections[name] = essay{strings.Repeat("y", 2500)}
	}
	for n := range RememberedRequests {
		c.RecordedAt = c.RecordedAt.Add(time.Second)
		next, _, err := (&core{whole: true}).plan(base, made(tb, base, c))
		if err != nil {
			tb.Fatal(err)
		}
		base, c = next, visit(n+1)
	}
	return base, visit
}

func made(tb testing.TB, base *Document, c Change) *Commit {
	tb.Helper()
	commit, err := newCommit(base, c)
	if err != nil {
		tb.Fatal(err)
	}
	return commit
}

// BenchmarkCommitOfVisit is what a visit's commit costs before the engine has it.
func BenchmarkCommitOfVisit(b *testing.B) {
	base, visit := visited(b)
	change, c := visit(RememberedRequests+1), &core{whole: true}
	commit := made(b, base, change)
	next, steps, err := c.plan(base, commit)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if commit, err = newCommit(base, change); err == nil {
			_, _, err = c.plan(base, commit)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(steps[0].Body)), "entry-B")
	b.ReportMetric(float64(len(next.stored)), "document-B")
}

// BenchmarkReadDocument is what decoding the envelope of a file costs.
func BenchmarkReadDocument(b *testing.B) {
	base, _ := visited(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := decodeDocument(base.stored); err != nil {
			b.Fatal(err)
		}
	}
}
