package referral_test

import (
	"testing"

	"asysta.example/internal/calendar"
	"asysta.example/internal/deadline"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/fault"
	"asysta.example/services/referral"
)

func ptr[T any](v T) *T { return &v }

// TestRefusals: what the state allows and the rules of its step do not.
func TestRefusals(t *testing.T) {
	asked := by(worker, create(), interview, analysis, consent, request)
	withOrder := func() referral.Create {
		c := create()
		c.Source, c.Orders = familyfile.SourceCourtOrder, []referral.Order{order()}
		return c
	}
	bodyAsked := referral.RequestAssistant{On: day("2026-03-13"), Organiser: referral.Organiser{Kind: referral.ContractedBody, Institution: "body", Resolution: "XXVI/126/13", ResolutionOn: day("2013-06-26")}}
	notNeeded, notInterested := analysis, analysis
	notNeeded.Needed, notInterested.Interested = false, false
	onlyPartner := referral.RecordConsent{OfferOn: day("2026-03-12"), Consents: []referral.Consent{{Member: "m2", Decision: referral.Given, SignedOn: day("2026-03-12")}}}
	withdrawn := referral.RecordConsent{OfferOn: day("2026-03-12"), Consents: []referral.Consent{{Member: "m1", Decision: referral.Withdrawn, SignedOn: day("2026-03-20")}}}
	for _, tc := range []struct {
		name   string
		before [][]step
		step   step
		reason string
	}{
		{"request without consent", [][]step{asked[:3]}, asked[4], "OFFER_NOT_PRESENTED"},
		{"request with the consent of one without authority", [][]step{asked[:3], by(worker, onlyPartner)}, asked[4], "CONSENT_MISSING"},
		{"request when no assistant is needed", [][]step{asked[:2], by(worker, notNeeded, consent)}, asked[4], "NOT_NEEDED"},
		{"request when the family is not interested", [][]step{asked[:2], by(worker, notInterested, consent)}, asked[4], "NOT_INTERESTED"},
		{"request to another than the organiser", [][]step{asked[:4]}, step{referral.RequestAssistant{On: today, Addressee: referral.ContractedBody}, worker}, "ADDRESSEE_NOT_ORGANISER"},
		{"request to a unit without resolution", [][]step{asked[:4]}, step{referral.RequestAssistant{On: today, Organiser: referral.Organiser{Kind: referral.GminaUnit, Institution: "u"}}, worker}, "RESOLUTION_MISSING"},
		{"approval without opinion", [][]step{asked}, step{approve, head}, "OPINION_MISSING"},
		{"approval with an unfavourable opinion", [][]step{asked, by(head, referral.GiveOpinion{On: today})}, step{approve, head}, "OPINION_UNFAVOURABLE"},
		{"approval after the consent was withdrawn", [][]step{asked, by(head, opinion), by(worker, withdrawn)}, step{approve, head}, "CONSENT_MISSING"},
		{"approval by the requester", [][]step{asked, by(head, opinion)}, step{approve, referral.Actor{By: worker.By, Role: head.Role}}, "REQUESTER_DECIDES"},
		{"opinion by the requester in another employment", [][]step{asked}, step{opinion, referral.Actor{By: referral.By{Person: "p-sw", Staff: "s-9"}, Role: head.Role}}, "REQUESTER_DECIDES"},
		{"approval by the centre's head when a body was asked", [][]step{asked[:4], by(worker, bodyAsked), by(body, opinion)}, step{approve, head}, "NOT_ADDRESSEE"},
		{"approval by a body when the head was asked", [][]step{asked, by(head, opinion)}, step{approve, body}, "NOT_ADDRESSEE"},
		{"approval with an assistant of another body", [][]step{asked[:4], by(worker, bodyAsked), by(body, opinion)}, step{approve, body}, "OTHER_BODY"},
		{"approval without an assistant", [][]step{asked, by(head, opinion)}, step{referral.Approve{FamilyFile: "f1"}, head}, "ASSISTANT_MISSING"},
		{"approval with the social worker as assistant", [][]step{asked, by(head, opinion)}, step{referral.Approve{FamilyFile: "f1", Assistant: "s-sw", AssistantPerson: "p-sw"}, head}, "ASSISTANT_IS_SOCIAL_WORKER"},
		{"approval with an assistant related to the family", [][]step{asked[:1], by(worker, referral.Update{LockedOut: ptr([]string{"p-as"})}), asked[1:], by(head, opinion)}, step{approve, head}, "LOCKED_OUT"},
		{"approval with duplicates unseen", [][]step{asked, by(head, opinion)}, step{referral.Approve{FamilyFile: "f1", Assistant: "s-as", Duplicates: true}, head}, "DUPLICATES_NOT_REVIEWED"},
		{"approval of a family with an open file", [][]step{asked, by(head, opinion)}, step{referral.Approve{FamilyFile: "f1", Assistant: "s-as", Duplicates: true, DuplicatesReviewed: true, Served: true}, head}, "FAMILY_HAS_FILE"},
		{"refusal under a court order", [][]step{by(worker, withOrder()), asked[1:3], by(worker, request)}, step{referral.Refuse{Reasons: "x"}, head}, "COURT_ORDER_BINDS"},
		{"closure under a court order", [][]step{by(worker, withOrder())}, step{referral.Close{On: today, Reason: referral.WithdrawnBySource}, worker}, "COURT_ORDER_BINDS"},
		{"closure as not needed against the analysis", [][]step{asked[:3]}, step{referral.Close{On: today, Reason: referral.NotNeeded}, worker}, "ANALYSIS_SAYS_NEEDED"},
		{"closure as not interested against consent", [][]step{asked[:4]}, step{referral.Close{On: today, Reason: referral.NotInterested}, worker}, "FAMILY_INTERESTED"},
		{"answer where no institution waits", [][]step{asked, by(head, referral.Refuse{Reasons: "x"})}, step{referral.AnswerInstitution{On: today, Outcome: referral.NotGranted}, worker}, "NO_ANSWER_DUE"},
		{"answer that the service was granted after a refusal", [][]step{by(worker, notice()), asked[1:], by(head, referral.Refuse{Reasons: "x"})}, step{referral.AnswerInstitution{On: today, Outcome: referral.Granted}, worker}, "INVALID_FIELDS"},
		{"rerouting to somebody related", [][]step{asked[:1], by(worker, referral.Update{LockedOut: ptr([]string{"p-2"})})}, step{referral.Reroute{Person: "p-2"}, head}, "LOCKED_OUT"},
		{"interview tomorrow", [][]step{asked[:1]}, step{referral.RecordInterview{On: today.AddDays(1)}, worker}, "INVALID_FIELDS"},
		{"interview before the notice", [][]step{asked[:1]}, step{referral.RecordInterview{On: day("2026-03-01")}, worker}, "INVALID_FIELDS"},
		{"analysis before the interview", [][]step{asked[:2]}, step{referral.RecordAnalysis{On: day("2026-03-09"), Reasons: "x", Difficulty: 1}, worker}, "INVALID_FIELDS"},
		{"withdrawal of what was never given", [][]step{asked[:3]}, step{withdrawn, worker}, "INVALID_FIELDS"},
		{"consent of a child", [][]step{asked[:3]}, step{referral.RecordConsent{OfferOn: day("2026-03-12"), Consents: []referral.Consent{{Member: "m3", Decision: referral.Given, SignedOn: day("2026-03-12")}}}, worker}, "INVALID_FIELDS"},
		{"member with a decision removed", [][]step{asked[:4]}, step{referral.Update{Members: ptr([]referral.Member{{ID: "m9", Role: referral.Father, GivenName: "Jan", FamilyName: "Nowy"}})}, worker}, "INVALID_FIELDS"},
		{"approval dated before its request", [][]step{asked, by(head, opinion)}, step{referral.Approve{On: day("2026-03-12"), FamilyFile: "f1", Assistant: "s-as"}, head}, "INVALID_FIELDS"},
		{"approval dated before its opinion", [][]step{asked, by(head, opinion)}, step{referral.Approve{On: day("2026-03-15"), FamilyFile: "f1", Assistant: "s-as"}, head}, "INVALID_FIELDS"},
		{"refusal dated tomorrow", [][]step{asked}, step{referral.Refuse{On: today.AddDays(1), Reasons: "x"}, head}, "INVALID_FIELDS"},
		{"another family file reported as opened", [][]step{asked, by(head, opinion, approve)}, step{referral.FileOpened{FamilyFile: "f2"}, system}, "STALE_ETAG"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := way(t, tc.before...)
			_, err := referral.Apply(r, tc.step.cmd, tc.step.actor, today)
			f := wantFault(t, err, tc.reason)
			if f.Polish == "" || (f.Kind == fault.KindPrecondition && f.Rule == "") {
				t.Errorf("refusal without a sentence or a rule: %+v", f)
			}
		})
	}
}

