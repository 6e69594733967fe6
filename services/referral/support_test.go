package referral_test

import (
	"testing"

	"asysta.example/internal/access"
	"asysta.example/internal/calendar"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/fault"
	"asysta.example/internal/seal"
	"asysta.example/services/referral"
)

var (
	today  = calendar.MustParse("2026-03-31")
	worker = referral.Actor{By: referral.By{Person: "p-sw", Staff: "s-sw"}, Role: access.SocialWorker}
	head   = referral.Actor{By: referral.By{Person: "p-head", Staff: "s-head"}, Role: access.Head}
	system = referral.Actor{Role: access.System}
	body   = referral.Actor{By: referral.By{Person: "p-body", Staff: "s-body"}, Role: access.ContractedBody, Body: "body"}
)

func day(s string) calendar.Date { return calendar.MustParse(s) }

func create() referral.Create {
	return referral.Create{
		ReceivedOn: day("2026-03-02"), Source: familyfile.SourceOwnDiagnosis,
		Members: []referral.Member{
			{Role: referral.Mother, GivenName: "Anna", FamilyName: "Świątek", Authority: true, Pesel: seal.Value{Cipher: []byte{1}, GminaHash: "h1"}, BornOn: day("1990-05-05")},
			{Role: referral.Partner, GivenName: "Jan", FamilyName: "Kowal"},
			{Role: referral.Child, GivenName: "Ola", FamilyName: "Świątek", BornOn: day("2020-01-31")},
		},
		Address: referral.Address{Place: "Radziłów", Street: "ul. Polna 4/2"}, Reason: "trudności w opiece nad dzieckiem",
		Route: referral.Route{Area: "a1", SocialWorker: "s-sw"}, RoutePerson: "p-sw",
	}
}

func notice() referral.Create {
	c := create()
	c.Source, c.Notice = familyfile.SourceInstitution, &referral.Notice{Institution: "school", CaseReference: "SP.7"}
	return c
}

func order() referral.Order {
	return referral.Order{ID: "o1", Court: "Sąd Rejonowy", CaseNumber: "III Nsm 1/26", OrderedOn: day("2026-02-20")}
}

var (
	interview = referral.RecordInterview{On: day("2026-03-10")}
	analysis  = referral.RecordAnalysis{On: day("2026-03-11"), Needed: true, Interested: true, Reasons: "potrzebne wsparcie", Difficulty: 2}
	consent   = referral.RecordConsent{OfferOn: day("2026-03-12"), Consents: []referral.Consent{
		{Member: "m1", Decision: referral.Given, SignedOn: day("2026-03-12")}, {Member: "m2", Decision: referral.Declined, SignedOn: day("2026-03-12")}}}
	request = referral.RequestAssistant{On: day("2026-03-13")}
	opinion = referral.GiveOpinion{On: day("2026-03-16"), Favourable: true}
	approve = referral.Approve{FamilyFile: "f1", Assistant: "s-as", AssistantPerson: "p-as"}
	opened  = referral.FileOpened{FamilyFile: "f1"}
)

// step is one command of a way through the procedure.
type step struct {
	cmd   referral.Command
	actor referral.Actor
}

func by(a referral.Actor, cmds ...referral.Command) []step {
	var steps []step
	for _, c := range cmds {
		steps = append(steps, step{c, a})
	}
	return steps
}

// tb is what a test and a property have in common.
type tb interface {
	Helper()
	Fatalf(format string, args ...any)
}

// way goes through steps that must all succeed.
func way(t tb, steps ...[]step) referral.Referral {
	t.Helper()
	var r referral.Referral
	for _, list := range steps {
		for _, s := range list {
			next, err := referral.Apply(r, s.cmd, s.actor, today)
			if err != nil {
				t.Fatalf("%s in %q: %v", s.cmd.Act(), r.State, err)
			}
			r = next
		}
	}
	return r
}

// reaching gives a referral in each state, reached lawfully.
func reaching(t testing.TB) map[referral.State]referral.Referral {
	t.Helper()
	asked := by(worker, create(), interview, analysis, consent, request)
	return map[referral.State]referral.Referral{
		referral.None:        {},
		referral.Received:    way(t, asked[:1]),
		referral.Interviewed: way(t, asked[:2]),
		referral.Analysed:    way(t, asked[:4]),
		referral.Requested:   way(t, asked, by(head, opinion)),
		referral.Approving:   way(t, asked, by(head, opinion, approve)),
		referral.Approved:    way(t, asked, by(head, opinion, approve), by(system, opened)),
		referral.Returned:    way(t, asked, by(head, referral.Return{Reasons: "uzupełnić"})),
		referral.Refused:     way(t, asked, by(head, referral.Refuse{Reasons: "brak podstaw"})),
		referral.Closed:      way(t, asked[:1], by(worker, referral.Close{On: today, Reason: referral.WithdrawnBySource})),
	}
}

func wantFault(t *testing.T, err error, reason string) fault.Error {
	t.Helper()
	f, ok := fault.As(err)
	if !ok || f.Reason != reason {
		t.Fatalf("got %v, want fault %s", err, reason)
	}
	return *f
}
