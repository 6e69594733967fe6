package demo

import (
	"fmt"
	"slices"
	"strings"

	"asysta.example/internal/scenario"
)

// codes are the answers of refused calls, in words.
var codes = map[string]string{"PERMISSION_DENIED": "brak dostępu", "FAILED_PRECONDITION": "odrzucone"}

// Markdown prints a scenario for readers: its people, which steps show which point of the procedure, and the steps themselves.
func Markdown(f *scenario.File) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n%s\n\n", f.Title, strings.TrimSpace(f.About))
	b.WriteString("<!-- Generated from deploy/demo/scenario.yaml by: go test ./deploy/demo -run Docs -update -->\n\n")
	fmt.Fprintf(&b, "Długość w dniach: %d, kroków: %d. Ten sam plik jest danymi powiatu próbnego (`asysta demo`), testem przez gRPC i REST i tym dokumentem. "+
		"Dzień 0 to założenie gminy w systemie.\n\n", f.Days, len(f.Steps))
	b.WriteString("## Osoby\n\n| Login | Kto to |\n|---|---|\n")
	for _, r := range f.People() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", r.Subject, r.Who)
	}
	b.WriteString("\n## Punkty procedury\n\n| Punkt | Czego wymaga | Dni scenariusza |\n|---|---|---|\n")
	for _, p := range f.Points {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", p.ID, p.Title, daysOf(f, p.ID))
	}
	writeSteps(&b, f)
	return b.String()
}

// daysOf lists the days on which steps show a point.
func daysOf(f *scenario.File, point string) string {
	var days []string
	for _, s := range f.Chronological() {
		day := fmt.Sprint(s.Day)
		if slices.Contains(s.Points, point) && !slices.Contains(days, day) {
			days = append(days, day)
		}
	}
	return strings.Join(days, ", ")
}

func writeSteps(b *strings.Builder, f *scenario.File) {
	for _, s := range f.Steps {
		if s.Group != "" {
			fmt.Fprintf(b, "\n## %s\n\n| Dzień | Kto | Co się dzieje | Punkt | Metoda |\n|---:|---|---|---|---|\n", s.Group)
		}
		title := s.Title
		if s.Refuse != nil {
			title += " – **" + codes[s.Refuse.Code] + "**"
			if s.Refuse.Reason != "" {
				title += " (`" + s.Refuse.Reason + "`)"
			}
		}
		_, method, _ := strings.Cut(s.Call, "/")
		fmt.Fprintf(b, "| %d | `%s` | %s | %s | `%s` |\n", s.Day, s.As, title, strings.Join(s.Points, ", "), method)
	}
}
