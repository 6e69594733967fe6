package server_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"
	familyv1 "asysta.example/proto/gen/asysta/family/v1"

	"asysta.example/internal/deadline"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/name"
)

func contact() *casefilev1.Contact {
	return &casefilev1.Contact{ContactedOn: on("2026-11-03"), Channel: casefilev1.ContactChannel_CONTACT_CHANNEL_PHONE, Party: casefilev1.ContactParty_CONTACT_PARTY_SOCIAL_WORKER,
		Staff: staff("sw1"), Summary: "Uzgodniono wspólną wizytę."}
}

func intervention() *casefilev1.Intervention {
	return &casefilev1.Intervention{
		IntervenedOn: on("2026-11-03"), TimeOfDay: "21:15", Threat: casefilev1.ThreatKind_THREAT_KIND_VIOLENCE, MemberIds: []string{"m1", "m2"}, Description: "Awantura domowa.",
		Actions:  []casefilev1.InterventionAction{casefilev1.InterventionAction_INTERVENTION_ACTION_INFORMED, casefilev1.InterventionAction_INTERVENTION_ACTION_SAFE_PLACE},
		Informed: []casefilev1.InformedParty{casefilev1.InformedParty_INFORMED_PARTY_POLICE, casefilev1.InformedParty_INFORMED_PARTY_SOCIAL_WORKER}, BlueCardStarted: true,
	}
}

func courtRequest(parent, rid string) *casefilev1.RecordCourtRequestRequest {
	return &casefilev1.RecordCourtRequestRequest{Parent: parent, OrderId: "o1", MemberIds: []string{"m1"}, ReceivedOn: on("2026-11-02"), DueDate: on("2026-11-25"), Question: "O warunki bytowe.", RequestId: rid}
}

func TestContacts(t *testing.T) {
	w := newWorld(t)
	w.family("f1", nil)
	req := &casefilev1.RecordContactRequest{Parent: file("f1"), Contact: contact(), RequestId: w.RequestID()}
	made, err := w.client.RecordContact(w.As("as1"), req)
	must(t, err)
	want := proto.Clone(contact()).(*casefilev1.Contact)
	want.Name, want.CreateTime, want.RecordedBy = made.GetName(), made.GetCreateTime(), staff("as1")
	if d := cmp.Diff(want, made, protocmp.Transform()); d != "" {
		t.Error(d)
	}
	if again, err := w.client.RecordContact(w.As("as1"), req); err != nil || !proto.Equal(again, made) {
		t.Errorf("the retry met %v, %v", again, err)
	}
	school := &casefilev1.Contact{ContactedOn: on("2026-11-10"), Channel: casefilev1.ContactChannel_CONTACT_CHANNEL_WRITTEN, Party: casefilev1.ContactParty_CONTACT_PARTY_INSTITUTION,
		Institution: name.In(gmina, name.Institutions, "school"), Summary: "Pismo o frekwencji."}
	_, err = w.client.RecordContact(w.As("sw1"), &casefilev1.RecordContactRequest{Parent: file("f1"), Contact: school, RequestId: w.RequestID()})
	must(t, err)
	page, err := w.client.ListContacts(w.As("head"), &casefilev1.ListContactsRequest{Parent: file("f1")})
	must(t, err)
	if len(page.GetContacts()) != 2 || page.GetContacts()[0].GetInstitution() != school.GetInstitution() || !proto.Equal(page.GetContacts()[1], made) {
		t.Errorf("contacts, the newest first: %v", page.GetContacts())
	}
	tried, err := w.client.RecordContact(w.As("sw1"), &casefilev1.RecordContactRequest{Parent: file("f1"), Contact: contact(), RequestId: w.RequestID(), ValidateOnly: true})
	if err != nil || tried.GetCreateTime() != nil || tried.GetSummary() == "" {
		t.Errorf("tried contact: %v, %v", tried, err)
	}
	for what, edit := range map[string]func(*casefilev1.Contact){
		"FUTURE_DATE":         func(c *casefilev1.Contact) { c.ContactedOn = on("2026-11-22") },
		"UNKNOWN_STAFF":       func(c *casefilev1.Contact) { c.Staff = staff("nobody") },
		"UNKNOWN_INSTITUTION": func(c *casefilev1.Contact) { c.Institution = "gminas/" + nearby + "/institutions/school" },
		"INVALID_FIELDS":      func(c *casefilev1.Contact) { c.Summary = "" },
	} {
		c := contact()
		edit(c)
		_, err := w.client.RecordContact(w.As("as1"), &casefilev1.RecordContactRequest{Parent: file("f1"), Contact: c, RequestId: w.RequestID()})
		if reasonOf(err) != "InvalidArgument "+what {
			t.Errorf("%s: %s", what, reasonOf(err))
		}
	}
}

