package server_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	planningv1 "asysta.example/proto/gen/asysta/planning/v1"
)

// Over REST the mask is made of the body, which names a date by its year, month and day: a correction needs no updateMask. A body that names nothing is told so, and
// changes nothing.
func TestPlanAndAssessmentAreCorrectedOverRESTWithoutMask(t *testing.T) {
	w := newWorld(t)
	w.family(cover())
	w.draft(content())
	a, err := w.plans.CreateAssessment(w.As("as-1"), &planningv1.CreateAssessmentRequest{Parent: file, RequestId: w.RequestID(), Assessment: &planningv1.Assessment{PeriodFromDate: on("2026-02-28"), Situation: "lepiej"}})
	must(t, err)
	srv := w.rest()
	const nothing, fixed = "nie podano niczego do zmiany", "Zmienić można: period_from_date, period_to_date, situation, goals, conclusions, recommendation."
	for _, tc := range []struct {
		name, body string
		status     int
		want       string
	}{
		{a.GetName(), `{"periodFromDate":{"year":2026,"month":2,"day":1}}`, http.StatusOK, `"periodFromDate":{"year":2026,"month":2,"day":1}`},
		{a.GetName(), `{"periodToDate":{"year":2026,"month":7,"day":30},"situation":"dużo lepiej"}`, http.StatusOK, `"situation":"dużo lepiej"`},
		{a.GetName(), `{"periodFromDate":null}`, http.StatusOK, `"periodToDate":{"year":2026,"month":7,"day":30}`},
		{a.GetName(), `{"periodFromDate":{"year":2026,"month":2,"day":30}}`, http.StatusBadRequest, "nie ma takiej daty"},
		{a.GetName(), `{"remarks":"x"}`, http.StatusBadRequest, fixed},
		{a.GetName(), `{}`, http.StatusBadRequest, nothing},
		{a.GetName(), ``, http.StatusBadRequest, nothing},
		{plan1, `{"content":{"validFromDate":{"year":2026,"month":8,"day":1}}}`, http.StatusOK, `"validFromDate":{"year":2026,"month":8,"day":1}`},
		{plan1, `{"content":{"reason":"inny powód"}}`, http.StatusOK, `"title":"stały rytm dnia"`},
		{plan1, `{"adoptedOn":{"year":2026,"month":8,"day":1}}`, http.StatusBadRequest, "Zmienić można: content."},
		{plan1, `{}`, http.StatusBadRequest, nothing},
		{plan1, ``, http.StatusBadRequest, nothing},
	} {
		a, err = w.plans.GetAssessment(w.As("as-1"), &planningv1.GetAssessmentRequest{Name: a.GetName()}) // its etag is the file's
		must(t, err)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPatch, srv.URL+"/v1/"+tc.name+"?requestId="+w.RequestID()+"&etag="+a.GetEtag(), strings.NewReader(tc.body))
		must(t, err)
		req.Header.Set("Authorization", "Bearer "+w.Token("as-1"))
		res, err := srv.Client().Do(req)
		must(t, err)
		body, err := io.ReadAll(res.Body)
		must(t, err)
		must(t, res.Body.Close())
		if res.StatusCode != tc.status || !strings.Contains(strings.NewReplacer(`": `, `":`, `, "`, `,"`).Replace(string(body)), tc.want) {
			t.Errorf("%s: %d, want %d with %q:\n%s", tc.body, res.StatusCode, tc.status, tc.want, body)
		}
	}
	a, err = w.plans.GetAssessment(w.As("as-1"), &planningv1.GetAssessmentRequest{Name: a.GetName()})
	must(t, err)
	if a.GetSituation() != "dużo lepiej" || a.GetPeriodFromDate() != nil || a.GetPeriodToDate().GetDay() != 30 {
		t.Errorf("after all = %v", a)
	}
}
