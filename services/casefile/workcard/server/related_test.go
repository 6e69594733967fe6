package server_test

import (
	"slices"
	"strings"
	"testing"

	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"

	"asysta.example/internal/deadline"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/store"
)

// TestNoTermOfAReferralToWhoIsLockedOutOfItsFile: the answer to an institution may be due when the family's file is open; who is locked out of the file is not told of
// the referral either.
func TestNoTermOfAReferralToWhoIsLockedOutOfItsFile(t *testing.T) {
	w := newWorld(t)
	w.family("f1", func(c *familyfile.Cover) { c.LockedOut = []string{"p-head"} })
	cover := map[string]any{"state": "APPROVED", "received_on": "2026-11-01", "social_worker": "sw1", "area": "a1", "family_file": "f1"}
	answer := deadline.Term(deadline.RuleAnswer, day("2026-11-01"), 0, "sw1")
	w.Write(w.Deps.Store.For(gmina), store.Referrals, "r1", cover, func(ch *store.Change) { ch.Deadlines = []deadline.Deadline{answer} })
	for who, want := range map[string]bool{"head": false, "sw1": true} {
		got := w.due(who, &casefilev1.ListDeadlinesRequest{})
		if slices.ContainsFunc(got, func(line string) bool { return strings.HasSuffix(line, " r1") }) != want {
			t.Errorf("%s is told %v", who, got)
		}
	}
}
