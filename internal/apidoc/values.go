package apidoc

import (
	"maps"
	"slices"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// clone copies a JSON value, so that a later change of the one does not show in the other.
func clone[V any](v V) V {
	switch v := any(v).(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, e := range v {
			out[key] = clone(e)
		}
		return any(out).(V)
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = clone(e)
		}
		return any(out).(V)
	}
	return v
}

// mask hides PESEL numbers, as every answer does.
func mask(v any) {
	switch v := v.(type) {
	case map[string]any:
		for key, e := range v {
			if key == "pesel" && e != "" {
				v[key] = masked
			}
			mask(e)
		}
	case []any:
		for _, e := range v {
			mask(e)
		}
	}
}
