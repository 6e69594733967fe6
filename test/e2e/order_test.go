package e2e

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"asysta.example/internal/access"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/scenario"
	"asysta.example/services/casefile"
	"asysta.example/services/casefile/workcard"
	"asysta.example/services/planning"
	"asysta.example/services/referral"
)

// machine is one service's table as the outside sees it.
type machine struct {
	Name    string              `yaml:"name"`
	Refusal string              `yaml:"refusal"` // reason of every refusal; "" where they differ
	States  map[string][]string `yaml:"states"`  // acts that lead to the state, from nothing
	Acts    []scenario.Step     `yaml:"acts"`
}

// tables say whether a service's table lists an act at all, and whether it allows it in a state.
var tables = map[string]func(act, state string) (listed, allowed bool){
	"referral": func(act, state string) (bool, bool) {
		line, ok := referral.Line(referral.Act(act))
		return ok, slices.Contains(line.From, referral.State(state))
	},
	"casefile": func(act, state string) (bool, bool) {
		line, ok := casefile.Line(casefile.Name(act))
		return ok, slices.Contains(line.From, familyfile.State(state))
	},
	"plan": func(act, state string) (bool, bool) { return planLine(planning.PlanTransitions, act, state) },
	"plan-outside": func(act, _ string) (bool, bool) { // a plan is made in cooperation alone
		listed, _ := planLine(planning.PlanTransitions, act, "")
		return listed, false
	},
	"assessment": func(act, state string) (listed, allowed bool) {
		if listed, allowed = planLine(planning.AssessmentTransitions, act, state); act == string(planning.ActAssess) {
			allowed = state != string(planning.Drafting) // it begins another one, which only an open one forbids
		}
		return listed, allowed
	},
	"workcard": func(act, state string) (listed, allowed bool) {
		for _, line := range workcard.Acts {
			if line.Command == act && (line.Kinds == nil || slices.Contains(line.Kinds, workcard.Meeting)) {
				listed, allowed = true, slices.Contains(line.States, familyfile.State(state))
			}
		}
		return listed, allowed
	},
}

func planLine(table []planning.Transition, act, state string) (listed, allowed bool) {
	for _, line := range table {
		if string(line.Act) == act {
			listed = true
			allowed = allowed || slices.Contains(line.From, planning.Stage(state))
		}
	}
	return listed, allowed
}

func machines(t *testing.T) []machine {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", "orders.yaml"))
	must(t, err)
	var file struct {
		Machines []machine `yaml:"machines"`
	}
	must(t, yaml.Unmarshal(raw, &file))
	return file.Machines
}

// act finds an act of the machine, or one that another machine has for its ways.
func (m machine) act(t *testing.T, id string) scenario.Step {
	t.Helper()
	for _, from := range append([]machine{m}, machines(t)...) {
		if i := slices.IndexFunc(from.Acts, func(s scenario.Step) bool { return s.ID == id }); i >= 0 && (from.Name == m.Name || from.Name != "referral") {
			s := from.Acts[i]
			return playable(s)
		}
	}
	t.Fatalf("%s: the table of tests has no act %s", m.Name, id)
	return scenario.Step{}
}

// playable makes a step of an act, whose name may stand in a request id.
func playable(s scenario.Step) scenario.Step {
	s.Title, s.ID = s.ID, strings.ReplaceAll(s.ID, "_", "-")
	return s
}

// TestOrders tries, from every state that can be reached over the contract, every act that the service's table does not allow there, over gRPC and REST.
func TestOrders(t *testing.T) {
	c := newCounty(t, "county.yaml")
	for _, m := range machines(t) {
		cells := 0
		for _, state := range slices.Sorted(maps.Keys(m.States)) {
			c.lead(t, m, m.States[state])
			cells += c.forbidden(t, m, state)
		}
		if cells == 0 {
			t.Errorf("%s: no cell tried", m.Name)
		}
		t.Logf("%s: %d states, %d forbidden cells", m.Name, len(m.States), cells)
	}
}

// TestOrdersKnowEveryAct holds the table of tests to the services' tables: an act that is added there is tried here.
func TestOrdersKnowEveryAct(t *testing.T) {
	byHand := []string{
		string(referral.ActCreate), string(casefile.NameTakeOver), // beginnings: no state of a resource forbids them
		string(planning.ActPublish), string(planning.ActReview), // allowed in every state
	}
	known := byHand
	for _, m := range machines(t) {
		for _, s := range m.Acts {
			known = append(known, s.ID)
		}
	}
	check := func(act string, roles []access.Role) {
		if !slices.Contains(known, act) && !slices.Equal(roles, []access.Role{access.System}) {
			t.Errorf("no request for %s in testdata/orders.yaml", act)
		}
	}
	for _, line := range referral.Transitions {
		check(string(line.Act), line.Roles)
	}
	for _, line := range casefile.Transitions {
		check(string(line.Command), line.Roles)
	}
	for _, line := range slices.Concat(planning.PlanTransitions, planning.AssessmentTransitions) {
		check(string(line.Act), line.Roles)
	}
}

// lead goes a way from nothing to a state. ${it} is the resource that its first act made, ${assessment} its assessment, ${etag} and ${hash} what the last act
// answered; where there is none they name nothing that exists.
func (c *county) lead(t *testing.T, m machine, way []string) {
	t.Helper()
	for i, id := range way {
		answer := c.do(c.grpc(), m.act(t, id))
		if i == 0 {
			c.vars["it"] = answer["name"]
			c.vars["assessment"] = fmt.Sprintf("%v/assessments/01hzzzzzzzzzzzzzzzzzzzzzzz", answer["name"])
			c.vars["hash"] = strings.Repeat("0", 64)
		}
		c.vars["etag"] = answer["etag"]
		if hash, ok := answer["contentHash"]; ok {
			c.vars["hash"] = hash
		}
		if id == "CREATE_ASSESSMENT" {
			c.vars["assessment"] = answer["name"]
		}
	}
}

// forbidden tries what the table does not allow in the state and counts the cells.
func (c *county) forbidden(t *testing.T, m machine, state string) (cells int) {
	t.Helper()
	ways := c.transports()
	for _, s := range m.Acts {
		listed, allowed := tables[m.Name](s.ID, state)
		if !listed || allowed {
			continue
		}
		for _, way := range slices.Sorted(maps.Keys(ways)) {
			cells++
			t.Run(m.Name+"/"+state+"/"+s.ID+"/"+way, func(t *testing.T) {
				before := c.holding(t)
				got := c.tried(t, ways[way], playable(s))
				c.unchanged(t, before)
				switch {
				case got == nil:
					t.Error("carried out in a state that does not allow it")
				case got.Code == "PERMISSION_DENIED" || got.Code == "NOT_FOUND": // not theirs in this state, or not there yet
				case got.Code != "FAILED_PRECONDITION" || m.Refusal != "" && got.Reason != m.Refusal:
					t.Errorf("refused as %s %s: %s", got.Code, got.Reason, got.Polish)
				default:
					sentence(t, got.Polish)
				}
			})
		}
	}
	return cells
}
