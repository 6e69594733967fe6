package scenario

import (
	"strconv"
	"strings"

	"asysta.example/internal/calendar"
)

// Paper is where a scenario is written down instead of played, for the examples of the documentation.
type Paper struct {
	Start  calendar.Date
	Vars   map[string]any
	Answer func(step, path string) (any, error) // what the answer to a step has at a path
}

// Resolve puts values in the place of a step's references and dates; $today is the step's own day.
func (p Paper) Resolve(s Step, v any) (any, error) {
	today := func() calendar.Date { return p.Start.AddDays(s.Day) }
	return (&play{env: Env{Start: p.Start, Today: today}, vars: p.Vars, written: p.Answer}).expand(v)
}

// At gives the value at a path such as "members.0.memberId" or "deadlines[rule=plan].state".
func At(v any, path string) (any, bool) { return at(v, path) }

// Put gives v with a value at such a path; objects and elements on the way are made where they are missing. It changes v where it can.
func Put(v any, path string, value any) any {
	if path == "" {
		return value
	}
	key, rest := cut(path)
	if field, want, ok := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(key, "["), "]"), "="); ok && strings.HasPrefix(key, "[") {
		list, _ := v.([]any)
		for i, e := range list {
			if got, ok := at(e, field); ok && text(got) == want {
				list[i] = Put(e, rest, value)
				return list
			}
		}
		return append(list, Put(Put(nil, field, want), rest, value))
	}
	if i, err := strconv.Atoi(key); err == nil && i >= 0 {
		list, _ := v.([]any)
		for len(list) <= i {
			list = append(list, map[string]any{})
		}
		list[i] = Put(list[i], rest, value)
		return list
	}
	fields, ok := v.(map[string]any)
	if !ok {
		fields = map[string]any{}
	}
	fields[key] = Put(fields[key], rest, value)
	return fields
}
