package server_test

import (
	"slices"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"
	familyv1 "asysta.example/proto/gen/asysta/family/v1"

	"asysta.example/internal/access"
	"asysta.example/internal/directory"
	"asysta.example/internal/store"
)

// referral stores a referral of the gmina as the referral service would, with the mother's decision on consent 1; "" for none.
func (w *world) referral(id string, lockedOut []string, decision string) string {
	w.t.Helper()
	var consents bson.A
	if decision != "" {
		consents = bson.A{bson.D{{Key: "member", Value: "m"}, {Key: "decision", Value: "REFUSED"}}, bson.D{{Key: "member", Value: "m"}, {Key: "decision", Value: decision}}}
	}
	scope := w.Deps.Store.For(gmina)
	_, _, err := scope.Commit(w.t.Context(), scope.New(store.Ref{Kind: store.Referrals, ID: id}), store.Change{Actor: store.Actor{System: "test"}, Method: "test", RecordedAt: w.Now(),
		Cover: bson.D{{Key: "locked_out", Value: lockedOut}}, Sections: map[string]any{"referral": bson.D{{Key: "consents", Value: consents}}}})
	must(w.t, err)
	return "gminas/" + gmina + "/referrals/" + id
}

// Step 4 holds on the way back to step 1 too: only a referral of the gmina that holds a consent 1 stands for one.
func TestReopenedOnlyWithConsent(t *testing.T) {
	w := newWorld(t)
	f := w.close(w.cooperating("f1", "as-1", ""), "2026-03-10")
	w.Travel("2026-03-11")
	reopen := func(referral string) (*casefilev1.FamilyFile, error) {
		return w.client.ReopenFamilyFile(w.As("head"), &casefilev1.ReopenFamilyFileRequest{Name: f.GetName(), Etag: f.GetEtag(), RequestId: w.RequestID(), Source: familyv1.Source_SOURCE_FAMILY,
			Basis: familyv1.Basis_BASIS_CONSENT, Referral: referral, OpenedOn: on("2026-03-11"), Assistant: staff("as-1")})
	}
	for name, tc := range map[string]struct{ referral, reason string }{
		"made up":               {"gminas/" + gmina + "/referrals/r-nobody", "REFERRAL_NAME"},
		"of another gmina":      {"gminas/" + other + "/referrals/r1", "REFERRAL_NAME"},
		"without any decision":  {w.referral("r1", nil, ""), "CONSENT_MISSING"},
		"with a withdrawal":     {w.referral("r2", nil, "WITHDRAWN"), "CONSENT_MISSING"},
		"of a family locked to": {w.referral("r3", []string{"p-head"}, "GIVEN"), "REFERRAL_NAME"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := reopen(tc.referral)
			want(t, err, tc.reason)
		})
	}
	f, err := reopen(w.referral("r4", nil, "GIVEN"))
	must(t, err)
	if len(f.GetSpells()) != 2 || w.places("as-1") != "f1 HELD" {
		t.Errorf("reopened: %v, places %q", f.GetSpells(), w.places("as-1"))
	}
}

// Who heads a contracted body has the families given to it, and neither takes others nor gives these away.
func TestHeadOfABodyKeepsToItsFamilies(t *testing.T) {
	w := newWorld(t)
	w.Employ(gmina, "ngo-head", access.Head, func(s *directory.Staff) { s.Contract, s.Body = directory.ContractBody190, "ngo" })
	req := &casefilev1.TakeOverPaperCaseRequest{Parent: "gminas/" + gmina, RequestId: w.RequestID(), Members: members(""), Address: &familyv1.Address{Place: "Słucz"}, Basis: familyv1.Basis_BASIS_CONSENT,
		Consents: []*familyv1.Consent{consent("m", participation, given, "2026-01-02")}, Area: "a2", Difficulty: 1, OpenedOn: on("2026-01-05"), PaperReference: "AR/3/2025"}
	_, err := w.client.TakeOverPaperCase(w.As("ngo-head"), req)
	want(t, err, "DENIED")
	req.ContractedBody = "gminas/" + gmina + "/institutions/ngo"
	f, err := w.client.TakeOverPaperCase(w.As("ngo-head"), req)
	must(t, err)
	for _, path := range []string{"contracted_body", "area", "social_worker"} {
		_, err = w.client.UpdateFamilyFile(w.As("ngo-head"), &casefilev1.UpdateFamilyFileRequest{FamilyFile: &casefilev1.FamilyFile{Name: f.GetName()},
			UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{path}}, Etag: f.GetEtag(), RequestId: w.RequestID()})
		want(t, err, "DENIED")
	}
}

