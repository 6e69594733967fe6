package server

import (
	"encoding/csv"
	"strings"
	"testing"

	"asysta.example/internal/calendar"
	"asysta.example/internal/directory"
	"asysta.example/services/reporting"
)

func TestCSVIsWhatASpreadsheetReads(t *testing.T) {
	in := reporting.Indicators{
		Period: reporting.Period{From: calendar.MustOf(2026, 1, 1), To: calendar.MustOf(2026, 6, 30)},
		Rows: []reporting.Row{
			{ID: "families.in_period", Title: "Rodziny; w okresie", Value: 12, Unit: reporting.Count},
			{ID: "visits.minutes", Title: "Czas", Value: 90, Unit: reporting.Minutes},
			{ID: "endings.DEATH", Title: "Zgon", Suppressed: true, Unit: reporting.Count},
		},
		Loads: []reporting.Load{{Staff: "a1", Families: 3, Visits: 2, Minutes: 30}},
	}
	body, err := csvBody(in, map[string]directory.Staff{"a1": {DisplayName: `=HYPERLINK("http://x")`}})
	if err != nil {
		t.Fatal(err)
	}
	text, ok := strings.CutPrefix(string(body.GetData()), byteOrderMark)
	if !ok {
		t.Error("no byte order mark")
	}
	r := csv.NewReader(strings.NewReader(text))
	r.Comma = ';'
	lines, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := map[int]string{1: "12", 2: "1,50", 3: "utajnione", 6: "0,50"}
	for line, value := range want {
		if lines[line][4] != value {
			t.Errorf("line %d: %q, want %q", line, lines[line][4], value)
		}
	}
	if lines[1][0] != "01.01.2026" || lines[1][3] != "Rodziny; w okresie" {
		t.Errorf("first line: %q", lines[1])
	}
}

func TestNoCellIsAFormula(t *testing.T) {
	for _, s := range []string{"=1+1", "+48 600", "-1", "@SUM(A1)", "\tx", "\rx"} {
		if got := safeCell(s); got[0] != '\'' {
			t.Errorf("%q stays %q", s, got)
		}
	}
	for _, s := range []string{"Kowalska-Nowak", "12", ""} {
		if got := safeCell(s); got != s {
			t.Errorf("%q becomes %q", s, got)
		}
	}
}
