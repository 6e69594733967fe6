package server

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"

	"google.golang.org/genproto/googleapis/api/httpbody"

	"asysta.example/internal/directory"
	"asysta.example/internal/rpc"
	reportingv1 "asysta.example/proto/gen/asysta/reporting/v1"
	"asysta.example/services/reporting"
)

var units = map[reporting.Unit]reportingv1.IndicatorUnit{
	reporting.Count:   reportingv1.IndicatorUnit_INDICATOR_UNIT_COUNT,
	reporting.Minutes: reportingv1.IndicatorUnit_INDICATOR_UNIT_MINUTES,
}

func toPB(parent, gmina string, in reporting.Indicators, staff map[string]directory.Staff) *reportingv1.Indicators {
	out := &reportingv1.Indicators{Parent: parent, FromDate: rpc.Date(in.Period.From), ToDate: rpc.Date(in.Period.To)}
	for _, r := range in.Rows {
		out.Indicators = append(out.Indicators, &reportingv1.Indicator{
			Row: r.ID, Title: r.Title, Value: r.Value, Unit: units[r.Unit], Suppressed: r.Suppressed, HasFiles: r.HasFiles})
	}
	for _, c := range reporting.Checks(in.Rows) {
		out.CrossChecks = append(out.CrossChecks, &reportingv1.CrossCheck{Title: c.Title, Holds: c.Holds})
	}
	for _, l := range in.Loads {
		if gmina == "" {
			break
		}
		out.AssistantLoads = append(out.AssistantLoads, &reportingv1.AssistantLoad{
			Assistant: rpc.StaffName(gmina, l.Staff), DisplayName: staff[l.Staff].DisplayName, Families: int32(l.Families),
			Difficulty: int32(l.Difficulty), Visits: int32(l.Visits), Minutes: l.Minutes})
	}
	return out
}

// byteOrderMark lets spreadsheet programs read the file as UTF-8.
const byteOrderMark = "\ufeff"

func csvBody(in reporting.Indicators, staff map[string]directory.Staff) (*httpbody.HttpBody, error) {
	var b bytes.Buffer
	b.WriteString(byteOrderMark)
	w := csv.NewWriter(&b)
	w.Comma, w.UseCRLF = ';', true
	lines := [][]string{{"Okres od", "Okres do", "Wiersz", "Nazwa", "Wartość", "Jednostka"}}
	line := func(id, title, value, unit string) {
		lines = append(lines, []string{in.Period.From.Polish(), in.Period.To.Polish(), id, title, value, unit})
	}
	for _, r := range in.Rows {
		value, unit := valueOf(r)
		line(r.ID, r.Title, value, unit)
	}
	if staff != nil {
		for _, l := range in.Loads {
			who := staff[l.Staff].DisplayName
			line("load.families."+l.Staff, "Rodziny w ostatnim dniu okresu: "+who, strconv.Itoa(l.Families), "liczba")
			line("load.visits."+l.Staff, "Spotkania w okresie: "+who, strconv.Itoa(l.Visits), "liczba")
			line("load.minutes."+l.Staff, "Czas spotkań w okresie: "+who, hours(l.Minutes), "godz.")
		}
	}
	for _, l := range lines {
		for i := range l {
			l[i] = safeCell(l[i])
		}
	}
	if err := w.WriteAll(lines); err != nil {
		return nil, fmt.Errorf("reporting: csv: %w", err)
	}
	return &httpbody.HttpBody{ContentType: "text/csv; charset=utf-8", Data: b.Bytes()}, nil
}

func valueOf(r reporting.Row) (value, unit string) {
	unit = "liczba"
	if r.Unit == reporting.Minutes {
		unit = "godz."
	}
	switch {
	case r.Suppressed:
		return "utajnione", unit
	case r.Unit == reporting.Minutes:
		return hours(r.Value), unit
	}
	return strconv.FormatInt(r.Value, 10), unit
}

// hours writes minutes as hours with a decimal comma, "1,50".
func hours(minutes int64) string {
	return strings.Replace(strconv.FormatFloat(float64(minutes)/60, 'f', 2, 64), ".", ",", 1)
}

// safeCell keeps a spreadsheet program from taking a text for a formula.
func safeCell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r\n", rune(s[0])) {
		return "'" + s
	}
	return s
}
