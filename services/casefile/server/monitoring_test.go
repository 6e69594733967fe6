package server_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"
	directoryv1 "asysta.example/proto/gen/asysta/directory/v1"
	familyv1 "asysta.example/proto/gen/asysta/family/v1"

	"asysta.example/internal/directory"
	"asysta.example/internal/fault"
	"asysta.example/internal/store"
	directoryserver "asysta.example/services/casefile/directory/server"
)

// full is what an office reads when an assistant has no place left, whoever has taken the places.
const full = "Asystent prowadzi już największą dozwoloną liczbę rodzin (15; art. 15 ust. 4 ustawy o wspieraniu rodziny i systemie pieczy zastępczej). " +
	"Wybierz innego asystenta albo pozostaw rodzinę w oczekiwaniu na asystenta."

// monitored is a world whose county can say whether monitoring counts.
type monitored struct {
	*world
	directory directoryv1.DirectoryServiceClient
}

func newMonitored(t *testing.T, counts bool) monitored {
	t.Helper()
	w := monitored{world: newWorld(t)}
	w.Write(w.Deps.Store.ForCounty(county), store.Counties, county, directory.County{Digits: county, DisplayName: "powiat grajewski"})
	w.directory = directoryv1.NewDirectoryServiceClient(w.Serve(directoryserver.New(w.Deps)))
	if counts {
		w.decide(true)
	}
	return w
}

// decide changes the county's setting, as its administrator does.
func (w monitored) decide(counts bool) {
	w.t.Helper()
	name := "powiaty/" + county
	c, err := w.directory.GetCounty(w.As("admin"), &directoryv1.GetCountyRequest{Name: name})
	must(w.t, err)
	c, err = w.directory.UpdateCounty(w.As("admin"), &directoryv1.UpdateCountyRequest{County: &directoryv1.County{Name: name, Settings: &directoryv1.CountySettings{MonitoringCounts: counts}},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"settings.monitoring_counts"}}, Etag: c.GetEtag(), RequestId: w.RequestID()})
	must(w.t, err)
	if c.GetSettings().GetMonitoringCounts() != counts {
		w.t.Fatal(c)
	}
}

// ended gives a family whose work has ended and who is monitored since 2026-03-10.
func (w monitored) ended(id, assistant string) *casefilev1.FamilyFile {
	w.t.Helper()
	f := w.close(w.cooperating(id, assistant, ""), "2026-03-10")
	if f.GetState() != casefilev1.FamilyFileState_FAMILY_FILE_STATE_MONITORING {
		w.t.Fatal(f.GetState())
	}
	return f
}

// openMany lets an assistant have n families, of the numbers from on.
func (w monitored) openMany(assistant string, from, n int) {
	w.t.Helper()
	for i := range n {
		w.open(fmt.Sprintf("g%02d", from+i), assistant, "")
	}
}

func (w monitored) monitor(f *casefilev1.FamilyFile, who string, month int32, day string) *casefilev1.FamilyFile {
	w.t.Helper()
	out, err := w.client.RecordMonitoring(w.As(who), &casefilev1.RecordMonitoringRequest{Name: f.GetName(), Etag: f.GetEtag(), RequestId: w.RequestID(), Month: month, MonitoredOn: on(day), Note: "radzą sobie"})
	must(w.t, err)
	return out
}

func (w monitored) end(f *casefilev1.FamilyFile) *casefilev1.FamilyFile {
	w.t.Helper()
	out, err := w.client.EndMonitoring(w.As("head"), &casefilev1.EndMonitoringRequest{Name: f.GetName(), Etag: f.GetEtag(), RequestId: w.RequestID(), Reason: "rodzina wyjechała"})
	must(w.t, err)
	return out
}

func handover(w monitored, f *casefilev1.FamilyFile, to string) *casefilev1.ReassignAssistantRequest {
	return &casefilev1.ReassignAssistantRequest{Name: f.GetName(), Etag: f.GetEtag(), RequestId: w.RequestID(), Assistant: staff(to), HandoverDate: on("2026-03-10"), Reason: "koniec umowy"}
}

func reopening(w monitored, f *casefilev1.FamilyFile, assistant string) *casefilev1.ReopenFamilyFileRequest {
	if assistant != "" {
		assistant = staff(assistant)
	}
	return &casefilev1.ReopenFamilyFileRequest{Name: f.GetName(), Etag: f.GetEtag(), RequestId: w.RequestID(), Source: familyv1.Source_SOURCE_FAMILY, Basis: familyv1.Basis_BASIS_COURT_ORDER,
		Reason: "kryzys", OpenedOn: on("2026-03-10"), Assistant: assistant, CourtOrder: &familyv1.CourtOrder{Court: "Sąd Rejonowy w Grajewie", CaseNumber: "III Nsm 2/26", OrderedOn: on("2026-03-10")}}
}

