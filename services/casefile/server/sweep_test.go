package server_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"
	familyv1 "asysta.example/proto/gen/asysta/family/v1"

	"asysta.example/internal/calendar"
	"asysta.example/internal/directory"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/store"
	"asysta.example/services/casefile/caseload/keeper"
)

// A crash between the commit of a file and its places is mended by the sweep and by Reconcile.
func TestSweepAfterCrash(t *testing.T) {
	w := newWorld(t)
	_, err := w.system.ReservePlace(w.asking(), &casefilev1.ReservePlaceRequest{FamilyFile: file("gone"), Assistant: staff("as-1"), RequestId: w.RequestID()})
	must(t, err)
	f := w.open("f1", "as-2", "")
	lost := func(store.FailPoint) error { return errors.New("power cut") }
	w.Fail(lost)
	if _, err := w.client.UnassignAssistant(w.As("head"), &casefilev1.UnassignAssistantRequest{Name: f.GetName(), Etag: f.GetEtag(), RequestId: w.RequestID(), ToDate: on("2026-03-02"), Reason: "urlop"}); err == nil {
		t.Error("acknowledged without a commit")
	}
	w.Fail(nil)
	n, err := w.service.Sweep(t.Context())
	if err != nil || n != 0 || w.places("as-1") != "gone RESERVED" {
		t.Fatalf("a fresh reservation was swept: %d, %v", n, err)
	}
	w.Travel("2026-03-03")
	n, err = w.service.Sweep(t.Context())
	if err != nil || n != 1 || w.places("as-1") != "" {
		t.Errorf("swept %d, %v, places %q", n, err, w.places("as-1"))
	}
	_, err = w.system.OpenFamilyFile(w.asking(), w.opening("gone", staff("as-1"), ""))
	want(t, err, "FILE_FENCED")
	if freed, err := w.service.Reconcile(t.Context(), county); err != nil || freed != 0 || w.places("as-2") != "f1 HELD" {
		t.Errorf("reconciled a place that is held: %d, %v, %q", freed, err, w.places("as-2"))
	}
	must(t, w.keeper.Reserve(t.Context(), at("as-1")))
	must(t, w.keeper.Confirm(t.Context(), at("as-1")))
	w.Write(w.Deps.Store.ForCounty(county), store.Counties, county, directory.County{Digits: county})
	if freed, err := w.service.ReconcileAll(t.Context()); err != nil || freed != 1 || w.places("as-1") != "" {
		t.Errorf("reconciled %d, %v, places %q", freed, err, w.places("as-1"))
	}
}

// What fails for one family, or for one county when the process starts, leaves no other without its place, and is tried again with the next look at the settings.
func TestReconcileGoesOnBehindAFailure(t *testing.T) {
	w := newWorld(t)
	w.Write(w.Deps.Store.ForCounty(county), store.Counties, county, directory.County{Digits: county})
	for i, assistant := range []string{"as-1", "as-2"} {
		w.open(fmt.Sprintf("f%d", i+1), assistant, "")
		must(t, w.keeper.Release(t.Context(), keeper.At{Gmina: gmina, Person: "p-" + assistant, File: fmt.Sprintf("f%d", i+1)}))
	}
	if n, err := w.service.FollowSettings(t.Context()); n != 0 || err != nil {
		t.Errorf("before the first reconciliation: %d, %v", n, err)
	}
	failures := 0
	w.Fail(func(store.FailPoint) error {
		if failures++; failures == 1 {
			return errors.New("no disk today")
		}
		return nil
	})
	if n, err := w.service.ReconcileAll(t.Context()); n != 1 || err == nil || !strings.Contains(err.Error(), "no disk today") {
		t.Errorf("with one failure of two: mended %d, %v", n, err)
	}
	w.Fail(nil)
	for _, want := range []int{1, 0} {
		if n, err := w.service.FollowSettings(t.Context()); n != want || err != nil {
			t.Errorf("after it: mended %d, %v; want %d", n, err, want)
		}
	}
	if w.places("as-1") != "f1 HELD" || w.places("as-2") != "f2 HELD" {
		t.Errorf("places %q and %q", w.places("as-1"), w.places("as-2"))
	}
}

