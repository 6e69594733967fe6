package e2e

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"asysta.example/internal/scenario"
)

// setUp plays the county and its families, and names what the table refers to.
func setUp(t *testing.T) *county {
	t.Helper()
	c := newCounty(t, "county.yaml", "families.yaml")
	c.do(c.grpc(), scenario.Step{ID: "who", As: "admin", Call: "directory.DirectoryService/WhoAmI", Title: "Kim jestem"})
	foreign, _ := c.answers["foreign"].(map[string]any)["name"].(string)
	c.vars["foreign-id"] = foreign[strings.LastIndexByte(foreign, '/')+1:]
	for n := range 15 {
		c.do(c.grpc(), scenario.Step{ID: fmt.Sprintf("full-%d", n+1), As: "head", Call: "casefile.CasefileService/TakeOverPaperCase", Title: "Komplet rodzin", Request: map[string]any{
			"parent": "gminas/" + gmina, "members": []any{map[string]any{"role": "MEMBER_ROLE_FATHER", "givenName": "Adam", "familyName": fmt.Sprintf("Pełny%c", 'a'+n), "parentalAuthority": true}},
			"address": map[string]any{"place": "Słucz"}, "basis": "BASIS_COURT_ORDER", "courtOrder": map[string]any{"court": "Sąd Rejonowy", "caseNumber": fmt.Sprintf("III Nsm %d/26", n), "orderedOn": "$date(1)"},
			"area": "r2", "assistant": "${full.name}", "difficulty": 1, "openedOn": "$date(2)", "paperReference": "AR/3",
		}})
	}
	c.vars["long"] = strings.Repeat("ą", 4001)
	return c
}

// TestRefusals plays the table of what must not be done.
func TestRefusals(t *testing.T) {
	c := setUp(t)
	f := read(t, "refusals.yaml")
	ways := c.transports()
	for _, way := range slices.Sorted(maps.Keys(ways)) {
		for _, s := range f.Steps {
			t.Run(way+"/"+s.ID, func(t *testing.T) {
				before := c.holding(t)
				got := c.refused(t, ways[way], s)
				c.unchanged(t, before)
				if got == nil {
					return
				}
				sentence(t, got.Polish)
				if got.Code == "PERMISSION_DENIED" && c.holding(t).accesses == before.accesses {
					t.Error("the denial is not in the access log")
				}
			})
		}
	}
	t.Logf("%d cases over %d ways", len(f.Steps), len(ways))
}

// english are words that no Polish sentence has; where one shows, a library's text came through.
var english = []string{" must ", " the ", "invalid", "failed", "error:", "required", "unknown", "proto", " of ", "rpc"}

// sentence checks that somebody at a desk can read what was said: Polish, whole, more than a word, and nothing of the data.
func sentence(t *testing.T, text string) {
	t.Helper()
	low := strings.ToLower(text)
	switch {
	case utf8.RuneCountInString(text) < 20 || !strings.HasSuffix(strings.TrimRight(text, "”)"), "."):
		t.Errorf("no sentence that says what to do: %q", text)
	case slices.ContainsFunc(english, func(w string) bool { return strings.Contains(low, w) }):
		t.Errorf("not Polish: %q", text)
	case strings.Contains(text, "4405140") || strings.Contains(text, "Świątek") || strings.Contains(text, "Nowik"):
		t.Errorf("the sentence repeats personal data: %q", text)
	}
}
