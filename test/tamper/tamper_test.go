package main

import (
	"testing"
)

// TestEveryTrialIsNoticed is the short form of the command.
func TestEveryTrialIsNoticed(t *testing.T) {
	w, err := build(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s, err := w.play(t.Context(), 7, 60)
	if err != nil {
		t.Fatal(err)
	}
	for _, missed := range s.missed {
		t.Error("missed:", missed)
	}
	if s.trials != 54 || s.witnessed != 6 || s.untouched != 4 {
		t.Errorf("%+v", s)
	}
	t.Log(s)
}
