package server_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/testing/protocmp"

	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"
	familyv1 "asysta.example/proto/gen/asysta/family/v1"

	"asysta.example/internal/calendar"
	"asysta.example/internal/deadline"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/name"
	"asysta.example/internal/rpc"
	"asysta.example/internal/store"
)

// pagesAtMost is where a test stops asking for pages.
const pagesAtMost = 200

// found searches page by page.
func (w *world) found(by string, req *casefilev1.SearchFamilyFilesRequest) []string {
	w.t.Helper()
	req.Parent = "gminas/" + gmina
	var ids []string
	for range pagesAtMost {
		page, err := w.client.SearchFamilyFiles(w.As(by), req)
		must(w.t, err)
		for _, f := range page.GetFamilyFiles() {
			ids = append(ids, strings.TrimPrefix(f.GetFamilyFile(), "gminas/"+gmina+"/familyFiles/"))
		}
		if size := int(req.GetPageSize()); size > 0 && len(page.GetFamilyFiles()) > size {
			w.t.Fatalf("%d files on a page of %d", len(page.GetFamilyFiles()), size)
		}
		if req.PageToken = page.GetNextPageToken(); req.PageToken == "" {
			slices.Sort(ids)
			return ids
		}
	}
	w.t.Fatal("the pages have no end")
	return nil
}

// gminaOfFamilies has files of several assistants, areas and states, one of them next door.
func (w *world) gminaOfFamilies() {
	label := func(surname, place, street string) func(*familyfile.Cover) {
		return func(c *familyfile.Cover) {
			c.Label = familyfile.Label{FamilyName: surname, Place: place, Address: street}
		}
	}
	w.family("f1", func(c *familyfile.Cover) { c.PeselHashes = []string{w.Deps.Vault.GminaHash(gmina, pesel)} })
	w.family("f2", func(c *familyfile.Cover) {
		label("Świerk-Świątkowska", "Słucz", "Świerkowa 1")(c)
		c.Assistant, c.SocialWorker, c.Area, c.Assignments[0].Staff = "as2", "sw2", "a2", "as2"
	})
	w.family("f3", func(c *familyfile.Cover) {
		label("Nowak", "Radziłów", "Świętojańska 7")(c)
		c.State, c.Assistant, c.Assignments, c.Day0, c.AwaitingSince = familyfile.AwaitingAssistant, "", nil, calendar.Date{}, day("2026-11-01")
	})
	w.family("f4", func(c *familyfile.Cover) { label("Świątek", "Wąsosz", "Polna 1")(c) })
	w.family("f5", func(c *familyfile.Cover) {
		label("Świątek", "Radziłów", "Polna 2")(c)
		c.State, c.Spells = familyfile.Fenced, nil
	})
}

func TestSearchFamilyFiles(t *testing.T) {
	w := newWorld(t)
	w.gminaOfFamilies()
	for _, c := range []struct {
		by, query string
		want      []string
	}{
		{"head", "swi", []string{"f1", "f2", "f3"}}, {"head", "ŚWIĄ", []string{"f1", "f2"}}, {"head", "Świątek", []string{"f1"}}, {"head", "radz swi", []string{"f1", "f3"}},
		{"head", "łąkowa 4", []string{"f1"}}, {"head", "łąkowa 5", nil}, {"head", "wąsosz", nil}, {"head", "wiatek", nil}, {"as1", "swi", []string{"f1"}}, {"as2", "swi", []string{"f2"}},
		{"sw1", "swi", []string{"f1", "f3"}}, {"sw2", "swi", []string{"f2"}}, {"body", "swi", nil},
	} {
		for _, size := range []int32{0, 1} {
			if got := w.found(c.by, &casefilev1.SearchFamilyFilesRequest{Query: c.query, PageSize: size}); !slices.Equal(got, c.want) {
				t.Errorf("%q by %s in pages of %d finds %v, want %v", c.query, c.by, size, got, c.want)
			}
		}
	}
	page, err := w.client.SearchFamilyFiles(w.As("as1"), &casefilev1.SearchFamilyFilesRequest{Parent: "gminas/" + gmina, Query: "swiatek"})
	must(t, err)
	want := []*casefilev1.FamilyFileHit{{
		FamilyFile: file("f1"), Number: "AR/f1/2026", State: casefilev1.FamilyFileState_FAMILY_FILE_STATE_COOPERATION, FamilyName: "Świątek", Place: "Radziłów", Street: "ul. Łąkowa 4/2",
		Assistant: staff("as1"), SocialWorker: staff("sw1"), OpenedOn: on("2026-08-20"),
	}}
	if d := cmp.Diff(want, page.GetFamilyFiles(), protocmp.Transform()); d != "" {
		t.Error(d)
	}
}

