package workcard

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"asysta.example/internal/calendar"
	"asysta.example/internal/deadline"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/fault"
)

func request(id string) CourtEntry {
	return CourtEntry{ID: id, Order: "o1", ReceivedOn: on("2026-11-02"), Due: on("2026-11-16"), Question: "O sytuację dzieci."}
}

// What is sent to the court for an order meets its periodic report; what is sent for another matter does not.
func TestSentForAnOrderIsItsReport(t *testing.T) {
	notice := NotifyNonCooperation{CourtEntry{ID: "k9", Order: "o1", SentOn: on("2026-11-20"), Content: "Brak."}}
	elsewhere := request("k1")
	elsewhere.Order, elsewhere.Court, elsewhere.CaseNumber = "", "Sąd Okręgowy", "I C 1/26"
	send := SendCourtOpinion{ID: "k2", Matter: "k1", Seen: 1, SentOn: on("2026-11-15"), Content: "Opinia."}
	for name, tc := range map[string]struct {
		do   []Command
		want string
	}{
		"nothing":                     {nil, "2027-02-01 open"},
		"an opinion on the order":     {[]Command{RecordCourtRequest{request("k1")}, send}, "2027-02-01 2026-11-15, 2027-05-01 open"},
		"a notice of non-cooperation": {[]Command{notice}, "2027-02-01 2026-11-20, 2027-05-01 open"},
		"an opinion elsewhere":        {[]Command{RecordCourtRequest{elsewhere}, send}, "2027-02-01 open"},
	} {
		f := family()
		f.Cover.CourtOrders[0].ReportMonths, f.Cover.CourtOrders[0].FirstReport = 3, 2
		before := f.Cover.CourtOrders[0]
		for _, c := range tc.do {
			o, err := Apply(f, c, assistant, today)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if len(f.Cover.CourtOrders[0].ReportedOn) != len(before.ReportedOn) {
				t.Errorf("%s: the file handed in was altered", name)
			}
			f.Cover, f.Card = o.Cover, o.Card
		}
		var got []string
		for _, d := range familyfile.Deadlines(f.Cover) {
			if d.Rule != deadline.RuleCourtReport || !strings.HasPrefix(d.Key, "o1/") {
				continue
			}
			if d.Open {
				got = append(got, d.Due.String()+" open")
			} else {
				got = append(got, d.Due.String()+" "+d.ClosedOn.String())
			}
		}
		if strings.Join(got, ", ") != tc.want {
			t.Errorf("%s: %v, want %s", name, got, tc.want)
		}
	}
}

func TestCourtOpinion(t *testing.T) {
	f := family()
	o, err := Apply(f, RecordCourtRequest{request("k1")}, assistant, today)
	if err != nil {
		t.Fatal(err)
	}
	if o.Court.CaseNumber != "III Nsm 123/26" || !o.Court.First() || o.Court.On() != on("2026-11-02") {
		t.Errorf("recorded as %+v", o.Court)
	}
	want := []familyfile.CourtReport{{Matter: "k1", Anchor: on("2026-11-02"), Due: on("2026-11-16")}}
	if d := cmp.Diff(want, o.Cover.CourtReports, cmp.AllowUnexported(calendar.Date{})); d != "" {
		t.Error(d)
	}
	f.Cover, f.Card = o.Cover, o.Card
	send := SendCourtOpinion{ID: "k9", Matter: "k1", Seen: 1, SentOn: on("2026-11-15"), Content: "Opinia."}
	for name, c := range map[string]struct {
		edit func(*SendCourtOpinion)
		want string
	}{
		"sent before the request": {func(s *SendCourtOpinion) { s.SentOn = on("2026-11-01") }, "sent_on"},
		"sent tomorrow":           {func(s *SendCourtOpinion) { s.SentOn = today.AddDays(1) }, "sent_on"},
		"empty":                   {func(s *SendCourtOpinion) { s.Content = "" }, "content"},
		"another matter":          {func(s *SendCourtOpinion) { s.Matter = "k2" }, "DENIED"},
		"stale":                   {func(s *SendCourtOpinion) { s.Seen = 2 }, "STALE_ETAG"},
	} {
		bad := send
		c.edit(&bad)
		if _, err := Apply(f, bad, assistant, today); reason(err) != c.want {
			t.Errorf("%s: refused by %q, want %q", name, reason(err), c.want)
		}
	}
	if o, err = Apply(f, send, assistant, today); err != nil || o.Cover.CourtReports[0].SentOn != on("2026-11-15") {
		t.Fatalf("sent: %+v, %v", o.Cover.CourtReports, err)
	}
	if !f.Cover.CourtReports[0].SentOn.IsZero() || f.Card.Matters[0].Answer != "" {
		t.Error("Apply altered the file it was given")
	}
	f.Cover, f.Card = o.Cover, o.Card
	send.Seen = 2
	if _, err = Apply(f, send, assistant, today); !fault.IsReason(err, "NOT_OPEN") {
		t.Errorf("a second opinion: %v", err)
	}
}