func (w monitored) caseload(who string) *directoryv1.Caseload {
	w.t.Helper()
	c, err := w.directory.GetCaseload(w.As("head"), &directoryv1.GetCaseloadRequest{Staff: staff(who)})
	must(w.t, err)
	return c
}

// wantFull fails the test unless an error is the refusal of the cap, in the words it has always had.
func wantFull(t *testing.T, err error) {
	t.Helper()
	f, ok := fault.As(err)
	if !ok || f.Reason != "CASELOAD_FULL" || f.Rule != "art. 15(4)" || f.Polish != full {
		t.Errorf("refused with %v", err)
	}
}

// wantPlaces fails the test unless assistants hold the places; "" for none.
func (w monitored) wantPlaces(when string, want map[string]string) {
	w.t.Helper()
	for who, places := range want {
		if got := w.places(who); got != places {
			w.t.Errorf("%s: %s has %q, want %q", when, who, got, places)
		}
	}
}

// Unless the county says otherwise the place is free as soon as the work ends, and no step of the monitoring takes one.
func TestMonitoringDoesNotCountByDefault(t *testing.T) {
	w := newMonitored(t, false)
	f := w.ended("f1", "as-1")
	w.wantPlaces("closed", map[string]string{"as-1": ""})
	w.openMany("as-2", 0, 15)
	f, err := w.client.ReassignAssistant(w.As("head"), handover(w, f, "as-2")) // who has no place left may still monitor
	must(t, err)
	if c := w.caseload("as-2"); c.GetTaken() != 15 || c.GetFamiliesHere() != 15 || c.GetMonitoringCounts() || c.GetByDifficulty()[0].GetFamilies() != 15 || len(c.GetFamilyFiles()) != 15 {
		t.Error(c)
	}
	if n, err := w.service.Reconcile(t.Context(), county); n != 0 || err != nil {
		t.Errorf("reconciled %d, %v", n, err)
	}
	w.end(f)
	w.wantPlaces("ended", map[string]string{"as-1": ""})
}

// Where the county lets monitoring count, the place stays taken from the closure to the end of the monitoring and goes with the family to another assistant.
func TestMonitoringCounts(t *testing.T) {
	w := newMonitored(t, true)
	f := w.ended("f1", "as-1")
	w.wantPlaces("closed", map[string]string{"as-1": "f1 HELD"})
	if c := w.caseload("as-1"); c.GetTaken() != 1 || c.GetFamiliesHere() != 1 || !c.GetMonitoringCounts() || c.GetDifficultySum() != 1 || len(c.GetFamilyFiles()) != 1 {
		t.Error(c)
	}
	_, err := w.system.ReleasePlace(w.asking(), &casefilev1.ReleasePlaceRequest{FamilyFile: f.GetName(), Assistant: staff("as-1"), RequestId: w.RequestID()})
	want(t, err, "FILE_ACTIVE")

	f, err = w.client.ReassignAssistant(w.As("head"), handover(w, f, "as-2"))
	must(t, err)
	w.wantPlaces("handed over", map[string]string{"as-1": "", "as-2": "f1 HELD"})
	third := handover(w, f, "as-3")
	for range 2 { // the second is a retry
		f, err = w.client.ReassignAssistant(w.As("head"), third)
		must(t, err)
		w.wantPlaces("handed over again", map[string]string{"as-1": "", "as-2": "", "as-3": "f1 HELD"})
	}

	w.Travel("2026-04-10")
	f = w.monitor(f, "as-3", 1, "2026-04-10")
	w.wantPlaces("monitored once", map[string]string{"as-3": "f1 HELD"})
	if n, err := w.service.Reconcile(t.Context(), county); n != 0 || err != nil {
		t.Errorf("reconciled %d, %v", n, err)
	}
	w.Travel("2027-03-10")
	f = w.monitor(f, "as-3", 12, "2027-03-10")
	if w.wantPlaces("monitored to the end", map[string]string{"as-3": ""}); f.GetState() != casefilev1.FamilyFileState_FAMILY_FILE_STATE_ENDED {
		t.Error(f.GetState())
	}
}

func TestEndOfMonitoringFreesThePlace(t *testing.T) {
	w := newMonitored(t, true)
	f := w.ended("f1", "as-1")
	f, err := w.client.ReassignAssistant(w.As("head"), handover(w, f, "as-2"))
	must(t, err)
	w.end(f)
	w.wantPlaces("ended", map[string]string{"as-1": "", "as-2": ""})
}

