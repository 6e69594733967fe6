package reporting

import (
	"strings"

	"asysta.example/internal/catalogue"
)

// Relation is a sum that must come out: Plus − Minus = 0.
type Relation struct {
	Title string // Polish
	Plus  []string
	Minus []string
}

// Relations are the relations between rows of the report.
func Relations() []Relation {
	endings := make([]string, 0, len(catalogue.ClosureReasons))
	for _, r := range catalogue.ClosureReasons {
		endings = append(endings, "endings."+r.Code)
	}
	return []Relation{
		{"stan na początku + przyjęte − zakończone = stan w ostatnim dniu", []string{"families.opening", "families.accepted"}, []string{"families.ended", "families.on_last_day"}},
		{"za zgodą + zobowiązane przez sąd = rodziny w okresie", []string{"families.basis.consent", "families.basis.court_order"}, []string{"families.in_period"}},
		{"suma według czasu pracy = rodziny w okresie",
			[]string{"families.duration.up_to_3_months", "families.duration.3_to_12_months", "families.duration.over_12_months"}, []string{"families.in_period"}},
		{"suma zakończeń według przyczyn = zakończone", endings, []string{"families.ended"}},
		{"plany w terminie + po terminie + niewykonane = plany z terminem w okresie", []string{"plans.on_time", "plans.late", "plans.missing"}, []string{"plans.due"}},
		{"oceny w terminie + po terminie + niewykonane = oceny z terminem w okresie",
			[]string{"assessments.on_time", "assessments.late", "assessments.missing"}, []string{"assessments.due"}},
		{"asystenci według liczby rodzin = asystenci pracujący z rodzinami",
			[]string{"assistants.1_to_5", "assistants.6_to_10", "assistants.11_and_more"}, []string{"assistants.with_families"}},
	}
}

// Check is a relation and whether it holds.
type Check struct {
	Relation
	Holds bool
}

// Checks checks the relations whose rows are all there and none withheld.
func Checks(rows []Row) []Check {
	at := index(rows)
	var out []Check
	for _, r := range Relations() {
		sum, complete := int64(0), true
		for sign, ids := range map[int64][]string{1: r.Plus, -1: r.Minus} {
			for _, id := range ids {
				row, ok := at[id]
				complete = complete && ok && !row.Suppressed
				if ok {
					sum += sign * row.Value
				}
			}
		}
		if complete {
			out = append(out, Check{r, sum == 0})
		}
	}
	return out
}

func index(rows []Row) map[string]*Row {
	at := make(map[string]*Row, len(rows))
	for i := range rows {
		at[rows[i].ID] = &rows[i]
	}
	return at
}

// smallest and largest values that are withheld for being small.
const (
	smallFrom = 1
	smallTo   = 4
)

// Suppress withholds cells of 1 to 4, larger ones that come from 1 to 4 families (the visits or the children of one family), and as many others as it takes that no relation gives one of them away: in no relation may a single cell be
// missing, nor small cells alone whose sum leaves them no choice. Minutes go with the count they belong to. Values withheld are set to 0.
func Suppress(rows []Row) []Row {
	at := index(rows)
	small := map[string]bool{}
	for i := range rows {
		if r := &rows[i]; r.Unit == Count && r.Value >= smallFrom && r.Value <= smallTo {
			r.Suppressed, small[r.ID] = true, true
		} else if r.Families >= smallFrom && r.Families <= smallTo {
			r.Suppressed = true
		}
	}
	for changed := true; changed; {
		changed = false
		for _, rel := range Relations() {
			if exposed(rel, at, small) {
				changed = hideOne(rel, at) || changed
			}
		}
	}
	for id, r := range at {
		if count, ok := at[countOf(id)]; ok && r.Unit == Minutes && count.Suppressed {
			r.Suppressed = true
		}
	}
	for i := range rows {
		if rows[i].Suppressed {
			rows[i].Value = 0
		}
	}
	return rows
}

// countOf is the row that counts what a row of minutes adds up.
func countOf(id string) string {
	if id == "visits.minutes" {
		return "visits.held"
	}
	if base, ok := strings.CutSuffix(id, ".minutes"); ok {
		return base + ".visits"
	}
	return ""
}

// exposed says that the cells shown in a relation give a withheld one away.
func exposed(rel Relation, at map[string]*Row, small map[string]bool) bool {
	hidden, others := 0, 0
	var plus, minus, n int64
	for sign, ids := range map[int64][]string{1: rel.Plus, -1: rel.Minus} {
		for _, id := range ids {
			r, ok := at[id]
			if !ok || !r.Suppressed {
				continue
			}
			hidden++
			if !small[id] {
				others++
				continue
			}
			n++
			if sign > 0 {
				plus += r.Value
			} else {
				minus += r.Value
			}
		}
	}
	if hidden == 1 {
		return true
	}
	forced := plus == n*smallFrom || plus == n*smallTo // all at one end of what they can be
	return hidden > 1 && others == 0 && minus == 0 && forced
}

// hideOne withholds one more cell of a relation: the smallest that is not small, a zero where there is no other.
func hideOne(rel Relation, at map[string]*Row) bool {
	var pick *Row
	for _, ids := range [][]string{rel.Plus, rel.Minus} {
		for _, id := range ids {
			r, ok := at[id]
			if !ok || r.Suppressed {
				continue
			}
			if pick == nil || (pick.Value == 0 && r.Value > 0) || (r.Value > 0 && r.Value < pick.Value) {
				pick = r
			}
		}
	}
	if pick == nil {
		return false
	}
	pick.Suppressed = true
	return true
}
