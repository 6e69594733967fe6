package server_test

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"google.golang.org/protobuf/proto"

	familyv1 "asysta.example/proto/gen/asysta/family/v1"
	referralv1 "asysta.example/proto/gen/asysta/referral/v1"

	"asysta.example/internal/calendar"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/fault"
	"asysta.example/internal/store"
)

var referralDay = calendar.MustOf(2013, 6, 26)

func (w *world) state(r *referralv1.Referral) *referralv1.Referral {
	w.t.Helper()
	out, err := w.client.GetReferral(w.As("head"), &referralv1.GetReferralRequest{Name: r.GetName()})
	must(w.t, err)
	return out
}

// TestOneFileHoweverOften: many at once and again later, the same request or another, one file and one place.
func TestOneFileHoweverOften(t *testing.T) {
	w := newWorld(t)
	r := w.opine("head", w.asked("sw-1", family()))
	req := approval(w, r)
	var calls sync.WaitGroup
	for n := range 8 {
		calls.Go(func() {
			mine, _ := proto.Clone(req).(*referralv1.ApproveReferralRequest)
			if n%2 == 1 {
				mine.RequestId = w.RequestID()
			}
			out, err := w.client.ApproveReferral(w.As("head"), mine)
			if err == nil && out.GetState() != referralv1.ReferralState_REFERRAL_STATE_APPROVED {
				t.Errorf("answered in %s", out.GetState())
			}
			if err != nil && !fault.IsReason(err, "STALE_ETAG") && !fault.IsReason(err, "NOT_IN_STATE") {
				t.Error(err)
			}
		})
	}
	calls.Wait()
	if w.casefile.opened != 1 || len(w.casefile.places) != 1 {
		t.Errorf("%d files, places %v", w.casefile.opened, w.casefile.places)
	}
	if now := w.state(r); now.GetState() != referralv1.ReferralState_REFERRAL_STATE_APPROVED || w.casefile.files[now.GetFamilyFile()] == nil {
		t.Errorf("state %s, file %q", now.GetState(), now.GetFamilyFile())
	}
}

// TestCrashes stops an approval at each place where it can stop; a retry or the sweep ends it with one file and one place.
func TestCrashes(t *testing.T) {
	crash := errors.New("crash")
	for _, tc := range []struct {
		name   string
		breaks func(w *world)
		mend   func(w *world)
		retry  bool
	}{
		{"before the intent is committed", func(w *world) {
			w.Fail(func(p store.FailPoint) error {
				if p == store.PointJournal {
					return crash
				}
				return nil
			})
		}, func(w *world) { w.Fail(nil) }, true},
		{"the casefile service refuses to answer the opening", func(w *world) { w.casefile.refuse = fault.Unavailable("DOWN") }, func(w *world) { w.casefile.refuse = nil }, false},
		{"the same, and the approval is repeated", func(w *world) { w.casefile.refuse = fault.Unavailable("DOWN") }, func(w *world) { w.casefile.refuse = nil }, true},
		{"after the file was opened", func(w *world) {
			commits := 0
			w.Fail(func(p store.FailPoint) error {
				if p == store.PointJournal {
					if commits++; commits > 1 {
						return crash
					}
				}
				return nil
			})
		}, func(w *world) { w.Fail(nil) }, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(t)
			r := w.opine("head", w.asked("sw-1", family()))
			req := approval(w, r)
			tc.breaks(w)
			out, err := w.client.ApproveReferral(w.As("head"), req)
			if err == nil && out.GetState() != referralv1.ReferralState_REFERRAL_STATE_APPROVING {
				t.Fatalf("answered in %s", out.GetState())
			}
			tc.mend(w)
			if tc.retry {
				_, err = w.client.ApproveReferral(w.As("head"), req)
			} else {
				var n int
				if n, err = w.service.Sweep(t.Context()); n != 1 {
					t.Errorf("the sweep finished %d", n)
				}
			}
			must(t, err)
			if now := w.state(r); now.GetState() != referralv1.ReferralState_REFERRAL_STATE_APPROVED {
				t.Errorf("state %s", now.GetState())
			}
			if w.casefile.opened != 1 || len(w.casefile.places) != 1 {
				t.Errorf("%d files, places %v", w.casefile.opened, w.casefile.places)
			}
		})
	}
}

