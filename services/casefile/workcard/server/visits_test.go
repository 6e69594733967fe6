package server_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"
	familyv1 "asysta.example/proto/gen/asysta/family/v1"

	"asysta.example/internal/access"
	"asysta.example/internal/directory"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/fault"
	"asysta.example/internal/rpc"
	"asysta.example/internal/store"
)

func TestRecordVisit(t *testing.T) {
	w := newWorld(t)
	w.family("f1", nil)
	v := meeting("2026-11-02")
	v.Staff, v.Others, v.NextMeetingDate = []string{staff("sw1")}, []string{"kurator sądowy"}, on("2026-12-01")
	v.Agreements, v.FamilyTasks, v.AssistantTasks = "Wspólny plan wydatków.", "Zebrać rachunki.", "Umówić doradcę."
	v.Signatures = []*familyv1.Signature{{Signer: "m1", SignedOn: on("2026-11-02"), OriginalAt: "k. 4"}, {Signer: staff("as1"), SignedOn: on("2026-11-02")}}
	req := &casefilev1.RecordVisitRequest{Parent: file("f1"), Visit: v, RequestId: w.RequestID()}
	made, err := w.client.RecordVisit(w.As("as1"), req)
	must(t, err)
	want := proto.Clone(v).(*casefilev1.Visit)
	want.Name, want.CreateTime = made.GetName(), made.GetCreateTime()
	want.Minutes, want.Assistant, want.RecordedBy, want.AllowedActions = 90, staff("as1"), staff("as1"), []string{"CorrectVisit"}
	if d := cmp.Diff(want, made, protocmp.Transform()); d != "" {
		t.Error(d)
	}
	if made.GetCreateTime().AsTime() != now || !strings.HasPrefix(made.GetName(), file("f1")+"/visits/") {
		t.Errorf("%s made at %s", made.GetName(), made.GetCreateTime().AsTime())
	}
	got, err := w.client.GetVisit(w.As("as1"), &casefilev1.GetVisitRequest{Name: made.GetName()})
	must(t, err)
	if d := cmp.Diff(made, got, protocmp.Transform()); d != "" {
		t.Error(d)
	}
	c := w.cover("f1")
	if c.LastVisitOn != day("2026-11-02") || c.NextVisitOn != day("2026-12-01") {
		t.Errorf("cover: last visit %s, next %s", c.LastVisitOn, c.NextVisitOn)
	}
	again, err := w.client.RecordVisit(w.As("as1"), req)
	must(t, err)
	if d := cmp.Diff(made, again, protocmp.Transform()); d != "" {
		t.Errorf("the retry met another entry:\n%s", d)
	}
	req.Visit.Findings = "Coś innego."
	if _, err = w.client.RecordVisit(w.As("as1"), req); reasonOf(err) != "AlreadyExists REQUEST_ID_REUSED" {
		t.Errorf("another entry under the same request id: %s", reasonOf(err))
	}
	if got := w.visits("f1", &casefilev1.ListVisitsRequest{ShowSuperseded: true}); len(got) != 1 {
		t.Errorf("%d entries after a retry", len(got))
	}
}

// visits lists entries page by page as the head.
func (w *world) visits(id string, req *casefilev1.ListVisitsRequest) []*casefilev1.Visit {
	w.t.Helper()
	req.Parent = file(id)
	var all []*casefilev1.Visit
	for range pagesAtMost {
		page, err := w.client.ListVisits(w.As("head"), req)
		must(w.t, err)
		all = append(all, page.GetVisits()...)
		if size := int(req.GetPageSize()); size > 0 && len(page.GetVisits()) > size {
			w.t.Fatalf("%d entries on a page of %d", len(page.GetVisits()), size)
		}
		if req.PageToken = page.GetNextPageToken(); req.PageToken == "" {
			return all
		}
	}
	w.t.Fatal("the pages have no end")
	return nil
}

func TestValidateOnlyRecordsNothing(t *testing.T) {
	w := newWorld(t)
	w.family("f1", nil)
	req := &casefilev1.RecordVisitRequest{Parent: file("f1"), Visit: meeting("2026-11-02"), RequestId: w.RequestID(), ValidateOnly: true}
	v, err := w.client.RecordVisit(w.As("as1"), req)
	must(t, err)
	if v.GetMinutes() != 90 || v.GetCreateTime() != nil || len(v.GetAllowedActions()) != 0 {
		t.Errorf("tried entry: %v", v)
	}
	if got := w.visits("f1", &casefilev1.ListVisitsRequest{}); len(got) != 0 || !w.cover("f1").LastVisitOn.IsZero() {
		t.Errorf("a trial left %d entries", len(got))
	}
}