// A file is the truth: its assistant gets the place that the caseload lost, even where that is one too many.
func TestReconcileGivesLostPlaces(t *testing.T) {
	w := newWorld(t)
	w.open("f1", "as-1", "")
	lost := keeper.At{Gmina: gmina, Person: "p-as-1", File: "f1"}
	must(t, w.keeper.Release(t.Context(), lost))
	for range 2 {
		if n, err := w.service.Reconcile(t.Context(), county); err != nil || n > 1 || w.places("as-1") != "f1 HELD" {
			t.Errorf("mended %d, %v, places %q", n, err, w.places("as-1"))
		}
	}
	if n, err := w.service.Reconcile(t.Context(), county); err != nil || n != 0 {
		t.Errorf("mended again: %d, %v", n, err)
	}
	must(t, w.keeper.Release(t.Context(), lost))
	for i := range 15 {
		w.open(fmt.Sprintf("g%02d", i), "as-1", "")
	}
	n, err := w.service.Reconcile(t.Context(), county)
	if c, _ := w.keeper.Load(t.Context(), county, "p-as-1"); err != nil || n != 1 || c.Taken() != 16 {
		t.Errorf("mended %d, %v, %d places", n, err, c.Taken())
	}
	if !strings.Contains(w.Logged(), `"over_cap":true`) {
		t.Error("a caseload beyond the cap is not logged")
	}
	_, err = w.system.ReservePlace(w.asking(), &casefilev1.ReservePlaceRequest{FamilyFile: file("one-more"), Assistant: staff("as-1"), RequestId: w.RequestID()})
	want(t, err, "CASELOAD_FULL")
}

// A handover whose commit fails leaves the family where it was. Nobody knows yet whether the commit may still come through, so that the place is the sweep's to free.
func TestFailedHandoverGivesBack(t *testing.T) {
	w := newWorld(t)
	f := w.open("f1", "as-1", "")
	commits := 0
	second := func(p store.FailPoint) error {
		if p != store.PointJournal {
			return nil
		}
		if commits++; commits == 2 { // the first reserves the place, the second is the file's
			return errors.New("disk full")
		}
		return nil
	}
	w.Fail(second)
	_, err := w.client.ReassignAssistant(w.As("head"), &casefilev1.ReassignAssistantRequest{Name: f.GetName(), Etag: f.GetEtag(), RequestId: w.RequestID(), Assistant: staff("as-2"), HandoverDate: on("2026-03-02"), Reason: "urlop"})
	if err == nil || commits != 2 {
		t.Errorf("%v after %d commits", err, commits)
	}
	w.Fail(nil)
	if w.places("as-2") != "f1 RESERVED" || w.places("as-1") != "f1 HELD" || w.get("as-1", f.GetName()).GetAssistant() != staff("as-1") {
		t.Errorf("places %q and %q", w.places("as-1"), w.places("as-2"))
	}
	w.Travel("2026-03-03")
	if n, err := w.service.Sweep(t.Context()); err != nil || n != 1 || w.places("as-2") != "" || w.places("as-1") != "f1 HELD" {
		t.Errorf("swept %d, %v, places %q and %q", n, err, w.places("as-1"), w.places("as-2"))
	}
}

