package server_test

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	referralv1 "asysta.example/proto/gen/asysta/referral/v1"

	"asysta.example/internal/store"
)

func idOf(r *referralv1.Referral) string {
	return r.GetName()[strings.LastIndex(r.GetName(), "/")+1:]
}

// TestRelatedSocialWorker: a social worker who is related to the family neither sees nor gets the referral; the head routes it to another.
func TestRelatedSocialWorker(t *testing.T) {
	w := newWorld(t)
	in := family()
	in.LockedOut = []string{"powiaty/2004/people/p-sw-1"}
	r := w.create("sw-2", in)
	if r.GetSocialWorker() != "" {
		t.Errorf("routed to %s", r.GetSocialWorker())
	}
	_, err := w.client.GetReferral(w.As("sw-1"), &referralv1.GetReferralRequest{Name: r.GetName()})
	wantReason(t, err, "DENIED")
	route := &referralv1.RouteReferralRequest{Name: r.GetName(), Etag: r.GetEtag(), RequestId: w.RequestID(), SocialWorker: "gminas/" + gmina + "/staff/sw-1"}
	_, err = w.client.RouteReferral(w.As("head"), route)
	wantReason(t, err, "LOCKED_OUT")
	route.SocialWorker, route.RequestId = "gminas/"+gmina+"/staff/sw-2", w.RequestID()
	r, err = w.client.RouteReferral(w.As("head"), route)
	must(t, err)
	w.interview("sw-2", r)
}

// TestOnlyTheHeadLiftsALockOut: a social worker may keep a relative out, and not let one in again.
func TestOnlyTheHeadLiftsALockOut(t *testing.T) {
	w := newWorld(t)
	in := family()
	in.LockedOut = []string{"powiaty/2004/people/p-sw-2"}
	r := w.create("sw-1", in)
	update := func(who string, lockedOut ...string) error {
		next, err := w.client.UpdateReferral(w.As(who), &referralv1.UpdateReferralRequest{Referral: &referralv1.Referral{Name: r.GetName(), LockedOut: lockedOut},
			UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"locked_out"}}, Etag: r.GetEtag(), RequestId: w.RequestID()})
		if err == nil {
			r = next
		}
		return err
	}
	wantReason(t, update("sw-1"), "LOCK_OUT_BY_HEAD")
	must(t, update("sw-1", "powiaty/2004/people/p-sw-2", "powiaty/2004/people/p-as-1"))
	must(t, update("head", "powiaty/2004/people/p-as-1"))
}

// TestRepeatedCreationTellsNoMore: who may not see a referral any more learns nothing of its course by sending the creation again.
func TestRepeatedCreationTellsNoMore(t *testing.T) {
	w := newWorld(t)
	req := &referralv1.CreateReferralRequest{Parent: "gminas/" + gmina, Referral: family(), RequestId: w.RequestID()} // of the area of sw-1
	r, err := w.client.CreateReferral(w.As("sw-2"), req)
	must(t, err)
	if again, err := w.client.CreateReferral(w.As("sw-2"), req); err != nil || again.GetEtag() != r.GetEtag() {
		t.Errorf("a retry at once: %v, %v", again, err)
	}
	w.interview("sw-1", r)
	_, err = w.client.CreateReferral(w.As("sw-2"), req)
	wantReason(t, err, "DENIED")
}

// TestDuplicatesOfARelative: who is locked out of a file by name does not hear of it as a duplicate.
func TestDuplicatesOfARelative(t *testing.T) {
	w := newWorld(t)
	related := family()
	related.LockedOut = []string{"powiaty/2004/people/p-head"}
	w.create("sw-1", related)
	other := family()
	other.Members[0].Pesel = ""
	r := w.opine("head", w.asked("sw-1", other))
	for who, n := range map[string]int{"sw-1": 1, "head": 0} {
		list, err := w.client.ListDuplicates(w.As(who), &referralv1.ListDuplicatesRequest{Name: r.GetName()})
		must(t, err)
		if len(list.GetDuplicates()) != n {
			t.Errorf("%s is told of %v", who, list.GetDuplicates())
		}
	}
	req := approval(w, r)
	req.DuplicatesReviewed = false
	_, err := w.client.ApproveReferral(w.As("head"), req)
	must(t, err)
}

// TestAccessLog: what a list or a search for duplicates has looked at and not shown is not in the log as read; what was shown is.
func TestAccessLog(t *testing.T) {
	w := newWorld(t)
	first, second, namesake := family(), family(), family()
	second.Members[0].Pesel, namesake.Members[0].Pesel = "", ""
	namesake.Address.Place = "Słucz"
	mine, like, unlike := w.create("sw-1", first), w.create("sw-1", second), w.create("sw-2", namesake)
	_, err := w.client.ListDuplicates(w.As("sw-1"), &referralv1.ListDuplicatesRequest{Name: mine.GetName()})
	must(t, err)
	_, err = w.client.ListReferrals(w.As("sw-1"), &referralv1.ListReferralsRequest{Parent: "gminas/" + gmina, Area: "a1"})
	must(t, err)
	read := func(r *referralv1.Referral) (methods []string) {
		log, _, err := w.Deps.Store.For(gmina).AccessLog(t.Context(), store.Ref{Kind: store.Referrals, ID: idOf(r)}, 50, "")
		must(t, err)
		for _, a := range log {
			if a.Actor.Person == "p-sw-1" {
				methods = append(methods, a.Method[strings.LastIndex(a.Method, "/")+1:])
			}
		}
		return methods
	}
	for _, method := range []string{"ListDuplicates", "ListReferrals"} {
		for _, r := range []*referralv1.Referral{mine, like} {
			if !strings.Contains(strings.Join(read(r), " "), method) {
				t.Errorf("%s of %s is not in the access log: %v", method, r.GetArea(), read(r))
			}
		}
		if strings.Contains(strings.Join(read(unlike), " "), method) {
			t.Errorf("%s is in the log of a referral that was not shown", method)
		}
	}
}
