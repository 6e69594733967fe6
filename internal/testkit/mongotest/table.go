package mongotest

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// Shard is how a collection is spread over the shards of a cluster.
type Shard struct {
	Field  string // the shard key
	Hashed bool   // by hash, else by range
}

// Shards says how each collection that grows with the number of families is spread; the others are small and stay on one shard. A shard key must be a
// function of the _id, because a server keeps an _id unique within a shard only, and on unique keys everything rests: who inserts a key first has decided.
var Shards = map[string]Shard{
	"journal":     {"_id", false}, // "<kind>/<id>@<version>": the commits of an aggregate lie together and are read in the order of their keys
	"feed":        {"_id", false}, // "<feed>@<position>"
	"outbox":      {"_id", true},
	"access":      {"_id", true},
	"fileKeys":    {"_id", true},
	"familyFiles": {"_id", true},
	"referrals":   {"_id", true},
	"childPlans":  {"_id", true},
}

// recordShard is that of all collections of records, whose _id is "<file>/<id>": what belongs to one file lies together.
var recordShard = Shard{"file", true}

// Records are the collections of records.
var Records = []string{"assessments", "childPlanDocs", "contacts", "corrections", "courtMatters", "interventions", "monitorNotes", "planVersions", "visits"}

// ShardOf says how a collection is spread; false: it is not.
func ShardOf(collection string) (Shard, bool) {
	if slices.Contains(Records, collection) {
		return recordShard, true
	}
	s, ok := Shards[collection]
	return s, ok
}

// Reach says which shards a query goes to.
func (q Query) Reach() string {
	s, sharded := ShardOf(q.Collection)
	switch {
	case !sharded:
		return "one: not spread"
	case slices.Contains(q.Equal, s.Field), slices.Contains(q.Within, s.Field):
		return "one"
	case q.Range == s.Field && !s.Hashed:
		return "one, where the range lies"
	case slices.Contains(q.Equal, "_id"):
		return "all, by key"
	}
	return "all"
}

// Table gives queries as a table in Markdown. Pages that go on from the last key of the page before are not told apart from first pages.
func Table(queries []Query) string {
	var rows []string
	commands := map[string][]string{}
	for _, q := range queries {
		row := fmt.Sprintf("| %s | `%s` | %s | %s | %s | %%s | %s |\n", q.Collection, q.Index, list(q.Equal), list([]string{q.Range}), list(q.Sort), q.Reach())
		if commands[row] == nil {
			rows = append(rows, row)
		}
		if !slices.Contains(commands[row], q.Command) {
			commands[row] = append(commands[row], q.Command)
		}
	}
	var b strings.Builder
	b.WriteString("| collection | index | equal | bounded | order | asked by | shards asked |\n|---|---|---|---|---|---|---|\n")
	for _, row := range rows {
		slices.Sort(commands[row])
		fmt.Fprintf(&b, row, strings.Join(commands[row], ", "))
	}
	return b.String()
}

func list(fields []string) string {
	var out []string
	for _, f := range fields {
		if f != "" {
			out = append(out, "`"+f+"`")
		}
	}
	return strings.Join(out, ", ")
}

// Documented compares queries with the tables in a file of the documentation, in which each must stand, whatever part of it says so: by collection, index and
// the fields that equal. With update it writes them into the part between "<!-- begin PART -->" and "<!-- end PART -->" instead.
func Documented(tb testing.TB, file, part string, queries []Query, update bool) {
	tb.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		tb.Fatal(err)
	}
	begin, end := "<!-- begin "+part+" -->\n", "<!-- end "+part+" -->"
	head, rest, ok := strings.Cut(string(raw), begin)
	_, tail, closed := strings.Cut(rest, end)
	if !ok || !closed {
		tb.Fatalf("%s has no part %q", file, part)
	}
	table := Table(queries)
	if update {
		if err := os.WriteFile(file, []byte(withShards(head+begin+table+end+tail)), 0o600); err != nil {
			tb.Fatal(err)
		}
		return
	}
	if withShards(string(raw)) != string(raw) {
		tb.Errorf("the shard keys in %s are stale; run this test with -update", file)
	}
	known := map[string]bool{}
	for line := range strings.Lines(string(raw)) {
		known[firstColumns(line)] = true
	}
	for line := range strings.Lines(table) {
		if !known[firstColumns(line)] {
			tb.Errorf("%s does not have this query; run this test with -update:\n%s", file, line)
		}
	}
}

// withShards writes the commands that shard a database between the markers of the part "shards".
func withShards(doc string) string {
	begin, end := "<!-- begin shards -->\n", "<!-- end shards -->"
	head, rest, ok := strings.Cut(doc, begin)
	_, tail, closed := strings.Cut(rest, end)
	if !ok || !closed {
		return doc
	}
	var b strings.Builder
	b.WriteString("```js\n// in mongosh, connected to mongos, after `asysta migrate` and before the first family\nsh.enableSharding(\"asysta\")\n")
	for _, c := range append(slices.Sorted(maps.Keys(Shards)), Records...) {
		s, _ := ShardOf(c)
		key := `1`
		if s.Hashed {
			key = `"hashed"`
		}
		fmt.Fprintf(&b, "sh.shardCollection(\"asysta.%s\", {%q: %s})\n", c, s.Field, key)
	}
	b.WriteString("```\n")
	return head + begin + b.String() + end + tail
}

// firstColumns are those that say what is asked.
func firstColumns(row string) string {
	columns := strings.Split(row, "|")
	return strings.Join(columns[:min(4, len(columns))], "|")
}
