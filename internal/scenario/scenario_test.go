package scenario

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	_ "asysta.example/proto/gen/asysta/planning/v1" // the contract that the tests call
	_ "asysta.example/proto/gen/asysta/referral/v1"

	"asysta.example/internal/calendar"
)

// recorder answers every call with the same and keeps what was asked.
type recorder struct {
	answer any
	refuse *Refusal
	asked  []string
}

func (r *recorder) Call(_ context.Context, as string, m protoreflect.MethodDescriptor, req proto.Message, _ int) ([]any, error) {
	raw, err := out.Marshal(req)
	if err != nil {
		return nil, err
	}
	v, err := decode(raw)
	if err != nil {
		return nil, err
	}
	fields, _ := v.(map[string]any)
	for k, e := range fields {
		if e == "" || e == false || e == nil || text(e) == "[]" {
			delete(fields, k)
		}
	}
	r.asked = append(r.asked, as+" "+string(m.Name())+" "+text(fields))
	if r.refuse != nil {
		return nil, r.refuse
	}
	return []any{r.answer}, nil
}

func TestPathsLeadIntoAnswers(t *testing.T) {
	v := map[string]any{"a": []any{map[string]any{"row": "x.y", "value": "1"}, map[string]any{"row": "z", "m": map[string]any{"id": "q"}, "value": "2"}}, "b": "text"}
	for path, want := range map[string]any{
		"b": "text", "a.0.row": "x.y", "a.-1.value": "2", "a[row=x.y].value": "1", "a.[row=z].value": "2", "a[m.id=q].row": "z", "a[row=none].value": nil, "a.2": nil, "b.c": nil, "a.x": nil, "none": nil,
	} {
		got, ok := at(v, path)
		if ok != (want != nil) || ok && !cmp.Equal(got, want) {
			t.Errorf("%s leads to %v, %v; want %v", path, got, ok, want)
		}
	}
}

func TestExpectations(t *testing.T) {
	p := &play{vars: map[string]any{"name": "n1"}, answers: map[string]any{}, env: Env{Start: calendar.MustOf(2026, 1, 31)}}
	answer := map[string]any{"name": "n1", "list": []any{"a", "b"}, "on": map[string]any{"year": 2026, "month": 2, "day": 1}, "empty": "", "flag": true}
	for _, c := range []struct {
		path, want string
		holds      bool
	}{
		{"name", "${name}", true}, {"name", "n2", false}, {"list", "length:2", true}, {"list", "length:3", false}, {"list", "contains:b", true}, {"list", "contains:c", false}, {"list", "lacks:c", true},
		{"list", "lacks:a", false}, {"on", "$date(1)", true}, {"on", "$date(2)", false}, {"name", "present", true}, {"flag", "present", true}, {"empty", "present", false}, {"none", "present", false}, {"none", "", false},
	} {
		diff, err := p.compare(answer, c.path, c.want)
		if err != nil || (diff == "") != c.holds {
			t.Errorf("%s %s: %q, %v", c.path, c.want, diff, err)
		}
	}
}

func TestDates(t *testing.T) {
	p := &play{vars: map[string]any{}, answers: map[string]any{}, env: Env{Start: calendar.MustOf(2026, 1, 31), Today: func() calendar.Date { return calendar.MustOf(2026, 3, 1) }}}
	for form, want := range map[string]any{
		"$date(1)": day(2026, 2, 1), "$date(-31)": day(2025, 12, 31), "$iso(1)": "2026-02-01", "$today": day(2026, 3, 1), "$today(-1)": day(2026, 2, 28), "$first(0)": day(2026, 1, 1), "$last(1)": day(2026, 2, 28), "$date": day(2026, 1, 31),
		"no $date(1)": "no $date(1)",
	} {
		got, err := p.expand(form)
		if diff := cmp.Diff(text(want), text(got)); err != nil || diff != "" {
			t.Errorf("%s: %s %v", form, diff, err)
		}
	}
	p.env.Today = nil
	if _, err := p.expand("$today"); err == nil {
		t.Error("today is known to nobody and yet resolved")
	}
}

func day(y, m, d int) map[string]any { return map[string]any{"year": y, "month": m, "day": d} }

const small = `
title: t
days: 10
vars: {who: gminas/1000000}
roles: {head: kierownik, worker: pracownik}
points: [{id: p 1, title: one}]
steps:
  - {id: late, title: late, day: 9, as: head, call: referral.ReferralService/GetReferral, request: {name: "${made.name}"}}
  - {id: made, group: beside, points: [p 1], title: made, day: 1, as: worker, call: referral.ReferralService/CreateReferral, request: {parent: "${who}", referral: {receivedOn: $date(1)}}}
  - {id: closed, title: closed, day: 2, as: worker, call: referral.ReferralService/CloseReferral, request: {name: "${made.name}"}}
`

