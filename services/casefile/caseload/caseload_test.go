package caseload_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"asysta.example/internal/fault"
	"asysta.example/services/casefile/caseload"
)

var noon = time.Date(2026, 3, 2, 11, 0, 0, 0, time.UTC)

func filled(t *testing.T, n int, at time.Time) caseload.Caseload {
	t.Helper()
	var c caseload.Caseload
	for i := range n {
		var err error
		if c, err = c.Reserve("3024035", fmt.Sprintf("f%02d", i), at); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

func TestCapIsTheOneInForceOnTheDay(t *testing.T) {
	for _, tc := range []struct {
		name string
		at   time.Time
		want int
	}{
		{"before 2015", time.Date(2014, 12, 31, 12, 0, 0, 0, time.UTC), 20},
		{"last minute of 2014 in Warsaw is already 2015 there", time.Date(2014, 12, 31, 23, 30, 0, 0, time.UTC), 15},
		{"today", noon, 15},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := filled(t, tc.want, tc.at)
			_, err := c.Reserve("3024035", "one-more", tc.at)
			if !fault.IsReason(err, caseload.ReasonFull) {
				t.Fatalf("place %d: %v", tc.want+1, err)
			}
			if f, _ := fault.As(err); f.Kind != fault.KindPrecondition || f.Rule != "art. 15(4)" {
				t.Errorf("fault = %+v", f)
			}
		})
	}
}

func TestAFullCaseloadAnswersARepeatedReservation(t *testing.T) {
	c := filled(t, 15, noon)
	again, err := c.Reserve("3024035", "f03", noon.Add(time.Second))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(c, again); diff != "" {
		t.Error(diff)
	}
	later, err := c.Reserve("3024035", "f03", noon.Add(time.Hour))
	if p, _ := later.Of("f03"); err != nil || !p.Since.Equal(noon.Add(time.Hour)) || later.Taken() != 15 {
		t.Errorf("asked for again after an hour: %+v, %v", p, err)
	}
}

func TestHoldGoesBeyondTheCap(t *testing.T) {
	c, over := filled(t, 14, noon).Hold("3024035", "x", noon)
	if p, ok := c.Of("x"); over || !ok || p.State != caseload.Held || c.Taken() != 15 {
		t.Errorf("the fifteenth: over %t, %+v, %d taken", over, p, c.Taken())
	}
	if c, over = c.Hold("3024035", "a", noon); !over || c.Taken() != 16 {
		t.Errorf("the sixteenth: over %t, %d taken", over, c.Taken())
	}
	if p, _ := c.Of("f03"); p.State != caseload.Reserved {
		t.Errorf("another family's place is %s", p.State)
	}
}

// A family that is monitored beyond the cap is not worked with again beyond it; as soon as the caseload is within the cap it is, in the place that it has.
func TestResumeKeepsTheCap(t *testing.T) {
	c, _ := filled(t, 15, noon).Hold("3024035", "monitored", noon)
	same, err := c.Resume("3024035", "monitored", noon)
	if !fault.IsReason(err, caseload.ReasonFull) {
		t.Errorf("sixteen: %v", err)
	}
	if diff := cmp.Diff(c, same); diff != "" {
		t.Error(diff)
	}
	later := noon.Add(time.Hour)
	c, err = c.Release("f03").Resume("3024035", "monitored", later)
	if p, _ := c.Of("monitored"); err != nil || p.State != caseload.Reserved || !p.Since.Equal(later) || c.Taken() != 15 {
		t.Errorf("fifteen: %+v, %d taken, %v", p, c.Taken(), err)
	}
}

// Who has seen a place that no family stands for frees that place, and not one that was asked for since.
func TestReleaseSeen(t *testing.T) {
	c, _ := caseload.Caseload{}.Hold("3024035", "f", noon)
	seen, _ := c.Of("f")
	if again, _ := c.Resume("3024035", "f", noon); again.ReleaseSeen(seen).Taken() != 1 {
		t.Error("a place reserved again is gone")
	}
	again, _ := c.Resume("3024035", "f", noon)
	if again, _ = again.Confirm("f", noon.Add(time.Second)); again.ReleaseSeen(seen).Taken() != 1 {
		t.Error("a place confirmed again is gone")
	}
	if c.ReleaseSeen(seen).Taken() != 0 || c.ReleaseSeen(caseload.Place{File: "other"}).Taken() != 1 {
		t.Error("the place that was seen stays, or another one is gone")
	}
}

