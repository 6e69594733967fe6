package server_test

import (
	"testing"

	directoryv1 "asysta.example/proto/gen/asysta/directory/v1"
)

// All numbers of a caseload speak of the same families, right after the setting has changed and after the reconciliation.
func TestCaseloadAgreesWithItselfWhenTheSettingChanges(t *testing.T) {
	w := newMonitored(t, false)
	w.ended("f1", "as-1")
	w.openMany("as-1", 0, 2)
	agree := func(when string, families int32) {
		t.Helper()
		list, err := w.directory.ListCaseloads(w.As("head"), &directoryv1.ListCaseloadsRequest{Parent: "gminas/" + gmina})
		must(t, err)
		one := w.caseload("as-1")
		if len(one.GetFamilyFiles()) != int(families) {
			t.Errorf("%s: %v", when, one.GetFamilyFiles())
		}
		for _, c := range append(list.GetCaseloads(), one) {
			if c.GetStaff() != staff("as-1") {
				continue
			}
			var here, sum int32
			for _, d := range c.GetByDifficulty() {
				here, sum = here+d.GetFamilies(), sum+d.GetDifficulty()*d.GetFamilies()
			}
			if c.GetTaken() != families || c.GetFamiliesHere() != families || here != families || c.GetDifficultySum() != sum {
				t.Errorf("%s: want %d families: %v", when, families, c)
			}
		}
	}
	reconcile := func() {
		t.Helper()
		_, err := w.service.Reconcile(t.Context(), county)
		must(t, err)
	}
	agree("does not count", 2)
	w.decide(true)
	agree("counts from now on", 2)
	reconcile()
	agree("counts", 3)
	w.decide(false)
	agree("counts no more", 3)
	reconcile()
	agree("does not count again", 2)
}
