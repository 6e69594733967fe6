package reporting

import (
	"slices"
	"strings"

	"asysta.example/internal/calendar"
	"asysta.example/internal/catalogue"
	"asysta.example/internal/familyfile"
)

// Load is the load of one assistant.
type Load struct {
	Staff      string
	Families   int // on the last day of the period
	Difficulty int // sum of weights
	Visits     int // in the period
	Minutes    int64
}

// Indicators are the rows and, for a gmina, the loads of its assistants.
type Indicators struct {
	Period Period
	Rows   []Row
	Loads  []Load
}

// CountGmina counts the indicators of a gmina. Staff are the assistants to list even when they have no family.
func CountGmina(p Period, files []File, visits []Visit, staff []string) Indicators {
	visits = within(p, Standing(visits))
	in := Indicators{Period: p, Rows: append(familyRows(p, files), visitRows(visits)...), Loads: loads(p, files, visits, staff)}
	return in
}

// CountCounty counts the same rows over a county and suppresses what is too small to be published.
func CountCounty(p Period, files []File, visits []Visit) Indicators {
	visits = within(p, Standing(visits))
	rows := append(familyRows(p, files), visitRows(visits)...)
	for i := range rows {
		rows[i].Files, rows[i].HasFiles = nil, false
	}
	rows = append(rows, loadRows(loads(p, files, visits, nil))...)
	return Indicators{Period: p, Rows: Suppress(rows)}
}

func within(p Period, visits []Visit) []Visit {
	return slices.DeleteFunc(slices.Clone(visits), func(v Visit) bool { return !p.Holds(v.On) })
}

func familyRows(p Period, files []File) []Row {
	var rows []Row
	for _, d := range definitions() {
		r := Row{ID: d.id, Title: d.title, Unit: Count, HasFiles: true}
		for _, f := range files {
			if n := d.count(f.Cover, p); n > 0 {
				r.Value += int64(n)
				r.Families++
				r.Files = append(r.Files, f.ID)
			}
		}
		rows = append(rows, r)
	}
	return rows
}

func visitRows(visits []Visit) []Row {
	total := Row{ID: "visits.held", Title: "Spotkania z rodzinami", Unit: Count}
	failed := Row{ID: "visits.unsuccessful", Title: "Wizyty, które się nie odbyły", Unit: Count}
	calls := Row{ID: "visits.by_phone", Title: "Rozmowy telefoniczne z rodzinami", Unit: Count}
	minutes := Row{ID: "visits.minutes", Title: "Czas spotkań", Unit: Minutes}
	type sum struct {
		count, minutes int64
		families       map[string]bool
	}
	byTask := map[string]sum{}
	families := map[string]map[string]bool{}
	from := func(row *Row, v Visit) {
		row.Value++
		if families[row.ID] == nil {
			families[row.ID] = map[string]bool{}
		}
		families[row.ID][v.File] = true
		row.Families = len(families[row.ID])
	}
	for _, v := range visits {
		switch {
		case v.Kind == unsuccessful:
			from(&failed, v)
			continue
		case !v.met():
			from(&calls, v)
			continue
		}
		from(&total, v)
		minutes.Value += int64(v.Minutes)
		for _, t := range v.Tasks {
			s := byTask[t]
			if s.families == nil {
				s.families = map[string]bool{}
			}
			s.families[v.File] = true
			byTask[t] = sum{s.count + 1, s.minutes + int64(v.Minutes), s.families}
		}
	}
	rows := []Row{total, failed, calls, minutes}
	for _, code := range taskCodes(byTask) {
		title := code + ". " + catalogue.Tasks.Title(code)
		rows = append(rows,
			Row{ID: "tasks." + code + ".visits", Title: "Spotkania z zadaniem " + title, Value: byTask[code].count, Unit: Count, Families: len(byTask[code].families)},
			Row{ID: "tasks." + code + ".minutes", Title: "Czas spotkań z zadaniem " + title, Value: byTask[code].minutes, Unit: Minutes})
	}
	return rows
}

// taskCodes has every code of the catalogue in its order, then unknown ones.
func taskCodes[V any](seen map[string]V) []string {
	var codes []string
	for _, t := range catalogue.Tasks {
		if !slices.Contains(codes, t.Code) {
			codes = append(codes, t.Code)
		}
	}
	var others []string
	for code := range seen {
		if !slices.Contains(codes, code) {
			others = append(others, code)
		}
	}
	slices.Sort(others)
	return append(codes, others...)
}

func loads(p Period, files []File, visits []Visit, staff []string) []Load {
	by := map[string]*Load{}
	of := func(s string) *Load {
		if by[s] == nil {
			by[s] = &Load{Staff: s}
		}
		return by[s]
	}
	for _, s := range staff {
		of(s)
	}
	for _, f := range files {
		if s := assistantOn(f.Cover, p.To); s != "" && stock(f.Cover, p.To) {
			l := of(s)
			l.Families++
			l.Difficulty += f.Cover.Difficulty
		}
	}
	for _, v := range visits {
		if v.met() && v.Staff != "" {
			l := of(v.Staff)
			l.Visits++
			l.Minutes += int64(v.Minutes)
		}
	}
	out := make([]Load, 0, len(by))
	for _, l := range by {
		out = append(out, *l)
	}
	slices.SortFunc(out, func(a, b Load) int { return strings.Compare(a.Staff, b.Staff) })
	return out
}

// loadRows counts assistants by how many families they have on the last day; the county never sees one assistant.
func loadRows(ls []Load) []Row {
	rows := []Row{
		{ID: "assistants.with_families", Title: "Asystenci pracujący z rodzinami w ostatnim dniu okresu", Unit: Count},
		{ID: "assistants.1_to_5", Title: "w tym z 1–5 rodzinami", Unit: Count},
		{ID: "assistants.6_to_10", Title: "w tym z 6–10 rodzinami", Unit: Count},
		{ID: "assistants.11_and_more", Title: "w tym z 11 i więcej rodzinami", Unit: Count},
	}
	for _, l := range ls {
		switch {
		case l.Families == 0:
			continue
		case l.Families <= 5:
			rows[1].Value++
		case l.Families <= 10:
			rows[2].Value++
		default:
			rows[3].Value++
		}
		rows[0].Value++
	}
	return rows
}

// Behind gives the condition by which a file counts in a row about families; false for a row that has no files behind it.
func Behind(row string, p Period) (counts func(familyfile.Cover) bool, known bool) {
	for _, d := range definitions() {
		if d.id == row {
			return func(c familyfile.Cover) bool { return d.count(c, p) > 0 }, true
		}
	}
	return nil, false
}

func maxDate(a, b calendar.Date) calendar.Date {
	if a.After(b) {
		return a
	}
	return b
}