// TestCourtOrderNeedsNoConsent: under an order the family waits where every assistant is full.
func TestCourtOrderNeedsNoConsent(t *testing.T) {
	c := create()
	c.Source, c.Orders = familyfile.SourceCourtOrder, []referral.Order{order()}
	no := referral.RecordAnalysis{On: day("2026-03-11"), Reasons: "x", Difficulty: 1}
	r := way(t, by(worker, c, interview, no, request), by(head, referral.GiveOpinion{On: today}, referral.Approve{FamilyFile: "f1"}), by(system, opened))
	if r.State != referral.Approved || r.Decision.Assistant != "" || r.Basis(today) != familyfile.BasisCourtOrder {
		t.Errorf("got %s, %+v", r.State, r.Decision)
	}
	expired := order()
	expired.ValidUntil = day("2026-03-20")
	c.Orders = []referral.Order{expired}
	r = way(t, by(worker, c, interview, no))
	_, err := referral.Apply(r, request, worker, today)
	wantFault(t, err, "NOT_NEEDED")
}

// TestReturnedGoesBackToAnalysis: what was asked is asked anew, and opined on anew.
func TestReturnedGoesBackToAnalysis(t *testing.T) {
	asked := by(worker, create(), interview, analysis, consent, request)
	r := way(t, asked, by(head, opinion, referral.Return{Reasons: "uzupełnić"}), by(worker, analysis, request))
	if r.State != referral.Requested || r.Opinion != nil {
		t.Fatalf("state %s, opinion %+v", r.State, r.Opinion)
	}
	_, err := referral.Apply(r, approve, head, today)
	wantFault(t, err, "OPINION_MISSING")
}

