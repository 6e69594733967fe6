package server_test

import (
	"fmt"
	"sync"
	"testing"

	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"

	"asysta.example/internal/fault"

	"asysta.example/internal/store"
)

func TestOpening(t *testing.T) {
	w := newWorld(t)
	f := w.open("f1", "as-1", pesel1)
	if f.GetNumber() != "AR/1/2026" || f.GetState() != casefilev1.FamilyFileState_FAMILY_FILE_STATE_ASSIGNED || f.GetMembers()[0].GetMember().GetPesel() != "•••••••••••" {
		t.Errorf("opened as %v", f)
	}
	if got := f.GetMembers()[0].GetMember().GetBirthDate(); got.GetYear() != 1944 || got.GetMonth() != 5 {
		t.Errorf("birth date out of the PESEL: %v", got)
	}
	if got := w.places("as-1"); got != "f1 HELD" {
		t.Errorf("places %q", got)
	}
	again, err := w.system.OpenFamilyFile(w.asking(), w.opening("f1", staff("as-1"), pesel1))
	must(t, err)
	if again.GetEtag() != f.GetEtag() || again.GetNumber() != f.GetNumber() {
		t.Error("opening again opened anew")
	}
	stranger := w.opening("f1", staff("as-1"), pesel1)
	stranger.Referral = "gminas/" + gmina + "/referrals/r-x"
	_, err = w.system.OpenFamilyFile(w.asking(), stranger)
	want(t, err, "FILE_EXISTS")
	if f2 := w.open("f2", "", ""); f2.GetNumber() != "AR/2/2026" || f2.GetState() != casefilev1.FamilyFileState_FAMILY_FILE_STATE_AWAITING_ASSISTANT {
		t.Errorf("second file %s in %s", f2.GetNumber(), f2.GetState())
	}
}

// Of many openings for the same person that run at once exactly one comes through.
func TestPeselOfOneOpenFile(t *testing.T) {
	w := newWorld(t)
	var wg sync.WaitGroup
	results := make([]error, 8)
	for i := range results {
		wg.Go(func() {
			_, results[i] = w.system.OpenFamilyFile(w.asking(), w.opening(fmt.Sprint("f", i), "", pesel1))
		})
	}
	wg.Wait()
	opened := 0
	for _, err := range results {
		if err == nil {
			opened++
			continue
		}
		want(t, err, "PESEL_IN_USE")
	}
	if opened != 1 {
		t.Errorf("%d files hold the same person", opened)
	}
}

// A family that was served before may be opened again in another file once the first is closed.
func TestPeselOfClosedFile(t *testing.T) {
	w := newWorld(t)
	f := w.cooperating("f1", "as-1", pesel1)
	w.close(f, "2026-03-10")
	w.Travel("2026-03-11")
	second := w.open("f2", "as-2", pesel1)
	w.referral("r9", nil, "GIVEN")
	_, err := w.client.ReopenFamilyFile(w.As("head"), &casefilev1.ReopenFamilyFileRequest{Name: f.GetName(), Etag: w.get("head", f.GetName()).GetEtag(), RequestId: w.RequestID(), Source: 4, Basis: 1,
		Referral: "gminas/" + gmina + "/referrals/r9", OpenedOn: on("2026-03-11"), Assistant: staff("as-1")})
	want(t, err, "PESEL_IN_USE")
	if got := w.places("as-1"); got != "" || second.GetState() != casefilev1.FamilyFileState_FAMILY_FILE_STATE_ASSIGNED {
		t.Errorf("a refused reopening holds %q", got)
	}
}

func (w *world) close(f *casefilev1.FamilyFile, day string) *casefilev1.FamilyFile {
	w.t.Helper()
	out, err := w.client.CloseFamilyFile(w.As("head"), &casefilev1.CloseFamilyFileRequest{Name: f.GetName(), Etag: f.GetEtag(), RequestId: w.RequestID(),
		Closure: &casefilev1.Closure{ClosedOn: on(day), Reason: casefilev1.ClosureReason_CLOSURE_REASON_GOALS_ACHIEVED, FinalAssessment: "cele osiągnięte"}})
	must(w.t, err)
	return out
}

