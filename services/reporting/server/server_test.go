package server_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/protobuf/encoding/protojson"

	"asysta.example/internal/access"
	"asysta.example/internal/calendar"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/fault"
	"asysta.example/internal/rpc"
	"asysta.example/internal/store"
	"asysta.example/internal/testkit/office"
	familyv1 "asysta.example/proto/gen/asysta/family/v1"
	reportingv1 "asysta.example/proto/gen/asysta/reporting/v1"
	"asysta.example/services/reporting"
	"asysta.example/services/reporting/server"
)

func on(s string) *date.Date { return rpc.Date(calendar.MustParse(s)) }

// county has seven families of an assistant in one gmina, the first under a court's order and with the head locked out of the last, and one elsewhere.
func county(t *testing.T) (*office.Office, reportingv1.ReportingServiceClient) {
	t.Helper()
	o := office.New(t)
	o.Employ(office.Gmina, "head", access.Head)
	o.Employ(office.Gmina, "as-1", access.Assistant)
	o.Employ(office.Nearby, "far", access.Head)
	o.Appoint(office.County, "reporting", access.CountyReporting)
	for i := range 7 {
		file(o, office.Gmina, i)
	}
	file(o, office.Nearby, 7)
	return o, reportingv1.NewReportingServiceClient(o.Serve(server.New(o.Deps)))
}

func id(i int) string { return fmt.Sprintf("01j000000000000000000file%d", i) }

func file(o *office.Office, gmina string, i int) {
	from := calendar.MustParse("2026-01-10")
	c := familyfile.Cover{Number: fmt.Sprintf("AR/%d/2026", i), Label: familyfile.Label{FamilyName: fmt.Sprintf("Markerowska%d", i)}, State: familyfile.Cooperation,
		Basis: familyfile.BasisConsent, OpenedOn: from, Day0: from, Difficulty: 2, Assistant: "as-1",
		Assignments: []familyfile.Assignment{{Staff: "as-1", Person: "p-as-1", From: from}}, Spells: []familyfile.Spell{{From: from, Day0: from, Basis: familyfile.BasisConsent}}}
	if i == 0 {
		c.Basis, c.Spells[0].Basis = familyfile.BasisCourtOrder, familyfile.BasisCourtOrder
	}
	if i == 6 {
		c.LockedOut = []string{"p-head"}
	}
	visit := reporting.Visit{ID: "v1", On: calendar.MustParse("2026-02-01"), Staff: "as-1", Kind: "MEETING", Place: "HOME", Minutes: 90, Tasks: []string{"6"}}
	o.Write(o.Deps.Store.For(gmina), store.FamilyFiles, id(i), c, func(ch *store.Change) {
		ch.Records = []store.Record{{Type: store.Visits, ID: "v1", Date: visit.On.String(), Body: visit}}
	})
}

func row(t *testing.T, in *reportingv1.Indicators, name string) *reportingv1.Indicator {
	t.Helper()
	for _, r := range in.GetIndicators() {
		if r.GetRow() == name {
			return r
		}
	}
	t.Fatalf("no row %s", name)
	return nil
}

func TestHeadCountsTheOwnGmina(t *testing.T) {
	o, c := county(t)
	in, err := c.GetGminaIndicators(o.As("head"), &reportingv1.GetGminaIndicatorsRequest{Parent: "gminas/" + office.Gmina, FromDate: on("2026-01-01"), ToDate: on("2026-06-30")})
	office.Must(t, err)
	for name, want := range map[string]int64{"families.in_period": 7, "families.basis.court_order": 1, "visits.held": 7, "visits.minutes": 630, "tasks.6.minutes": 630, "families.awaiting": 0} {
		if got := row(t, in, name).GetValue(); got != want {
			t.Errorf("%s = %d, want %d", name, got, want)
		}
	}
	if l := in.GetAssistantLoads(); len(l) != 1 || l[0].GetFamilies() != 7 || l[0].GetDifficulty() != 14 || l[0].GetDisplayName() != "as-1" {
		t.Errorf("loads: %v", l)
	}
	for _, ch := range in.GetCrossChecks() {
		if !ch.GetHolds() {
			t.Errorf("does not hold: %s", ch.GetTitle())
		}
	}
}

