package printpage_test

import (
	"strings"
	"testing"

	"asysta.example/internal/calendar"
	"asysta.example/internal/printpage"
)

var paper = printpage.New("paper", `<p>{{data .On}}</p>{{range lines .Text}}<p>{{.}}</p>{{end}}`)

type content struct {
	On   calendar.Date
	Text string
}

func render(t *testing.T, f printpage.Frame, c content) string {
	t.Helper()
	page, err := paper.Render(f, c)
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}

func TestOfficeStandsOnThePaper(t *testing.T) {
	page := render(t, printpage.Frame{
		Office: printpage.Office{Name: "Gminny Ośrodek Pomocy Społecznej w Radziłowie", Address: "Plac 500-lecia 15", Place: "19-213 Radziłów", Phone: "86 273 68 72"},
		Title:  "Karta pracy z rodziną", Number: "AR/12/2026", PrintedOn: calendar.MustOf(2026, 11, 21), Signatures: []string{"asystent rodziny", "rodzina"},
	}, content{On: calendar.MustOf(2026, 1, 31), Text: "Pierwsza linia\r\ndruga linia\n"})
	for _, want := range []string{
		`lang="pl"`, "Gminny Ośrodek Pomocy Społecznej w Radziłowie", "Plac 500-lecia 15", "19-213 Radziłów", "tel. 86 273 68 72", "Karta pracy z rodziną", "nr AR/12/2026",
		"<p>31.01.2026</p>", "<p>Pierwsza linia</p><p>druga linia</p>", "data i podpis: asystent rodziny", "data i podpis: rodzina", "Wydrukowano 21.11.2026", "size: A4",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

func TestNothingTypedBecomesMarkup(t *testing.T) {
	const evil = `<script>alert(1)</script><img src=x onerror=alert(1)>`
	page := render(t, printpage.Frame{Office: printpage.Office{Name: evil}, Title: evil, Number: evil, Subtitle: evil, Signatures: []string{evil}}, content{Text: evil})
	for _, bad := range []string{"<script", "<img"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page holds %s", bad)
		}
	}
	if !strings.Contains(page, "default-src 'none'") {
		t.Error("the page allows to load what it must not")
	}
}

func TestEmptyLinesAreLeftOut(t *testing.T) {
	page := render(t, printpage.Frame{Title: "x"}, content{})
	if strings.Contains(page, "tel.") || strings.Contains(page, "podpis") || !strings.Contains(page, "<p>—</p>") {
		t.Errorf("empty lines stand on the page:\n%s", page)
	}
}
