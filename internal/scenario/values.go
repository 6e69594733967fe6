package scenario

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"asysta.example/internal/calendar"
)

var (
	reference = regexp.MustCompile(`\$\{([a-zA-Z0-9_.\-]+)\}`)
	dateOf    = regexp.MustCompile(`^\$date\((-?\d+)\)$`)
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
		n, err := strconv.Atoi(m[1])
		if err != nil {
			return nil, fmt.Errorf("scenario: %w", err)
		}
		return dateObject(p.start.AddDays(n)), nil
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

// lookup resolves "step.path" among earlier answers, or a key of the environment's variables.
func (p *play) lookup(ref string) (any, error) {
	if v, ok := p.env.Vars[ref]; ok {
		return v, nil
	}
	id, path, _ := strings.Cut(ref, ".")
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

// at gives the value at a path such as "members.0.memberId"; "" is the value itself.
func at(v any, path string) (any, bool) {
	if path == "" {
		return v, true
	}
	key, rest, _ := strings.Cut(path, ".")
	switch v := v.(type) {
	case map[string]any:
		e, ok := v[key]
		if !ok {
			return nil, false
		}
		return at(e, rest)
	case []any:
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
