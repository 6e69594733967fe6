package server_test

import (
	"errors"
	"testing"

	"asysta.example/internal/store"
)

// While a monitored family is taken back its place is reserved, so that nothing else frees it; if the commit is lost the family stays monitored and keeps the place.
func TestBrokenReopeningOfAMonitoredFamily(t *testing.T) {
	w := newMonitored(t, true)
	f, commits := w.ended("f1", "as-1"), 0
	w.Fail(func(p store.FailPoint) error {
		if p == store.PointJournal {
			commits++
		}
		if p == store.PointJournal && commits == 2 { // the first reserves the place, the second is the file's
			return errors.New("power cut")
		}
		return nil
	})
	_, err := w.client.ReopenFamilyFile(w.As("head"), reopening(w, f, "as-1"))
	w.Fail(nil)
	if err == nil || w.places("as-1") != "f1 RESERVED" {
		t.Fatalf("%v after %d commits, places %q", err, commits, w.places("as-1"))
	}
	w.Travel("2026-03-11")
	if n, err := w.service.Sweep(t.Context()); n != 1 || err != nil || w.places("as-1") != "f1 HELD" {
		t.Errorf("swept %d, %v, places %q", n, err, w.places("as-1"))
	}
}

// What a crash leaves of a handover of a monitored family the sweep settles as the county wants it.
func TestSweepAfterABrokenHandoverOfAMonitoredFamily(t *testing.T) {
	for name, tc := range map[string]struct {
		fails  int // which commit is lost: the file's, or the first that settles the places
		counts bool
		want   map[string]string
	}{
		"before the file":                         {2, true, map[string]string{"as-1": "f1 HELD", "as-2": ""}},
		"after the file":                          {3, true, map[string]string{"as-1": "", "as-2": "f1 HELD"}},
		"after the file, no longer to be counted": {3, false, map[string]string{"as-1": "", "as-2": ""}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newMonitored(t, true)
			f, commits := w.ended("f1", "as-1"), 0
			w.Fail(func(p store.FailPoint) error {
				if p != store.PointJournal {
					return nil
				}
				if commits++; commits >= tc.fails {
					return errors.New("power cut")
				}
				return nil
			})
			_, err := w.client.ReassignAssistant(w.As("head"), handover(w, f, "as-2"))
			w.Fail(nil)
			if err == nil || w.places("as-2") != "f1 RESERVED" {
				t.Fatalf("%v, places %q", err, w.places("as-2"))
			}
			if !tc.counts {
				w.decide(false)
			}
			w.Travel("2026-03-11")
			if n, err := w.service.Sweep(t.Context()); n != 1 || err != nil {
				t.Errorf("swept %d, %v", n, err)
			}
			_, err = w.service.Reconcile(t.Context(), county)
			must(t, err)
			w.wantPlaces("mended", tc.want)
		})
	}
}
