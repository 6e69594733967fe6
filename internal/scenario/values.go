package scenario

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"asysta.example/internal/calendar"
)

var (
	reference = regexp.MustCompile(`\$\{([^${}]+)\}`)
	dateOf    = regexp.MustCompile(`^\$(date|iso|today|first|last)(?:\((-?\d+)\))?$`)
)

// expand resolves references and dates in a request's value. A text that is one reference keeps the type of what it refers to.
func (p *play) expand(v any) (any, error) {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			x, err := p.expand(e)
			if err != nil {
				return nil, err
			}
			out[k] = x
		}
		return out, nil
	case []any:
		out := make([]any, 0, len(v))
		for _, e := range v {
			x, err := p.expand(e)
			if err != nil {
				return nil, err
			}
			out = append(out, x)
		}
		return out, nil
	case string:
		return p.expandText(v)
	default:
		return v, nil
	}
}

func (p *play) expandText(s string) (any, error) {
	if m := dateOf.FindStringSubmatch(s); m != nil {
		return p.date(m[1], m[2])
	}
	if m := reference.FindStringSubmatch(s); m != nil && m[0] == s {
		return p.lookup(m[1])
	}
	var fail error
	out := reference.ReplaceAllStringFunc(s, func(ref string) string {
		v, err := p.lookup(ref[2 : len(ref)-1])
		if err != nil {
			fail = err
		}
		return fmt.Sprint(v)
	})
	return out, fail
}

// date gives the day n days after the start, as an object or as text, the first or last day of its month, or the day n days after today.
func (p *play) date(form, days string) (any, error) {
	n := 0
	if days != "" {
		var err error
		if n, err = strconv.Atoi(days); err != nil {
			return nil, fmt.Errorf("scenario: %w", err)
		}
	}
	switch form {
	case "iso":
		return p.env.Start.AddDays(n).String(), nil
	case "first":
		day := p.env.Start.AddDays(n)
		return dateObject(day.AddDays(1 - day.Day())), nil
	case "last":
		day := p.env.Start.AddDays(n)
		return dateObject(day.AddDays(1 - day.Day()).AddMonths(1).AddDays(-1)), nil
	case "today":
		if p.env.Today == nil {
			return nil, errors.New("scenario: $today is not known to the environment")
		}
		return dateObject(p.env.Today().AddDays(n)), nil
	}
	return dateObject(p.env.Start.AddDays(n)), nil
}

// lookup resolves "step.path" among earlier answers, or a key of the environment's variables.
func (p *play) lookup(ref string) (any, error) {
	if v, ok := p.vars[ref]; ok {
		return v, nil
	}
	id, path, _ := strings.Cut(ref, ".")
	if p.written != nil {
		return p.written(id, path)
	}
	answer, ok := p.answers[id]
	if !ok {
		return nil, fmt.Errorf("scenario: nothing is called %q", ref)
	}
	v, ok := at(answer, path)
	if !ok {
		return nil, fmt.Errorf("scenario: the answer to %s has no %q", id, path)
	}
	return v, nil
}

// at gives the value at a path such as "members.0.memberId" or "deadlines[rule=plan].state"; "" is the value itself, a negative index counts from the end.
func at(v any, path string) (any, bool) {
	if path == "" {
		return v, true
	}
	key, rest := cut(path)
	switch v := v.(type) {
	case map[string]any:
		e, ok := v[key]
		if !ok {
			return nil, false
		}
		return at(e, rest)
	case []any:
		if field, want, ok := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(key, "["), "]"), "="); ok {
			return where(v, field, want, rest)
		}
		i, err := strconv.Atoi(key)
		if err == nil && i < 0 {
			i += len(v)
		}
		if err != nil || i < 0 || i >= len(v) {
			return nil, false
		}
		return at(v[i], rest)
	}
	return nil, false
}

// cut splits the first segment off a path; a selector in brackets is a segment of its own and may hold dots.
func cut(path string) (key, rest string) {
	if strings.HasPrefix(path, "[") {
		key, rest, _ = strings.Cut(path, "]")
		return key + "]", strings.TrimPrefix(rest, ".")
	}
	i := strings.IndexAny(path, ".[")
	switch {
	case i < 0:
		return path, ""
	case path[i] == '[':
		return path[:i], path[i:]
	}
	return path[:i], path[i+1:]
}

// where gives the value at a path in the first element of a list whose field has a value.
func where(list []any, field, want, rest string) (any, bool) {
	for _, e := range list {
		if got, ok := at(e, field); ok && text(got) == want {
			return at(e, rest)
		}
	}
	return nil, false
}

func dateObject(d calendar.Date) map[string]any {
	return map[string]any{"year": d.Year(), "month": d.Month(), "day": d.Day()}
}

// compare says how an answer differs from what was expected at one path; "" where it does not.
func (p *play) compare(answer any, path string, want any) (string, error) {
	want, err := p.expand(want)
	if err != nil {
		return "", err
	}
	got, ok := at(answer, path)
	if !ok {
		return fmt.Sprintf("%s is missing", path), nil
	}
	if s, isText := want.(string); isText {
		if s == "present" {
			empty := got == nil || got == "" || got == false
			return differ(!empty, path, "empty", s), nil
		}
		if part, ok := strings.CutPrefix(s, "contains:"); ok {
			return differ(strings.Contains(text(got), part), path, "something without "+part, s), nil
		}
		if part, ok := strings.CutPrefix(s, "lacks:"); ok {
			return differ(!strings.Contains(text(got), part), path, "something with "+part, s), nil
		}
		if part, ok := strings.CutPrefix(s, "length:"); ok {
			list, _ := got.([]any)
			return differ(strconv.Itoa(len(list)) == part, path, strconv.Itoa(len(list))+" elements", s), nil
		}
	}
	return differ(text(got) == text(want), path, text(got), want), nil
}

func differ(same bool, path, got string, want any) string {
	if same {
		return ""
	}
	return fmt.Sprintf("%s is %s, want %v", path, got, want)
}

// text gives a value as canonical JSON, a plain string as it is.
func text(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}
