package county

import (
	"io"
	"slices"
	"testing"

	"asysta.example/internal/scenario"
	"asysta.example/internal/store"
)

func TestWritesAreSeenFromBeside(t *testing.T) {
	c, err := Start(t.Context(), t.TempDir(), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	writes := func() int64 {
		t.Helper()
		n, err := c.Writes(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := writes()
	step := scenario.Step{ID: "school-2", As: "head", Call: "directory.DirectoryService/CreateInstitution", Title: "Szkoła",
		Request: map[string]any{"parent": "gminas/" + Gmina, "institution": map[string]any{"displayName": "Szkoła", "kind": "INSTITUTION_KIND_SCHOOL"}}}
	if err := c.Play(t.Context(), &scenario.File{Steps: []scenario.Step{step}}, 30); err != nil {
		t.Fatal(err)
	}
	names, err := c.Written(t.Context(), before)
	if err != nil || writes() == before || !slices.ContainsFunc(names, func(n string) bool { return len(n) > 8 && n[:8] == "journal/" }) {
		t.Errorf("a change was not seen: %v, %v", names, err)
	}
	if own, err := c.OwnWork(t.Context(), before); own || err != nil {
		t.Errorf("a call counts as work of the services: %v", err)
	}
	before = writes()
	page, err := c.Suite.Deps.Store.System().List(t.Context(), store.Caseloads, store.Query{Index: "all", Limit: 1})
	if err != nil || len(page.Hits) == 0 {
		t.Fatal(page, err)
	}
	doc := page.Hits[0].Doc
	for _, method := range []string{"casefile/sweep", "/asysta.casefile.v1.CasefileService/ReassignAssistant"} {
		if doc, _, err = c.Suite.Deps.Store.ForCounty(doc.County).Commit(t.Context(), doc, store.Change{Actor: store.Actor{System: "casefile"}, Method: method, RecordedAt: Noon}); err != nil {
			t.Fatal(err)
		}
		if own, err := c.OwnWork(t.Context(), before); own != (method == "casefile/sweep") || err != nil {
			t.Errorf("%s: work of the services: %v, %v", method, own, err)
		}
	}
	before = writes()
	step.ID, step.As, step.Refuse = "school-3", "assistant", &scenario.Refusal{Code: "PERMISSION_DENIED"}
	if err := c.Play(t.Context(), &scenario.File{Steps: []scenario.Step{step}}, 30); err != nil {
		t.Fatal(err)
	}
	if writes() != before {
		t.Error("a refusal counts as a write")
	}
	if aggregates, commits, err := c.Verify(t.Context()); err != nil || aggregates < 50 || commits < 200 {
		t.Errorf("%d aggregates, %d commits: %v", aggregates, commits, err)
	}
}
