// Package docs_test keeps the derived parts of the documentation equal to the code they come from. Run `go test ./docs -update` to bring them up to date.
package docs_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/reflect/protoreflect"

	"asysta.example/cmd/asysta/suite"
	"asysta.example/internal/testkit/contract"
	"asysta.example/internal/testkit/ledger"
	_ "asysta.example/proto/gen/asysta/casefile/v1"
	_ "asysta.example/proto/gen/asysta/directory/v1"
	optionsv1 "asysta.example/proto/gen/asysta/options/v1"
	_ "asysta.example/proto/gen/asysta/planning/v1"
	_ "asysta.example/proto/gen/asysta/referral/v1"
	_ "asysta.example/proto/gen/asysta/reporting/v1"
	"asysta.example/services/casefile"
	"asysta.example/services/casefile/caseload"
	"asysta.example/services/planning"
	"asysta.example/services/referral"
)

var update = flag.Bool("update", false, "rewrite the derived parts of the documentation")

// derived replaces what stands between the markers of a part in a file, or compares it.
func derived(t *testing.T, file, part, want string) {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	begin, end := "<!-- begin "+part+" -->\n", "<!-- end "+part+" -->"
	head, rest, ok := strings.Cut(string(raw), begin)
	got, tail, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("%s has no part %q", file, part)
	}
	if *update {
		if err := os.WriteFile(file, []byte(head+begin+want+end+tail), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s is stale, run `go test ./docs -update`:\n%s", file, diff)
	}
}

// edge is an arrow of a state diagram; "" is the beginning or end.
type edge struct{ from, to, label string }

// diagram draws a state machine; acts that keep the state are listed below the arrows of their states.
func diagram(title string, edges []edge) string {
	var b strings.Builder
	fmt.Fprintf(&b, "### %s\n\n```mermaid\nstateDiagram-v2\n", title)
	labels := map[[2]string][]string{}
	var order [][2]string
	stay := map[string][]string{}
	var states []string
	for _, e := range edges {
		if e.from == e.to {
			if stay[e.from] == nil {
				states = append(states, e.from)
			}
			stay[e.from] = appendNew(stay[e.from], e.label)
			continue
		}
		k := [2]string{e.from, e.to}
		if labels[k] == nil {
			order = append(order, k)
		}
		labels[k] = appendNew(labels[k], e.label)
	}
	for _, k := range order {
		fmt.Fprintf(&b, "    %s --> %s: %s\n", node(k[0]), node(k[1]), strings.Join(labels[k], " / "))
	}
	b.WriteString("```\n\n")
	for _, s := range states {
		fmt.Fprintf(&b, "* `%s` stays on: %s\n", s, strings.Join(stay[s], ", "))
	}
	return b.String() + "\n"
}

func node(s string) string {
	if s == "" {
		return "[*]"
	}
	return s
}

