package e2e

import (
	"context"
	"flag"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"asysta.example/deploy/demo"

	"asysta.example/internal/calendar"
	"asysta.example/internal/scenario"
	"asysta.example/internal/testkit/mongotest"
)

var update = flag.Bool("update", false, "rewrite the table of queries in docs/SCALE.md")

// TestScenario plays the whole procedure against real processes, over gRPC and over REST: everything in one process on SQLite, and each service and the gateway
// in a process of its own on the MongoDB engine. Nothing of the families may show in any process's log, and every query that the processes send to the database must
// be served by an index and stand in the documentation.
func TestScenario(t *testing.T) {
	for _, shape := range []struct {
		name  string
		serve func(*testing.T) *deployment
	}{{"one process on SQLite", oneProcess}, {"five processes on MongoDB", fiveProcesses}} {
		for _, way := range []string{"gRPC", "REST"} {
			t.Run(shape.name+" over "+way, func(t *testing.T) {
				d := shape.serve(t)
				d.play(map[string]func() scenario.Transport{"gRPC": d.grpc, "REST": d.rest}[way]())
				d.quiet()
				d.sound()
			})
		}
	}
	mongotest.Documented(t, "../../docs/SCALE.md", "procedure", mongotest.Queries(), *update)
}

// play carries out the scenario, whose last day is today.
func (d *deployment) play(way scenario.Transport) {
	d.t.Helper()
	f, err := demo.Scenario()
	must(d.t, err)
	today := func() calendar.Date { return calendar.In(time.Now()) }
	seen, refused := 0, 0
	env := scenario.Env{Transport: way, Start: today().AddDays(-f.Days), Today: today, Seed: "e2e-process", Seen: func(_ scenario.Step, _ any, r *scenario.Refusal) {
		if seen++; r != nil {
			refused++
			sentence(d.t, r.Polish)
		}
	}}
	ctx, cancel := context.WithTimeout(d.t.Context(), playWithin)
	defer cancel()
	_, err = scenario.Play(ctx, f, env)
	must(d.t, err)
	if seen != len(f.Steps) || refused == 0 {
		d.t.Errorf("%d of %d steps, %d of them refused", seen, len(f.Steps), refused)
	}
	d.t.Logf("%d steps, %d of them refusals", seen, refused)
}

// quiet looks for what was said of the families in the logs of all processes.
func (d *deployment) quiet() {
	d.t.Helper()
	f, err := demo.Scenario()
	must(d.t, err)
	secret := map[string]bool{}
	for _, s := range f.Steps {
		for _, m := range markers(s.Request, "") {
			secret[m] = true
		}
	}
	if len(secret) < 50 {
		d.t.Errorf("only %d personal values were sent: the fields are not known here", len(secret))
	}
	for _, p := range d.running {
		log := own.ReplaceAllLiteralString(p.log.String(), "")
		for m := range secret {
			if strings.Contains(log, m) {
				d.t.Errorf("%q is in the log of %s", m, p.name)
			}
		}
		if eleven.MatchString(log) {
			d.t.Errorf("what looks like a PESEL number is in the log of %s", p.name)
		}
		if log == "" {
			d.t.Errorf("%s logged nothing", p.name)
		}
		if i := strings.Index(log, `"level":"ERROR"`); i >= 0 {
			d.t.Errorf("%s logged an error: %.400s", p.name, log[i:])
		}
	}
}

var (
	eleven = regexp.MustCompile(`(^|[^0-9a-z])[0-9]{11}([^0-9a-z]|$)`)
	own    = regexp.MustCompile(`"time":"[^"]*"|"duration_ms":[0-9.]+`) // what every line says of itself, which may look like anything, e.g. like the hour of an intervention
)

// sound lets the program check the hash chains of its whole journal.
func (d *deployment) sound() {
	d.t.Helper()
	if out := d.tool("audit", "verify"); !strings.Contains(out, "faults: 0") {
		d.t.Errorf("audit verify: %s", out)
	}
}

// open are the fields whose texts may be logged: names of resources, codes, and what is of the office and not of a family.
var open = []string{"name", "parent", "person", "staff", "assistant", "socialWorker", "coordinator", "familyFile", "institution", "head", "body", "contractedBody", "child", "memberId",
	"memberIds", "goalId", "mainGoalId", "actionId", "taskId", "targetId", "areaId", "area", "gminaId", "requestId", "etag", "updateMask", "contentHash", "orderId", "token",
	"subject", "who", "row", "pageToken", "lifeArea", "aims", "taskCode", "taskCodes", "supportForms", "workForms", "helpSources", "code", "from", "to", "absenceId", "decisionId",
	"place", "places", "displayName", "signer", "referral", "children", "fromTimeOfDay", "toTimeOfDay"}

// markers gives the texts of a request that must not show in a log: all but those of open fields and the contract's own words.
func markers(v any, key string) (out []string) {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			out = append(out, markers(e, k)...)
		}
	case []any:
		for _, e := range v {
			out = append(out, markers(e, key)...)
		}
	case string:
		if slices.Contains(open, key) || len(v) < 5 || strings.Contains(v, "${") || strings.HasPrefix(v, "$") || word.MatchString(v) {
			return nil
		}
		out = append(out, v)
	}
	return out
}

var word = regexp.MustCompile(`^[A-Z][A-Z0-9_]+$`)
