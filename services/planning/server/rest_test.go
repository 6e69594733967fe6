package server_test

import (
	"bufio"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// get asks over REST.
func (w *world) get(srv *httptest.Server, who, path string) *http.Response {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, srv.URL+path, nil)
	must(w.t, err)
	req.Header.Set("Authorization", "Bearer "+w.Token(who))
	res, err := srv.Client().Do(req)
	must(w.t, err)
	w.t.Cleanup(func() { res.Body.Close() })
	return res
}

func TestFeedOverRESTIsLinesOfJSON(t *testing.T) {
	w := newWorld(t)
	w.family(cover("p-co-a"))
	w.relay()
	res := w.get(w.rest(), "co-a", "/v1/powiaty/"+county+":syncPlans")
	var events []string
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		var line struct{ Result map[string]json.RawMessage }
		must(t, json.Unmarshal(lines.Bytes(), &line))
		for kind, body := range line.Result {
			events = append(events, kind)
			if kind == "snapshot" && !strings.Contains(string(body), file) {
				t.Errorf("snapshot = %s", body)
			}
		}
	}
	if res.StatusCode != http.StatusOK || strings.Join(events, " ") != "snapshot heartbeat" {
		t.Errorf("%s: %v", res.Status, events)
	}
}

func TestPrintedPlanOverRESTIsAPage(t *testing.T) {
	w := newWorld(t)
	w.family(cover())
	w.draft(content())
	srv := w.rest()
	res := w.get(srv, "as-1", "/v1/"+plan1+":print")
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "text/html; charset=utf-8" {
		t.Errorf("%s, %s", res.Status, res.Header.Get("Content-Type"))
	}
	if res := w.get(srv, "as-2", "/v1/"+plan1); res.StatusCode != http.StatusForbidden {
		t.Errorf("a stranger: %s", res.Status)
	}
}
