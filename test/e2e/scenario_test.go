package e2e

import (
	"slices"
	"strings"
	"testing"
	"time"

	"asysta.example/internal/calendar"
	"asysta.example/internal/scenario"
)

// personal are the fields whose values must not show in any log.
var personal = []string{"givenName", "familyName", "pesel", "street", "describedReason", "reasons", "situation", "findings", "summary", "caseNumber"}

// markers gives the values of personal fields in requests.
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
		if slices.Contains(personal, key) && len(v) >= 5 && !strings.Contains(v, "${") {
			out = append(out, v)
		}
	}
	return out
}

// TestProcesses sets the small county up over each way in, and checks that no process logged anything of its families.
func TestProcesses(t *testing.T) {
	for name, serve := range map[string]func(*testing.T) *deployment{"one process on SQLite": oneProcess, "five processes on MongoDB": fiveProcesses} {
		for _, way := range []string{"gRPC", "REST"} {
			t.Run(name+" over "+way, func(t *testing.T) {
				d := serve(t)
				transport := map[string]func() scenario.Transport{"gRPC": d.grpc, "REST": d.rest}[way]()
				d.play(transport, read(t, "county.yaml"), read(t, "families.yaml"))
			})
		}
	}
}

// play carries files of steps out, one after the other, and looks into the logs afterwards.
func (d *deployment) play(way scenario.Transport, files ...*scenario.File) {
	d.t.Helper()
	env := scenario.Env{Transport: way, Seed: "e2e-process", Vars: map[string]any{"gmina": gmina, "other": other, "county": gmina[:4]}}
	var secret []string
	for _, f := range files {
		env.Start = calendar.In(time.Now()).AddDays(-f.Days)
		answers, err := scenario.Play(d.t.Context(), f, env)
		must(d.t, err)
		env.Known = answers
		for _, s := range f.Steps {
			secret = append(secret, markers(map[string]any(s.Request), "")...)
		}
	}
	if len(secret) == 0 {
		d.t.Error("no personal data was sent: nothing was looked for in the logs")
	}
	for _, p := range d.running {
		log := p.log.String()
		for _, m := range secret {
			if strings.Contains(log, m) {
				d.t.Errorf("%q is in the log of %s", m, p.name)
			}
		}
		if log == "" {
			d.t.Errorf("%s logged nothing", p.name)
		}
	}
}
