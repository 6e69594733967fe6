package main

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestGuardsAreThose looks every guard up: its line stands once in its file, what is left without it is Go, and its test exists. Whether the test notices is for the
// command.
func TestGuardsAreThose(t *testing.T) {
	dir, err := root(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, g := range guards {
		if known[g.name] {
			t.Errorf("two guards are called %q", g.name)
		}
		known[g.name] = true
		_, text, err := removed(dir, g)
		if err != nil {
			t.Error(err)
			continue
		}
		if _, err := parser.ParseFile(token.NewFileSet(), g.file, text, 0); err != nil {
			t.Errorf("%s: without it the file is no Go: %v", g.name, err)
		}
		if !hasTest(t, filepath.Join(dir, filepath.FromSlash(g.pkg)), g.test) {
			t.Errorf("%s: %s has no test %s", g.name, g.pkg, g.test)
		}
	}
	for _, kind := range []string{"tenant", "permission", "object", "version", "claim", "audit", "read record", "validation", "seal"} {
		found := false
		for name := range known {
			found = found || strings.HasPrefix(name, kind+":")
		}
		if !found {
			t.Errorf("no guard of the kind %q", kind)
		}
	}
}

var testName = regexp.MustCompile(`(?m)^func (Test\w+)\(`)

// hasTest tells whether each alternative of a test's regular expression is a test of a package.
func hasTest(t *testing.T, dir, run string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range testName.FindAllStringSubmatch(string(source), -1) {
			names = append(names, m[1])
		}
	}
	for one := range strings.SplitSeq(run, "|") {
		expr, found := regexp.MustCompile(one), false
		for _, name := range names {
			found = found || expr.MatchString(name)
		}
		if !found {
			return false
		}
	}
	return true
}

// TestNoticed shows that the command tells a removal that is noticed from one that changes nothing, on the quickest guard.
func TestNoticed(t *testing.T) {
	dir, err := root(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	g := guard{
		name: "claim: no sixteenth family", file: "services/casefile/caseload/caseload.go", line: "if c.Taken() >= limit.N {\n		return c, fault",
		without: "if false {\n		return c, fault", pkg: "./services/casefile/caseload", test: "TestCap",
	}
	if f, err := try(t.Context(), dir, g, within); err != nil || f != killed {
		t.Errorf("without the guard: fate %d, %v", f, err)
	}
	g.without = g.line
	if f, err := try(t.Context(), dir, g, within); err != nil || f != survived {
		t.Errorf("with the guard in its place: fate %d, %v", f, err)
	}
}
