package name

import (
	"runtime"
	"strings"
	"testing"
)

func TestNamesRoundTrip(t *testing.T) {
	for _, s := range []string{
		"gminas/3024035", "powiaty/3024", "gminas/0201011/staff/01j9zk3w7q8x9y2v4b6n8m0c1d",
		"gminas/3024035/familyFiles/01j9zk3w7q8x9y2v4b6n8m0c1d/visits/01j9zk3w7q8x9y2v4b6n8m0c1e",
		"powiaty/3024/childPlans/01j9zk3w7q8x9y2v4b6n8m0c1d/versions/3",
	} {
		n, err := Parse(s)
		if err != nil {
			t.Errorf("Parse(%q): %v", s, err)
		} else if n.String() != s {
			t.Errorf("Parse(%q) writes %q", s, n)
		}
	}
}

// A text that is too long for a name is refused before it is taken apart: it may have millions of parts.
func TestLongTextsAreNotTakenApart(t *testing.T) {
	long := strings.Repeat("/", 1<<20)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := Parse(long)
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; err == nil || used > 1<<20 {
		t.Errorf("%d bytes for a name of a megabyte, %v", used, err)
	}
}

func TestForeignFormsAreRefused(t *testing.T) {
	for _, s := range []string{
		"", "gminas/", "gminas/302403", "gminas/302403x", "gminas/30240351", "powiaty/302", "gminas/3024035/",
		"gminas/3024035/people/a", "powiaty/3024/familyFiles/a", "gminas/3024035/staff/-", "gminas/3024035/staff/A",
		"gminas/3024035/staff/a/visits/b", "gminas/3024035/familyFiles/a/childPlans/b", "//gminas/3024035", "gminas/3024035/staff/a%2f",
		"gminas/3024035/familyFiles/a/visits", "gminas/３024035",
	} {
		if n, err := Parse(s); err == nil {
			t.Errorf("Parse(%q) = %+v, want an error", s, n)
		}
	}
}

func TestParseAsWantsTheKind(t *testing.T) {
	const visit = "gminas/3024035/familyFiles/a/visits/b"
	if _, err := ParseAs(visit, FamilyFiles, Visits); err != nil {
		t.Errorf("visit: %v", err)
	}
	if _, err := ParseAs(visit, FamilyFiles); err == nil {
		t.Error("a visit passed for a family file")
	}
	if _, err := ParseAs("gminas/3024035", ""); err != nil {
		t.Errorf("gmina: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("gminas/3024035/familyFiles/a/visits/b")
	f.Fuzz(func(t *testing.T, s string) {
		if n, err := Parse(s); err == nil && n.String() != s {
			t.Errorf("Parse(%q) writes %q", s, n)
		}
	})
}