func TestVisitsAreRecordedSideBySide(t *testing.T) {
	w := newWorld(t)
	w.family("f1", nil)
	var wg sync.WaitGroup
	errs := make([]error, 6)
	for i := range errs {
		wg.Go(func() {
			v := meeting(fmt.Sprintf("2026-11-%02d", i+1))
			_, errs[i] = w.client.RecordVisit(w.As("as1"), &casefilev1.RecordVisitRequest{Parent: file("f1"), Visit: v, RequestId: w.RequestID()})
		})
	}
	wg.Wait()
	for i, err := range errs {
		if err != nil {
			t.Errorf("visit %d: %v", i, err)
		}
	}
	if got := w.visits("f1", &casefilev1.ListVisitsRequest{}); len(got) != len(errs) || w.cover("f1").LastVisitOn != day("2026-11-06") {
		t.Errorf("%d entries, last visit %s", len(got), w.cover("f1").LastVisitOn)
	}
}

func TestCorrectVisit(t *testing.T) {
	w := newWorld(t)
	w.family("f1", nil)
	w.record("f1", meeting("2026-10-20"))
	wrong := w.record("f1", meeting("2026-11-12"))
	right := meeting("2026-11-02")
	req := &casefilev1.CorrectVisitRequest{Name: wrong.GetName(), Visit: right, Reason: "pomylono dni", RequestId: w.RequestID()}
	made, err := w.client.CorrectVisit(w.As("as1"), req)
	must(t, err)
	if made.GetSupersedes() != wrong.GetName() || made.GetCorrectionReason() != "pomylono dni" || made.GetName() == wrong.GetName() {
		t.Errorf("correction: %v", made)
	}
	if got := w.cover("f1").LastVisitOn; got != day("2026-11-02") {
		t.Errorf("last visit %s", got)
	}
	old, err := w.client.GetVisit(w.As("sw1"), &casefilev1.GetVisitRequest{Name: wrong.GetName()})
	must(t, err)
	if old.GetSupersededBy() != made.GetName() || old.GetVisitedOn().GetDay() != 12 || len(old.GetAllowedActions()) != 0 {
		t.Errorf("the old entry: %v", old)
	}
	names := func(vs []*casefilev1.Visit) (days []int32) {
		for _, v := range vs {
			days = append(days, v.GetVisitedOn().GetDay())
		}
		return days
	}
	if got := names(w.visits("f1", &casefilev1.ListVisitsRequest{})); !slices.Equal(got, []int32{2, 20}) {
		t.Errorf("entries that stand: %v", got)
	}
	if got := names(w.visits("f1", &casefilev1.ListVisitsRequest{ShowSuperseded: true, PageSize: 1})); !slices.Equal(got, []int32{12, 2, 20}) {
		t.Errorf("all entries: %v", got)
	}
	if got := names(w.visits("f1", &casefilev1.ListVisitsRequest{FromDate: on("2026-10-20"), ToDate: on("2026-10-20")})); !slices.Equal(got, []int32{20}) {
		t.Errorf("entries of one day: %v", got)
	}
	req.RequestId = w.RequestID()
	if _, err = w.client.CorrectVisit(w.As("as1"), req); reasonOf(err) != "FailedPrecondition ALREADY_SUPERSEDED" {
		t.Errorf("a second correction: %s", reasonOf(err))
	}
	if _, err = w.client.CorrectVisit(w.As("head"), &casefilev1.CorrectVisitRequest{Name: made.GetName(), Visit: meeting("2026-11-03"), Reason: "jednak trzeciego", RequestId: w.RequestID()}); err != nil {
		t.Errorf("the head corrects: %v", err)
	}
}

