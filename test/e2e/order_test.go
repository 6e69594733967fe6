package e2e

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"go.yaml.in/yaml/v3"

	"asysta.example/internal/familyfile"
	"asysta.example/internal/scenario"
	"asysta.example/services/casefile"
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
	"assessment": func(act, state string) (bool, bool) {
		return planLine(planning.AssessmentTransitions, act, state)
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

func (m machine) act(t *testing.T, id string) scenario.Step {
	t.Helper()
	i := slices.IndexFunc(m.Acts, func(s scenario.Step) bool { return s.ID == id })
	if i < 0 {
		t.Fatalf("%s: the table of tests has no act %s", m.Name, id)
	}
	s := m.Acts[i]
	s.Title = id
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

// lead goes a way from nothing to a state. ${it} is the resource that its first act made; answers stay known under the act's name.
func (c *county) lead(t *testing.T, m machine, way []string) {
	t.Helper()
	for i, id := range way {
		answer := c.do(c.grpc(), m.act(t, id))
		if i == 0 {
			c.vars["it"] = answer["name"]
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
				step := s
				step.Title = s.ID
				got := c.tried(t, ways[way], step)
				c.unchanged(t, before)
				switch {
				case got == nil:
					t.Error("carried out in a state that does not allow it")
				case got.Code == "PERMISSION_DENIED":
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