func TestCourtRequestFields(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(*CourtEntry)
		want string
	}{
		"another order":      {func(n *CourtEntry) { n.Order = "o9" }, "order_id"},
		"no court":           {func(n *CourtEntry) { n.Order, n.CaseNumber = "", "III Nsm 1/26" }, "court"},
		"no case number":     {func(n *CourtEntry) { n.Order, n.Court = "", "Sąd" }, "case_number"},
		"another case":       {func(n *CourtEntry) { n.Order, n.Court, n.CaseNumber = "", "Sąd", "III Nsm 1/26" }, ""},
		"received tomorrow":  {func(n *CourtEntry) { n.ReceivedOn, n.Due = today.AddDays(1), today.AddDays(9) }, "received_on"},
		"due before receipt": {func(n *CourtEntry) { n.Due = n.ReceivedOn.AddDays(-1) }, "due_date"},
		"no term":            {func(n *CourtEntry) { n.Due = calendar.Date{} }, "due_date"},
		"no question":        {func(n *CourtEntry) { n.Question = "" }, "question"},
		"of a stranger":      {func(n *CourtEntry) { n.Members = []string{"x"} }, "member_ids"},
	} {
		t.Run(name, func(t *testing.T) {
			n := request("k1")
			c.edit(&n)
			if _, err := Apply(family(), RecordCourtRequest{n}, assistant, today); reason(err) != c.want {
				t.Errorf("refused by %q, want %q", reason(err), c.want)
			}
		})
	}
}

func TestNonCooperationNeedsAnOrderThatBinds(t *testing.T) {
	notice := CourtEntry{ID: "k1", Order: "o1", SentOn: on("2026-11-20"), Content: "Rodzina nie podjęła współpracy."}
	for name, c := range map[string]struct {
		edit func(*File, *CourtEntry)
		want string
	}{
		"order in force":       {func(*File, *CourtEntry) {}, ""},
		"no order":             {func(f *File, _ *CourtEntry) { f.Cover.CourtOrders, f.Orders = nil, nil }, "NO_COURT_ORDER"},
		"another order":        {func(_ *File, n *CourtEntry) { n.Order = "o2" }, "NO_COURT_ORDER"},
		"order run out":        {func(f *File, _ *CourtEntry) { f.Cover.CourtOrders[0].ValidUntil = on("2026-11-19") }, "NO_COURT_ORDER"},
		"last day of validity": {func(f *File, _ *CourtEntry) { f.Cover.CourtOrders[0].ValidUntil = on("2026-11-20") }, ""},
		"order ended":          {func(f *File, _ *CourtEntry) { f.Cover.CourtOrders[0].EndedOn = on("2026-11-19") }, "NO_COURT_ORDER"},
		"before the order":     {func(_ *File, n *CourtEntry) { n.SentOn = on("2026-07-31") }, "NO_COURT_ORDER"},
		"sent tomorrow":        {func(_ *File, n *CourtEntry) { n.SentOn = today.AddDays(1) }, "sent_on"},
		"nothing written":      {func(_ *File, n *CourtEntry) { n.Content = "" }, "content"},
	} {
		t.Run(name, func(t *testing.T) {
			f, n := family(), notice
			c.edit(&f, &n)
			o, err := Apply(f, NotifyNonCooperation{n}, assistant, today)
			if reason(err) != c.want {
				t.Fatalf("refused by %q, want %q", reason(err), c.want)
			}
			if err == nil && (o.Court.Court == "" || o.Card.Matters[0].Open() || len(o.Cover.CourtReports) != 0) {
				t.Errorf("noted as %+v, %+v", o.Court, o.Card.Matters)
			}
		})
	}
}
