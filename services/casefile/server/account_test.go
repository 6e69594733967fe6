package server_test

import (
	"testing"

	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"

	"asysta.example/internal/access"
	"asysta.example/internal/calendar"
	"asysta.example/internal/directory"
	"asysta.example/internal/store"
)

// Who can no longer log in is given no family, by whatever way: they would not see it.
func TestAFamilyIsNotGivenToAClosedAccount(t *testing.T) {
	w := newWorld(t)
	closed := directory.Person{DisplayName: "dawny", Subjects: []string{"dawny"}, ActiveFrom: calendar.MustOf(2025, 1, 1), ActiveTo: calendar.MustOf(2026, 2, 27)}
	w.Write(w.Deps.Store.ForCounty(county), store.People, "p-dawny", closed)
	w.Employ(gmina, "as-9", access.Assistant, func(s *directory.Staff) { s.Person = "p-dawny" })
	_, err := w.system.ReservePlace(w.asking(), &casefilev1.ReservePlaceRequest{FamilyFile: file("f1"), Assistant: staff("as-9"), RequestId: w.RequestID()})
	want(t, err, "NOT_ASSISTANT")
	f := w.open("f1", "", "")
	_, err = w.client.AssignAssistant(w.As("head"), &casefilev1.AssignAssistantRequest{Name: f.GetName(), Etag: f.GetEtag(), RequestId: w.RequestID(), Assistant: staff("as-9"), FromDate: on("2026-03-02")})
	want(t, err, "NOT_ASSISTANT")
	f = w.open("f2", "as-1", "")
	_, err = w.client.ReassignAssistant(w.As("head"), &casefilev1.ReassignAssistantRequest{Name: f.GetName(), Etag: f.GetEtag(), RequestId: w.RequestID(), Assistant: staff("as-9"), HandoverDate: on("2026-03-02"), Reason: "urlop"})
	want(t, err, "NOT_ASSISTANT")
}
