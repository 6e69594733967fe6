// Package approval_test runs the referral service against the casefile service itself, each behind its own server as in production: the approval of
// step 6 is one act over two aggregates of two services.
package approval_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"
	referralv1 "asysta.example/proto/gen/asysta/referral/v1"

	"asysta.example/internal/fault"
	"asysta.example/internal/store"
)

// TestLastPlace: sixteen families, fifteen places, all approved at the same moment: one refusal, which names the rule.
func TestLastPlace(t *testing.T) {
	w := newWorld(t)
	var asked []*referralv1.Referral
	for i := range 16 {
		asked = append(asked, w.asked(fmt.Sprintf("Rodzina%c", 'a'+i), false))
	}
	var full, done atomic.Int32
	var calls sync.WaitGroup
	for _, r := range asked {
		calls.Go(func() {
			out, err := w.referrals.ApproveReferral(w.As("head"), w.approval(r, assistant))
			f, _ := fault.As(err)
			switch {
			case err == nil && out.GetState() == referralv1.ReferralState_REFERRAL_STATE_APPROVED:
				done.Add(1)
			case f != nil && f.Reason == "CASELOAD_FULL" && f.Rule != "" && f.Polish != "":
				full.Add(1)
			default:
				t.Errorf("%s: %v", out.GetState(), err)
			}
		})
	}
	calls.Wait()
	if done.Load() != 15 || full.Load() != 1 || len(w.files()) != 15 {
		t.Errorf("%d approved, %d refused, %d files", done.Load(), full.Load(), len(w.files()))
	}
}

// TestCourtOrderWaits: under a court order the family waits in a file of its own, with a clock.
func TestCourtOrderWaits(t *testing.T) {
	w := newWorld(t)
	out, err := w.referrals.ApproveReferral(w.As("head"), w.approval(w.asked("Nowak", true), ""))
	must(t, err)
	file, err := w.casefiles.GetFamilyFile(w.As("head"), &casefilev1.GetFamilyFileRequest{Name: out.GetFamilyFile()})
	must(t, err)
	if file.GetState() != casefilev1.FamilyFileState_FAMILY_FILE_STATE_AWAITING_ASSISTANT || file.GetReferral() != out.GetName() || len(file.GetDeadlines()) == 0 {
		t.Errorf("file in %s of %q with %d terms", file.GetState(), file.GetReferral(), len(file.GetDeadlines()))
	}
}

// TestCrashEverywhere stops the approval at each of its commits; a repetition of the request or the sweep ends it with one file.
func TestCrashEverywhere(t *testing.T) {
	for _, sweep := range []bool{false, true} {
		for stop := 1; ; stop++ {
			w := newWorld(t)
			r := w.asked("Nowak", false)
			var commits atomic.Int32
			crash := func(p store.FailPoint) error {
				if p == store.PointJournal && int(commits.Add(1)) == stop {
					return errors.New("crash")
				}
				return nil
			}
			w.Fail(crash)
			req := w.approval(r, assistant)
			_, _ = w.referrals.ApproveReferral(w.As("head"), req) // whatever the caller is told: what counts is where it ends
			w.Fail(nil)
			reached := int(commits.Load()) >= stop
			if sweep {
				_, err := w.service.Sweep(t.Context())
				must(t, err)
			}
			if w.state(r) != referralv1.ReferralState_REFERRAL_STATE_APPROVED { // a crash before the intent leaves nothing for the sweep
				_, err := w.referrals.ApproveReferral(w.As("head"), req)
				must(t, err)
			}
			load, err := w.keeper.Load(t.Context(), county, "p-as-1")
			must(t, err)
			if state := w.state(r); state != referralv1.ReferralState_REFERRAL_STATE_APPROVED || len(w.files()) != 1 || len(load.Places) != 1 {
				t.Errorf("crash at commit %d, sweep %v: %s, %d files, %d places", stop, sweep, state, len(w.files()), len(load.Places))
			}
			if !reached {
				if stop < 4 {
					t.Errorf("the approval has %d commits only: the crashes prove nothing", stop-1)
				}
				break
			}
		}
	}
}

// TestLostApprovalFreesThePlace: an approval that loses to another change holds no place.
func TestLostApprovalFreesThePlace(t *testing.T) {
	w := newWorld(t)
	r := w.asked("Nowak", false)
	head, route := w.As("head"), &referralv1.RouteReferralRequest{Name: r.GetName(), Etag: r.GetEtag(), RequestId: w.RequestID(), Area: "a2"}
	var reserved, begun atomic.Bool
	between := func(p store.FailPoint) error {
		if p != store.PointJournal {
			return nil
		}
		if reserved.CompareAndSwap(false, true) {
			return nil // the reservation's own commit
		}
		if begun.CompareAndSwap(false, true) {
			if _, err := w.referrals.RouteReferral(head, route); err != nil {
				t.Error(err)
			}
		}
		return nil
	}
	w.Fail(between)
	_, err := w.referrals.ApproveReferral(w.As("head"), w.approval(r, assistant))
	w.Fail(nil)
	if !fault.IsReason(err, "STALE_ETAG") {
		t.Fatalf("got %v", err)
	}
	load, err := w.keeper.Load(t.Context(), county, "p-as-1")
	must(t, err)
	if n := len(load.Places); n != 0 {
		t.Errorf("%d places held", n)
	}
}
