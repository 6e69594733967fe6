package main

import (
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"asysta.example/cmd/asysta/suite"

	"asysta.example/internal/calendar"
	"asysta.example/internal/store"
	"asysta.example/internal/store/sqlite"
	"asysta.example/test/load/county"
	"asysta.example/test/load/drive"
)

// A small county is driven by a few hundred requests of every operation, in both loops: every answer is right, what was recorded is there, and the journal of what
// the loader and the load have written holds.
func TestLoadIsAnsweredRightly(t *testing.T) {
	today := calendar.In(time.Now())
	c, err := county.Make(t.Context(), t.TempDir(), county.Spec{Files: 40, Entries: 120, Seed: 7, Day: today})
	if err != nil {
		t.Fatal(err)
	}
	verified(t, c.Data(), c.Commits)
	issuer, err := drive.NewIssuer()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = issuer.Close() }()
	var cfg suite.AllConfig
	env := []string{"ASYSTA_STORE=sqlite:" + c.Data(), "ASYSTA_OIDC_ISSUER=" + issuer.URL, "ASYSTA_OIDC_AUDIENCE=" + drive.Audience, "ASYSTA_GATEWAY_LISTEN=127.0.0.1:0"}
	if err := suite.Load(t.Context(), &cfg, env); err != nil {
		t.Fatal(err)
	}
	s, err := suite.Start(t.Context(), cfg, suite.Options{Clock: time.Now, Log: slog.New(slog.DiscardHandler), Engine: []store.EngineOption{sqlite.WithoutSync()}})
	if err != nil {
		t.Fatal(err)
	}
	w := &drive.World{County: c, Token: issuer.Token, Today: today, Run: "short"}
	visits := 0
	for _, op := range append(drive.Operations(), drive.Mix()) {
		for _, rate := range []float64{0, 200} {
			w.Run += "x" // request ids of their own
			load := drive.Load{Clients: 4, For: 5 * time.Minute, Requests: 100, Sample: 4, Rate: rate}
			if rate > 0 {
				load.Requests = 20
			}
			r, err := drive.Drive(t.Context(), w, s.Address(), op, load)
			if err != nil {
				t.Fatal(err)
			}
			if r.Requests != load.Requests || r.Failed != 0 || r.Sampled == 0 || r.Latency.TotalCount() != int64(r.Requests) {
				t.Errorf("%s: %d requests, %d failed, %d looked at in full, %d timed", op.Name, r.Requests, r.Failed, r.Sampled, r.Latency.TotalCount())
			}
			seen, err := drive.After(w, s.Address(), r)
			if err != nil {
				t.Error(err)
			}
			if op.Name == "visits" {
				visits += r.Requests
				if seen == 0 {
					t.Error("no entry was looked for afterwards")
				}
			}
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	verified(t, c.Data(), c.Commits+visits)
}

// verified checks the whole journal of a data file, which holds at least so many commits.
func verified(t *testing.T, data string, commits int) {
	t.Helper()
	engine, err := sqlite.Open(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	st := store.Open(engine)
	defer func() { _ = st.Close() }()
	v, err := st.System().Verify(t.Context())
	if err != nil || len(v.Faults) > 0 || v.Commits < commits {
		t.Fatalf("%v: %d commits, at least %d written, faults: %v", err, v.Commits, commits, v.Faults)
	}
}

// The same seed makes the same county, another seed another.
func TestCountyOfASeed(t *testing.T) {
	var made []*county.County
	for _, seed := range []uint64{1, 1, 2} {
		c, err := county.Make(t.Context(), t.TempDir(), county.Spec{Files: 20, Entries: 36, Seed: seed, Day: calendar.MustOf(2026, 11, 20)})
		if err != nil {
			t.Fatal(err)
		}
		made = append(made, c)
	}
	total := 0
	for i, f := range made[0].Files {
		same, other := made[1].Files[i], made[2].Files[i]
		if f.ID != same.ID || f.Number != same.Number || f.Version != same.Version || f.Subject != same.Subject {
			t.Errorf("file %d differs: %+v, %+v", i, f, same)
		}
		if f.ID == other.ID {
			t.Errorf("file %d is the same for another seed", i)
		}
		total += f.Visits
	}
	if total < 20 || total > 36 || made[0].Commits != made[1].Commits {
		t.Errorf("%d entries in the files in cooperation, commits %d and %d", total, made[0].Commits, made[1].Commits)
	}
}

// What is wrong with an answer or with the server is an error and not a figure.
func TestWrongAnswersAreNoFigures(t *testing.T) {
	c, err := county.Make(t.Context(), t.TempDir(), county.Spec{Files: 20, Entries: 20, Seed: 1, Day: calendar.MustOf(2026, 11, 20)})
	if err != nil {
		t.Fatal(err)
	}
	for _, op := range drive.Operations() {
		s := op.Client(&drive.World{County: c, Token: func(string) string { return "" }, Today: c.Spec.Day}, 0, 1)
		s.Next()
		for _, answer := range []string{"", "{}", `{"code":7}`} {
			if s.Check([]byte(answer), true) == nil {
				t.Errorf("%s takes %q for an answer", op.Name, answer)
			}
		}
	}
	w := &drive.World{County: c, Token: func(string) string { return "" }, Today: c.Spec.Day}
	op, err := drive.Find("read")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := drive.Drive(t.Context(), w, "127.0.0.1:1", op, drive.Load{Clients: 1, For: time.Second, Requests: 1}); err == nil {
		t.Error("nobody listens, and that was a figure")
	}
}

// The raw cost is measured on bytes that were really written.
func TestRawCost(t *testing.T) {
	dir := t.TempDir()
	r, err := measureRaw(t.Context(), dir, 500, 800, 4, 80*time.Millisecond)
	if err != nil || r.commits <= 0 || r.fsyncs <= 0 || r.group < 1 {
		t.Errorf("%+v, %v", r, err)
	}
	left, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
