package server_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	directoryv1 "asysta.example/proto/gen/asysta/directory/v1"

	"asysta.example/services/casefile/directory/server"
)

// The county's administrator alone changes what the county decides; name and office stay as they were founded.
func TestCountySettings(t *testing.T) {
	w := newWorld(t)
	w.employ(gminaA, "kierownik", headRole)
	auditor := must[*directoryv1.Person](t)(w.client.CreatePerson(w.As(rootLogin), &directoryv1.CreatePersonRequest{Parent: "powiaty/" + county, RequestId: w.RequestID(),
		Person: &directoryv1.Person{DisplayName: "Anna Audytor", CountyRoles: []directoryv1.CountyRole{directoryv1.CountyRole_COUNTY_ROLE_AUDITOR}}}))
	w.link(auditor.GetName(), "audytor")
	const neighbour = "2014"
	must[string](t)(w.bootstrap(neighbour, neighbour+"011", "admin.sasiad"))
	get := func(login, name string) (*directoryv1.County, error) {
		return w.client.GetCounty(w.As(login), &directoryv1.GetCountyRequest{Name: name})
	}
	before := must[*directoryv1.County](t)(get(rootLogin, "powiaty/"+county))
	if before.GetDisplayName() != "powiat grajewski" || before.GetSettings().GetMonitoringCounts() || before.GetAllowedActions()[0] != "UpdateCounty" {
		t.Error(before)
	}
	counts := &directoryv1.CountySettings{MonitoringCounts: true}
	update := func(login, name, etag string, dry bool, paths ...string) (*directoryv1.County, error) {
		return w.client.UpdateCounty(w.As(login), &directoryv1.UpdateCountyRequest{County: &directoryv1.County{Name: name, DisplayName: "powiat inny", Settings: counts},
			UpdateMask: &fieldmaskpb.FieldMask{Paths: paths}, Etag: etag, RequestId: w.RequestID(), ValidateOnly: dry})
	}
	for _, tc := range []struct{ name, login, county, etag, path, want string }{
		{"by a head", "kierownik", county, before.GetEtag(), "settings", "PermissionDenied DENIED"},
		{"by an auditor", "audytor", county, before.GetEtag(), "settings", "PermissionDenied DENIED"},
		{"of another county", rootLogin, neighbour, before.GetEtag(), "settings", "PermissionDenied DENIED"},
		{"of no county", rootLogin, "9999", before.GetEtag(), "settings", "PermissionDenied DENIED"},
		{"name", rootLogin, county, before.GetEtag(), "display_name", "InvalidArgument UPDATE_MASK"},
		{"unknown field", rootLogin, county, before.GetEtag(), "settings.colour", "InvalidArgument UPDATE_MASK"},
		{"stale", rootLogin, county, "17", "settings", "Aborted STALE_ETAG"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := update(tc.login, "powiaty/"+tc.county, tc.etag, false, tc.path)
			if got := reasonOf(err); got != tc.want {
				t.Errorf("%s, want %s (%v)", got, tc.want, err)
			}
		})
	}
	if tried := must[*directoryv1.County](t)(update(rootLogin, before.GetName(), before.GetEtag(), true, "*")); !tried.GetSettings().GetMonitoringCounts() {
		t.Error(tried)
	}
	if now := must[*directoryv1.County](t)(get(rootLogin, before.GetName())); !cmp.Equal(now, before, protocmp.Transform()) {
		t.Errorf("refused or tried only, yet changed: %v", now)
	}
	after := must[*directoryv1.County](t)(update(rootLogin, before.GetName(), before.GetEtag(), false, "settings.monitoring_counts"))
	if diff := cmp.Diff(before, after, protocmp.Transform(), protocmp.IgnoreFields(after, "settings", "etag", "update_time")); diff != "" || !after.GetSettings().GetMonitoringCounts() {
		t.Error(diff, after)
	}
	seen := must[*directoryv1.County](t)(get("audytor", before.GetName()))
	if diff := cmp.Diff(after, seen, protocmp.Transform(), protocmp.IgnoreFields(after, "allowed_actions")); diff != "" || len(seen.GetAllowedActions()) != 0 {
		t.Error(diff, seen)
	}
	if _, err := get("kierownik", before.GetName()); reasonOf(err) != "PermissionDenied DENIED" {
		t.Error(err)
	}
	if _, err := get(rootLogin, "powiaty/"+neighbour); reasonOf(err) != "PermissionDenied DENIED" {
		t.Error(err)
	}
	if next := must[*directoryv1.County](t)(get("admin.sasiad", "powiaty/"+neighbour)); next.GetSettings().GetMonitoringCounts() {
		t.Error("the neighbour's setting has changed", next)
	}
	assistant := w.employ(gminaA, "asystent", assistantRole)
	load := must[*directoryv1.ListCaseloadsResponse](t)(w.client.ListCaseloads(w.As("kierownik"), &directoryv1.ListCaseloadsRequest{Parent: "gminas/" + gminaA}))
	if l := load.GetCaseloads(); len(l) != 1 || l[0].GetStaff() != assistant.GetName() || !l[0].GetMonitoringCounts() {
		t.Error(l)
	}
}

// Over REST the body of a change is the resource, request id, etag and, where not all fields of the body are meant, the mask stand in the query; a body without fields is
// told to be one.
func TestCountyIsChangedOverREST(t *testing.T) {
	w := newWorld(t)
	web := w.REST(w.Run(server.New(w.Deps)), directoryv1.RegisterDirectoryServiceHandler)
	before := must[*directoryv1.County](t)(w.client.GetCounty(w.As(rootLogin), &directoryv1.GetCountyRequest{Name: "powiaty/" + county}))
	for _, tc := range []struct {
		body, more string
		status     int
		want       string
	}{
		{`{}`, "", http.StatusBadRequest, "nie podano niczego do zmiany"},
		{`{"displayName":"powiat inny"}`, "", http.StatusBadRequest, "update_mask zawiera pole, którego nie można tu zmienić"},
		{`{"settings":{"monitoringCounts":true}}`, "&validateOnly=true", http.StatusOK, `"monitoringCounts":true`},
		{`{"displayName":"powiat inny","settings":{"monitoringCounts":true}}`, "&updateMask=settings.monitoring_counts", http.StatusOK, `"monitoringCounts":true`},
	} {
		req := must[*http.Request](t)(http.NewRequestWithContext(t.Context(), http.MethodPatch,
			web.URL+"/v1/"+before.GetName()+"?requestId="+w.RequestID()+"&etag="+before.GetEtag()+tc.more, strings.NewReader(tc.body)))
		req.Header.Set("Authorization", "Bearer "+w.Token(rootLogin))
		res := must[*http.Response](t)(http.DefaultClient.Do(req))
		body := must[[]byte](t)(io.ReadAll(res.Body))
		if err := res.Body.Close(); err != nil {
			t.Error(err)
		}
		if res.StatusCode != tc.status || !strings.Contains(strings.ReplaceAll(string(body), `": `, `":`), tc.want) {
			t.Errorf("%s: %d, want %d with %q:\n%s", tc.body, res.StatusCode, tc.status, tc.want, body)
		}
	}
}
