package server_test

import (
	"path"
	"testing"

	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"
	familyv1 "asysta.example/proto/gen/asysta/family/v1"

	"asysta.example/internal/store"
)

// TestWhoTriesANumberIsInTheLogOfItsFile: that a PESEL number is in use tells that its person is served. Who is told so without reaching the file stands in the file's
// access log, whether the change was only tried or not; who is not told anything does not.
func TestWhoTriesANumberIsInTheLogOfItsFile(t *testing.T) {
	for label, tt := range map[string]struct {
		try    bool
		pesel  string
		reason string
		want   int
	}{
		"a change":                   {false, pesel1, "PESEL_IN_USE", 1},
		"a change only tried":        {true, pesel1, "PESEL_IN_USE", 1},
		"a number of nobody":         {false, "02070803628", "", 0},
		"a number only tried":        {true, "02070803628", "", 0},
		"a change of an old version": {false, "stale", "STALE_ETAG", 0},
		"nothing that is looked":     {true, "", "", 0},
	} {
		t.Run(label, func(t *testing.T) {
			w := newWorld(t)
			w.open("f0", "as-2", pesel1)
			f := w.cooperating("f1", "as-1", "")
			etag := f.GetEtag()
			if tt.pesel == "stale" {
				tt.pesel, etag = pesel1, "1"
			}
			father := &familyv1.FamilyMember{Role: familyv1.MemberRole_MEMBER_ROLE_FATHER, GivenName: "Jan", FamilyName: "Świątek", Pesel: tt.pesel}
			_, err := w.client.UpdateMembers(w.As("as-1"), &casefilev1.UpdateMembersRequest{Name: f.GetName(), Etag: etag, RequestId: w.RequestID(), ValidateOnly: tt.try,
				Changes: []*casefilev1.MemberChange{{Change: &casefilev1.MemberChange_Add{Add: father}}}})
			want(t, err, tt.reason)
			lines, _, err := w.Deps.Store.For(gmina).AccessLog(t.Context(), store.Ref{Kind: store.FamilyFiles, ID: "f0"}, 50, "")
			must(t, err)
			found := 0
			for _, a := range lines {
				if a.Actor.Person == "p-as-1" && path.Base(a.Method) == "UpdateMembers" {
					found++
				}
			}
			if found != tt.want {
				t.Errorf("%d lines of who tried the number, want %d: %v", found, tt.want, lines)
			}
		})
	}
}