// A family whose cooperation never began is not monitored, and one without an assistant has no place to keep.
func TestClosureWithoutMonitoringFreesThePlace(t *testing.T) {
	w := newMonitored(t, true)
	if f := w.close(w.open("f1", "as-1", ""), "2026-03-02"); f.GetState() != casefilev1.FamilyFileState_FAMILY_FILE_STATE_ENDED {
		t.Error(f.GetState())
	}
	f := w.cooperating("f2", "as-1", "")
	f, err := w.client.UnassignAssistant(w.As("head"), &casefilev1.UnassignAssistantRequest{Name: f.GetName(), Etag: f.GetEtag(), RequestId: w.RequestID(), ToDate: on("2026-03-10"), Reason: "urlop"})
	must(t, err)
	f = w.close(f, "2026-03-10")
	w.wantPlaces("closed", map[string]string{"as-1": ""})
	_, err = w.client.ReassignAssistant(w.As("head"), handover(w, f, "as-2"))
	must(t, err)
	w.wantPlaces("given to somebody for the monitoring", map[string]string{"as-1": "", "as-2": "f2 HELD"})
}

// On the way back to step 1 the place is the new assistant's, the monitoring one's is free; who keeps the family keeps the place, however many others there are.
func TestReopeningOfAMonitoredFamily(t *testing.T) {
	for name, tc := range map[string]struct {
		to   string
		want map[string]string
	}{
		"waits":              {"", map[string]string{"as-1": "", "as-2": "", "as-3": ""}},
		"with the first":     {"as-1", map[string]string{"as-1": "f1 HELD", "as-2": "", "as-3": ""}},
		"with the same":      {"as-2", map[string]string{"as-1": "", "as-2": "f1 HELD", "as-3": ""}},
		"with somebody else": {"as-3", map[string]string{"as-1": "", "as-2": "", "as-3": "f1 HELD"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newMonitored(t, true)
			f := w.ended("f1", "as-1")
			f, err := w.client.ReassignAssistant(w.As("head"), handover(w, f, "as-2")) // monitors alone
			must(t, err)
			req := reopening(w, f, tc.to)
			for range 2 {
				_, err = w.client.ReopenFamilyFile(w.As("head"), req)
				must(t, err)
				w.wantPlaces("reopened", tc.want)
			}
		})
	}
	w := newMonitored(t, true)
	f := w.ended("f1", "as-1")
	w.openMany("as-1", 0, 14)
	_, err := w.client.ReopenFamilyFile(w.As("head"), reopening(w, f, "as-1"))
	must(t, err)
}

// Fourteen families and a monitored one fill a caseload; the refusal is the one of the cap.
func TestMonitoredFamilyFillsTheCaseload(t *testing.T) {
	w := newMonitored(t, true)
	f, moved := w.ended("f1", "as-1"), w.ended("f2", "as-2")
	w.openMany("as-1", 0, 14)
	_, err := w.system.ReservePlace(w.asking(), &casefilev1.ReservePlaceRequest{FamilyFile: file("one-more"), Assistant: staff("as-1"), RequestId: w.RequestID()})
	wantFull(t, err)
	for _, dry := range []bool{true, false} {
		req := handover(w, moved, "as-1")
		req.ValidateOnly = dry
		_, err = w.client.ReassignAssistant(w.As("head"), req)
		wantFull(t, err)
	}
	w.wantPlaces("refused", map[string]string{"as-2": "f2 HELD"})
	w.end(f)
	_, err = w.client.ReassignAssistant(w.As("head"), handover(w, moved, "as-1"))
	must(t, err)
	w.wantPlaces("handed over", map[string]string{"as-2": ""})
}