func TestSearchByPesel(t *testing.T) {
	w := newWorld(t)
	w.gminaOfFamilies()
	for by, want := range map[string][]string{"head": {"f1"}, "as1": {"f1"}, "sw1": {"f1"}, "as2": nil, "sw2": nil} {
		if got := w.found(by, &casefilev1.SearchFamilyFilesRequest{Pesel: pesel}); !slices.Equal(got, want) {
			t.Errorf("%s finds %v", by, got)
		}
	}
	if got := w.found("head", &casefilev1.SearchFamilyFilesRequest{Pesel: "44051401360"}); got != nil {
		t.Errorf("another number finds %v", got)
	}
	if log := w.Logged(); log == "" || strings.Contains(log, pesel) || strings.Contains(log, w.Deps.Vault.GminaHash(gmina, pesel)) || strings.Contains(log, "wiatek") {
		t.Error("the log is empty or holds what was searched for")
	}
	for name, req := range map[string]*casefilev1.SearchFamilyFilesRequest{
		"nothing": {}, "one letter": {Query: "ś"}, "both": {Query: "swi", Pesel: pesel}, "no number": {Pesel: "4405140135"}, "signs": {Query: "- /"},
	} {
		req.Parent = "gminas/" + gmina
		_, err := w.client.SearchFamilyFiles(w.As("head"), req)
		wantCode(t, err, codes.InvalidArgument, name)
	}
	_, err := w.client.SearchFamilyFiles(w.As("far"), &casefilev1.SearchFamilyFilesRequest{Parent: "gminas/" + gmina, Query: "swi"})
	wantCode(t, err, codes.PermissionDenied, "search in another gmina")
}

func TestOnlyWhatLeavesIsInTheAccessLog(t *testing.T) {
	w := newWorld(t)
	w.gminaOfFamilies()
	w.found("as1", &casefilev1.SearchFamilyFilesRequest{Query: "swi"})
	_, err := w.client.ListDeadlines(w.As("sw1"), &casefilev1.ListDeadlinesRequest{Parent: "gminas/" + gmina})
	must(t, err)
	for id, want := range map[string]int{"f1": 2, "f2": 0, "f3": 1} {
		lines, _, err := w.Deps.Store.For(gmina).AccessLog(t.Context(), store.Ref{Kind: store.FamilyFiles, ID: id}, 100, "")
		must(t, err)
		if len(lines) != want {
			t.Errorf("%s: %d lines, want %d", id, len(lines), want)
		}
	}
}

// due lists terms page by page, as "due rule resource".
func (w *world) due(by string, req *casefilev1.ListDeadlinesRequest) []string {
	w.t.Helper()
	req.Parent = "gminas/" + gmina
	var out []string
	for range pagesAtMost {
		page, err := w.client.ListDeadlines(w.As(by), req)
		must(w.t, err)
		if size := int(req.GetPageSize()); size > 0 && len(page.GetDeadlines()) > size && req.GetFamilyFile() == "" {
			w.t.Fatalf("%d terms on a page of %d", len(page.GetDeadlines()), size)
		}
		for _, d := range page.GetDeadlines() {
			date, err := rpc.DateFrom(d.GetDueDate(), "")
			must(w.t, err)
			n, err := name.Parse(d.GetResource())
			must(w.t, err)
			if d.GetExplanation() == "" || d.GetLegalBasis() == "" {
				w.t.Errorf("%s of %s explains nothing", d.GetRule(), d.GetResource())
			}
			out = append(out, fmt.Sprintf("%s %s %s", date, d.GetRule(), n.ID))
		}
		if req.PageToken = page.GetNextPageToken(); req.PageToken == "" {
			return out
		}
	}
	w.t.Fatal("the pages have no end")
	return nil
}

