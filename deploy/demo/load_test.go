package demo_test

import (
	"testing"
	"time"

	"asysta.example/deploy/demo"

	"asysta.example/internal/calendar"
)

func load(t *testing.T, seed uint64) (running, *demo.Loaded) {
	t.Helper()
	today := calendar.In(now)
	r := start(t, demo.Founded(today))
	began := time.Now()
	loaded, err := demo.Load(t.Context(), demo.Env{Conn: r.Conn, Token: r.token, Clock: r.clock, Today: today, Seed: seed})
	must(t, err)
	t.Logf("%d calls in %s", loaded.Calls, time.Since(began))
	return r, loaded
}

func TestLoad(t *testing.T) {
	_, l := load(t, 1)
	t.Log(len(l.People))
}
