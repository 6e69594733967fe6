package main

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestEveryTrialIsNoticed is the short form of the command.
func TestEveryTrialIsNoticed(t *testing.T) {
	w, err := build(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s, err := w.play(t.Context(), 7, 50)
	if err != nil {
		t.Fatal(err)
	}
	for _, missed := range s.missed {
		t.Error("missed:", missed)
	}
	if s.trials != 45 || s.witnessed != 5 || s.untouched != 3 {
		t.Errorf("%+v", s)
	}
	t.Log(s)
	of := score{by: map[string]int{}} // chance may have left one of the access log out
	for i, one := range slices.Concat(ofAccessLog, ofAccessLogWitnessed) {
		if err := w.of(t.Context(), rand.New(rand.NewPCG(7, uint64(i))), i, []trial{one}, i >= len(ofAccessLog), &of); err != nil {
			t.Error(err)
		}
	}
	for _, missed := range of.missed {
		t.Error("missed:", missed)
	}
}