func TestInterventionInEveryState(t *testing.T) {
	w := newWorld(t)
	for _, state := range []familyfile.State{familyfile.AwaitingAssistant, familyfile.Assigned, familyfile.Cooperation, familyfile.Monitoring, familyfile.Ended} {
		id := "f-" + strings.ToLower(string(state[:3]))
		w.family(id, func(c *familyfile.Cover) { c.State, c.StoppedOn = state, day("2026-10-01") })
		made, err := w.client.RecordIntervention(w.As("as1"), &casefilev1.RecordInterventionRequest{Parent: file(id), Intervention: intervention(), RequestId: w.RequestID()})
		must(t, err)
		want := proto.Clone(intervention()).(*casefilev1.Intervention)
		want.Name, want.CreateTime, want.RecordedBy = made.GetName(), made.GetCreateTime(), staff("as1")
		if d := cmp.Diff(want, made, protocmp.Transform()); d != "" {
			t.Error(d)
		}
		page, err := w.client.ListInterventions(w.As("sw1"), &casefilev1.ListInterventionsRequest{Parent: file(id), FromDate: on("2026-11-03"), ToDate: on("2026-11-03")})
		if err != nil || len(page.GetInterventions()) != 1 || !proto.Equal(page.GetInterventions()[0], made) {
			t.Errorf("%s: listed %v, %v", state, page.GetInterventions(), err)
		}
	}
	for hour, want := range map[string]string{"11:15": "OK", "11:16": "InvalidArgument FUTURE_TIME", "": "OK"} {
		of := proto.Clone(intervention()).(*casefilev1.Intervention)
		of.IntervenedOn, of.TimeOfDay = on("2026-11-21"), hour
		_, err := w.client.RecordIntervention(w.As("as1"), &casefilev1.RecordInterventionRequest{Parent: file("f-coo"), Intervention: of, RequestId: w.RequestID()})
		if reasonOf(err) != want {
			t.Errorf("today at %q, the clock says 11:00: %s, want %s", hour, reasonOf(err), want)
		}
	}
	removal := intervention()
	removal.Actions = append(removal.Actions, casefilev1.InterventionAction_INTERVENTION_ACTION_CHILD_REMOVAL)
	for by, want := range map[string]string{"as1": "FailedPrecondition REMOVAL_NOT_BY_ASSISTANT", "sw1": "OK", "head": "OK"} {
		_, err := w.client.RecordIntervention(w.As(by), &casefilev1.RecordInterventionRequest{Parent: file("f-coo"), Intervention: removal, RequestId: w.RequestID()})
		if reasonOf(err) != want {
			t.Errorf("removal of a child by %s: %s", by, reasonOf(err))
		}
	}
}

