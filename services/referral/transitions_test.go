package referral_test

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"asysta.example/internal/access"
	"asysta.example/internal/fault"
	"asysta.example/services/referral"
)

var update = flag.Bool("update", false, "rewrite golden files")

// each act with a command that its state would accept.
func commands() map[referral.Act]referral.Command {
	urgent := true
	list := []referral.Command{create(), referral.Update{Urgent: &urgent}, referral.Reroute{Route: referral.Route{SocialWorker: "s-2"}}, interview, analysis, consent,
		referral.RecordOrder{Order: order()}, request, opinion, approve, opened, referral.FileRejected{FamilyFile: "f1"}, referral.Return{Reasons: "x"},
		referral.Refuse{Reasons: "x"}, referral.Close{On: today, Reason: referral.WithdrawnBySource}, referral.AnswerInstitution{On: today, Outcome: referral.HandledOtherwise}}
	m := map[referral.Act]referral.Command{}
	for _, c := range list {
		m[c.Act()] = c
	}
	return m
}

func actorOf(roles []access.Role) referral.Actor {
	switch roles[0] {
	case access.Head:
		return head
	case access.System:
		return system
	}
	return worker
}

// TestOrder tries every act in every state: it is refused exactly where the table has no line for it, and the refusal names step and remedy.
func TestOrder(t *testing.T) {
	states, cmds := reaching(t), commands()
	for _, line := range referral.Transitions {
		cmd, ok := cmds[line.Act]
		if !ok {
			t.Fatalf("no command for %s", line.Act)
		}
		for state, r := range states {
			_, err := referral.Apply(r, cmd, actorOf(line.Roles), today)
			if slices.Contains(line.From, state) {
				if fault.IsReason(err, "NOT_IN_STATE") && line.Act != referral.ActRoute {
					t.Errorf("%s in %q refused as out of order", line.Act, state)
				}
				continue
			}
			if state == referral.None {
				wantFault(t, err, "NOT_FOUND")
				continue
			}
			f := wantFault(t, err, "NOT_IN_STATE")
			if f.Rule != line.Rule || !strings.HasPrefix(f.Polish, "Nie można teraz "+line.Doing+": ") || !strings.HasSuffix(f.Polish, ".") {
				t.Errorf("%s in %s: rule %q, %q", line.Act, state, f.Rule, f.Polish)
			}
		}
	}
}

// TestRoles tries every act in every role that the table does not name for it.
func TestRoles(t *testing.T) {
	states, cmds := reaching(t), commands()
	all := append(append([]access.Role{access.System, access.Any}, access.GminaRoles...), access.CountyRoles...)
	for _, line := range referral.Transitions {
		for _, role := range all {
			if slices.Contains(line.Roles, role) {
				continue
			}
			a := worker
			a.Role = role
			if _, err := referral.Apply(states[line.From[0]], cmds[line.Act], a, today); !fault.IsReason(err, "DENIED") {
				t.Errorf("%s as %s: %v", line.Act, role, err)
			}
		}
	}
}

// TestHeadOfABody tries every act as who heads a contracted body: only those of the addressee are theirs.
func TestHeadOfABody(t *testing.T) {
	states, cmds := reaching(t), commands()
	ngo := referral.Actor{By: body.By, Role: access.Head, Body: body.Body}
	for _, line := range referral.Transitions {
		if !slices.Contains(line.Roles, access.Head) {
			continue
		}
		_, err := referral.Apply(states[line.From[0]], cmds[line.Act], ngo, today)
		if theirs := slices.Contains(line.Roles, access.ContractedBody); theirs == fault.IsReason(err, "DENIED") {
			t.Errorf("%s by the head of a body: %v", line.Act, err)
		}
	}
	if got := referral.Allowed(states[referral.Requested], ngo, []access.Role{access.Head}); len(got) != 0 {
		t.Errorf("a body that was not asked is offered %v", got)
	}
}

func TestMermaid(t *testing.T) {
	const golden = "testdata/states.mmd"
	if *update {
		if err := os.WriteFile(golden, []byte(referral.Mermaid()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got := referral.Mermaid(); got != string(want) {
		t.Errorf("the diagram changed (-update to accept):\n%s", got)
	}
}

func TestAllowed(t *testing.T) {
	states := reaching(t)
	for _, tc := range []struct {
		name  string
		state referral.State
		actor referral.Actor
		roles []access.Role
		want  []string
	}{
		{"social worker, received", referral.Received, worker, []access.Role{access.SocialWorker}, []string{"UpdateReferral", "RecordInterview", "RecordCourtOrder", "CloseReferral"}},
		{"head, received", referral.Received, head, []access.Role{access.Head}, []string{"UpdateReferral", "RouteReferral", "RecordCourtOrder"}},
		{"head, requested", referral.Requested, head, []access.Role{access.Head}, []string{"RouteReferral", "RecordCourtOrder", "GiveOpinion", "ApproveReferral", "ReturnReferral", "RefuseReferral"}},
		{"requester who is head too", referral.Requested, referral.Actor{By: worker.By, Role: access.Head}, []access.Role{access.Head}, []string{"RouteReferral", "RecordCourtOrder"}},
		{"body that was not asked", referral.Requested, body, []access.Role{access.ContractedBody}, nil},
		{"approving", referral.Approving, head, []access.Role{access.Head, access.SocialWorker}, nil},
		{"approved, nobody waits for an answer", referral.Approved, worker, []access.Role{access.SocialWorker}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := referral.Allowed(states[tc.state], tc.actor, tc.roles); !slices.Equal(got, tc.want) {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}