// TestLostApproval: another change takes the version, so the place goes back and the number is given up; the next approval takes another.
func TestLostApproval(t *testing.T) {
	w := newWorld(t)
	r := w.opine("head", w.asked("sw-1", family()))
	route := &referralv1.RouteReferralRequest{Name: r.GetName(), Etag: r.GetEtag(), RequestId: w.RequestID(), Area: "a2"}
	head := w.As("head")
	var begun atomic.Bool
	w.Fail(func(p store.FailPoint) error {
		if p == store.PointJournal && begun.CompareAndSwap(false, true) {
			if _, err := w.client.RouteReferral(head, route); err != nil {
				t.Error(err)
			}
		}
		return nil
	})
	_, err := w.client.ApproveReferral(w.As("head"), approval(w, r))
	wantReason(t, err, "STALE_ETAG")
	if len(w.casefile.places) != 0 || len(w.casefile.fenced) != 1 {
		t.Errorf("places %v, given up %v", w.casefile.places, w.casefile.fenced)
	}
	_, err = w.client.ApproveReferral(w.As("head"), approval(w, w.state(r)))
	must(t, err)
	if w.casefile.opened != 1 || len(w.casefile.places) != 1 {
		t.Errorf("%d files, places %v", w.casefile.opened, w.casefile.places)
	}
}

// TestOnlyGoingOn: while the file is being opened nobody changes the referral.
func TestOnlyGoingOn(t *testing.T) {
	w := newWorld(t)
	r := w.opine("head", w.asked("sw-1", family()))
	w.casefile.refuse = fault.Unavailable("DOWN")
	r, err := w.client.ApproveReferral(w.As("head"), approval(w, r))
	must(t, err)
	_, err = w.client.RefuseReferral(w.As("head"), &referralv1.RefuseReferralRequest{Name: r.GetName(), Etag: r.GetEtag(), RequestId: w.RequestID(), Reasons: "x"})
	wantReason(t, err, "NOT_IN_STATE")
	_, err = w.client.RecordConsent(w.As("sw-1"), &referralv1.RecordConsentRequest{Name: r.GetName(), Etag: r.GetEtag(), RequestId: w.RequestID(), OfferPresentedOn: on("2026-03-12"),
		Consents: []*familyv1.Consent{{MemberId: "m1", Decision: familyv1.Consent_DECISION_WITHDRAWN, Signature: &familyv1.Signature{SignedOn: on("2026-03-31")}}}})
	wantReason(t, err, "NOT_IN_STATE")
}

// TestRefusedForGood: the casefile service says no, so the approval is undone, the place free, and a new approval may follow.
func TestRefusedForGood(t *testing.T) {
	w := newWorld(t)
	r := w.opine("head", w.asked("sw-1", family()))
	w.casefile.refuse = fault.Precondition("PESEL_IN_USE", "step 6", "Numer PESEL jest w innej teczce.")
	req := approval(w, r)
	_, err := w.client.ApproveReferral(w.As("head"), req)
	wantReason(t, err, "PESEL_IN_USE")
	_, err = w.client.ApproveReferral(w.As("head"), req)
	wantReason(t, err, "APPROVAL_LAPSED")
	now := w.state(r)
	if now.GetState() != referralv1.ReferralState_REFERRAL_STATE_REQUESTED || len(w.casefile.places) != 0 {
		t.Fatalf("state %s, places %v", now.GetState(), w.casefile.places)
	}
	w.casefile.refuse = nil
	_, err = w.client.ApproveReferral(w.As("head"), approval(w, now))
	must(t, err)
}

