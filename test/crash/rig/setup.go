package rig

import (
	"bytes"
	"context"
	_ "embed" // the county's steps
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"asysta.example/internal/calendar"
	"asysta.example/internal/scenario"
)

//go:embed county.yaml
var steps []byte

// Assistants are the login subjects of the county's assistants.
var Assistants = []string{"asystent1", "asystent2", "asystent3"}

// Bootstrap makes the store with what a county begins with, by the program's own commands.
func (c *County) Bootstrap(ctx context.Context) error {
	if _, err := c.Tool(ctx, "migrate"); err != nil {
		return err
	}
	_, err := c.Tool(ctx, "bootstrap", "-gmina", Gmina, "-gmina-name", "gmina Radziłów", "-county-name", "powiat grajewski", "-office", "GOPS w Radziłowie",
		"-office-place", "19-213 Radziłów", "-person", "Ada Admin", "-subject", "admin")
	return err
}

// Found lets the running county come to its offices, people and first families, which Names then names.
func (c *County) Found(ctx context.Context) error {
	f, err := scenario.Read(bytes.NewReader(steps))
	if err != nil {
		return err
	}
	today := func() calendar.Date { return calendar.In(time.Now()) }
	answers, err := scenario.Play(ctx, f, scenario.Env{Transport: c.Transport(GRPC), Start: today().AddDays(-f.Days), Today: today, Seed: "zalozenie",
		Vars: map[string]any{"gmina": Gmina, "county": Digits}})
	if err != nil {
		return err
	}
	for step, answer := range answers {
		if f, ok := answer.(Fields); ok {
			c.Names[step] = Text(f, "name")
		}
	}
	return nil
}

// Day gives a day before today as the contract writes it.
func Day(ago int) Fields {
	d := calendar.In(time.Now()).AddDays(-ago)
	return Fields{"year": d.Year(), "month": d.Month(), "day": d.Day()}
}

// Template is a founded county of one process on SQLite that does not run, to be copied.
type Template struct {
	dir   string
	names map[string]string
}

// NewTemplate founds a county in a folder.
func NewTemplate(ctx context.Context, cfg Config) (_ *Template, err error) {
	c, err := New(cfg)
	if err != nil {
		return nil, err
	}
	if err := c.Bootstrap(ctx); err != nil {
		return nil, err
	}
	if err := c.Start(ctx); err != nil {
		return nil, err
	}
	err = errors.Join(c.Found(ctx), c.Stop())
	return &Template{dir: filepath.Join(cfg.Dir, "data"), names: c.Names}, err
}

// Copy prepares a county with the template's data.
func (t *Template) Copy(cfg Config) (*County, error) {
	c, err := New(cfg)
	if err != nil {
		return nil, err
	}
	maps.Copy(c.Names, t.names)
	entries, err := os.ReadDir(t.dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		raw, err := os.ReadFile(filepath.Join(t.dir, e.Name()))
		if err != nil {
			return nil, err
		}
		if err := os.WriteFile(filepath.Join(cfg.Dir, "data", e.Name()), raw, 0o600); err != nil {
			return nil, fmt.Errorf("rig: template: %w", err)
		}
	}
	return c, nil
}

// PaperCase is a request that takes a family over from paper, with an assistant or, with "", without.
func PaperCase(assistant string) Fields {
	f := Fields{
		"parent":  "gminas/" + Gmina,
		"members": []any{Fields{"memberId": "m1", "role": "MEMBER_ROLE_MOTHER", "givenName": "Lena", "familyName": "Luty", "parentalAuthority": true}},
		"address": Fields{"place": "Radziłów"}, "basis": "BASIS_CONSENT", "area": "r1", "difficulty": 1, "openedOn": Day(40), "paperReference": "AR/7",
		"consents": []any{Fields{"memberId": "m1", "kind": "KIND_PARTICIPATION", "decision": "DECISION_GIVEN", "signature": Fields{"signedOn": Day(41), "originalAt": "teczka"}}},
	}
	if assistant != "" {
		f["assistant"] = assistant
	}
	return f
}

// Pesel gives the n-th of invented numbers that are well formed: born on 14 May 1944 and the days after.
func Pesel(n int) string {
	digits := time.Date(1944, 5, 14+n/10000, 0, 0, 0, 0, time.UTC).Format("060102") + fmt.Sprintf("%04d", n%10000)
	sum := 0
	for i, weight := range []int{1, 3, 7, 9, 1, 3, 7, 9, 1, 3} {
		sum += weight * int(digits[i]-'0')
	}
	return digits + strconv.Itoa((10-sum%10)%10)
}