func TestListDeadlines(t *testing.T) {
	w := newWorld(t)
	w.gminaOfFamilies()
	w.referral("r1", "sw1", "a1", "2026-11-20")
	w.referral("r2", "sw2", "a2", "2026-12-20")
	w.referral("r3", "sw1", "a1", "2027-02-01")
	f1 := []string{"2026-10-01 visit-gap f1", "2026-11-01 plan f1", "2027-03-01 assessment f1"}
	f2 := []string{"2026-10-01 visit-gap f2", "2026-11-01 plan f2", "2027-03-01 assessment f2"}
	f3, r1, r2, r3 := []string{"2026-11-15 awaiting-assistant f3"}, []string{"2026-11-20 interview r1"}, []string{"2026-12-20 interview r2"}, []string{"2027-02-01 interview r3"}
	sorted := func(groups ...[]string) (all []string) {
		all = slices.Concat(groups...)
		slices.Sort(all)
		return all
	}
	for _, c := range []struct {
		what, by string
		req      *casefilev1.ListDeadlinesRequest
		want     []string
	}{
		{"the head's office", "head", &casefilev1.ListDeadlinesRequest{}, sorted(f1, f2, f3, r1, r2, r3)},
		{"an assistant's own", "as1", &casefilev1.ListDeadlinesRequest{}, f1},
		{"a social worker's area", "sw1", &casefilev1.ListDeadlinesRequest{}, sorted(f1, f3, r1, r3)},
		{"the other area", "sw2", &casefilev1.ListDeadlinesRequest{}, sorted(f2, r2)},
		{"a body without families", "body", &casefilev1.ListDeadlinesRequest{}, nil},
		{"of one person", "head", &casefilev1.ListDeadlinesRequest{Responsible: staff("as2")}, f2},
		{"of a colleague whose families are foreign", "as1", &casefilev1.ListDeadlinesRequest{Responsible: staff("as2")}, nil},
		{"nobody's", "head", &casefilev1.ListDeadlinesRequest{NobodyResponsible: true}, f3},
		{"until a day", "head", &casefilev1.ListDeadlinesRequest{DueUntilDate: on("2026-11-01")}, sorted(f1[:2], f2[:2])},
		{"overdue", "sw1", &casefilev1.ListDeadlinesRequest{State: familyv1.DeadlineState_DEADLINE_STATE_OVERDUE}, sorted(f1[:2], f3, r1)},
		{"overdue until a day", "sw1", &casefilev1.ListDeadlinesRequest{State: familyv1.DeadlineState_DEADLINE_STATE_OVERDUE, DueUntilDate: on("2026-10-31")}, f1[:1]},
		{"due soon", "head", &casefilev1.ListDeadlinesRequest{State: familyv1.DeadlineState_DEADLINE_STATE_DUE_SOON}, nil},
		{"far away", "head", &casefilev1.ListDeadlinesRequest{State: familyv1.DeadlineState_DEADLINE_STATE_OPEN}, sorted(f1[2:], f2[2:], r2, r3)},
		{"met", "as1", &casefilev1.ListDeadlinesRequest{State: familyv1.DeadlineState_DEADLINE_STATE_MET}, []string{"2026-08-27 documentation f1", "2026-09-03 joint-visit f1"}},
		{"of one file", "head", &casefilev1.ListDeadlinesRequest{FamilyFile: file("f1")}, f1},
		{"of one file, until a day", "as1", &casefilev1.ListDeadlinesRequest{FamilyFile: file("f1"), DueUntilDate: on("2026-10-01")}, f1[:1]},
	} {
		for _, size := range []int32{0, 1, 2, 3} {
			c.req.PageSize = size
			got := w.due(c.by, c.req)
			if !slices.IsSorted(got) && size > 0 {
				byDay := slices.IsSortedFunc(got, func(a, b string) int { return strings.Compare(a[:10], b[:10]) })
				if !byDay {
					t.Errorf("%s: not by due date: %v", c.what, got)
				}
			}
			slices.Sort(got)
			if !slices.Equal(got, c.want) {
				t.Errorf("%s in pages of %d:\n%s", c.what, size, cmp.Diff(c.want, got))
			}
		}
	}
}

func TestDeadlinesOnOneDayComeTogetherAndOnce(t *testing.T) {
	w := newWorld(t)
	for i := range 130 {
		w.family(fmt.Sprintf("f%03d", i), nil)
	}
	got := w.due("head", &casefilev1.ListDeadlinesRequest{PageSize: 7})
	if len(got) != 3*130 {
		t.Errorf("%d terms of 130 files", len(got))
	}
	slices.Sort(got)
	if len(slices.Compact(got)) != 3*130 {
		t.Error("a term came twice")
	}
	page, err := w.client.ListDeadlines(w.As("head"), &casefilev1.ListDeadlinesRequest{Parent: "gminas/" + gmina, PageSize: 7})
	must(t, err)
	_, err = w.client.ListDeadlines(w.As("head"), &casefilev1.ListDeadlinesRequest{Parent: "gminas/" + gmina, Responsible: staff("as1"), PageToken: page.GetNextPageToken()})
	wantCode(t, err, codes.InvalidArgument, "a token of another list")
	_, err = w.client.ListDeadlines(w.As("head"), &casefilev1.ListDeadlinesRequest{Parent: "gminas/" + gmina, PageToken: "???"})
	wantCode(t, err, codes.InvalidArgument, "a token of nothing")
	_, err = w.client.ListDeadlines(w.As("head"), &casefilev1.ListDeadlinesRequest{Parent: "gminas/" + gmina, FamilyFile: "gminas/" + nearby + "/familyFiles/f000"})
	wantCode(t, err, codes.PermissionDenied, "a file under the name of another gmina")
}

func TestPersonallyRoutedReferralIsNotTheAreas(t *testing.T) {
	w := newWorld(t)
	d := deadline.Term(deadline.RuleInterview, day("2026-11-01"), 0, "sw2")
	w.Write(w.Deps.Store.For(gmina), store.Referrals, "r1",
		map[string]any{"state": "RECEIVED", "received_on": "2026-11-01", "social_worker": "sw2", "area": "a1", "personal_route": true},
		func(ch *store.Change) { ch.Deadlines = []deadline.Deadline{d} })
	for by, want := range map[string]int{"sw1": 0, "sw2": 1, "head": 1, "as1": 0} {
		if got := w.due(by, &casefilev1.ListDeadlinesRequest{}); len(got) != want {
			t.Errorf("%s sees %v", by, got)
		}
	}
}
