package demo_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"google.golang.org/grpc"

	"asysta.example/cmd/asysta/suite"
	"asysta.example/deploy/demo"

	"asysta.example/internal/calendar"
	"asysta.example/internal/directory"
	"asysta.example/internal/rpc"
	"asysta.example/internal/scenario"
	"asysta.example/internal/seal"
	"asysta.example/internal/store"
	"asysta.example/internal/store/sqlite"
)

// now is the day on which the stories of the tests end.
var now = time.Date(2026, 11, 20, 13, 30, 0, 0, time.UTC)

// running is a suite on SQLite with the county's first administrator.
type running struct {
	*suite.Suite
	clock *demo.Clock
}

func start(t *testing.T, first calendar.Date, now time.Time) running {
	t.Helper()
	clock := demo.NewClock(func() time.Time { return now })
	clock.Set(demo.Noon(first))
	cfg := suite.AllConfig{}
	must(t, suite.Load(t.Context(), &cfg, []string{"ASYSTA_TRIAL=true", "ASYSTA_STORE=sqlite:" + filepath.Join(t.TempDir(), "county.db"), "ASYSTA_GATEWAY_LISTEN=127.0.0.1:0", "ASYSTA_DRAIN=1s"}))
	master, err := seal.NewMaster()
	must(t, err)
	s, err := suite.Start(t.Context(), cfg, suite.Options{Clock: clock.Now, Log: slog.New(slog.DiscardHandler), Master: master, Engine: []store.EngineOption{sqlite.WithoutSync()}, Fill: func(ctx context.Context, d rpc.Deps) error {
		_, err := suite.Bootstrap(ctx, d, suite.First{Gmina: demo.FirstGmina, GminaName: "gmina Września", CountyName: "powiat wrzesiński", Person: "Ada Administratorska",
			Subject: demo.Administrator, Office: directory.Office{Name: "Ośrodek Pomocy Społecznej we Wrześni", Place: "62-300 Września"}})
		return err
	}})
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	return running{s, clock}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (r running) token(_ context.Context, as string) (string, error) { return r.Trial.Token(as) }

func (r running) grpc() scenario.Transport {
	return scenario.GRPC{Conn: func(string) grpc.ClientConnInterface { return r.Conn }, Token: r.token}
}

func (r running) rest() scenario.Transport {
	return scenario.REST{Base: "http://" + r.Address(), Client: http.DefaultClient, Token: r.token}
}

// env is where the scenario is played; its last day is today.
func (r running) env(f *scenario.File, way scenario.Transport) scenario.Env {
	return scenario.Env{
		Transport: way,
		Start:     calendar.In(now).AddDays(-f.Days), Today: r.clock.Today, Seed: "scenariusz",
	}
}

func TestScenarioPlays(t *testing.T) {
	for name, how := range map[string]struct {
		way   func(running) scenario.Transport
		moves bool
	}{"on its days": {running.grpc, true}, "all of it now": {running.grpc, false}, "all of it now over REST": {running.rest, false}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, err := demo.Scenario()
			must(t, err)
			r := start(t, calendar.In(now).AddDays(-f.Days), now)
			env := r.env(f, how.way(r))
			played := 0
			env.Seen = func(scenario.Step, any, *scenario.Refusal) { played++ }
			if !how.moves {
				r.clock.Release()
			} else {
				env.Before = func(_ context.Context, s scenario.Step) error {
					r.clock.Set(demo.Evening(env.Start.AddDays(s.Day)).Add(time.Duration(played) * time.Second))
					return nil
				}
			}
			if _, err := scenario.Play(t.Context(), f, env); err != nil {
				t.Fatal(err)
			}
			if played != len(f.Steps) {
				t.Errorf("%d of %d steps were played", played, len(f.Steps))
			}
			report, err := r.Deps.Store.System().Verify(t.Context())
			if err != nil || len(report.Faults) > 0 {
				t.Errorf("the journal after the scenario: %v, %v", report.Faults, err)
			}
		})
	}
}

// numbered are the numbered points of the procedure's document, by their headings.
var numbered = map[string]int{"uzyskanie": 5, "nawiązanie": 2, "realizacja": 10}

func TestEveryPointOfTheProcedureHasItsStep(t *testing.T) {
	f, err := demo.Scenario()
	must(t, err)
	shown := map[string]int{}
	for _, s := range f.Steps {
		for _, p := range s.Points {
			if s.Refuse == nil {
				shown[p]++
			}
		}
	}
	for heading, n := range numbered {
		for i := range n {
			if p := fmt.Sprintf("%s %d", heading, i+1); shown[p] == 0 {
				t.Errorf("no step shows the point %q by something that is carried out", p)
			}
		}
	}
	for _, p := range f.Points {
		if shown[p.ID] == 0 {
			t.Errorf("no step shows the point %q by something that is carried out", p.ID)
		}
	}
}