// A coordinator or social worker related to the family neither gets the child or the file nor hears of it any more.
func TestRelatedStaffGetNothing(t *testing.T) {
	w := newWorld(t)
	f := w.cooperating("f1", "as-1", "")
	update := func(changes ...*casefilev1.MemberChange) error {
		g, err := w.client.UpdateMembers(w.As("as-1"), &casefilev1.UpdateMembersRequest{Name: f.GetName(), Etag: f.GetEtag(), RequestId: w.RequestID(), Changes: changes})
		if err == nil {
			f = g
		}
		return err
	}
	lock := func(who string) {
		t.Helper()
		g, err := w.client.LockOut(w.As("head"), &casefilev1.LockOutRequest{Name: f.GetName(), Etag: f.GetEtag(), RequestId: w.RequestID(), Person: person(who)})
		must(t, err)
		f = g
	}
	audience := func() []string {
		t.Helper()
		doc, err := w.Deps.Store.System().Load(t.Context(), store.Ref{Kind: store.FamilyFiles, ID: "f1"})
		must(t, err)
		return doc.Audience
	}
	must(t, update(care("c", "co-1")))
	if got := audience(); !slices.Equal(got, []string{"p-co-1"}) {
		t.Fatalf("audience %v", got)
	}
	lock("co-1")
	if got := audience(); len(got) != 0 {
		t.Errorf("who is locked out still hears of the file: %v", got)
	}
	want(t, update(&casefilev1.MemberChange{Change: &casefilev1.MemberChange_AssignCoordinator{AssignCoordinator: &casefilev1.AssignCoordinator{MemberId: "c", Coordinator: person("co-1")}}}), "LOCKED_OUT")
	lock("sw-2")
	_, err := w.client.UpdateFamilyFile(w.As("head"), &casefilev1.UpdateFamilyFileRequest{FamilyFile: &casefilev1.FamilyFile{Name: f.GetName(), SocialWorker: staff("sw-2")},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"social_worker"}}, Etag: f.GetEtag(), RequestId: w.RequestID()})
	want(t, err, "LOCKED_OUT")
}

// Over REST the mask is made of the body and names an address by its lines; lines that it does not name stay. A body without fields names nothing.
func TestAddressIsCorrectedByItsLines(t *testing.T) {
	w := newWorld(t)
	f := w.cooperating("f1", "as-1", "")
	update := func(paths ...string) (*casefilev1.FamilyFile, error) {
		return w.client.UpdateFamilyFile(w.As("head"), &casefilev1.UpdateFamilyFileRequest{UpdateMask: &fieldmaskpb.FieldMask{Paths: paths}, Etag: f.GetEtag(), RequestId: w.RequestID(),
			FamilyFile: &casefilev1.FamilyFile{Name: f.GetName(), Address: &familyv1.Address{Place: "Radziłów", Street: "ul. Nowa 1"}}})
	}
	for path, reason := range map[string]string{"": "UPDATE_MASK", "address.country": "UPDATE_MASK", "state": "FIELD_HAS_A_METHOD", "opened_on.day": "FIELD_HAS_A_METHOD"} {
		_, err := update(path)
		want(t, err, reason)
	}
	before := f.GetAddress()
	f, err := update("address.street")
	must(t, err)
	if a := f.GetAddress(); a.GetStreet() != "ul. Nowa 1" || a.GetPlace() != before.GetPlace() || a.GetPostalCode() != before.GetPostalCode() {
		t.Errorf("corrected %v to %v", before, a)
	}
}
