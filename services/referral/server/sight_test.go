package server_test

import (
	"strings"
	"testing"

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
	_, err := w.client.GetReferral(w.as("sw-1"), &referralv1.GetReferralRequest{Name: r.GetName()})
	wantReason(t, err, "DENIED")
	route := &referralv1.RouteReferralRequest{Name: r.GetName(), Etag: r.GetEtag(), RequestId: w.rid(), SocialWorker: "gminas/" + gmina + "/staff/sw-1"}
	_, err = w.client.RouteReferral(w.as("head"), route)
	wantReason(t, err, "LOCKED_OUT")
	route.SocialWorker, route.RequestId = "gminas/"+gmina+"/staff/sw-2", w.rid()
	r, err = w.client.RouteReferral(w.as("head"), route)
	must(t, err)
	w.interview("sw-2", r)
}

// TestAccessLog: what a list or a search for duplicates has looked at and not shown is not in the log as read; what was shown is.
func TestAccessLog(t *testing.T) {
	w := newWorld(t)
	first, second, namesake := family(), family(), family()
	second.Members[0].Pesel, namesake.Members[0].Pesel = "", ""
	namesake.Address.Place = "Słucz"
	mine, like, unlike := w.create("sw-1", first), w.create("sw-1", second), w.create("sw-2", namesake)
	_, err := w.client.ListDuplicates(w.as("sw-1"), &referralv1.ListDuplicatesRequest{Name: mine.GetName()})
	must(t, err)
	_, err = w.client.ListReferrals(w.as("sw-1"), &referralv1.ListReferralsRequest{Parent: "gminas/" + gmina, Area: "a1"})
	must(t, err)
	read := func(r *referralv1.Referral) (methods []string) {
		log, _, err := w.store.For(gmina).AccessLog(t.Context(), store.Ref{Kind: store.Referrals, ID: idOf(r)}, 50, "")
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