// TestRejectedFile: a file that could never be opened leaves the request as it was, and its number is not used again.
func TestRejectedFile(t *testing.T) {
	r := way(t, by(worker, create(), interview, analysis, consent, request), by(head, opinion, approve), by(system, referral.FileRejected{FamilyFile: "f1"}))
	if r.State != referral.Requested || r.FamilyFile != "" || r.Opinion == nil {
		t.Fatalf("state %s, file %q", r.State, r.FamilyFile)
	}
	if _, err := referral.Apply(r, approve, head, today); err == nil {
		t.Error("the number given up was taken again")
	}
	if _, err := referral.Apply(r, referral.Approve{FamilyFile: "f2", Assistant: "s-as"}, head, today); err != nil {
		t.Errorf("approval under a new number: %v", err)
	}
}

// TestLockedOutSocialWorker: a referral of the social worker's own relatives goes to the head.
func TestLockedOutSocialWorker(t *testing.T) {
	c := create()
	c.LockedOut = []string{"p-sw"}
	cover := referral.CoverOf(way(t, by(worker, c)))
	if p := cover.Parties(); p.SocialWorker != "" || p.Area != "" {
		t.Errorf("still routed: %+v", p)
	}
}

func TestDeadlines(t *testing.T) {
	type due struct {
		rule, due string
		state     deadline.State
		person    string
	}
	urgent := notice()
	urgent.Urgent = true
	urgent.Terms.AnswerDays = 14
	asked := by(worker, notice(), interview, analysis, consent, request)
	for _, tc := range []struct {
		name  string
		steps [][]step
		want  []due
	}{
		{"received: 14 working days", [][]step{by(worker, create())}, []due{{deadline.RuleInterview, "2026-03-20", deadline.Overdue, "s-sw"}}},
		{"urgent: 2 days; the gmina's term of the answer", [][]step{by(worker, urgent, interview)}, []due{
			{deadline.RuleUrgentInterview, "2026-03-04", deadline.MetLate, "s-sw"}, {deadline.RuleAnswer, "2026-03-16", deadline.Overdue, "s-sw"}}},
		{"requested: the head's term", [][]step{asked}, []due{{deadline.RuleInterview, "2026-03-20", deadline.Met, "s-sw"},
			{deadline.RuleApproval, "2026-03-27", deadline.Overdue, ""}, {deadline.RuleAnswer, "2026-04-01", deadline.DueSoon, "s-sw"}}},
		{"answered", [][]step{asked, by(head, referral.Refuse{Reasons: "x"}), by(worker, referral.AnswerInstitution{On: today, Outcome: referral.NotGranted})}, []due{
			{deadline.RuleInterview, "2026-03-20", deadline.Met, "s-sw"}, {deadline.RuleApproval, "2026-03-27", deadline.MetLate, ""}, {deadline.RuleAnswer, "2026-04-01", deadline.Met, "s-sw"}}},
		{"closed before the interview", [][]step{by(worker, create(), referral.Close{On: today, Reason: referral.WithdrawnBySource})}, []due{{deadline.RuleInterview, "2026-03-20", deadline.Waived, "s-sw"}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := referral.Deadlines(referral.CoverOf(way(t, tc.steps...)))
			if len(got) != len(tc.want) {
				t.Fatalf("got %d terms, want %d", len(got), len(tc.want))
			}
			for i, w := range tc.want {
				if g := (due{got[i].Rule, got[i].Due.String(), got[i].On(today), got[i].Person}); g != w {
					t.Errorf("got %+v, want %+v", g, w)
				}
			}
		})
	}
}

