package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"asysta.example/cmd/asysta/suite"
	"asysta.example/deploy/demo"

	"asysta.example/internal/calendar"
	"asysta.example/internal/directory"
	"asysta.example/internal/rpc"
	"asysta.example/internal/seal"
	"asysta.example/internal/store"
	"asysta.example/internal/store/sqlite"
)

// demoSeed makes every demo county of one day the same.
const demoSeed = 1

// demo serves a freshly filled, invented county out of a directory that goes with the process.
func (p program) demo(ctx context.Context) (err error) {
	dir, err := os.MkdirTemp("", "asysta-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	env := append(p.env, "ASYSTA_TRIAL=true", "ASYSTA_OIDC_ISSUER=", "ASYSTA_STORE=sqlite:"+filepath.Join(dir, "demo.db"))
	var cfg suite.AllConfig
	if err := suite.Load(ctx, &cfg, env); err != nil {
		return err
	}
	master, err := seal.NewMaster()
	if err != nil {
		return err
	}
	cfg.Calls = 0 // whoever tries things out may try them fast
	clock, today := demo.NewClock(p.clock), calendar.In(p.clock())
	clock.Set(demo.Noon(demo.Founded(today)))
	p.clock = clock.Now
	level := &slog.LevelVar{} // thousands of calls of the past are no news
	level.Set(slog.LevelWarn)
	return p.run(ctx, cfg, suite.Options{
		Log: p.log(level), Master: master, Engine: []store.EngineOption{sqlite.WithoutSync()}, Fill: firstOfDemo,
		Play: func(ctx context.Context, s *suite.Suite) error {
			defer level.Set(cfg.Level)
			return p.fill(ctx, s, clock, today)
		},
	})
}

// firstOfDemo makes what a county begins with.
func firstOfDemo(ctx context.Context, deps rpc.Deps) error {
	o := demo.FirstOffice
	_, err := suite.Bootstrap(ctx, deps, suite.First{
		Gmina: demo.FirstGmina, GminaName: "gmina Września", CountyName: "powiat wrzesiński", Person: "Ada Administratorska", Subject: demo.Administrator,
		Office:       directory.Office{Name: o.GetDisplayName(), Address: o.GetAddress(), Place: o.GetPlace(), Phone: o.GetPhone()},
		CountyOffice: directory.Office{Name: "Powiatowe Centrum Pomocy Rodzinie we Wrześni", Address: "ul. Wojska Polskiego 1", Place: "62-300 Września"},
	})
	return err
}

// fill lets the county live through its past and then lets the clock go.
func (p program) fill(ctx context.Context, s *suite.Suite, clock *demo.Clock, today calendar.Date) error {
	began := time.Now() // beside the county's own clock
	loaded, err := demo.Load(ctx, demo.Env{
		Conn: s.Conn, Token: func(_ context.Context, subject string) (string, error) { return s.Trial.Token(subject) }, Clock: clock, Today: today, Seed: demoSeed,
		Relay: func(ctx context.Context) error {
			_, err := s.Deps.Store.System().Relay(ctx, 1000)
			return err
		},
	})
	if err != nil {
		return err
	}
	if err := s.MakeDurable(ctx); err != nil {
		return err
	}
	clock.Release()
	s.Deps.Log.InfoContext(ctx, "demo county loaded", slog.Int("count", loaded.Calls), slog.Int64("duration_ms", time.Since(began).Milliseconds()))
	who := map[string]string{}
	for _, one := range loaded.People {
		who[one.Subject] = one.Role
	}
	s.Introduce(who)
	return p.people(loaded.People)
}

// people prints who may be tried.
func (p program) people(list []demo.Person) error {
	w := tabwriter.NewWriter(p.stderr, 0, 0, 3, ' ', 0)
	if _, err := fmt.Fprintln(w, "  LOGIN\tKTO TO"); err != nil {
		return err
	}
	for _, one := range list {
		if _, err := fmt.Fprintf(w, "  %s\t%s\n", one.Subject, one.Role); err != nil {
			return err
		}
	}
	return w.Flush()
}
