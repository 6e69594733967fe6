package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"
)

// now is the day on which the scenario ends.
var now = time.Date(2026, 11, 20, 13, 30, 0, 0, time.UTC)

func TestNoMarkerStandsWhereItMustNot(t *testing.T) {
	m, err := newMarkers(1)
	if err != nil {
		t.Fatal(err)
	}
	w, err := inProcess(t.Context(), t.TempDir(), m, now)
	if err != nil {
		t.Fatal(err)
	}
	w.every = 3
	r, err := listen(t.Context(), w, "turns")
	if err != nil {
		t.Fatal(err)
	}
	t.Log(r)
	if err := r.faults(); err != nil {
		t.Error(err)
	}
	if r.sent < 200 || r.secret < 3 {
		t.Errorf("%d markers were sent, %d of secret fields: the scenario is not marked", r.sent, r.secret)
	}
	crossing(t, w.at["traces"].text())
	log := string(w.at["log"].text())
	for _, told := range []string{`"cause":"panic: string"`, `"msg":"request"`, `"msg":"rest"`, `"code":"Internal"`, `"reason":"DENIED"`, `"cause":"panic: *errors.errorString"`, "E11000 duplicate key error"} {
		if !strings.Contains(log, told) {
			t.Errorf("the log does not tell %s: that did not happen", told)
		}
	}
}

// crossing looks for a trace that leads from REST through one service to another and to the store.
func crossing(t *testing.T, traces []byte) {
	t.Helper()
	names := map[string]string{}
	for line := range bytes.Lines(bytes.TrimSpace(traces)) {
		var span struct {
			Name        string
			SpanContext struct{ TraceID string }
		}
		if err := json.Unmarshal(line, &span); err != nil {
			t.Fatal(err)
		}
		names[span.SpanContext.TraceID] += span.Name + "\n"
	}
	for _, trace := range names {
		if strings.Contains(trace, "POST /v1/") && strings.Contains(trace, "asysta.referral.v1.") && strings.Contains(trace, "asysta.casefile.v1.CaseworkInternalService/") && strings.Contains(trace, "store.commit") {
			return
		}
	}
	t.Errorf("of %d traces none leads from REST through two services to the store", len(names))
}

func TestTheSearchFindsWhatIsThere(t *testing.T) {
	m, err := newMarkers(1)
	if err != nil {
		t.Fatal(err)
	}
	marker := m.word("Anna")
	m.sent(marker, false)
	m.sent("44051401458", true)
	w := newWorld(m)
	for _, name := range places {
		if _, err := w.at[name].Write([]byte("before " + marker + " and 1" + "44051401458" + "2 " + m.word("another, not sent"))); err != nil {
			t.Fatal(err)
		}
	}
	r := w.search([]byte("x" + marker + "y 44051401458 44051401458"))
	for _, name := range places {
		if r.found[name] != 2 {
			t.Errorf("%s: %d found, want 2", name, r.found[name])
		}
	}
	if r.found["data"] != 2 || r.stored != 1 || r.faults() == nil {
		t.Errorf("data: %d secret, %d personal, %v", r.found["data"], r.stored, r.faults())
	}
}

func TestWhatHangsIsToldAndNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, err := newMarkers(1)
		if err != nil {
			t.Fatal(err)
		}
		w := newWorld(m)
		method := casefilev1.File_asysta_casefile_v1_casefile_proto.Services().Get(0).Methods().Get(0)
		_, answered := w.patient(t.Context(), method)
		answered()
		hangs, end := w.patient(t.Context(), method)
		defer end()
		<-hangs.Done()
		if got, want := w.search(nil).unanswered, "\n"+string(method.FullName()); got != want {
			t.Errorf("unanswered are %q, want %q", got, want)
		}
		stuck := make(chan struct{})
		defer close(stuck)
		if err := ends("the thing", func() { <-stuck })(); err == nil || !strings.Contains(err.Error(), "the thing did not end") {
			t.Errorf("what does not end gives %v", err)
		}
	})
}
