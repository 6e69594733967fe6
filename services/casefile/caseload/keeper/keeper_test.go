package keeper_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"asysta.example/internal/access"
	"asysta.example/internal/fault"
	"asysta.example/internal/store"
	"asysta.example/internal/store/sqlite"
	"asysta.example/services/casefile/caseload"
	"asysta.example/services/casefile/caseload/keeper"
)

const (
	gminaA, gminaB = "3024035", "3024044"
	assistant      = "01jassistant"
)

func open(t *testing.T) store.Store {
	t.Helper()
	engine, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "asysta.db"))
	if err != nil {
		t.Fatal(err)
	}
	s := store.Open(engine)
	t.Cleanup(func() { s.Close() })
	if err := s.System().Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

type clock struct{ at atomic.Pointer[time.Time] }

func (c *clock) now() time.Time { return *c.at.Load() }

func (c *clock) set(at time.Time) { c.at.Store(&at) }

func newKeeper(t *testing.T) (*keeper.Keeper, store.Store, *clock) {
	t.Helper()
	c, s := &clock{}, open(t)
	c.set(time.Date(2026, 3, 2, 11, 0, 0, 0, time.UTC))
	return keeper.New(s, c.now), s, c
}

// head is the context of a call by the head of a gmina.
func head(ctx context.Context, gmina string) context.Context {
	return access.WithGrant(ctx, access.Grant{Principal: access.Principal{Person: "01jhead" + gmina, County: gmina[:4]}, Gmina: gmina, Roles: []access.Role{access.Head},
		Employment: access.Employment{Staff: "01jstaff" + gmina, Gmina: gmina}})
}

func at(gmina, file string) keeper.At { return keeper.At{Gmina: gmina, Person: assistant, File: file} }

