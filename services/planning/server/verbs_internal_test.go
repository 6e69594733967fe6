package server

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/reflect/protoreflect"

	contract "asysta.example/proto"
	planningv1 "asysta.example/proto/gen/asysta/planning/v1"

	"asysta.example/services/planning"
)

// described finds what the contract says a word of allowed_actions stands for: "adopt" (AdoptPlan).
var described = regexp.MustCompile(`"(\w+)" \((\w+)\)`)

// The words that the answers of this service give in allowed_actions are released with the contract and so stay what they are. They are no names of methods, so that each
// field's description says which method each word stands for.
func TestAllowedActionsAreThoseOfTheContract(t *testing.T) {
	var doc struct {
		Definitions map[string]struct {
			Properties map[string]struct{ Description string }
		}
	}
	if err := json.Unmarshal(contract.OpenAPI, &doc); err != nil {
		t.Fatal(err)
	}
	methods := map[protoreflect.Name]bool{}
	services := planningv1.File_asysta_planning_v1_planning_proto.Services()
	of := []protoreflect.ServiceDescriptor{services.Get(0), planningv1.File_asysta_planning_v1_coordination_proto.Services().Get(0)}
	for _, s := range of {
		for i := range s.Methods().Len() {
			methods[s.Methods().Get(i).Name()] = true
		}
	}
	elsewhere := map[planning.Act]bool{planning.ActLink: true, planning.ActSignOff: true, planning.ActPublish: true, planning.ActReview: true}
	for definition, given := range map[string]map[string]bool{
		"Plan":         wordsOf(planning.PlanTransitions, func(a planning.Act) bool { return !elsewhere[a] }),
		"Coordination": wordsOf(planning.PlanTransitions, func(a planning.Act) bool { return a == planning.ActLink || a == planning.ActSignOff }),
		"Assessment":   wordsOf(planning.AssessmentTransitions, func(a planning.Act) bool { return a != planning.ActAssess }),
		"ChildPlan":    {"publish": true, "recordReview": true},
	} {
		var said []string
		for _, m := range described.FindAllStringSubmatch(doc.Definitions[definition].Properties["allowedActions"].Description, -1) {
			said = append(said, m[1])
			if !methods[protoreflect.Name(m[2])] {
				t.Errorf("%s: %q stands for %s, which is no method", definition, m[1], m[2])
			}
		}
		slices.Sort(said)
		if diff := cmp.Diff(slices.Sorted(maps.Keys(given)), said); diff != "" {
			t.Errorf("%s: given and described differ:\n%s", definition, diff)
		}
	}
}

// wordsOf gives the words of a table's acts.
func wordsOf(table []planning.Transition, mine func(planning.Act) bool) map[string]bool {
	out := map[string]bool{}
	for _, t := range table {
		if mine(t.Act) {
			out[verbs[t.Act]] = true
		}
	}
	return out
}