// A released place gives the number up: an opening that comes late finds it fenced.
func TestReleaseFences(t *testing.T) {
	w := newWorld(t)
	reserve := &casefilev1.ReservePlaceRequest{FamilyFile: file("f1"), Assistant: staff("as-1"), RequestId: w.RequestID()}
	_, err := w.system.ReservePlace(w.asking(), reserve)
	must(t, err)
	if got := w.places("as-1"); got != "f1 RESERVED" {
		t.Fatalf("places %q", got)
	}
	release := &casefilev1.ReleasePlaceRequest{FamilyFile: file("f1"), Assistant: staff("as-1"), RequestId: w.RequestID()}
	for range 2 {
		_, err = w.system.ReleasePlace(w.asking(), release)
		must(t, err)
	}
	if got := w.places("as-1"); got != "" {
		t.Errorf("places %q", got)
	}
	_, err = w.system.OpenFamilyFile(w.asking(), w.opening("f1", staff("as-1"), ""))
	want(t, err, "FILE_FENCED")
	_, err = w.system.ReservePlace(w.asking(), reserve)
	want(t, err, "FILE_FENCED")
	_, err = w.client.GetFamilyFile(w.As("head"), &casefilev1.GetFamilyFileRequest{Name: file("f1")})
	want(t, err, "NOT_FOUND")
	w.open("f2", "as-1", "")
	_, err = w.system.ReleasePlace(w.asking(), &casefilev1.ReleasePlaceRequest{FamilyFile: file("f2"), Assistant: staff("as-1"), RequestId: w.RequestID()})
	want(t, err, "FILE_ACTIVE")
	for name, reason := range map[string]string{"f2": "FILE_ACTIVE", "f3": ""} { // without an assistant: the fence alone
		_, err = w.system.ReleasePlace(w.asking(), &casefilev1.ReleasePlaceRequest{FamilyFile: file(name), RequestId: w.RequestID()})
		want(t, err, reason)
	}
	_, err = w.system.OpenFamilyFile(w.asking(), w.opening("f3", "", ""))
	want(t, err, "FILE_FENCED")
	_, err = w.system.ReservePlace(w.asking(), &casefilev1.ReservePlaceRequest{FamilyFile: file("f4"), Assistant: staff("as-2"), RequestId: w.RequestID()})
	must(t, err)
	for id, assistant := range map[string]string{"fence-f4": "", "release-f4": staff("as-2")} { // as an approval is undone
		_, err = w.system.ReleasePlace(w.asking(), &casefilev1.ReleasePlaceRequest{FamilyFile: file("f4"), Assistant: assistant, RequestId: id})
		must(t, err)
	}
	if got := w.places("as-2"); got != "" {
		t.Errorf("places %q", got)
	}
}

func TestReserveWhom(t *testing.T) {
	w := newWorld(t)
	for who, reason := range map[string]string{staff("sw-1"): "NOT_ASSISTANT", staff("nobody"): "UNKNOWN_STAFF", "gminas/" + other + "/staff/far-as": "DENIED"} {
		_, err := w.system.ReservePlace(w.asking(), &casefilev1.ReservePlaceRequest{FamilyFile: file("f1"), Assistant: who, RequestId: w.RequestID()})
		want(t, err, reason)
	}
	_, err := w.system.ReservePlace(w.asking(), &casefilev1.ReservePlaceRequest{FamilyFile: file("f1"), Assistant: staff("as-1"), LockedOut: []string{person("as-1")}, RequestId: w.RequestID()})
	want(t, err, "LOCKED_OUT")
	_, err = w.system.ReservePlace(w.As("head"), &casefilev1.ReservePlaceRequest{FamilyFile: file("f1"), Assistant: staff("as-1"), RequestId: w.RequestID()})
	want(t, err, "DENIED")
}

// Fifteen families and no more, however many heads assign at once.
func TestCapUnderConcurrentHandover(t *testing.T) {
	w := newWorld(t)
	var files []*casefilev1.FamilyFile
	for i := range 14 {
		w.open(fmt.Sprint("held-", i), "as-2", "")
	}
	for i := range 6 {
		files = append(files, w.open(fmt.Sprint("f", i), "as-1", ""))
	}
	var wg sync.WaitGroup
	results := make([]error, len(files))
	for i, f := range files {
		wg.Go(func() {
			_, results[i] = w.client.ReassignAssistant(w.As("head"), &casefilev1.ReassignAssistantRequest{Name: f.GetName(), Etag: f.GetEtag(), RequestId: w.RequestID(),
				Assistant: staff("as-2"), HandoverDate: on("2026-03-02"), Reason: "urlop"})
		})
	}
	wg.Wait()
	moved := 0
	for _, err := range results {
		if err == nil {
			moved++
		} else if f, ok := fault.As(err); !ok || f.Reason != "CASELOAD_FULL" || f.Rule != "art. 15(4)" {
			t.Errorf("refused with %v", err)
		}
	}
	c, err := w.keeper.Load(t.Context(), county, "p-as-2")
	must(t, err)
	mine, err := w.keeper.Load(t.Context(), county, "p-as-1")
	must(t, err)
	if reserved, _ := c.In(gmina); moved != 1 || c.Taken() != 15 || reserved != 0 || mine.Taken() != 5 {
		t.Errorf("%d moved, %d places taken, %d of them reserved, %d left", moved, c.Taken(), reserved, mine.Taken())
	}
}

// A reopening that is refused claims nothing in the gmina's register.
func TestRefusedReopeningClaimsNothing(t *testing.T) {
	w := newWorld(t)
	f := w.close(w.cooperating("f1", "as-1", pesel1), "2026-03-10")
	w.Travel("2026-03-11")
	register := func() int64 {
		t.Helper()
		doc, err := w.Deps.Store.For(gmina).Load(t.Context(), store.Ref{Kind: store.Counters, ID: gmina + "-files"})
		must(t, err)
		return doc.Version
	}
	before := register()
	req := &casefilev1.ReopenFamilyFileRequest{Name: f.GetName(), Etag: "1", RequestId: w.RequestID(), Source: 4, Basis: 2, Reason: "kryzys", OpenedOn: on("2026-03-11")}
	_, err := w.client.ReopenFamilyFile(w.As("head"), req)
	want(t, err, "STALE_ETAG")
	req.Etag, req.RequestId = w.get("head", f.GetName()).GetEtag(), w.RequestID()
	_, err = w.client.ReopenFamilyFile(w.As("head"), req) // a court's order is not there
	if err == nil || register() != before {
		t.Errorf("%v; the register went from version %d to %d", err, before, register())
	}
}
