package server_test

import (
	"slices"
	"testing"

	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"

	"asysta.example/internal/access"
	"asysta.example/internal/directory"
	"asysta.example/internal/familyfile"
)

func TestTheHeadsListBeginsWithFamiliesWithoutAnAssistant(t *testing.T) {
	w := newWorld(t)
	w.Employ(gmina, "as9", access.Assistant, func(s *directory.Staff) { s.Contract, s.ActiveTo = directory.ContractService, day("2026-11-10") })
	w.family("f1", nil)
	left := func(c *familyfile.Cover) { c.Assistant, c.AssistantPer = "as9", "p-as9" }
	w.family("f2", left)
	w.family("f3", func(c *familyfile.Cover) { left(c); c.LockedOut = []string{"p-head"} })
	rulesOf := func(by string, req *casefilev1.ListDeadlinesRequest) []string {
		t.Helper()
		req.Parent = "gminas/" + gmina
		list, err := w.client.ListDeadlines(w.As(by), req)
		must(t, err)
		var out []string
		for _, d := range list.GetDeadlines() {
			if d.GetRule() == "awaiting-assistant" {
				out = append(out, d.GetResource())
			}
		}
		return out
	}
	for _, tc := range []struct {
		name, by string
		req      *casefilev1.ListDeadlinesRequest
		want     []string
	}{
		{"head", "head", &casefilev1.ListDeadlinesRequest{}, []string{file("f2")}},
		{"head, what nobody is responsible for", "head", &casefilev1.ListDeadlinesRequest{NobodyResponsible: true}, []string{file("f2")}},
		{"head, of one assistant", "head", &casefilev1.ListDeadlinesRequest{Responsible: staff("as1")}, nil},
		{"head, until before it", "head", &casefilev1.ListDeadlinesRequest{DueUntilDate: on("2026-11-24")}, nil},
		{"head, until its day", "head", &casefilev1.ListDeadlinesRequest{DueUntilDate: on("2026-11-25")}, []string{file("f2")}},
		{"social worker", "sw1", &casefilev1.ListDeadlinesRequest{}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := rulesOf(tc.by, tc.req); !slices.Equal(got, tc.want) {
				t.Errorf("%v, want %v", got, tc.want)
			}
		})
	}
}
