package access_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// command is a test that a page names: a package, and the beginning of a test's name.
var command = regexp.MustCompile("`go test \\./([a-z0-9/.]+?)(/\\.\\.\\.)?(?: -run ([A-Za-z0-9]+))?`")

// TestThreatsAreShownByTestsThatExist: what docs/THREATS.md gives as proof can be run.
func TestThreatsAreShownByTestsThatExist(t *testing.T) {
	page, err := os.ReadFile("../../docs/THREATS.md")
	must(t, err)
	named := 0
	for _, m := range command.FindAllStringSubmatch(string(page), -1) {
		named++
		if !hasTest(t, filepath.Join("../..", m[1]), m[2] != "", "func Test"+strings.TrimPrefix(m[3], "Test")) {
			t.Errorf("%s: there is no such test", m[0])
		}
	}
	if named < 20 {
		t.Errorf("the page names %d tests", named)
	}
	for _, part := range strings.Split(string(page), "\n## ")[2:] {
		title, rest, _ := strings.Cut(part, "\n")
		if !strings.Contains(rest, "go test ") && !strings.Contains(rest, "make ") && title != "Key theft" {
			t.Errorf("%s: nothing shows it", title)
		}
	}
}

// hasTest tells whether a test file of a folder, or of one below, holds the beginning of a test.
func hasTest(t *testing.T, dir string, below bool, begins string) bool {
	t.Helper()
	found := false
	must(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != dir && !below {
			return filepath.SkipDir
		}
		if strings.HasSuffix(path, "_test.go") {
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			found = found || strings.Contains(string(text), begins)
		}
		return nil
	}))
	return found
}
