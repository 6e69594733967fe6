package printpage

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"strings"

	"asysta.example/internal/calendar"
)

// ContentType is the media type of a page.
const ContentType = "text/html; charset=utf-8"

// Office is what stands at the head of a paper. Empty lines are left out.
type Office struct {
	Name    string // e.g. "Gminny Ośrodek Pomocy Społecznej w Radziłowie"
	Address string // street and number
	Place   string // postal code and town
	Phone   string
	Email   string
}

// Frame is what is the same on every paper.
type Frame struct {
	Office     Office
	Title      string        // Polish, e.g. "Karta pracy z rodziną"
	Number     string        // number of the file, e.g. "AR/12/2026"
	Subtitle   string        // e.g. the period; may be empty
	PrintedOn  calendar.Date // stands at the foot
	Signatures []string      // Polish captions of the lines for signatures, e.g. "asystent rodziny"
}

// Template is the content of one kind of paper inside the frame.
type Template struct {
	t *template.Template
}

//go:embed frame.html
var frame string

// New parses the content of a kind of paper: an html/template that is shown below the title, with the data given to Render. Functions: data ("31.01.2026" for a
// calendar.Date, "—" for none), lines (a text split into its lines), and those given. It panics on a template that does not parse, which a test of the caller finds.
func New(name, content string, funcs ...template.FuncMap) *Template {
	t := template.New(name).Funcs(template.FuncMap{"data": Day, "lines": Lines})
	for _, f := range funcs {
		t.Funcs(f)
	}
	template.Must(t.New("frame").Parse(frame))
	template.Must(t.New("content").Parse(content))
	return &Template{t: t}
}

// Render gives the page.
func (t *Template) Render(f Frame, data any) ([]byte, error) {
	var b bytes.Buffer
	err := t.t.ExecuteTemplate(&b, "frame", struct {
		Frame
		Data any
	}{f, data})
	if err != nil {
		return nil, fmt.Errorf("printpage: %w", err)
	}
	return b.Bytes(), nil
}

// Day writes a civil date as offices do, "—" where there is none.
func Day(d calendar.Date) string {
	if d.IsZero() {
		return "—"
	}
	return d.Polish()
}

// Lines splits a text into its lines, without empty ones at its ends.
func Lines(s string) []string {
	s = strings.TrimSpace(s)
	if s == "" {
		return nil
	}
	return strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n")
}