func TestMatches(t *testing.T) {
	r := way(t, by(worker, create()))
	label := func(place, street, names string) familyfile.Label {
		return familyfile.Label{Place: place, Address: street, Search: familyfile.SearchKeys(names, place, street)}
	}
	for _, tc := range []struct {
		name   string
		label  familyfile.Label
		hashes []string
		want   int
	}{
		{"same name and address, spelled otherwise", label("RADZIŁÓW", "Polna 4 m. 2", "Swiatek"), nil, 1},
		{"neighbour of the same name", label("Radziłów", "Polna 5", "Świątek"), nil, 0},
		{"another name at the address", label("Radziłów", "ul. Polna 4/2", "Nowak"), nil, 0},
		{"same PESEL elsewhere", label("Łomża", "Długa 1", "Nowak"), []string{"h1"}, 1},
		{"both", label("Radziłów", "ul. Polna 4/2", "Kowal"), []string{"h1"}, 2},
		{"another village", label("Klimaszewnica", "ul. Polna 4/2", "Świątek"), nil, 0},
	} {
		if got := r.Matches(tc.label, tc.hashes); len(got) != tc.want {
			t.Errorf("%s: %v", tc.name, got)
		}
	}
}

func TestBornBy(t *testing.T) {
	for _, tc := range []struct {
		text   string
		born   calendar.Date
		reason string
	}{
		{"44051401359", calendar.Date{}, ""},
		{"44051401359", day("1944-05-14"), ""},
		{"44051401359", day("1944-05-15"), "PESEL_BIRTH_DATE"},
		{"44051401358", calendar.Date{}, "PESEL_WRONG"},
	} {
		born, err := referral.BornBy(tc.text, tc.born, "referral.members[0]")
		if tc.reason == "" && (err != nil || born != day("1944-05-14")) {
			t.Errorf("%v: %v, %v", tc, born, err)
		}
		if tc.reason != "" && !fault.IsReason(err, tc.reason) {
			t.Errorf("%v: %v", tc, err)
		}
	}
}

// TestKeptPesel: a masked number stays as it was sealed; without one there is nothing to keep.
func TestKeptPesel(t *testing.T) {
	r := way(t, by(worker, create()))
	members := append([]referral.Member(nil), r.Members...)
	members[0].Pesel.GminaHash, members[0].Pesel.Cipher = "", nil
	next, err := referral.Apply(r, referral.Update{Members: &members, KeepPesel: []string{"m1"}}, worker, today)
	if err != nil || next.Members[0].Pesel.GminaHash != "h1" {
		t.Fatalf("kept %+v, %v", next.Members[0].Pesel, err)
	}
	_, err = referral.Apply(r, referral.Update{Members: &members, KeepPesel: []string{"m1", "m2"}}, worker, today)
	wantFault(t, err, "INVALID_FIELDS")
	members[0].BornOn = day("1991-01-01")
	_, err = referral.Apply(r, referral.Update{Members: &members, KeepPesel: []string{"m1"}}, worker, today)
	wantFault(t, err, "INVALID_FIELDS")
}

// TestOrderAndReceipt: a referral from a court's order came when there was one; others may come while it runs.
func TestOrderAndReceipt(t *testing.T) {
	c := create()
	c.Source, c.Orders = referral.SourceOrder, []referral.Order{order()}
	second := order()
	second.ID, second.OrderedOn = "o2", day("2026-03-20")
	c.Orders = append(c.Orders, second)
	r := way(t, by(worker, c))
	late := order()
	late.OrderedOn = day("2026-03-21")
	for name, cmd := range map[string]referral.Command{
		"the first order moved after the receipt": referral.RecordOrder{Order: late},
		"the receipt moved before the order":      referral.Update{ReceivedOn: ptr(day("2026-02-19"))},
		"the receipt moved before the act":        referral.Update{ReceivedOn: ptr(day("2011-12-31"))},
	} {
		if _, err := referral.Apply(r, cmd, worker, today); err == nil {
			t.Errorf("%s: taken", name)
		} else {
			wantFault(t, err, "INVALID_FIELDS")
		}
	}
	third := order()
	third.ID, third.OrderedOn = "o3", today
	if _, err := referral.Apply(r, referral.RecordOrder{Order: third}, worker, today); err != nil {
		t.Error("an order while the referral runs:", err)
	}
}
