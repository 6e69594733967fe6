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
}
