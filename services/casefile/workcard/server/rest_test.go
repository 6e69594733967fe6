package server_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"
)

func TestRestPaths(t *testing.T) {
	w := newWorld(t)
	w.family("f1", nil)
	v := w.record("f1", meeting("2026-11-02"))
	web := w.REST(w.pipe, casefilev1.RegisterWorkCardServiceHandler)
	visit := `{"visitedOn":{"year":2026,"month":11,"day":3},"kind":"VISIT_KIND_MEETING","place":"VISIT_PLACE_HOME","fromTimeOfDay":"10:00","toTimeOfDay":"11:00","memberIds":["m1"],"taskCodes":["3"],"findings":"Rozmowa."}`
	for _, c := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"POST", file("f1") + "/visits", `{"requestId":"request-rest-1","visit":` + visit + `}`, 200, `"minutes":60`},
		{"POST", v.GetName() + ":correct", `{"requestId":"request-rest-2","reason":"pomyłka","visit":` + visit + `}`, 200, `"supersedes":"` + v.GetName()},
		{"GET", v.GetName(), "", 200, `"supersededBy"`},
		{"GET", file("f1") + "/visits?fromDate.year=2026&fromDate.month=11&fromDate.day=3&pageSize=5", "", 200, `"correctionReason":"pomyłka"`},
		{"GET", file("f1") + "/contacts", "", 200, `"contacts":[]`},
		{"GET", file("f1") + "/interventions", "", 200, `"interventions":[]`},
		{"GET", file("f1") + "/courtMatters", "", 200, `"courtMatters":[]`},
		{"POST", file("f1") + "/courtMatters:notifyNonCooperation", `{"requestId":"request-rest-3","orderId":"o1","sentOn":{"year":2026,"month":11,"day":20},"content":"Brak."}`, 200, `"caseNumber":"III Nsm 123/26"`},
		{"POST", "gminas/" + gmina + "/familyFiles:search", `{"query":"świątek"}`, 200, `"number":"AR/f1/2026"`},
		{"GET", "gminas/" + gmina + "/deadlines?responsible=" + staff("as1"), "", 200, `"rule":"visit-gap"`},
		{"GET", file("f1") + ":printWorkCard?from=2026-11-01&to=2026-11-30", "", 200, "<h1>Karta pracy z rodziną</h1>"},
		{"GET", file("nofile") + "/visits", "", 403, "DENIED"},
		{"GET", "gminas/" + gmina + "/familyFiles:search?pesel=" + pesel, "", 501, ""},
	} {
		req, err := http.NewRequestWithContext(t.Context(), c.method, web.URL+"/v1/"+c.path, strings.NewReader(c.body))
		must(t, err)
		req.Header.Set("Authorization", "Bearer "+w.Token("as1"))
		res, err := http.DefaultClient.Do(req)
		must(t, err)
		body, err := io.ReadAll(res.Body)
		must(t, err)
		must(t, res.Body.Close())
		if res.StatusCode != c.status || !strings.Contains(strings.ReplaceAll(string(body), `": "`, `":"`), c.want) {
			t.Errorf("%s %s: %d, want %d with %q:\n%s", c.method, c.path, res.StatusCode, c.status, c.want, body)
		}
	}
}
