package mongotest

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Query is one way in which something was asked of a collection, and how an index serves it.
type Query struct {
	Collection string
	Command    string
	Use
}

// seen has all queries of all tests of this process.
var seen = struct {
	sync.Mutex
	queries map[string]Query
}{queries: map[string]Query{}}

// Queries gives every query that tests of this process have sent so far, each once, in the order of collection, index and form.
func Queries() []Query {
	seen.Lock()
	defer seen.Unlock()
	var keys []string
	for key := range seen.queries {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	var all []Query
	for _, key := range keys {
		all = append(all, seen.queries[key])
	}
	return all
}

// Record puts a recorder between the drivers of a test and a server at "host:port", until the test ends, and gives the address at which they find it. The test
// fails where a query was sent that no index of its collection serves. Indexes are those that the recorder saw being made.
func Record(tb testing.TB, server string) string {
	tb.Helper()
	r := &recorder{indexes: map[string][]Index{}, faults: map[string]bool{}}
	t, err := newTap(server, r.see, func(err error) { r.fault("recorder: " + err.Error()) })
	if err != nil {
		tb.Fatalf("mongotest: %v", err)
	}
	tb.Cleanup(func() {
		t.close()
		for fault := range r.faults {
			tb.Errorf("mongotest: %s", fault)
		}
	})
	return t.lis.Addr().String()
}

// recorder judges the commands of one test.
type recorder struct {
	mu      sync.Mutex
	indexes map[string][]Index // by "database.collection"
	faults  map[string]bool
}

func (r *recorder) fault(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.faults[text] = true
}

// asked are the commands with a filter, and where it lies: in the body, or in each document of a sequence.
var asked = map[string]struct{ filter, sort, sequence string }{
	"find":          {"filter", "sort", ""},
	"count":         {"query", "", ""},
	"distinct":      {"query", "", ""},
	"findAndModify": {"query", "sort", ""},
	"update":        {"q", "", "updates"},
	"delete":        {"q", "", "deletes"},
}

// silent are commands that look for nothing in a collection.
var silent = []string{
	"hello", "isMaster", "ismaster", "ping", "buildInfo", "endSessions", "killCursors", "getMore", "create", "drop", "dropDatabase", "listIndexes",
	"listCollections", "listDatabases", "saslStart", "saslContinue",
}

func (r *recorder) see(c command) {
	place := c.database + "." + c.collection
	switch c.name {
	case "createIndexes":
		r.made(place, c.body)
	case "dropIndexes":
		r.dropped(place, c.body)
	case "aggregate":
		r.aggregate(c, place)
	case "insert":
		r.placed(c)
	default:
		at, ok := asked[c.name]
		if !ok {
			if !slices.Contains(silent, c.name) {
				r.fault(c.name + ": a command that nobody has said to be without a query")
			}
			return
		}
		bodies := []bson.Raw{c.body}
		if at.sequence != "" {
			bodies = documents(c, at.sequence)
		}
		for _, body := range bodies {
			sort, _ := body.Lookup(at.sort).DocumentOK()
			filter, _ := body.Lookup(at.filter).DocumentOK()
			r.judge(c, place, filter, sort)
		}
	}
}

// documents gives those of a sequence, which may stand in the body too.
func documents(c command, name string) []bson.Raw {
	out := c.sequences[name]
	if list, ok := c.body.Lookup(name).ArrayOK(); ok {
		values, _ := list.Values()
		for _, v := range values {
			out = append(out, v.Document())
		}
	}
	return out
}

func (r *recorder) made(place string, body bson.Raw) {
	list, _ := body.Lookup("indexes").Array().Values()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, v := range list {
		ix := Index{Name: v.Document().Lookup("name").StringValue()}
		keys, _ := v.Document().Lookup("key").Document().Elements()
		for _, k := range keys {
			ix.Fields = append(ix.Fields, k.Key())
		}
		r.indexes[place] = append(r.indexes[place], ix)
	}
}

func (r *recorder) dropped(place string, body bson.Raw) {
	name, _ := body.Lookup("index").StringValueOK()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.indexes[place] = slices.DeleteFunc(r.indexes[place], func(ix Index) bool { return ix.Name == name })
}

// aggregate judges a pipeline by the stages that look for something: they must come first. What counts, cuts and projects is let through.
func (r *recorder) aggregate(c command, place string) {
	stages, _ := c.body.Lookup("pipeline").Array().Values()
	var filter, sort bson.Raw
	for i, v := range stages {
		stage, err := v.Document().Elements()
		if err != nil || len(stage) != 1 {
			r.fault("aggregate of " + c.collection + ": a stage that cannot be read")
			return
		}
		switch key := stage[0].Key(); {
		case key == "$match" && i == 0:
			filter = stage[0].Value().Document()
		case key == "$sort" && i <= 1:
			sort = stage[0].Value().Document()
		case slices.Contains([]string{"$skip", "$limit", "$group", "$project"}, key):
		default:
			r.fault(fmt.Sprintf("aggregate of %s: stage %d is %s", c.collection, i, key))
		}
	}
	r.judge(c, place, filter, sort)
}

// placed checks that the _id of what is inserted begins with the shard key of its collection: else one _id could live on two shards.
func (r *recorder) placed(c command) {
	s, sharded := ShardOf(c.collection)
	if !sharded || s.Field == "_id" {
		return
	}
	for _, doc := range documents(c, "documents") {
		key, _ := doc.Lookup(s.Field).StringValueOK()
		if id, _ := doc.Lookup("_id").StringValueOK(); key != "" && !strings.HasPrefix(id, key+"/") {
			r.fault(fmt.Sprintf("insert into %s: the _id does not begin with the shard key %q", c.collection, s.Field))
		}
	}
}

func (r *recorder) judge(c command, place string, filter, sort bson.Raw) {
	r.mu.Lock()
	indexes := slices.Clone(r.indexes[place])
	r.mu.Unlock()
	uses, err := Plan(filter, sort, indexes)
	if err != nil {
		r.fault(fmt.Sprintf("%s of %s: %v", c.name, c.collection, err))
		return
	}
	seen.Lock()
	defer seen.Unlock()
	for _, u := range uses {
		q := Query{Collection: c.collection, Command: c.name, Use: u}
		seen.queries[strings.Join([]string{c.collection, u.Index, fmt.Sprint(u), c.name}, "\x00")] = q
	}
}
