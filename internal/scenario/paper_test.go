package scenario

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"asysta.example/internal/calendar"
)

func TestPutMakesWhatAtFinds(t *testing.T) {
	for _, path := range []string{"state", "opinion.favourable", "members.1.pesel", "deadlines[rule=plan].state", "members[member.memberId=kacper].member.coordinator"} {
		v := Put(map[string]any{"kept": true}, path, "x")
		if got, ok := At(v, path); !ok || got != "x" {
			t.Errorf("%s: %v in %v", path, got, v)
		}
		if kept, _ := At(v, "kept"); kept != true {
			t.Errorf("%s: what was there is gone: %v", path, v)
		}
	}
}

func TestPutChangesTheElementThatIsThere(t *testing.T) {
	v := map[string]any{"deadlines": []any{map[string]any{"rule": "plan", "state": "OPEN"}, map[string]any{"rule": "interview"}}}
	got := Put(v, "deadlines[rule=plan].state", "MET")
	want := map[string]any{"deadlines": []any{map[string]any{"rule": "plan", "state": "MET"}, map[string]any{"rule": "interview"}}}
	if diff := cmp.Diff(any(want), got); diff != "" {
		t.Error(diff)
	}
}

func TestPaperResolvesReferencesAndDays(t *testing.T) {
	start, err := calendar.Of(2024, 1, 8)
	if err != nil {
		t.Fatal(err)
	}
	p := Paper{Start: start, Vars: map[string]any{"gmina": "gminas/3030012"}, Answer: func(step, path string) (any, error) { return step + "/" + path, nil }}
	got, err := p.Resolve(Step{Day: 2}, map[string]any{"parent": "${gmina}", "name": "${a.b.c}", "on": "$iso(1)", "today": "$today"})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"parent": "gminas/3030012", "name": "a/b.c", "on": "2024-01-09", "today": dateObject(start.AddDays(2))}
	if diff := cmp.Diff(any(want), got); diff != "" {
		t.Error(diff)
	}
}