// TestUndoneWithoutAssistant: an approval under a court order, with every assistant full, has no place to give back. Its file is fenced all the same, so that a
// second finisher opens nothing that no referral knows; where that finisher was faster, its file is the referral's.
func TestUndoneWithoutAssistant(t *testing.T) {
	for _, racing := range []bool{false, true} {
		w := newWorld(t)
		in := family()
		in.Source = familyv1.Source_SOURCE_COURT_ORDER
		in.CourtOrders = []*familyv1.CourtOrder{{Court: "Sąd Rejonowy", CaseNumber: "III Nsm 1/26", OrderedOn: on("2026-02-20")}}
		r := w.opine("head", w.asked("sw-1", in))
		w.casefile.racing, w.casefile.refuse = racing, fault.Precondition("PESEL_IN_USE", "step 6", "Numer PESEL jest w innej teczce.")
		req := approval(w, r)
		req.Assistant = ""
		out, err := w.client.ApproveReferral(w.As("head"), req)
		if racing {
			must(t, err)
			if w.casefile.files[out.GetFamilyFile()] == nil || len(w.casefile.fenced) != 0 {
				t.Errorf("file %q, given up %v", out.GetFamilyFile(), w.casefile.fenced)
			}
			continue
		}
		wantReason(t, err, "PESEL_IN_USE")
		if now := w.state(r); now.GetState() != referralv1.ReferralState_REFERRAL_STATE_REQUESTED || len(w.casefile.fenced) != 1 {
			t.Errorf("state %s, given up %v", now.GetState(), w.casefile.fenced)
		}
	}
}

// TestFencedNumber: a number that the caseload's sweep gave up meanwhile is replaced by the next one.
func TestFencedNumber(t *testing.T) {
	w := newWorld(t)
	r := w.opine("head", w.asked("sw-1", family()))
	req := approval(w, r)
	w.Fail(func(p store.FailPoint) error {
		if p == store.PointJournal {
			return errors.New("crash")
		}
		return nil
	})
	if _, err := w.client.ApproveReferral(w.As("head"), req); err == nil {
		t.Fatal("approved through a crash")
	}
	w.Fail(nil)
	for file := range w.casefile.places { // what the caseload's sweep does
		w.casefile.fenced[file] = true
		delete(w.casefile.places, file)
	}
	_, err := w.client.ApproveReferral(w.As("head"), req)
	must(t, err)
	if w.casefile.opened != 1 {
		t.Errorf("%d files", w.casefile.opened)
	}
}

// TestFullCaseload: a voluntary family is refused, a family under a court order waits.
func TestFullCaseload(t *testing.T) {
	w := newWorld(t)
	w.casefile.room = 0
	r := w.opine("head", w.asked("sw-1", family()))
	_, err := w.client.ApproveReferral(w.As("head"), approval(w, r))
	if f := wantReason(t, err, "CASELOAD_FULL"); f.Rule != "art. 15(4)" {
		t.Errorf("rule %q", f.Rule)
	}
	in := family()
	in.Members[0].Pesel, in.Members[0].FamilyName, in.Members[1].FamilyName = "", "Kowal", "Kowal"
	in.Source = familyv1.Source_SOURCE_COURT_ORDER
	in.CourtOrders = []*familyv1.CourtOrder{{Court: "Sąd Rejonowy", CaseNumber: "III Nsm 1/26", OrderedOn: on("2026-02-20")}}
	r = w.opine("head", w.asked("sw-1", in))
	_, err = w.client.RefuseReferral(w.As("head"), &referralv1.RefuseReferralRequest{Name: r.GetName(), Etag: r.GetEtag(), RequestId: w.RequestID(), Reasons: "x"})
	wantReason(t, err, "COURT_ORDER_BINDS")
	req := approval(w, r)
	req.Assistant = ""
	out, err := w.client.ApproveReferral(w.As("head"), req)
	must(t, err)
	file := w.casefile.files[out.GetFamilyFile()]
	if file.GetAssistant() != "" || file.GetBasis() != familyv1.Basis_BASIS_COURT_ORDER || file.GetCourtOrder().GetCaseNumber() != "III Nsm 1/26" {
		t.Errorf("handed over %v", file)
	}
}