// Of two heads who take the last place at the same moment, one for a new family and one for a monitored one, exactly one gets it.
func TestLastPlaceBesideMonitoredFamilies(t *testing.T) {
	w := newMonitored(t, true)
	w.ended("f1", "as-1")
	moved := w.ended("f2", "as-2")
	w.openMany("as-1", 0, 13)
	for round := range 4 {
		var both sync.WaitGroup
		var errs [2]error
		id, req := fmt.Sprintf("new%d", round), handover(w, moved, "as-1")
		both.Go(func() {
			_, errs[0] = w.system.ReservePlace(w.asking(), &casefilev1.ReservePlaceRequest{FamilyFile: file(id), Assistant: staff("as-1"), RequestId: "last-place-" + id})
		})
		both.Go(func() { _, errs[1] = w.client.ReassignAssistant(w.As("head"), req) })
		both.Wait()
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Fatalf("round %d: %v and %v", round, errs[0], errs[1])
		}
		wantFull(t, errors.Join(errs[:]...))
		c, err := w.keeper.Load(t.Context(), county, "p-as-1")
		if err != nil || c.Taken() != 15 {
			t.Fatalf("round %d: %d places, %v", round, c.Taken(), err)
		}
		if errs[0] == nil {
			_, err = w.system.ReleasePlace(w.asking(), &casefilev1.ReleasePlaceRequest{FamilyFile: file(id), Assistant: staff("as-1"), RequestId: w.RequestID()})
		} else {
			moved, err = w.client.ReassignAssistant(w.As("head"), handover(w, w.get("head", moved.GetName()), "as-2"))
		}
		must(t, err)
	}
}

// A change of the setting takes nobody's family and refuses no step of those who are served: the caseloads follow with the reconciliation, beyond the cap where it must
// be, and who is beyond it gets no new family.
func TestSettingChangesWhileFamiliesAreMonitored(t *testing.T) {
	w := newMonitored(t, false)
	first, second := w.ended("f1", "as-1"), w.ended("f2", "as-1")
	w.openMany("as-1", 0, 15)
	taken := func() int {
		c, err := w.keeper.Load(t.Context(), county, "p-as-1")
		must(t, err)
		return c.Taken()
	}
	if _, err := w.service.ReconcileAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	reconciled := func(mended, places int) {
		t.Helper()
		for _, n := range []int{mended, 0} {
			if got, err := w.service.FollowSettings(t.Context()); got != n || err != nil || taken() != places {
				t.Errorf("reconciled %d, %v, %d places; want %d and %d", got, err, taken(), n, places)
			}
		}
	}
	w.decide(true)
	reconciled(2, 17)
	for _, dry := range []bool{true, false} { // fifteen are worked with: one of the monitored is not worked with again beside them
		again := reopening(w, first, "as-1")
		again.ValidateOnly = dry
		_, err := w.client.ReopenFamilyFile(w.As("head"), again)
		wantFull(t, err)
	}
	reconciled(0, 17)
	if !strings.Contains(w.Logged(), `"level":"INFO","msg":"a family had no place in its assistant's caseload"`) || strings.Contains(w.Logged(), `"level":"WARN","msg":"a family had no place`) {
		t.Error("what the county has decided is no fault, but is told")
	}
	reserve := func(id string) error {
		_, err := w.system.ReservePlace(w.asking(), &casefilev1.ReservePlaceRequest{FamilyFile: file(id), Assistant: staff("as-1"), RequestId: w.RequestID()})
		return err
	}
	wantFull(t, reserve("new1"))
	w.Travel("2026-04-10")
	first = w.monitor(first, "as-1", 1, "2026-04-10")
	w.end(first)
	wantFull(t, reserve("new2")) // sixteen are one too many still
	if taken() != 16 {
		t.Error(taken())
	}
	w.decide(false)
	reconciled(1, 15)
	w.decide(true)
	second = w.monitor(second, "as-1", 1, "2026-04-10") // a step of the family comes before the reconciliation
	if taken() != 16 {
		t.Error(taken())
	}
	reconciled(0, 16)
	w.decide(false)
	w.monitor(second, "as-1", 3, "2026-04-10")
	if taken() != 15 {
		t.Error(taken())
	}
	reconciled(0, 15)
}

// A closure that was acknowledged is acknowledged again, whatever the county has decided in between and however full the assistant is.
func TestRetriedClosureAfterTheSettingChanged(t *testing.T) {
	w := newMonitored(t, false)
	f := w.cooperating("f1", "as-1", "")
	req := &casefilev1.CloseFamilyFileRequest{Name: f.GetName(), Etag: f.GetEtag(), RequestId: w.RequestID(),
		Closure: &casefilev1.Closure{ClosedOn: on("2026-03-10"), Reason: casefilev1.ClosureReason_CLOSURE_REASON_GOALS_ACHIEVED, FinalAssessment: "cele osiągnięte"}}
	_, err := w.client.CloseFamilyFile(w.As("head"), req)
	must(t, err)
	w.openMany("as-1", 0, 15)
	w.decide(true)
	_, err = w.client.CloseFamilyFile(w.As("head"), req)
	must(t, err)
	if c, err := w.keeper.Load(t.Context(), county, "p-as-1"); err != nil || c.Taken() != 16 {
		t.Errorf("%d places, %v", c.Taken(), err)
	}
}