func TestDrillDownNamesAndLogsWhatTheHeadMaySee(t *testing.T) {
	o, c := county(t)
	req := &reportingv1.ListIndicatorFilesRequest{Parent: "gminas/" + office.Gmina, FromDate: on("2026-01-01"), ToDate: on("2026-06-30"), Row: "families.in_period", PageSize: 3,
		Purpose: familyv1.ReadPurpose_READ_PURPOSE_STATUTORY_REPORT}
	var got []string
	for {
		res, err := c.ListIndicatorFiles(o.As("head"), req)
		office.Must(t, err)
		for _, f := range res.GetFiles() {
			got = append(got, f.GetFamilyName())
		}
		if req.PageToken = res.GetNextPageToken(); req.GetPageToken() == "" {
			break
		}
	}
	want := []string{"Markerowska0", "Markerowska1", "Markerowska2", "Markerowska3", "Markerowska4", "Markerowska5"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for i, logged := range map[int]int{0: 1, 6: 0, 7: 0} {
		gmina := office.Gmina
		if i == 7 {
			gmina = office.Nearby
		}
		lines, _, err := o.Deps.Store.For(gmina).AccessLog(t.Context(), store.Ref{Kind: store.FamilyFiles, ID: id(i)}, 10, "")
		office.Must(t, err)
		if len(lines) != logged {
			t.Errorf("file %d has %d lines in the access log, want %d", i, len(lines), logged)
		}
	}
	_, err := c.ListIndicatorFiles(o.As("head"), &reportingv1.ListIndicatorFilesRequest{Parent: req.GetParent(), FromDate: req.GetFromDate(), ToDate: req.GetToDate(), Row: "visits.held", Purpose: req.GetPurpose()})
	if !fault.IsReason(err, "INVALID_FIELDS") && !fault.IsReason(err, "NO_FILES_BEHIND_ROW") {
		t.Errorf("a row without files: %v", err)
	}
	_, err = c.ListIndicatorFiles(o.As("head"), &reportingv1.ListIndicatorFilesRequest{Parent: req.GetParent(), FromDate: req.GetFromDate(), ToDate: req.GetToDate(), Row: req.GetRow()})
	if !fault.IsReason(err, "PURPOSE_REQUIRED") {
		t.Errorf("without a purpose: %v", err)
	}
}

func TestCountySeesAggregatesOnly(t *testing.T) {
	o, c := county(t)
	in, err := c.GetCountyIndicators(o.As("reporting"), &reportingv1.GetCountyIndicatorsRequest{Parent: "powiaty/" + office.County, FromDate: on("2026-01-01"), ToDate: on("2026-06-30")})
	office.Must(t, err)
	if r := row(t, in, "families.in_period"); r.GetValue() != 8 || r.GetSuppressed() {
		t.Errorf("families: %v", r)
	}
	for _, name := range []string{"families.basis.court_order", "families.basis.consent"} {
		if r := row(t, in, name); !r.GetSuppressed() || r.GetValue() != 0 {
			t.Errorf("%s is shown: %v", name, r)
		}
	}
	text := protojson.Format(in)
	for _, leak := range []string{"Markerowska", "01j0000", "as-1", office.Gmina} {
		if strings.Contains(text, leak) {
			t.Errorf("the county's indicators hold %q", leak)
		}
	}
	csv, err := c.ExportCountyIndicators(o.As("reporting"), &reportingv1.ExportCountyIndicatorsRequest{Parent: "powiaty/" + office.County, FromDate: on("2026-01-01"), ToDate: on("2026-06-30")})
	office.Must(t, err)
	if text := string(csv.GetData()); !strings.Contains(text, "families.basis.court_order;Rodziny w okresie: zobowiązane przez sąd;utajnione;liczba") {
		t.Errorf("csv: %.400s", text)
	}
}

func TestPeriodsAndTenantsAreHeldTo(t *testing.T) {
	o, c := county(t)
	gmina := func(who, parent, from, to string) error {
		_, err := c.GetGminaIndicators(o.As(who), &reportingv1.GetGminaIndicatorsRequest{Parent: parent, FromDate: on(from), ToDate: on(to)})
		return err
	}
	powiat := func(who, parent, from, to string) error {
		_, err := c.GetCountyIndicators(o.As(who), &reportingv1.GetCountyIndicatorsRequest{Parent: parent, FromDate: on(from), ToDate: on(to)})
		return err
	}
	own, other, all := "gminas/"+office.Gmina, "gminas/"+office.Nearby, "powiaty/"+office.County
	cases := []struct {
		name, reason string
		err          error
	}{
		{"ends before it begins", "INVALID_FIELDS", gmina("head", own, "2026-06-30", "2026-01-01")},
		{"not begun yet", "INVALID_FIELDS", gmina("head", own, "2030-01-01", "2030-12-31")},
		{"county, not begun yet", "INVALID_FIELDS", powiat("reporting", all, "2030-01-01", "2030-12-31")},
		{"longer than ten years", "INVALID_FIELDS", gmina("head", own, "2010-01-01", "2026-01-01")},
		{"county, not from the first", "INVALID_FIELDS", powiat("reporting", all, "2026-01-02", "2026-06-30")},
		{"county, not to the last", "INVALID_FIELDS", powiat("reporting", all, "2026-01-01", "2026-06-29")},
		{"head of another gmina", "DENIED", gmina("far", own, "2026-01-01", "2026-06-30")},
		{"own head elsewhere", "DENIED", gmina("head", other, "2026-01-01", "2026-06-30")},
		{"assistant", "DENIED", gmina("as-1", own, "2026-01-01", "2026-06-30")},
		{"reporting in a gmina", "DENIED", gmina("reporting", own, "2026-01-01", "2026-06-30")},
		{"head in the county", "DENIED", powiat("head", all, "2026-01-01", "2026-06-30")},
		{"another county", "DENIED", powiat("reporting", "powiaty/3024", "2026-01-01", "2026-06-30")},
	}
	for _, k := range cases {
		if !fault.IsReason(k.err, k.reason) {
			t.Errorf("%s: %v, want %s", k.name, k.err, k.reason)
		}
	}
}