func TestCourtOpinion(t *testing.T) {
	w := newWorld(t)
	w.family("f1", nil)
	asked, err := w.client.RecordCourtRequest(w.As("as1"), courtRequest(file("f1"), w.RequestID()))
	must(t, err)
	if asked.GetState() != casefilev1.CourtMatterState_COURT_MATTER_STATE_OPEN || asked.GetCaseNumber() != "III Nsm 123/26" || asked.GetSentOn() != nil || len(asked.GetAllowedActions()) != 1 {
		t.Errorf("asked: %v", asked)
	}
	if d := w.courtTerm("f1"); d.GetState() != familyv1.DeadlineState_DEADLINE_STATE_DUE_SOON || d.GetDueDate().GetDay() != 25 || d.GetResponsible() != staff("as1") {
		t.Errorf("term of the court: %v", d)
	}
	w.record("f1", meeting("2026-11-10")) // the file goes on; the matter's etag does not mind
	send := &casefilev1.SendCourtOpinionRequest{Name: asked.GetName(), Etag: asked.GetEtag(), SentOn: on("2026-11-20"), Content: "Opinia o rodzinie.", CopyAt: "k. 31", RequestId: w.RequestID()}
	sent, err := w.client.SendCourtOpinion(w.As("as1"), send)
	must(t, err)
	if sent.GetState() != casefilev1.CourtMatterState_COURT_MATTER_STATE_SENT || sent.GetContent() != "Opinia o rodzinie." || sent.GetQuestion() != asked.GetQuestion() || sent.GetSentBy() != staff("as1") || sent.GetEtag() == asked.GetEtag() {
		t.Errorf("sent: %v", sent)
	}
	if again, err := w.client.SendCourtOpinion(w.As("as1"), send); err != nil || !proto.Equal(again, sent) {
		t.Errorf("the retry met %v, %v", again, err)
	}
	if d := w.courtTerm("f1"); d.GetState() != familyv1.DeadlineState_DEADLINE_STATE_MET || d.GetClosedOn().GetDay() != 20 {
		t.Errorf("term of the court: %v", d)
	}
	send.RequestId = w.RequestID()
	if _, err = w.client.SendCourtOpinion(w.As("as1"), send); reasonOf(err) != "Aborted STALE_ETAG" {
		t.Errorf("sent again from an old reading: %s", reasonOf(err))
	}
	send.Etag, send.RequestId = sent.GetEtag(), w.RequestID()
	if _, err = w.client.SendCourtOpinion(w.As("as1"), send); reasonOf(err) != "FailedPrecondition NOT_OPEN" {
		t.Errorf("sent again: %s", reasonOf(err))
	}
	notice, err := w.client.NotifyNonCooperation(w.As("head"), &casefilev1.NotifyNonCooperationRequest{Parent: file("f1"), OrderId: "o1", SentOn: on("2026-11-20"), Content: "Rodzina nie podjęła współpracy.", RequestId: w.RequestID()})
	must(t, err)
	if notice.GetKind() != casefilev1.CourtMatterKind_COURT_MATTER_KIND_NON_COOPERATION || notice.GetCourt() == "" || len(notice.GetAllowedActions()) != 0 {
		t.Errorf("notice: %v", notice)
	}
	_, err = w.client.NotifyNonCooperation(w.As("head"), &casefilev1.NotifyNonCooperationRequest{Parent: file("f1"), OrderId: "o2", SentOn: on("2026-11-20"), Content: "Brak.", RequestId: w.RequestID()})
	if reasonOf(err) != "FailedPrecondition NO_COURT_ORDER" {
		t.Errorf("notice without an order: %s", reasonOf(err))
	}
	page, err := w.client.ListCourtMatters(w.As("sw1"), &casefilev1.ListCourtMattersRequest{Parent: file("f1"), PageSize: 1})
	must(t, err)
	next, err := w.client.ListCourtMatters(w.As("sw1"), &casefilev1.ListCourtMattersRequest{Parent: file("f1"), PageSize: 1, PageToken: page.GetNextPageToken()})
	must(t, err)
	if len(page.GetCourtMatters()) != 1 || page.GetCourtMatters()[0].GetName() != notice.GetName() || len(next.GetCourtMatters()) != 1 || next.GetCourtMatters()[0].GetContent() != sent.GetContent() {
		t.Errorf("matters, the newest first: %v, then %v", page.GetCourtMatters(), next.GetCourtMatters())
	}
	_, err = w.client.SendCourtOpinion(w.As("head"), &casefilev1.SendCourtOpinionRequest{Name: file("f1") + "/courtMatters/nosuch", Etag: "1", SentOn: on("2026-11-20"), Content: "x", RequestId: w.RequestID()})
	wantCode(t, err, codes.NotFound, "opinion in a matter that is not there")
}

