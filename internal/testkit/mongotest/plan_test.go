package mongotest_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"asysta.example/internal/testkit/ferret"
	"asysta.example/internal/testkit/mongotest"
)

func extended(t *testing.T, text string) bson.Raw {
	t.Helper()
	if text == "" {
		return nil
	}
	var d bson.D
	if err := bson.UnmarshalExtJSON([]byte(text), false, &d); err != nil {
		t.Fatal(err)
	}
	raw, err := bson.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestPlan(t *testing.T) {
	indexes := []mongotest.Index{
		{Name: "by_state", Fields: []string{"gmina", "state", "opened", "_id"}},
		{Name: "by_opened", Fields: []string{"gmina", "opened", "_id"}},
		{Name: "by_due", Fields: []string{"gmina", "deadlines.open", "deadlines.due", "_id"}},
	}
	for label, tt := range map[string]struct {
		filter, sort string
		want         string // index, equal, range, sort, within of each use; "" where none serves
	}{
		"by key":                      {`{"_id": "a"}`, ``, `{_id [_id]  [] []}`},
		"by keys":                     {`{"_id": {"$in": ["a"]}}`, ``, `{_id [_id]  [] []}`},
		"older version of one":        {`{"_id": "a", "version": {"$lt": 3}}`, ``, `{_id [_id]  [] [version]}`},
		"one, with a sort":            {`{"_id": "a"}`, `{"state": 1}`, `{_id [_id]  [state] []}`},
		"keys in a range":             {`{"_id": {"$gt": "a", "$lt": "b"}}`, `{"_id": -1}`, `{_id [] _id [_id] []}`},
		"all in the order of keys":    {`{}`, `{"_id": 1}`, `{_id []  [_id] []}`},
		"leading field":               {`{"gmina": "x"}`, `{"opened": 1, "_id": 1}`, `{by_opened [gmina]  [opened _id] []}`},
		"two leading fields":          {`{"gmina": "x", "state": "y"}`, `{"opened": -1, "_id": -1}`, `{by_state [gmina state]  [opened _id] []}`},
		"range before the sort":       {`{"gmina": "x", "opened": {"$gte": 1}}`, `{"opened": 1, "_id": 1}`, `{by_opened [gmina] opened [opened _id] []}`},
		"sort by a field that equals": {`{"gmina": "x", "state": "y", "opened": 3, "_id": {"$gt": "a"}}`, `{"opened": 1, "_id": 1}`, `{by_state [gmina state opened] _id [_id] []}`},
		"next page":                   {`{"$or": [{"gmina": "x", "opened": {"$gt": 1}}, {"gmina": "x", "opened": 1, "_id": {"$gt": "a"}}]}`, `{"opened": 1, "_id": 1}`, `{by_opened [gmina] opened [opened _id] []} {by_opened [gmina opened] _id [_id] []}`},
		"bounds and a value":          {`{"gmina": "x", "$and": [{"opened": {"$gte": 1}}, {"opened": {"$gt": 2}}]}`, `{"opened": 1}`, `{by_opened [gmina] opened [opened] []}`},
		"one element":                 {`{"gmina": "x", "deadlines": {"$elemMatch": {"open": true, "due": {"$lt": "z"}}}}`, ``, `{by_due [gmina deadlines.open] deadlines.due [] []}`},
		"a gap, within the index":     {`{"gmina": "x", "opened": 3, "deadlines.due": 1}`, ``, ``},
		"gap of one field":            {`{"gmina": "x", "deadlines.due": []}`, ``, `{by_due [gmina]  [] [deadlines.due]}`},

		"no index begins so":          {`{"state": "y"}`, ``, ``},
		"sort that no index has":      {`{"gmina": "x"}`, `{"name": 1}`, ``},
		"sort behind a range":         {`{"gmina": "x", "state": {"$gt": "a"}}`, `{"opened": 1}`, ``},
		"sort that skips a field":     {`{"gmina": "x", "opened": 2}`, `{"deadlines.due": 1}`, ``},
		"field outside of the index":  {`{"gmina": "x", "name": "y"}`, ``, ``},
		"everything":                  {`{}`, ``, ``},
		"one alternative without":     {`{"$or": [{"gmina": "x"}, {"name": "y"}]}`, ``, ``},
		"two directions":              {`{"gmina": "x"}`, `{"opened": 1, "_id": -1}`, ``},
		"an operator nobody judged":   {`{"gmina": {"$regex": "x"}}`, ``, ``},
		"an operator at the top":      {`{"$where": "1"}`, ``, ``},
		"text that begins in a list":  {`{"gmina": {"$nin": ["x"]}}`, ``, ``},
		"sort alone, by other fields": {`{}`, `{"opened": 1}`, ``},
	} {
		t.Run(label, func(t *testing.T) {
			uses, err := mongotest.Plan(extended(t, tt.filter), extended(t, tt.sort), indexes)
			got := strings.Trim(fmt.Sprint(uses), "[]")
			if got != strings.Trim(tt.want, "[]") || (err == nil) != (tt.want != "") {
				t.Errorf("%s, %v\nwant %s", got, err, tt.want)
			}
		})
	}
}

// A failure that this test provokes must not be its own.
type judged struct {
	testing.TB
	errors   []string
	cleanups []func()
}

func (j *judged) Errorf(format string, args ...any) {
	j.errors = append(j.errors, fmt.Sprintf(format, args...))
}
func (j *judged) Cleanup(f func()) { j.cleanups = append(j.cleanups, f) }
func (j *judged) Helper()          {}

// What the real driver sends is seen, with its indexes, and a query without one is a fault of the test that sent it.
func TestRecordedDriver(t *testing.T) {
	server := strings.TrimSuffix(strings.TrimPrefix(ferret.Start(t).URI, "mongodb://"), "/")
	for label, tt := range map[string]struct {
		ask  func(c *mongo.Collection) error
		want string // in the fault; "": none
	}{
		"find by index": {func(c *mongo.Collection) error {
			return c.FindOne(t.Context(), bson.D{{Key: "gmina", Value: "x"}}).Err()
		}, ""},
		"find without": {func(c *mongo.Collection) error {
			return c.FindOne(t.Context(), bson.D{{Key: "name", Value: "x"}}).Err()
		}, "find of things: no index serves {name =}"},
		"sort without": {func(c *mongo.Collection) error {
			return c.FindOne(t.Context(), bson.D{{Key: "gmina", Value: "x"}}, options.FindOne().SetSort(bson.D{{Key: "name", Value: 1}})).Err()
		}, "sort [name]"},
		"count without": {func(c *mongo.Collection) error {
			_, err := c.CountDocuments(t.Context(), bson.D{{Key: "name", Value: "x"}})
			return err
		}, "aggregate of things"},
		"update without": {func(c *mongo.Collection) error {
			_, err := c.UpdateMany(t.Context(), bson.D{{Key: "name", Value: "x"}}, bson.D{{Key: "$set", Value: bson.D{{Key: "a", Value: 1}}}})
			return err
		}, "update of things"},
		"delete without": {func(c *mongo.Collection) error {
			_, err := c.DeleteMany(t.Context(), bson.D{{Key: "name", Value: "x"}})
			return err
		}, "delete of things"},
		"replace by key": {func(c *mongo.Collection) error {
			_, err := c.ReplaceOne(t.Context(), bson.D{{Key: "_id", Value: "x"}}, bson.D{}, options.Replace().SetUpsert(true))
			return err
		}, ""},
		"command nobody judged": {func(c *mongo.Collection) error {
			return c.Database().RunCommand(t.Context(), bson.D{{Key: "collStats", Value: "things"}}).Err()
		}, "collStats"},
	} {
		t.Run(label, func(t *testing.T) {
			j := &judged{TB: t}
			client, err := mongo.Connect(options.Client().ApplyURI("mongodb://" + mongotest.Record(j, server) + "/"))
			if err != nil {
				t.Fatal(err)
			}
			c := client.Database(strings.ReplaceAll(label, " ", "_")).Collection("things")
			if _, err := c.Indexes().CreateOne(t.Context(), mongo.IndexModel{Keys: bson.D{{Key: "gmina", Value: 1}}}); err != nil {
				t.Fatal(err)
			}
			if err := tt.ask(c); err != nil && !errors.Is(err, mongo.ErrNoDocuments) {
				t.Log(err) // what the server cannot do was sent all the same
			}
			_ = client.Disconnect(t.Context())
			for _, f := range j.cleanups {
				f()
			}
			got := strings.Join(j.errors, "\n")
			if (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) {
				t.Errorf("faults %q, want %q", got, tt.want)
			}
		})
	}
}