func TestList(t *testing.T) {
	w := newWorld(t)
	a, b := w.open("f1", "as-1", ""), w.open("f2", "as-2", "")
	w.open("f3", "", "")
	_, err := w.system.ReleasePlace(w.asking(), &casefilev1.ReleasePlaceRequest{FamilyFile: file("f4"), Assistant: staff("as-1"), RequestId: w.RequestID()})
	must(t, err)
	for name, tc := range map[string]struct {
		who  string
		req  *casefilev1.ListFamilyFilesRequest
		want int
	}{
		"head sees all":            {"head", &casefilev1.ListFamilyFilesRequest{}, 3},
		"by state":                 {"head", &casefilev1.ListFamilyFilesRequest{State: casefilev1.FamilyFileState_FAMILY_FILE_STATE_ASSIGNED}, 2},
		"by assistant":             {"head", &casefilev1.ListFamilyFilesRequest{Assistant: staff("as-1")}, 1},
		"by assistant and state":   {"head", &casefilev1.ListFamilyFilesRequest{Assistant: staff("as-1"), State: casefilev1.FamilyFileState_FAMILY_FILE_STATE_MONITORING}, 0},
		"another's, by assistant":  {"as-2", &casefilev1.ListFamilyFilesRequest{Assistant: staff("as-1")}, 0},
		"opened later":             {"head", &casefilev1.ListFamilyFilesRequest{OpenedFromDate: on("2026-03-03")}, 0},
		"opened until then":        {"head", &casefilev1.ListFamilyFilesRequest{OpenedToDate: on("2026-03-02")}, 3},
		"by social worker":         {"head", &casefilev1.ListFamilyFilesRequest{SocialWorker: staff("sw-1"), OpenedFromDate: on("2026-03-02")}, 3},
		"social worker, own area":  {"sw-1", &casefilev1.ListFamilyFilesRequest{}, 3},
		"social worker, other one": {"sw-2", &casefilev1.ListFamilyFilesRequest{}, 0},
		"fenced":                   {"head", &casefilev1.ListFamilyFilesRequest{State: casefilev1.FamilyFileState_FAMILY_FILE_STATE_FENCED}, 0},
	} {
		tc.req.Parent = "gminas/" + gmina
		list, err := w.client.ListFamilyFiles(w.As(tc.who), tc.req)
		must(t, err)
		if got := len(list.GetFamilyFiles()); got != tc.want {
			t.Errorf("%s: %d files, want %d", name, got, tc.want)
		}
	}
	seen := map[string]bool{}
	for token := ""; ; {
		list, err := w.client.ListFamilyFiles(w.As("head"), &casefilev1.ListFamilyFilesRequest{Parent: "gminas/" + gmina, PageSize: 1, PageToken: token})
		must(t, err)
		for _, f := range list.GetFamilyFiles() {
			seen[f.GetName()] = true
		}
		if token = list.GetNextPageToken(); token == "" {
			break
		}
	}
	if len(seen) != 3 || !seen[a.GetName()] || !seen[b.GetName()] {
		t.Errorf("pages showed %v", seen)
	}
	_, err = w.client.ListFamilyFiles(w.As("head"), &casefilev1.ListFamilyFilesRequest{Parent: "gminas/" + gmina, PageToken: "nonsense"})
	want(t, err, "PAGE_TOKEN")
	accesses, err := w.client.ListAccesses(w.As("auditor"), &casefilev1.ListAccessesRequest{Parent: a.GetName(), Purpose: familyv1.ReadPurpose_READ_PURPOSE_AUDIT})
	must(t, err)
	for _, x := range accesses.GetAccesses() {
		if x.GetActor().GetPerson() == person("sw-2") || x.GetActor().GetPerson() == person("as-2") {
			t.Errorf("who saw nothing counts as a reader: %v", x)
		}
	}
}

// Whatever a list is asked for, the files opened last come first: those of one assistant too, whatever state they are in.
func TestTheNewestFilesComeFirst(t *testing.T) {
	w := newWorld(t)
	for id, f := range map[string]struct {
		state  familyfile.State
		opened string
	}{"a": {familyfile.Ended, "2026-01-15"}, "b": {familyfile.Cooperation, "2026-02-20"}, "c": {familyfile.Monitoring, "2025-06-01"}, "d": {familyfile.Assigned, "2026-02-27"}} {
		w.Write(w.Deps.Store.For(gmina), store.FamilyFiles, id, familyfile.Cover{Number: id, State: f.state, OpenedOn: calendar.MustParse(f.opened), Assistant: "as-1", AssistantPer: "p-as-1",
			SocialWorker: "sw-1", ContractedBody: "body-1"})
	}
	for name, req := range map[string]*casefilev1.ListFamilyFilesRequest{
		"all": {}, "of an assistant": {Assistant: staff("as-1")}, "of a social worker": {SocialWorker: staff("sw-1")}, "of a body": {ContractedBody: "gminas/" + gmina + "/institutions/body-1"},
	} {
		req.Parent, req.PageSize = "gminas/"+gmina, 3
		var got []string
		for {
			list, err := w.client.ListFamilyFiles(w.As("head"), req)
			must(t, err)
			for _, f := range list.GetFamilyFiles() {
				got = append(got, f.GetNumber())
			}
			if req.PageToken = list.GetNextPageToken(); req.PageToken == "" {
				break
			}
		}
		if strings.Join(got, "") != "dbac" {
			t.Errorf("%s: %v", name, got)
		}
	}
	list, err := w.client.ListFamilyFiles(w.As("as-1"), &casefilev1.ListFamilyFilesRequest{Parent: "gminas/" + gmina, OpenedFromDate: on("2026-01-15"), OpenedToDate: on("2026-02-20")})
	must(t, err)
	if len(list.GetFamilyFiles()) != 2 || list.GetFamilyFiles()[0].GetNumber() != "b" {
		t.Errorf("opened between two days: %v", list)
	}
}