func TestRecordVisitRefusals(t *testing.T) {
	w := newWorld(t)
	w.family("f1", nil)
	w.family("f2", func(c *familyfile.Cover) { c.State, c.Day0 = familyfile.Assigned, day("2026-09-01") })
	for name, c := range map[string]struct {
		file string
		edit func(*casefilev1.Visit)
		want string
	}{
		"before cooperation":      {"f2", func(*casefilev1.Visit) {}, "FailedPrecondition NOT_IN_STATE"},
		"unsuccessful before it":  {"f2", func(v *casefilev1.Visit) { *v = *unsuccessful("2026-11-02") }, "OK"},
		"intervention before it":  {"f2", func(v *casefilev1.Visit) { v.Kind = casefilev1.VisitKind_VISIT_KIND_INTERVENTION }, "OK"},
		"in the future":           {"f1", func(v *casefilev1.Visit) { v.VisitedOn = on("2026-11-22") }, "InvalidArgument FUTURE_DATE"},
		"today, already over":     {"f1", func(v *casefilev1.Visit) { v.VisitedOn, v.ToTimeOfDay = on("2026-11-21"), "11:15" }, "OK"},
		"today, still to come":    {"f1", func(v *casefilev1.Visit) { v.VisitedOn, v.ToTimeOfDay = on("2026-11-21"), "11:16" }, "InvalidArgument FUTURE_TIME"},
		"no such day":             {"f1", func(v *casefilev1.Visit) { v.VisitedOn.Month, v.VisitedOn.Day = 2, 30 }, "InvalidArgument NO_SUCH_DATE"},
		"no time of day":          {"f1", func(v *casefilev1.Visit) { v.ToTimeOfDay = "24:00" }, "InvalidArgument INVALID_FIELDS"},
		"staff of another gmina":  {"f1", func(v *casefilev1.Visit) { v.Staff = []string{"gminas/" + nearby + "/staff/far"} }, "InvalidArgument UNKNOWN_STAFF"},
		"staff that is not there": {"f1", func(v *casefilev1.Visit) { v.Staff = []string{staff("nobody")} }, "InvalidArgument UNKNOWN_STAFF"},
		"stranger":                {"f1", func(v *casefilev1.Visit) { v.MemberIds = []string{"m9"} }, "InvalidArgument INVALID_FIELDS"},
		"signature of nobody":     {"f1", func(v *casefilev1.Visit) { v.Signatures = []*familyv1.Signature{{SignedOn: v.VisitedOn}} }, "InvalidArgument INVALID_FIELDS"},
	} {
		v := meeting("2026-11-02")
		c.edit(v)
		_, err := w.client.RecordVisit(w.As("as1"), &casefilev1.RecordVisitRequest{Parent: file(c.file), Visit: v, RequestId: w.RequestID()})
		if got := reasonOf(err); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func unsuccessful(date string) *casefilev1.Visit {
	return &casefilev1.Visit{VisitedOn: on(date), Kind: casefilev1.VisitKind_VISIT_KIND_UNSUCCESSFUL, Place: casefilev1.VisitPlace_VISIT_PLACE_HOME,
		UnsuccessfulReason: casefilev1.UnsuccessfulReason_UNSUCCESSFUL_REASON_NOBODY_AT_HOME}
}

// A correction does not put an entry into the future either; when the hour has passed, the same request is carried out.
func TestCorrectVisitOfTodayIsOver(t *testing.T) {
	w := newWorld(t)
	w.family("f1", nil)
	made := w.record("f1", meeting("2026-11-20"))
	right := meeting("2026-11-21")
	right.FromTimeOfDay, right.ToTimeOfDay = "12:00", "13:00"
	req := &casefilev1.CorrectVisitRequest{Name: made.GetName(), Visit: right, Reason: "pomylono dni", RequestId: w.RequestID()}
	_, err := w.client.CorrectVisit(w.As("as1"), req)
	f, ok := fault.As(rpc.FaultFrom(err))
	if !ok || f.Reason != "FUTURE_TIME" || len(f.Fields) != 1 || f.Fields[0].Path != "visit.to_time_of_day" || !strings.Contains(f.Polish, "teraz jest 11:00") {
		t.Errorf("told %v", f)
	}
	w.SetNow(now.Add(2 * time.Hour))
	_, err = w.client.CorrectVisit(w.As("as1"), req)
	must(t, err)
}

// calls are one call of every method about a file.
func (w *world) calls(gminaName, file, visit, matter string) map[string]func(login string) error {
	c := w.client
	return map[string]func(string) error{
		"RecordVisit": func(by string) error {
			_, err := c.RecordVisit(w.As(by), &casefilev1.RecordVisitRequest{Parent: file, Visit: meeting("2026-11-02"), RequestId: w.RequestID()})
			return err
		},
		"CorrectVisit": func(by string) error {
			_, err := c.CorrectVisit(w.As(by), &casefilev1.CorrectVisitRequest{Name: visit, Visit: meeting("2026-11-02"), Reason: "pomyłka", RequestId: w.RequestID()})
			return err
		},
		"GetVisit": func(by string) error {
			_, err := c.GetVisit(w.As(by), &casefilev1.GetVisitRequest{Name: visit})
			return err
		},
		"ListVisits": func(by string) error {
			_, err := c.ListVisits(w.As(by), &casefilev1.ListVisitsRequest{Parent: file})
			return err
		},
		"RecordContact": func(by string) error {
			_, err := c.RecordContact(w.As(by), &casefilev1.RecordContactRequest{Parent: file, Contact: contact(), RequestId: w.RequestID()})
			return err
		},
		"ListContacts": func(by string) error {
			_, err := c.ListContacts(w.As(by), &casefilev1.ListContactsRequest{Parent: file})
			return err
		},
		"RecordIntervention": func(by string) error {
			_, err := c.RecordIntervention(w.As(by), &casefilev1.RecordInterventionRequest{Parent: file, Intervention: intervention(), RequestId: w.RequestID()})
			return err
		},
		"ListInterventions": func(by string) error {
			_, err := c.ListInterventions(w.As(by), &casefilev1.ListInterventionsRequest{Parent: file})
			return err
		},
		"RecordCourtRequest": func(by string) error {
			_, err := c.RecordCourtRequest(w.As(by), courtRequest(file, w.RequestID()))
			return err
		},
		"SendCourtOpinion": func(by string) error {
			_, err := c.SendCourtOpinion(w.As(by), &casefilev1.SendCourtOpinionRequest{Name: matter, Etag: "1", SentOn: on("2026-11-20"), Content: "Opinia.", RequestId: w.RequestID()})
			return err
		},
		"NotifyNonCooperation": func(by string) error {
			_, err := c.NotifyNonCooperation(w.As(by), &casefilev1.NotifyNonCooperationRequest{Parent: file, OrderId: "o1", SentOn: on("2026-11-20"), Content: "Brak.", RequestId: w.RequestID()})
			return err
		},
		"ListCourtMatters": func(by string) error {
			_, err := c.ListCourtMatters(w.As(by), &casefilev1.ListCourtMattersRequest{Parent: file})
			return err
		},
		"ListDeadlines": func(by string) error {
			_, err := c.ListDeadlines(w.As(by), &casefilev1.ListDeadlinesRequest{Parent: gminaName, FamilyFile: file})
			return err
		},
		"PrintWorkCard": func(by string) error {
			_, err := c.PrintWorkCard(w.As(by), &casefilev1.PrintWorkCardRequest{Name: file})
			return err
		},
	}
}

func TestForeignForbiddenAndAbsentAnswerAlike(t *testing.T) {
	w := newWorld(t)
	w.family("f1", nil)
	w.family("f9", func(c *familyfile.Cover) { c.State, c.Spells = familyfile.Fenced, nil })
	w.family("locked", func(c *familyfile.Cover) { c.LockedOut = []string{"p-as1", "p-head"} })
	v := w.record("f1", meeting("2026-11-02"))
	k, err := w.client.RecordCourtRequest(w.As("as1"), courtRequest(file("f1"), w.RequestID()))
	must(t, err)
	var one []byte
	same := func(method, by, what string, err error) {
		t.Helper()
		raw, _ := proto.Marshal(status.Convert(err).Proto())
		if one == nil {
			one = raw
		}
		if status.Code(err) != codes.PermissionDenied || !bytes.Equal(one, raw) {
			t.Errorf("%s of %s by %s: %v", method, what, by, err)
		}
	}
	for method, call := range w.calls("gminas/"+gmina, file("f1"), v.GetName(), k.GetName()) {
		for _, by := range []string{"as2", "sw2", "body", "far"} {
			same(method, by, "somebody else's file", call(by))
		}
	}
	for _, absent := range []string{"nofile", "f9", "locked"} {
		for method, call := range w.calls("gminas/"+gmina, file(absent), file(absent)+"/visits/x", file(absent)+"/courtMatters/x") {
			for _, by := range []string{"as1", "far"} {
				same(method, by, absent, call(by))
			}
			if want := codes.NotFound; absent != "locked" && method != "RecordVisit" {
				wantCode(t, call("head"), want, method+" of "+absent+" by the head")
			}
		}
	}
	for _, n := range []string{"gminas/" + gmina + "/referrals/f1", file("f1") + "/contacts/x", "gminas/" + gmina} {
		_, err := w.client.GetVisit(w.As("head"), &casefilev1.GetVisitRequest{Name: n})
		same("GetVisit", "head", n, err)
	}
}

func TestOwnPeopleReachTheFile(t *testing.T) {
	w := newWorld(t)
	roles := map[string][]string{
		"as1":  {"RecordVisit", "CorrectVisit", "RecordCourtRequest", "SendCourtOpinion", "NotifyNonCooperation"},
		"head": {"CorrectVisit", "RecordCourtRequest", "SendCourtOpinion", "NotifyNonCooperation"},
		"sw1":  nil,
		"body": {"RecordVisit", "CorrectVisit", "RecordCourtRequest", "SendCourtOpinion", "NotifyNonCooperation"},
	}
	everybody := []string{"GetVisit", "ListVisits", "RecordContact", "ListContacts", "RecordIntervention", "ListInterventions", "ListCourtMatters", "ListDeadlines", "PrintWorkCard"}
	for by, more := range roles {
		id := "f-" + by
		w.family(id, func(c *familyfile.Cover) { c.ContractedBody = "ngo" })
		v := w.record(id, meeting("2026-11-02"))
		k, err := w.client.RecordCourtRequest(w.As("as1"), courtRequest(file(id), w.RequestID()))
		must(t, err)
		for method, call := range w.calls("gminas/"+gmina, file(id), v.GetName(), k.GetName()) {
			err := call(by)
			if may := slices.Contains(append(more, everybody...), method); may != (err == nil) {
				t.Errorf("%s by %s: %v", method, by, err)
			}
		}
	}
}

func TestReadsAreInTheAccessLog(t *testing.T) {
	w := newWorld(t)
	w.family("f1", nil)
	w.record("f1", meeting("2026-11-02"))
	before, _, err := w.Deps.Store.For(gmina).AccessLog(t.Context(), store.Ref{Kind: store.FamilyFiles, ID: "f1"}, 100, "")
	must(t, err)
	if len(before) != 1 || before[0].Method != casefilev1.WorkCardService_RecordVisit_FullMethodName {
		t.Errorf("lines of the visit's recording: %+v", before)
	}
	_, err = w.client.ListVisits(w.As("sw1"), &casefilev1.ListVisitsRequest{Parent: file("f1")})
	must(t, err)
	after, _, err := w.Deps.Store.For(gmina).AccessLog(t.Context(), store.Ref{Kind: store.FamilyFiles, ID: "f1"}, 100, "")
	must(t, err)
	if len(after) != len(before)+1 || !slices.ContainsFunc(after, func(a store.Access) bool { return a.Actor.Staff == "sw1" }) {
		t.Errorf("%d lines before, %d after a list: %+v", len(before), len(after), after)
	}
}

func TestTheJournalNamesTheRoleThatReachesTheFile(t *testing.T) {
	w := newWorld(t)
	w.Employ(gmina, "two", access.SocialWorker, func(s *directory.Staff) { s.Roles, s.Areas = append(s.Roles, access.Assistant), []string{"a9"} })
	w.family("f1", func(c *familyfile.Cover) { c.Assistant, c.AssistantPer = "two", "p-two" })
	_, err := w.client.RecordContact(w.As("two"), &casefilev1.RecordContactRequest{Parent: file("f1"), Contact: contact(), RequestId: w.RequestID(), Purpose: "uzgodnienie"})
	must(t, err)
	commits, err := w.Deps.Store.For(gmina).History(t.Context(), store.Ref{Kind: store.FamilyFiles, ID: "f1"}, 1, 10)
	must(t, err)
	if len(commits) != 1 || commits[0].Actor.Role != "ASSISTANT" || commits[0].Actor.Staff != "two" || commits[0].Purpose != "uzgodnienie" {
		t.Errorf("journal: %+v", commits)
	}
}

func TestLastVisitAfterCorrections(t *testing.T) {
	w := newWorld(t)
	w.family("f1", nil)
	w.record("f1", meeting("2026-10-20"))
	w.record("f1", unsuccessful("2026-11-11"))
	phone := meeting("2026-11-10")
	phone.Place = casefilev1.VisitPlace_VISIT_PLACE_PHONE
	w.record("f1", phone)
	v := w.record("f1", meeting("2026-11-12"))
	for _, to := range []string{"2026-11-02", "2026-10-25", "2026-10-10"} {
		var err error
		v, err = w.client.CorrectVisit(w.As("as1"), &casefilev1.CorrectVisitRequest{Name: v.GetName(), Visit: meeting(to), Reason: "pomylono dni", RequestId: w.RequestID()})
		must(t, err)
		if to < "2026-10-20" {
			to = "2026-10-20"
		}
		if got := w.cover("f1").LastVisitOn; got != day(to) {
			t.Errorf("last visit %s, want %s", got, to)
		}
	}
}