func fill(t *testing.T, k *keeper.Keeper, n int) {
	t.Helper()
	for i := range n {
		if err := k.Reserve(head(t.Context(), gminaA), at(gminaA, fmt.Sprintf("f%02d", i))); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTheLastPlaceHasOneWinner(t *testing.T) {
	k, _, _ := newKeeper(t)
	fill(t, k, 14)
	const writers = 8
	errs := make([]error, writers)
	var start, done sync.WaitGroup
	start.Add(1)
	for i := range writers {
		done.Add(1)
		go func() {
			defer done.Done()
			gmina := []string{gminaA, gminaB}[i%2]
			start.Wait()
			errs[i] = k.Reserve(head(t.Context(), gmina), at(gmina, fmt.Sprintf("last%d", i)))
		}()
	}
	start.Done()
	done.Wait()
	won := 0
	for _, err := range errs {
		switch {
		case err == nil:
			won++
		case !fault.IsReason(err, caseload.ReasonFull):
			t.Errorf("not full but %v", err)
		}
	}
	c, err := k.Load(t.Context(), "3024", assistant)
	if err != nil || won != 1 || c.Taken() != 15 {
		t.Errorf("%d winners, %d places, %v", won, c.Taken(), err)
	}
}

func TestEveryConcurrentReservationBelowTheCapGetsThrough(t *testing.T) {
	k, _, _ := newKeeper(t)
	var wg sync.WaitGroup
	errs := make([]error, 15)
	for i := range errs {
		wg.Add(1)
		go func() {
			defer wg.Done()
			errs[i] = k.Reserve(head(t.Context(), gminaA), at(gminaA, fmt.Sprintf("f%02d", i)))
		}()
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
}

func TestRepeatedStepsOfOneCallCommitOnce(t *testing.T) {
	k, s, _ := newKeeper(t)
	ctx := head(t.Context(), gminaA)
	for range 3 {
		if err := errors.Join(k.Reserve(ctx, at(gminaA, "f")), k.Confirm(ctx, at(gminaA, "f"))); err != nil {
			t.Fatal(err)
		}
	}
	commits, err := s.ForCounty("3024").History(ctx, store.Ref{Kind: store.Caseloads, ID: assistant}, 0, 10)
	if err != nil || len(commits) != 2 {
		t.Fatalf("%d commits, %v", len(commits), err)
	}
	want := store.Actor{Person: "01jhead" + gminaA, Staff: "01jstaff" + gminaA, Role: "HEAD"}
	if diff := cmp.Diff(want, commits[0].Actor); diff != "" {
		t.Error(diff)
	}
	if err := errors.Join(k.Release(ctx, at(gminaA, "f")), k.Release(ctx, at(gminaA, "f"))); err != nil {
		t.Fatal(err)
	}
	if c, err := k.Load(ctx, "3024", assistant); err != nil || c.Taken() != 0 {
		t.Errorf("%d places, %v", c.Taken(), err)
	}
}

// A place that was seen without a family behind it is freed, unless somebody asks for it before: a family that comes back in that moment keeps its place.
func TestReleaseSeen(t *testing.T) {
	k, _, c := newKeeper(t)
	ctx := head(t.Context(), gminaA)
	if _, err := k.Hold(ctx, at(gminaA, "f")); err != nil {
		t.Fatal(err)
	}
	seen := func() caseload.Place {
		load, err := k.Load(ctx, "3024", assistant)
		if err != nil {
			t.Fatal(err)
		}
		p, _ := load.Of("f")
		return p
	}
	before := seen()
	c.set(c.now().Add(time.Second))
	for _, again := range []func(context.Context, keeper.At) error{k.Resume, k.Confirm} {
		if err := again(ctx, at(gminaA, "f")); err != nil {
			t.Fatal(err)
		}
		if freed, err := k.ReleaseSeen(ctx, assistant, before); freed || err != nil || seen().File != "f" {
			t.Errorf("asked for again: freed %t, %v, now %+v", freed, err, seen())
		}
	}
	for _, want := range []bool{true, false} {
		if freed, err := k.ReleaseSeen(ctx, assistant, seen()); err != nil && want || freed != want {
			t.Errorf("freed %t, %v", freed, err)
		}
	}
}

func TestAnIncompletePlaceIsRefused(t *testing.T) {
	k, _, _ := newKeeper(t)
	for _, a := range []keeper.At{{}, {Gmina: "3024", Person: assistant, File: "f"}, {Gmina: gminaA, File: "f"}, {Gmina: gminaA, Person: assistant}} {
		if err := k.Reserve(head(t.Context(), gminaA), a); err == nil {
			t.Errorf("%+v reserved", a)
		}
	}
}

// A reservation that is asked for again while the sweep looks for its file is not taken from who asked.
func TestSweepLeavesARenewedReservation(t *testing.T) {
	k, _, c := newKeeper(t)
	ctx := head(t.Context(), gminaA)
	if err := k.Reserve(ctx, at(gminaA, "f")); err != nil {
		t.Fatal(err)
	}
	c.set(c.now().Add(keeper.Grace + time.Second))
	if _, err := k.SweepReservations(t.Context(), func(context.Context, keeper.At) (bool, error) {
		return false, k.Reserve(ctx, at(gminaA, "f"))
	}); err != nil {
		t.Fatal(err)
	}
	load, err := k.Load(ctx, "3024", assistant)
	if err != nil || load.Taken() != 1 {
		t.Errorf("%d places, %v", load.Taken(), err)
	}
}

func TestSweepSettlesOldReservationsOnly(t *testing.T) {
	k, _, c := newKeeper(t)
	ctx := head(t.Context(), gminaA)
	for _, f := range []string{"opened", "never", "stuck"} {
		if err := k.Reserve(ctx, at(gminaA, f)); err != nil {
			t.Fatal(err)
		}
	}
	c.set(c.now().Add(keeper.Grace + time.Second))
	if err := k.Reserve(head(t.Context(), gminaB), at(gminaB, "fresh")); err != nil {
		t.Fatal(err)
	}
	stuck := errors.New("engine away")
	asked := map[string]string{}
	n, err := k.SweepReservations(t.Context(), func(_ context.Context, a keeper.At) (bool, error) {
		asked[a.File] = a.Gmina
		if a.File == "stuck" {
			return false, stuck
		}
		return a.File == "opened", nil
	})
	if n != 2 || !errors.Is(err, stuck) {
		t.Errorf("settled %d, %v", n, err)
	}
	if diff := cmp.Diff(map[string]string{"opened": gminaA, "never": gminaA, "stuck": gminaA}, asked); diff != "" {
		t.Error(diff)
	}
	load, err := k.Load(ctx, "3024", assistant)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]caseload.State{}
	for _, p := range load.Places {
		got[p.File] = p.State
	}
	want := map[string]caseload.State{"opened": caseload.Held, "stuck": caseload.Reserved, "fresh": caseload.Reserved}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
