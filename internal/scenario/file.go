package scenario

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// File is a scenario.
type File struct {
	Title  string         `yaml:"title"`
	About  string         `yaml:"about"`
	Days   int            `yaml:"days"`   // length in days: a scenario that ends today starts so many days ago
	Vars   map[string]any `yaml:"vars"`   // names that the steps refer to as ${name}
	Roles  yaml.Node      `yaml:"roles"`  // login subject: who it is, in Polish, in the order of the docs
	Points []Point        `yaml:"points"` // the points of the procedure that the steps show
	Shared yaml.Node      `yaml:"shared"` // pieces that steps take over by anchors
	Steps  []Step         `yaml:"steps"`
}

// Point is a point of the procedure.
type Point struct {
	ID    string `yaml:"id"`    // e.g. "uzyskanie 1"
	Title string `yaml:"title"` // what it asks for, in Polish
}

// Role is a person of the scenario.
type Role struct {
	Subject string // login subject
	Who     string // in Polish
}

// People gives the people of the scenario in the order of the file.
func (f *File) People() []Role {
	var people []Role
	for i := 0; i+1 < len(f.Roles.Content); i += 2 {
		people = append(people, Role{Subject: f.Roles.Content[i].Value, Who: f.Roles.Content[i+1].Value})
	}
	return people
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
	Group   string         `yaml:"group"`  // heading that begins with this step, in Polish
	Expect  map[string]any `yaml:"expect"` // path in the answer: value; "contains:", "lacks:" and "length:" before a value compare so, "present" wants any
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
	seen, shown, people := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, p := range f.People() {
		people[p.Subject] = true
	}
	for _, p := range f.Points {
		shown[p.ID] = false
	}
	day := 0
	for i, s := range f.Steps {
		if s.Group != "" {
			day = 0 // a group may happen beside the ones above
		}
		switch {
		case s.ID == "" || seen[s.ID]:
			errs = append(errs, fmt.Errorf("scenario: step %d: id %q missing or doubled", i+1, s.ID))
		case s.As == "" || s.Call == "" || s.Title == "":
			errs = append(errs, fmt.Errorf("scenario: step %s lacks as, call or title", s.ID))
		case s.Day < day || s.Day > f.Days:
			errs = append(errs, fmt.Errorf("scenario: step %s: day %d lies before the step above in its group or after the end", s.ID, s.Day))
		case len(people) > 0 && !people[s.As]:
			errs = append(errs, fmt.Errorf("scenario: step %s: %q is nobody of the scenario", s.ID, s.As))
		}
		for _, p := range s.Points {
			if _, ok := shown[p]; !ok {
				errs = append(errs, fmt.Errorf("scenario: step %s: the procedure has no point %q", s.ID, p))
			}
			shown[p] = true
		}
		seen[s.ID], day = true, max(day, s.Day)
	}
	for _, p := range f.Points {
		if !shown[p.ID] {
			errs = append(errs, fmt.Errorf("scenario: no step shows the point %q", p.ID))
		}
	}
	return errors.Join(errs...)
}

// Chronological gives the steps as they are played: by day, and as in the file on one day.
func (f *File) Chronological() []Step {
	steps := slices.Clone(f.Steps)
	slices.SortStableFunc(steps, func(a, b Step) int { return cmp.Compare(a.Day, b.Day) })
	return steps
}