func TestConfirmWithoutReservation(t *testing.T) {
	_, err := caseload.Caseload{}.Confirm("f", noon)
	if !fault.IsReason(err, caseload.ReasonNotReserved) {
		t.Error(err)
	}
}

// TestTransitionsAreTheTable holds the code to the table that the documentation is drawn from.
func TestTransitionsAreTheTable(t *testing.T) {
	build := map[caseload.State]caseload.Caseload{"": {}}
	build[caseload.Reserved], _ = caseload.Caseload{}.Reserve("3024035", "f", noon)
	build[caseload.Held], _ = build[caseload.Reserved].Confirm("f", noon)
	commands := map[string]func(caseload.Caseload) (caseload.Caseload, error){
		"Reserve": func(c caseload.Caseload) (caseload.Caseload, error) { return c.Reserve("3024035", "f", noon) },
		"Resume":  func(c caseload.Caseload) (caseload.Caseload, error) { return c.Resume("3024035", "f", noon) },
		"Confirm": func(c caseload.Caseload) (caseload.Caseload, error) { return c.Confirm("f", noon) },
		"Hold": func(c caseload.Caseload) (caseload.Caseload, error) {
			c, _ = c.Hold("3024035", "f", noon)
			return c, nil
		},
		"Release": func(c caseload.Caseload) (caseload.Caseload, error) { return c.Release("f"), nil },
	}
	for from, c := range build {
		for name, do := range commands {
			t.Run(string(from)+"/"+name, func(t *testing.T) {
				next, err := do(c)
				for _, tr := range caseload.Transitions {
					if tr.From != from || tr.Command != name {
						continue
					}
					if err != nil {
						t.Fatal(err)
					}
					if p, _ := next.Of("f"); p.State != tr.To {
						t.Errorf("to %q, table says %q", p.State, tr.To)
					}
					return
				}
				if err == nil {
					t.Error("a move that the table does not name")
				}
			})
		}
	}
}

// TestCaseloadMachine drives a caseload against a plain map: the cap holds, no family is counted twice, no other family's place moves.
func TestCaseloadMachine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var c caseload.Caseload
		model := map[string]caseload.State{}
		at := noon
		file := rapid.Custom(func(t *rapid.T) string { return fmt.Sprintf("f%02d", rapid.IntRange(0, 24).Draw(t, "n")) })
		t.Repeat(map[string]func(*rapid.T){
			"reserve": func(t *rapid.T) {
				f := file.Draw(t, "file")
				next, err := c.Reserve("3024035", f, at)
				_, there := model[f]
				if full := !there && len(model) >= 15; full != (err != nil) {
					t.Fatalf("full %v, err %v", full, err)
				}
				if err == nil && !there {
					model[f] = caseload.Reserved
				}
				c = next
			},
			"resume": func(t *rapid.T) {
				f := file.Draw(t, "file")
				next, err := c.Resume("3024035", f, at)
				_, there := model[f]
				if full := !there && len(model) >= 15; full != (err != nil) {
					t.Fatalf("full %v, err %v", full, err)
				}
				if err == nil {
					model[f] = caseload.Reserved
				}
				c = next
			},
			"confirm": func(t *rapid.T) {
				f := file.Draw(t, "file")
				next, err := c.Confirm(f, at)
				if _, there := model[f]; there == (err != nil) {
					t.Fatalf("there %v, err %v", there, err)
				}
				if err == nil {
					model[f] = caseload.Held
				}
				c = next
			},
			"release": func(t *rapid.T) {
				f := file.Draw(t, "file")
				c = c.Release(f)
				delete(model, f)
			},
			"": func(t *rapid.T) {
				at = at.Add(time.Minute)
				got := map[string]caseload.State{}
				var oldest *time.Time
				for _, p := range c.Places {
					got[p.File] = p.State
					if p.State == caseload.Reserved && (oldest == nil || p.Since.Before(*oldest)) {
						oldest = &p.Since
					}
				}
				if diff := cmp.Diff(model, got); diff != "" {
					t.Fatal(diff)
				}
				if c.Taken() != len(model) || c.Taken() > 15 {
					t.Fatalf("taken %d of %d", c.Taken(), len(model))
				}
				if diff := cmp.Diff(oldest, c.OldestReservation()); diff != "" {
					t.Fatal(diff)
				}
			},
		})
	})
}