// TestDuplicates: likely duplicates are named and must be looked at; an open file with the same PESEL bars the approval.
func TestDuplicates(t *testing.T) {
	w := newWorld(t)
	first := w.create("sw-1", family())
	second := family()
	second.Members[0].Pesel, second.Address.Street = "", "Polna 4 m. 2"
	r := w.opine("head", w.asked("sw-1", second))
	list, err := w.client.ListDuplicates(w.As("head"), &referralv1.ListDuplicatesRequest{Name: r.GetName()})
	must(t, err)
	if len(list.GetDuplicates()) != 1 || list.GetDuplicates()[0].GetResource() != first.GetName() || list.GetDuplicates()[0].GetMatches()[0] != referralv1.DuplicateMatch_DUPLICATE_MATCH_NAME_AND_ADDRESS {
		t.Fatalf("duplicates %v", list)
	}
	req := approval(w, r)
	req.DuplicatesReviewed = false
	_, err = w.client.ApproveReferral(w.As("head"), req)
	wantReason(t, err, "DUPLICATES_NOT_REVIEWED")
	if len(w.casefile.places) != 0 {
		t.Errorf("a place was taken for what is refused: %v", w.casefile.places)
	}
	_, err = w.client.ApproveReferral(w.As("head"), approval(w, r))
	must(t, err)

	hash := w.service.Vault.GminaHash(gmina, "44051401359")
	w.Write(w.Deps.Store.For(gmina), store.FamilyFiles, "f-open", familyfile.Cover{State: familyfile.Cooperation, Number: "AR/1/2026", PeselHashes: []string{hash}, OpenedOn: calendar.MustOf(2025, 1, 2)})
	third := w.opine("head", w.request("sw-1", w.consent("sw-1", w.analyse("sw-1", w.interview("sw-1", first)), familyv1.Consent_DECISION_GIVEN)))
	list, err = w.client.ListDuplicates(w.As("sw-1"), &referralv1.ListDuplicatesRequest{Name: third.GetName()})
	must(t, err)
	if d := list.GetDuplicates()[0]; !strings.HasSuffix(d.GetResource(), "/familyFiles/f-open") || d.GetNumber() != "AR/1/2026" {
		t.Errorf("PESEL match is not first: %v", list)
	}
	_, err = w.client.ApproveReferral(w.As("head"), approval(w, third))
	wantReason(t, err, "FAMILY_HAS_FILE")
}

// TestWithdrawnConsentBlocks: a consent withdrawn before the approval blocks it.
func TestWithdrawnConsentBlocks(t *testing.T) {
	w := newWorld(t)
	r := w.opine("head", w.asked("sw-1", family()))
	r = w.consent("sw-1", r, familyv1.Consent_DECISION_WITHDRAWN)
	_, err := w.client.ApproveReferral(w.As("head"), approval(w, r))
	if f := wantReason(t, err, "CONSENT_MISSING"); f.Rule != "step 4" {
		t.Errorf("rule %q", f.Rule)
	}
}

// TestPages: filters, pages and their tokens.
func TestPages(t *testing.T) {
	w := newWorld(t)
	for i := range 5 {
		in := family()
		in.Members[0].Pesel = ""
		in.ReceivedOn = on([]string{"2026-03-01", "2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05"}[i])
		w.create("sw-1", in)
	}
	for _, who := range []string{"head", "sw-1"} {
		req := &referralv1.ListReferralsRequest{Parent: "gminas/" + gmina, PageSize: 2, ReceivedFrom: on("2026-03-02"), ReceivedTo: on("2026-03-04")}
		var days []int32
		for {
			page, err := w.client.ListReferrals(w.As(who), req)
			must(t, err)
			for _, r := range page.GetReferrals() {
				days = append(days, r.GetReceivedOn().GetDay())
			}
			if req.PageToken = page.GetNextPageToken(); req.PageToken == "" {
				break
			}
		}
		if len(days) != 3 || days[0] != 2 || days[2] != 4 {
			t.Errorf("%s lists %v", who, days)
		}
	}
	out, err := w.client.ListReferrals(w.As("head"), &referralv1.ListReferralsRequest{Parent: "gminas/" + gmina, State: referralv1.ReferralState_REFERRAL_STATE_APPROVED})
	if err != nil || len(out.GetReferrals()) != 0 {
		t.Errorf("approved: %v, %v", out, err)
	}
}
