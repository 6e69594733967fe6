package server_test

import (
	"testing"

	referralv1 "asysta.example/proto/gen/asysta/referral/v1"

	"asysta.example/internal/access"
	"asysta.example/internal/directory"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/store"
)

// approved gives a referral that has led to a family file, as the casefile service keeps it after edit.
func (w *world) approved(decider string, edit func(*familyfile.Cover)) *referralv1.Referral {
	w.t.Helper()
	r := w.opine(decider, w.asked("sw-1", family()))
	req := approval(w, r)
	if decider == "body" {
		req.Assistant = "gminas/" + gmina + "/staff/as-ngo"
	}
	r, err := w.client.ApproveReferral(w.As(decider), req)
	must(w.t, err)
	c := familyfile.Cover{State: familyfile.Assigned, SocialWorker: "sw-1", OpenedOn: referralDay}
	edit(&c)
	id := r.GetFamilyFile()[len("gminas/"+gmina+"/familyFiles/"):]
	w.Write(w.Deps.Store.For(gmina), store.FamilyFiles, id, c)
	return r
}

// told are the ways in which the service tells of a referral.
func (w *world) told(who string, r *referralv1.Referral) map[string]bool {
	w.t.Helper()
	told := map[string]bool{}
	_, err := w.client.GetReferral(w.As(who), &referralv1.GetReferralRequest{Name: r.GetName()})
	told["GetReferral"] = err == nil
	if err != nil {
		wantReason(w.t, err, "DENIED")
	}
	_, err = w.client.ListDuplicates(w.As(who), &referralv1.ListDuplicatesRequest{Name: r.GetName()})
	told["ListDuplicates"] = err == nil
	list, err := w.client.ListReferrals(w.As(who), &referralv1.ListReferralsRequest{Parent: "gminas/" + gmina})
	must(w.t, err)
	for _, one := range list.GetReferrals() {
		told["ListReferrals"] = told["ListReferrals"] || one.GetName() == r.GetName()
	}
	return told
}

func (w *world) wantTold(who string, r *referralv1.Referral, want bool) {
	w.t.Helper()
	told := w.told(who, r)
	for _, way := range []string{"GetReferral", "ListDuplicates", "ListReferrals"} {
		if told[way] != want {
			w.t.Errorf("%s to %s tells of the referral: %v, want %v", way, who, told[way], want)
		}
	}
}

// TestWhoIsLockedOutOfTheFileIsOutOfItsReferral: the head locks a relative out of the family's file. The referral that it came from holds the same family's data.
func TestWhoIsLockedOutOfTheFileIsOutOfItsReferral(t *testing.T) {
	w := newWorld(t)
	r := w.approved("head", func(c *familyfile.Cover) { c.LockedOut = []string{"p-both", "p-sw-2"} })
	w.wantTold("both", r, false)
	w.wantTold("head", r, true)
	w.wantTold("sw-1", r, true)
	route := &referralv1.RouteReferralRequest{Name: r.GetName(), Etag: r.GetEtag(), RequestId: w.RequestID(), SocialWorker: "gminas/" + gmina + "/staff/sw-1"}
	_, err := w.client.RouteReferral(w.As("both"), route)
	wantReason(t, err, "DENIED")

	// Nor does a relative hear of it as a duplicate of another referral.
	other := family()
	other.Members[0].Pesel = ""
	next := w.asked("sw-1", other)
	for who, n := range map[string]int{"head": 1, "both": 0} {
		list, err := w.client.ListDuplicates(w.As(who), &referralv1.ListDuplicatesRequest{Name: next.GetName()})
		must(t, err)
		found := 0
		for _, d := range list.GetDuplicates() {
			if d.GetResource() == r.GetName() {
				found++
			}
		}
		if found != n {
			t.Errorf("%s is told of %v", who, list.GetDuplicates())
		}
	}
}

// TestNoReferralIsRoutedToWhoIsLockedOutOfTheFile: an answer to the institution may still be due when the file is open.
func TestNoReferralIsRoutedToWhoIsLockedOutOfTheFile(t *testing.T) {
	w := newWorld(t)
	r := w.approved("head", func(c *familyfile.Cover) { c.LockedOut = []string{"p-sw-2"} })
	_, err := w.client.RouteReferral(w.As("head"), &referralv1.RouteReferralRequest{Name: r.GetName(), Etag: r.GetEtag(), RequestId: w.RequestID(), SocialWorker: "gminas/" + gmina + "/staff/sw-2"})
	wantReason(t, err, "LOCKED_OUT")
}

// TestABodyReachesTheReferralWhileTheFamilyIsGivenToIt: a family taken from a contracted body is none of its families any more.
func TestABodyReachesTheReferralWhileTheFamilyIsGivenToIt(t *testing.T) {
	for label, tt := range map[string]struct {
		body string
		want bool
	}{"given to it": {"ngo", true}, "given to another": {"ngo-2", false}, "taken back by the centre": {"", false}} {
		t.Run(label, func(t *testing.T) {
			w := newWorld(t)
			w.settle(directory.Organiser{Kind: directory.OrganiserBody, Institution: "ngo", Resolution: "XII/34/2026", ResolutionOn: referralDay})
			w.Employ(gmina, "as-ngo", access.Assistant, func(s *directory.Staff) { s.Body = "ngo" })
			r := w.approved("body", func(c *familyfile.Cover) { c.ContractedBody = tt.body })
			w.wantTold("body", r, tt.want)
			w.wantTold("head", r, true)
		})
	}
}
