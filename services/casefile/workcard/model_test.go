package workcard

import (
	"errors"
	"fmt"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"asysta.example/internal/access"
	"asysta.example/internal/calendar"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/fault"
)

// model is the work card as a naive reader of all its entries sees it.
type model struct {
	file    File
	entries []Visit
	sent    map[string]calendar.Date // by opinion asked for
	n       int
}

func (m *model) stands(v Visit) bool {
	for _, w := range m.entries {
		if w.Supersedes == v.ID {
			return false
		}
	}
	return true
}

// last is the latest day of the entries that count and stand, but for one.
func (m *model) last(except string) calendar.Date {
	var last calendar.Date
	for _, v := range m.entries {
		if v.ID != except && v.Counts() && m.stands(v) {
			last = later(last, v.On)
		}
	}
	return last
}

var actors = []By{assistant, {Role: access.Assistant, Staff: "as2"}, head, socialist, body, {Role: access.Coordinator}}

func (m *model) drawVisit(t *rapid.T) Visit {
	m.n++
	v := visit(fmt.Sprintf("v%d", m.n), "2026-08-15")
	v.On = v.On.AddDays(rapid.IntRange(0, 100).Draw(t, "day"))
	v.Kind = rapid.SampledFrom([]VisitKind{Meeting, Meeting, Accompanying, Joint, Intervention, Unsuccessful, ""}).Draw(t, "kind")
	v.Place = rapid.SampledFrom([]Place{AtHome, ByPhone, Elsewhere}).Draw(t, "place")
	v.WithStaff = []string{"sw"}
	if v.Kind == Unsuccessful {
		v.Failure = Refused
	}
	if rapid.Bool().Draw(t, "next") {
		v.NextOn = v.On.AddDays(rapid.IntRange(-1, 20).Draw(t, "in"))
	}
	return v
}

// give applies a command and checks what holds after every command.
func (m *model) give(t *rapid.T, c Command) {
	by := rapid.SampledFrom(actors).Draw(t, "by")
	before := m.file
	o, err := Apply(m.file, c, by, today)
	if err != nil {
		var f *fault.Error
		if !errors.As(err, &f) || f.Polish == "" {
			t.Fatalf("refused without a sentence: %v", err)
		}
		return
	}
	m.file.Cover, m.file.Card = o.Cover, o.Card
	if o.Visit != nil {
		m.entries = append(m.entries, *o.Visit)
	}
	if o.Court != nil && o.Court.Kind == Opinion {
		m.sent[o.Court.Matter] = o.Court.SentOn
	}
	m.check(t, before)
}

func (m *model) check(t *rapid.T, before File) {
	if got, want := m.file.Cover.LastVisitOn, m.last(""); got != want {
		t.Fatalf("last visit %s, want %s", got, want)
	}
	if len(m.file.Cover.CourtReports) != len(m.sent) {
		t.Fatalf("%d court reports for %d opinions", len(m.file.Cover.CourtReports), len(m.sent))
	}
	for _, r := range m.file.Cover.CourtReports {
		if m.sent[r.Matter] != r.SentOn {
			t.Fatalf("opinion %s sent on %s, cover says %s", r.Matter, m.sent[r.Matter], r.SentOn)
		}
	}
	seen := map[string]bool{}
	for _, s := range m.file.Card.Superseded {
		if seen[s.Old] {
			t.Fatalf("%s is superseded twice", s.Old)
		}
		seen[s.Old] = true
	}
	was, is := before.Cover, m.file.Cover
	was.LastVisitOn, was.NextVisitOn, was.CourtReports, was.CourtOrders = is.LastVisitOn, is.NextVisitOn, is.CourtReports, is.CourtOrders
	if !reflect.DeepEqual(was, is) {
		t.Fatal("a fact of another owner was changed")
	}
}

func TestWorkCardModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &model{file: family(), sent: map[string]calendar.Date{}}
		t.Repeat(map[string]func(*rapid.T){
			"": func(t *rapid.T) {},
			"state": func(t *rapid.T) {
				m.file.Cover.State = rapid.SampledFrom(append([]familyfile.State{familyfile.Cooperation, familyfile.Cooperation}, opened...)).Draw(t, "state")
			},
			"record": func(t *rapid.T) { m.give(t, RecordVisit{m.drawVisit(t)}) },
			"correct": func(t *rapid.T) {
				if len(m.entries) == 0 {
					return
				}
				old := rapid.SampledFrom(m.entries).Draw(t, "old")
				m.give(t, CorrectVisit{Old: old, Visit: m.drawVisit(t), Reason: "pomyłka", LastOther: m.last(old.ID)})
			},
			"ask": func(t *rapid.T) {
				m.n++
				m.give(t, RecordCourtRequest{request(fmt.Sprintf("k%d", m.n))})
			},
			"send": func(t *rapid.T) {
				m.n++
				matter := fmt.Sprintf("k%d", rapid.IntRange(1, m.n).Draw(t, "matter"))
				m.give(t, SendCourtOpinion{ID: fmt.Sprintf("k%d", m.n), Matter: matter, Seen: rapid.Int64Range(1, 2).Draw(t, "seen"), SentOn: on("2026-11-20"), Content: "Opinia."})
			},
			"notify": func(t *rapid.T) {
				m.n++
				m.give(t, NotifyNonCooperation{CourtEntry{ID: fmt.Sprintf("k%d", m.n), Order: "o1", SentOn: on("2026-11-20"), Content: "Brak."}})
			},
		})
	})
}
