package server_test

import (
	"slices"
	"testing"

	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"
	familyv1 "asysta.example/proto/gen/asysta/family/v1"
)

// reports are the days of the reports that a court waits for.
func reports(f *casefilev1.FamilyFile) []string {
	var out []string
	for _, d := range f.GetDeadlines() {
		if d.GetRule() == "court-report" && d.GetClosedOn() == nil {
			out = append(out, d.GetDueDate().String())
		}
	}
	return out
}

// A court waits for its reports after the work with the family, too, until the end of its order is recorded; that it has ended can be recorded in whatever state the
// file is, and leaves nothing to be reported in a file that is closed.
func TestEndOfAnOrderInEveryState(t *testing.T) {
	for name, tc := range map[string]struct {
		led  func(w monitored, f *casefilev1.FamilyFile) *casefilev1.FamilyFile
		want []string // owed after the end of the order
	}{
		"cooperation: what fell before the end is owed": {func(_ monitored, f *casefilev1.FamilyFile) *casefilev1.FamilyFile { return f }, []string{on("2026-04-09").String()}},
		"monitoring": {func(w monitored, f *casefilev1.FamilyFile) *casefilev1.FamilyFile { return w.close(f, "2026-03-10") }, nil},
		"ended": {func(w monitored, f *casefilev1.FamilyFile) *casefilev1.FamilyFile {
			return w.end(w.close(f, "2026-03-10"))
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := newMonitored(t, false)
			f := w.cooperating("f1", "as-1", "")
			f, err := w.client.AddCourtOrder(w.As("sw-1"), &casefilev1.AddCourtOrderRequest{Name: f.GetName(), Etag: f.GetEtag(), RequestId: w.RequestID(), CourtOrder: &familyv1.CourtOrder{
				Court: "Sąd Rejonowy w Grajewie", CaseNumber: "III Nsm 1/26", OrderedOn: on("2026-03-09"), ReportEveryMonths: 1}})
			must(t, err)
			f = tc.led(w, f)
			state, basis := f.GetState(), f.GetBasis()
			w.Travel("2026-05-20")
			f = w.get("head", f.GetName())
			if got := reports(f); !slices.Equal(got, []string{on("2026-04-09").String()}) {
				t.Errorf("while the order binds: %v", got)
			}
			if !slices.Contains(f.GetAllowedActions(), "EndCourtOrder") {
				t.Error(f.GetAllowedActions())
			}
			req := &casefilev1.EndCourtOrderRequest{Name: f.GetName(), Etag: f.GetEtag(), RequestId: w.RequestID(), OrderId: f.GetCourtOrders()[0].GetOrder().GetOrderId(), EndedOn: on("2026-05-15")}
			f, err = w.client.EndCourtOrder(w.As("head"), req)
			must(t, err)
			if got := reports(f); !slices.Equal(got, tc.want) || f.GetState() != state || f.GetCourtOrders()[0].GetEndedOn() == nil {
				t.Errorf("%v open in %s, want %v", got, f.GetState(), tc.want)
			}
			if kept := f.GetBasis() == basis; kept != (state != casefilev1.FamilyFileState_FAMILY_FILE_STATE_COOPERATION) {
				t.Errorf("basis %s, before %s", f.GetBasis(), basis)
			}
			_, err = w.client.EndCourtOrder(w.As("head"), &casefilev1.EndCourtOrderRequest{Name: f.GetName(), Etag: f.GetEtag(), RequestId: w.RequestID(), OrderId: req.GetOrderId(), EndedOn: on("2026-05-15")})
			want(t, err, "ORDER_ENDED")
		})
	}
}