// courtTerm gives the file's term of a court.
func (w *world) courtTerm(id string) *familyv1.Deadline {
	w.t.Helper()
	for _, state := range []familyv1.DeadlineState{familyv1.DeadlineState_DEADLINE_STATE_UNSPECIFIED, familyv1.DeadlineState_DEADLINE_STATE_MET} {
		page, err := w.client.ListDeadlines(w.As("head"), &casefilev1.ListDeadlinesRequest{Parent: "gminas/" + gmina, FamilyFile: file(id), State: state})
		must(w.t, err)
		for _, d := range page.GetDeadlines() {
			if d.GetRule() == deadline.RuleCourtReport {
				return d
			}
		}
	}
	return nil
}

func TestPrintWorkCard(t *testing.T) {
	w := newWorld(t)
	w.family("f1", func(c *familyfile.Cover) { c.Label.FamilyName = "Świątek <b>" })
	v := meeting("2026-11-02")
	v.Findings, v.Agreements = "Pierwsza linia\n<script>alert(1)</script>", "Plan wydatków."
	v.Staff, v.NextMeetingDate = []string{staff("sw1")}, on("2026-12-01")
	v.Signatures = []*familyv1.Signature{{Signer: "m1", SignedOn: on("2026-11-02"), Refused: true}}
	w.record("f1", v)
	wrong := meeting("2026-11-09")
	wrong.Findings = "Wpis omyłkowy."
	made := w.record("f1", wrong)
	right := meeting("2026-11-10")
	right.Findings = "Wpis poprawny."
	_, err := w.client.CorrectVisit(w.As("as1"), &casefilev1.CorrectVisitRequest{Name: made.GetName(), Visit: right, Reason: "pomylono dni", RequestId: w.RequestID()})
	must(t, err)
	page, err := w.client.PrintWorkCard(w.As("as1"), &casefilev1.PrintWorkCardRequest{Name: file("f1"), From: "2026-11-01", To: "2026-11-10"})
	must(t, err)
	html := string(page.GetData())
	for _, want := range []string{
		"Gminny Ośrodek Pomocy Społecznej w Radziłowie", "tel. 86 273 68 72", "Karta pracy z rodziną", "AR/f1/2026", "od 01.11.2026 do 10.11.2026", "Świątek &lt;b&gt;", "Anna Świątek, Ola Świątek",
		"02.11.2026", "10:00–11:30", "miejsce zamieszkania", "Anna Świątek, Pracownik sw1", "3 – Sytuacja życiowa i prowadzenie gospodarstwa domowego", "<p>Pierwsza linia</p>",
		"Plan wydatków.", "Następne spotkanie: 01.12.2026", "Anna Świątek – odmowa podpisu 02.11.2026", "Wpis poprawny.", "Wpis sprostowany: pomylono dni", "data i podpis: asystent rodziny",
	} {
		if !strings.Contains(html, want) {
			t.Errorf("the card lacks %q", want)
		}
	}
	for _, bad := range []string{"<script", "Wpis omyłkowy", "Łąkowa"} {
		if strings.Contains(html, bad) {
			t.Errorf("the card holds %q", bad)
		}
	}
	if page.GetContentType() != "text/html; charset=utf-8" || strings.Index(html, "Pierwsza linia") > strings.Index(html, "Wpis poprawny.") {
		t.Errorf("content type %q, or the entries are not the oldest first", page.GetContentType())
	}
	empty, err := w.client.PrintWorkCard(w.As("head"), &casefilev1.PrintWorkCardRequest{Name: file("f1"), From: "2026-11-11"})
	if err != nil || !strings.Contains(string(empty.GetData()), "nie ma wpisów") {
		t.Errorf("a period without entries: %v", err)
	}
	for _, req := range []*casefilev1.PrintWorkCardRequest{{From: "2026-02-30"}, {From: "1.2.2026"}, {From: "2026-03-01", To: "2026-02-01"}} {
		req.Name = file("f1")
		_, err := w.client.PrintWorkCard(w.As("as1"), req)
		wantCode(t, err, codes.InvalidArgument, "period "+req.GetFrom())
	}
}
