package scenario

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"
)

// File is a scenario.
type File struct {
	Title string `yaml:"title"`
	About string `yaml:"about"`
	Days  int    `yaml:"days"` // length in days: a scenario that ends today starts so many days ago
	Steps []Step `yaml:"steps"`
}

// Step is one act of one person.
type Step struct {
	ID      string         `yaml:"id"`
	Points  []string       `yaml:"points"` // numbered points of the procedure that the step shows, e.g. "uzyskanie 1"
	Title   string         `yaml:"title"`  // what happens, in Polish
	Day     int            `yaml:"day"`    // days after the start
	As      string         `yaml:"as"`     // person, a key of the environment's people
	Call    string         `yaml:"call"`   // "referral.ReferralService/CreateReferral", below asysta and v1
	Request map[string]any `yaml:"request"`
	Take    int            `yaml:"take"`   // answers to read of a stream; 1 where zero
	Expect  map[string]any `yaml:"expect"` // path in the answer: value; "contains:" and "length:" before a value compare so
	Refuse  *Refusal       `yaml:"refuse"` // the call must be refused so
}

// Refusal is how a call was, or has to be, refused.
type Refusal struct {
	Code   string `yaml:"code"`   // gRPC code, e.g. "FAILED_PRECONDITION"
	Reason string `yaml:"reason"` // reason of the fault
	Polish string `yaml:"-"`      // message for the person at the desk
}

// Error gives code and reason.
func (r *Refusal) Error() string { return r.Code + " " + r.Reason }

// Method is the full gRPC name of the step's method.
func (s Step) Method() string {
	pkg, rest, _ := strings.Cut(s.Call, ".")
	return "/asysta." + pkg + ".v1." + rest
}

// Read reads a scenario; unknown keys, doubled or missing ids are errors.
func Read(r io.Reader) (*File, error) {
	raw, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("scenario: %w", err)
	}
	d := yaml.NewDecoder(bytes.NewReader(raw))
	d.KnownFields(true)
	var f File
	if err := d.Decode(&f); err != nil {
		return nil, fmt.Errorf("scenario: %w", err)
	}
	return &f, f.check()
}

func (f *File) check() error {
	var errs []error
	seen := map[string]bool{}
	day := 0
	for i, s := range f.Steps {
		switch {
		case s.ID == "" || seen[s.ID]:
			errs = append(errs, fmt.Errorf("scenario: step %d: id %q missing or doubled", i+1, s.ID))
		case s.As == "" || s.Call == "" || s.Title == "":
			errs = append(errs, fmt.Errorf("scenario: step %s lacks as, call or title", s.ID))
		case s.Day < day || s.Day > f.Days:
			errs = append(errs, fmt.Errorf("scenario: step %s: day %d lies before the step above or after the end", s.ID, s.Day))
		}
		seen[s.ID], day = true, max(day, s.Day)
	}
	return errors.Join(errs...)
}
