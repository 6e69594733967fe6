package referral_test

import (
	"bytes"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"asysta.example/internal/access"
	"asysta.example/internal/calendar"
	"asysta.example/internal/familyfile"
	"asysta.example/services/referral"
)

// people who act, in every role and combination that could break a rule.
var people = []referral.Actor{worker, head, body, system,
	{By: worker.By, Role: access.Head}, {By: head.By, Role: access.SocialWorker},
	{By: referral.By{Person: "p-dep", Staff: "s-dep"}, Role: access.Head, Deputy: true},
	{By: worker.By, Role: access.ContractedBody, Body: "body"}}

func draw(t *rapid.T) referral.Command {
	on := rapid.Custom(func(t *rapid.T) calendar.Date { return today.AddDays(-rapid.IntRange(-1, 40).Draw(t, "days ago")) })
	yes := rapid.Bool()
	o := order()
	if yes.Draw(t, "order expires") {
		o.ValidUntil = on.Draw(t, "until")
	}
	c := create()
	switch rapid.IntRange(0, 2).Draw(t, "source") {
	case 1:
		c = notice()
	case 2:
		c.Source, c.Orders = familyfile.SourceCourtOrder, []referral.Order{o}
	}
	decision := rapid.SampledFrom([]referral.ConsentDecision{referral.Given, referral.Declined, referral.Withdrawn}).Draw(t, "decision")
	member := rapid.SampledFrom([]string{"m1", "m2", "m3"}).Draw(t, "member")
	organiser := rapid.SampledFrom([]referral.Organiser{{}, {Kind: referral.ContractedBody, Institution: "body", Resolution: "I/1/26", ResolutionOn: day("2026-01-01")}}).Draw(t, "organiser")
	file := rapid.SampledFrom([]string{"f1", "f2", "f3"}).Draw(t, "file")
	return rapid.SampledFrom([]referral.Command{c, referral.Update{ReceivedOn: ptr(on.Draw(t, "received"))}, referral.Reroute{Route: referral.Route{SocialWorker: "s-head"}, Person: "p-head"},
		interview, analysis, consent, request, opinion, approve, // the lawful way, so that depth is reached
		referral.RecordInterview{On: on.Draw(t, "interview")},
		referral.RecordAnalysis{On: on.Draw(t, "analysis"), Needed: yes.Draw(t, "needed"), Interested: yes.Draw(t, "interested"), Reasons: "x", Difficulty: 1},
		referral.RecordConsent{OfferOn: day("2026-03-12"), Consents: []referral.Consent{{Member: member, Decision: decision, SignedOn: on.Draw(t, "signed")}}},
		referral.RecordOrder{Order: o}, referral.RequestAssistant{On: today, Organiser: organiser},
		referral.GiveOpinion{On: today, Favourable: yes.Draw(t, "favourable")},
		referral.Approve{FamilyFile: file, Assistant: rapid.SampledFrom([]string{"", "s-as", "s-sw"}).Draw(t, "assistant"), AssistantBody: "body"},
		referral.FileOpened{FamilyFile: file}, referral.FileRejected{FamilyFile: file}, referral.Return{Reasons: "x"}, referral.Refuse{Reasons: "x"},
		referral.Close{On: today, Reason: rapid.SampledFrom([]referral.ClosureReason{referral.NotNeeded, referral.NotInterested, referral.WithdrawnBySource, referral.AlreadyServed}).Draw(t, "reason")},
		referral.AnswerInstitution{On: today, Outcome: rapid.SampledFrom([]referral.Outcome{referral.Granted, referral.NotGranted}).Draw(t, "outcome")},
	}).Draw(t, "command")
}

// TestMachine runs random commands of random people from every state, and checks after each what must hold of every referral.
func TestMachine(t *testing.T) {
	for from, start := range reaching(t) {
		t.Run("from "+string(from), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				r := start
				for range rapid.IntRange(1, 25).Draw(t, "steps") {
					cmd, actor := draw(t), rapid.SampledFrom(people).Draw(t, "actor")
					before := stored(t, r)
					next, err := referral.Apply(r, cmd, actor, today)
					if !bytes.Equal(before, stored(t, r)) {
						t.Fatalf("%s altered its argument", cmd.Act())
					}
					if err != nil && !bytes.Equal(before, stored(t, next)) {
						t.Fatalf("a refused %s changed the referral", cmd.Act())
					}
					if err == nil {
						lawful(t, r, next, cmd, actor)
						r = next
					}
				}
			})
		})
	}
}

// stored is the referral as the store would have it: a copy that shares nothing.
func stored(t *rapid.T, r referral.Referral) []byte {
	b, err := bson.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func lawful(t *rapid.T, was, r referral.Referral, cmd referral.Command, a referral.Actor) {
	_, ordered := r.OrderOn(today)
	if r.State == referral.Approving && was.State == referral.Requested {
		if r.Interview == nil || r.Analysis == nil || r.Request == nil || r.Opinion == nil || r.FamilyFile == "" {
			t.Fatalf("approved with a step skipped: %+v", r)
		}
		if !ordered && (!r.Consented() || !r.Analysis.Needed || !r.Analysis.Interested) {
			t.Fatalf("approved without consent or order")
		}
		if !ordered && r.Decision.Assistant == "" {
			t.Fatalf("approved without an assistant")
		}
		if a.Person == r.Request.By.Person || a.Person == r.Interview.By.Person || r.Opinion.By.Person == r.Request.By.Person {
			t.Fatalf("%s decided on own work", a.Person)
		}
	}
	if r.State == referral.Approved && was.State != referral.Approved && (was.State != referral.Approving || cmd.Act() != referral.ActFileOpened) {
		t.Fatalf("approved by %s from %s", cmd.Act(), was.State)
	}
	if was.State == referral.Approving && cmd.Act() != referral.ActFileOpened && cmd.Act() != referral.ActFileRejected {
		t.Fatalf("%s while the file is being opened", cmd.Act())
	}
	if r.State == referral.Refused && was.State != referral.Refused && ordered {
		t.Fatalf("a court order was refused")
	}
	if r.Answer != nil && was.Answer == nil && r.Source != familyfile.SourceInstitution {
		t.Fatalf("answered nobody")
	}
	if c := referral.CoverOf(r); c.State != r.State || (c.FamilyFile != "") != (r.State == referral.Approving || r.State == referral.Approved) {
		t.Fatalf("cover %+v of state %s", c, r.State)
	}
	for _, d := range referral.Deadlines(referral.CoverOf(r)) {
		if d.Due.Before(d.Anchor) || d.Basis == "" || d.Open != d.ClosedOn.IsZero() {
			t.Fatalf("term %+v", d)
		}
	}
}
