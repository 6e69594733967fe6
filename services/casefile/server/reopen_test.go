package server_test

import (
	"testing"

	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"
	familyv1 "asysta.example/proto/gen/asysta/family/v1"
)

// TestReopenedFileKeepsOutWhomTheReferralKeepsOut: a family comes back with a referral that names its relatives among the staff. They do not reach the file that goes on, whatever they did in
// it before, and one of them who was its social worker is so no more.
func TestReopenedFileKeepsOutWhomTheReferralKeepsOut(t *testing.T) {
	w := newWorld(t)
	f := w.close(w.cooperating("f1", "as-1", ""), "2026-03-10")
	w.Travel("2026-03-11")
	referral := w.referral("r1", []string{"p-as-2", "p-sw-1"}, "GIVEN")
	reopen := func(assistant string) (*casefilev1.FamilyFile, error) {
		return w.client.ReopenFamilyFile(w.As("head"), &casefilev1.ReopenFamilyFileRequest{Name: f.GetName(), Etag: f.GetEtag(), RequestId: w.RequestID(), Source: familyv1.Source_SOURCE_FAMILY,
			Basis: familyv1.Basis_BASIS_CONSENT, Referral: referral, OpenedOn: on("2026-03-11"), Assistant: staff(assistant)})
	}
	_, err := reopen("as-2")
	want(t, err, "LOCKED_OUT")
	if w.places("as-2") != "" {
		t.Errorf("a refused reopening holds %q", w.places("as-2"))
	}
	f, err = reopen("as-1")
	must(t, err)
	if got := f.GetLockedOut(); len(got) != 2 || got[0] != person("as-2") || got[1] != person("sw-1") {
		t.Errorf("locked out are %v", got)
	}
	if f.GetSocialWorker() != "" {
		t.Errorf("the social worker is still %s", f.GetSocialWorker())
	}
	_, err = w.client.GetFamilyFile(w.As("sw-1"), &casefilev1.GetFamilyFileRequest{Name: f.GetName()})
	want(t, err, "DENIED")
	w.get("as-1", f.GetName())
}