func appendNew(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

func TestStateDiagrams(t *testing.T) {
	var b strings.Builder
	b.WriteString("\n")
	var edges []edge
	for _, tr := range referral.Transitions {
		for _, from := range tr.From {
			edges = append(edges, edge{string(from), target(string(tr.To), string(from)), string(tr.Act)})
		}
	}
	b.WriteString(diagram("Referral (steps 1 to 7)", edges))
	edges = nil
	for _, tr := range casefile.Transitions {
		for _, from := range tr.From {
			if len(tr.To) == 0 {
				edges = append(edges, edge{string(from), string(from), string(tr.Command)})
			}
			for _, to := range tr.To {
				edges = append(edges, edge{string(from), string(to), string(tr.Command)})
			}
		}
	}
	b.WriteString(diagram("Family file (steps 6 to 21)", edges))
	b.WriteString(diagram("Plan of work (steps 12 and 13)", planEdges(planning.PlanTransitions)))
	b.WriteString(diagram("Periodic assessment (step 15)", planEdges(planning.AssessmentTransitions)))
	edges = nil
	for _, tr := range caseload.Transitions {
		edges = append(edges, edge{string(tr.From), string(tr.To), tr.Command})
	}
	b.WriteString(diagram("Place in an assistant's caseload", edges))
	derived(t, "ARCHITECTURE.md", "states", b.String())
}

func target(to, from string) string {
	if to == "" {
		return from
	}
	return to
}

func planEdges(ts []planning.Transition) []edge {
	var edges []edge
	for _, tr := range ts {
		for _, from := range tr.From {
			to := string(tr.To)
			if to == "" && tr.Act != planning.ActDiscard {
				to = string(from)
			}
			edges = append(edges, edge{string(from), to, string(tr.Act)})
		}
	}
	return edges
}

// methods gives every method of the contract, service by service, in the order in which the service has them.
func methods(t *testing.T) []*contract.Method {
	t.Helper()
	all, err := contract.Methods()
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(all, func(a, b *contract.Method) int {
		if by := strings.Compare(string(a.Parent().FullName()), string(b.Parent().FullName())); by != 0 {
			return by
		}
		return a.Index() - b.Index()
	})
	return all
}

var columns = []struct {
	role  optionsv1.Role
	title string
}{
	{optionsv1.Role_ROLE_SOCIAL_WORKER, "social worker"}, {optionsv1.Role_ROLE_ASSISTANT, "assistant"}, {optionsv1.Role_ROLE_HEAD, "head"},
	{optionsv1.Role_ROLE_CONTRACTED_BODY, "art. 190 body"}, {optionsv1.Role_ROLE_COORDINATOR, "coordinator"},
	{optionsv1.Role_ROLE_COUNTY_REPORTING, "reporting"}, {optionsv1.Role_ROLE_COUNTY_ADMINISTRATOR, "administrator"},
	{optionsv1.Role_ROLE_AUDITOR, "auditor"}, {optionsv1.Role_ROLE_SYSTEM, "system"},
}

func TestAccessMatrix(t *testing.T) {
	var b strings.Builder
	service := protoreflect.FullName("")
	for _, m := range methods(t) {
		if m.Parent().FullName() != service {
			service = m.Parent().FullName()
			fmt.Fprintf(&b, "\n## %s\n\n| method | REST |", service)
			for _, c := range columns {
				b.WriteString(" " + c.title + " |")
			}
			b.WriteString(" objects | notes |\n|---|---|" + strings.Repeat(":-:|", len(columns)) + "---|---|\n")
		}
		p := m.Permission
		if p == nil {
			t.Fatalf("%s has no permission", m.FullName())
		}
		fmt.Fprintf(&b, "| %s | %s |", m.Name(), path(m))
		for _, c := range columns {
			mark := " "
			if slices.Contains(p.GetRoles(), c.role) || (slices.Contains(p.GetRoles(), optionsv1.Role_ROLE_ANY) && c.role != optionsv1.Role_ROLE_SYSTEM) {
				mark = "●"
			}
			b.WriteString(" " + mark + " |")
		}
		fmt.Fprintf(&b, " %s | %s |\n", objects(p), notes(p))
	}
	derived(t, "ACCESS.md", "matrix", b.String()+"\n")
}

func path(m *contract.Method) string {
	if m.Verb == "" {
		return "–"
	}
	return "`" + m.Verb + " " + m.Template + "`"
}

func objects(p *optionsv1.Permission) string {
	var out []string
	for _, r := range p.GetObjectRules() {
		out = append(out, strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(r.String(), "OBJECT_RULE_"), "_", " ")))
	}
	return strings.Join(out, ", ")
}

func notes(p *optionsv1.Permission) string {
	var out []string
	if p.GetMutation() {
		out = append(out, "changes")
	}
	if p.GetReadsFamilyData() {
		out = append(out, "reading is logged")
	}
	if who := p.GetPurposeOf(); len(who) > 0 && len(who) == len(p.GetRoles()) {
		out = append(out, "states a purpose")
	} else if len(who) > 0 {
		var names []string
		for _, r := range who {
			names = append(names, strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(r.String(), "ROLE_"), "_", " ")))
		}
		out = append(out, strings.Join(names, ", ")+" states a purpose")
	}
	return strings.Join(out, ", ")
}

func TestSettings(t *testing.T) {
	var b strings.Builder
	b.WriteString("\n| setting | default | meaning |\n|---|---|---|\n")
	for _, s := range suite.Settings() {
		byDefault := "–"
		if s.Default != "" {
			byDefault = "`" + s.Default + "`"
		}
		fmt.Fprintf(&b, "| `%s%s` | %s | %s |\n", suite.Prefix, s.Name, byDefault, strings.ReplaceAll(s.Help, "|", `\\|`))
	}
	derived(t, "OPERATIONS.md", "settings", b.String()+"\n")
}

// TestProofs keeps the table of latest runs, and gives every proof its section.
func TestProofs(t *testing.T) {
	entries, err := ledger.Read("proofs.csv")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("\n| proof | what came out | command | took | when | commit | on |\n|---|---|---|---|---|---|---|\n")
	cell := strings.NewReplacer("|", `\|`, "\n", " ")
	for _, e := range ledger.Latest(entries) {
		fmt.Fprintf(&b, "| [%s](#%s) | %s | `%s` | %s | %s | %s | %s, %d processors |\n",
			e.Proof, e.Proof, cell.Replace(e.Figures), cell.Replace(e.Command), e.Took, e.Date, e.Commit, e.Go, e.CPUs)
	}
	derived(t, "PROOFS.md", "runs", b.String()+"\n")
	raw, err := os.ReadFile("PROOFS.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, proof := range ledger.Proofs {
		if strings.Count(string(raw), "\n## "+proof+"\n") != 1 {
			t.Errorf("PROOFS.md has not one section %s", proof)
		}
	}
}