func TestStepsArePlayedByDayWithIdsAndEtags(t *testing.T) {
	f, err := Read(strings.NewReader(small))
	if err != nil {
		t.Fatal(err)
	}
	r := &recorder{answer: map[string]any{"name": "gminas/1000000/referrals/r1", "etag": "7"}}
	if _, err := Play(t.Context(), f, Env{Transport: r, Start: calendar.MustOf(2026, 1, 1), Seed: "test"}); err != nil {
		t.Fatal(err)
	}
	want := []string{
		`worker CreateReferral {"parent":"gminas/1000000","referral":`, `worker GetReferral {"name":"gminas/1000000/referrals/r1"}`,
		`worker CloseReferral {"etag":"7","name":"gminas/1000000/referrals/r1","reason":"REFERRAL_CLOSURE_REASON_UNSPECIFIED","requestId":"test-closed"}`,
		`head GetReferral {"name":"gminas/1000000/referrals/r1"}`,
	}
	if len(r.asked) != len(want) {
		t.Fatalf("asked %q", r.asked)
	}
	for i := range want {
		if !strings.HasPrefix(r.asked[i], want[i]) {
			t.Errorf("call %d is %s, want %s…", i, r.asked[i], want[i])
		}
	}
	if diff := cmp.Diff([]Role{{"head", "kierownik"}, {"worker", "pracownik"}}, f.People()); diff != "" {
		t.Error(diff)
	}
}

func TestPlayStopsWhereAStepComesOutOtherwise(t *testing.T) {
	step := Step{ID: "s", Title: "t", As: "head", Call: "referral.ReferralService/GetReferral", Request: map[string]any{"name": "gminas/1000000/referrals/r1"}}
	for name, c := range map[string]struct {
		change func(*Step)
		refuse *Refusal
		says   string
	}{
		"as said":              {func(s *Step) { s.Expect = map[string]any{"name": "n"} }, nil, ""},
		"another answer":       {func(s *Step) { s.Expect = map[string]any{"name": "m"} }, nil, "name is n, want m"},
		"refused unexpectedly": {func(*Step) {}, &Refusal{Code: "ABORTED", Polish: "Ktoś był szybszy."}, "Ktoś był szybszy"},
		"not refused":          {func(s *Step) { s.Refuse = &Refusal{Code: "ABORTED"} }, nil, "carried out"},
		"refused as said":      {func(s *Step) { s.Refuse = &Refusal{Code: "ABORTED", Reason: "X"} }, &Refusal{Code: "ABORTED", Reason: "X"}, ""},
		"another reason":       {func(s *Step) { s.Refuse = &Refusal{Code: "ABORTED", Reason: "X"} }, &Refusal{Code: "ABORTED", Reason: "Y"}, "want ABORTED X"},
		"no such method":       {func(s *Step) { s.Call = "referral.ReferralService/Nothing" }, nil, "no method"},
		"unknown reference":    {func(s *Step) { s.Request = map[string]any{"name": "${nothing.name}"} }, nil, "nothing is called"},
		"unknown field":        {func(s *Step) { s.Request = map[string]any{"nome": "x"} }, nil, "nome"},
	} {
		t.Run(name, func(t *testing.T) {
			s := step
			c.change(&s)
			_, err := Play(t.Context(), &File{Steps: []Step{s}}, Env{Transport: &recorder{answer: map[string]any{"name": "n"}, refuse: c.refuse}})
			if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v, want %q", err, c.says)
			}
		})
	}
}

func TestReadRefusesWhatCannotBePlayed(t *testing.T) {
	for name, edit := range map[string][2]string{
		"doubled id":           {"id: closed", "id: made"},
		"unknown key":          {"title: t\n", "title: t\ntitel: x\n"},
		"nobody":               {"as: head", "as: somebody"},
		"unknown point":        {"points: [p 1], title: made", "points: [p 2], title: made"},
		"point without a step": {"points: [p 1], title: made", "title: made"},
		"back in time":         {"id: closed, title: closed, day: 2", "id: closed, title: closed, day: 0"},
		"after the end":        {"day: 9", "day: 11"},
		"no title":             {"title: late, ", ""},
	} {
		if _, err := Read(strings.NewReader(strings.Replace(small, edit[0], edit[1], 1))); err == nil {
			t.Errorf("%s: was read", name)
		}
	}
}
