package demo_test

import (
	"flag"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"asysta.example/deploy/demo"
)

var update = flag.Bool("update", false, "write docs/SCENARIO.md")

const page = "../../docs/SCENARIO.md"

func TestDocsTellTheScenario(t *testing.T) {
	f, err := demo.Scenario()
	must(t, err)
	want := demo.Markdown(f)
	if *update {
		must(t, os.WriteFile(page, []byte(want), 0o644))
	}
	got, err := os.ReadFile(page)
	must(t, err)
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("docs/SCENARIO.md is not the scenario; run go test ./deploy/demo -run Docs -update:\n%s", diff)
	}
}
