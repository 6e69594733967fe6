package store_test

import (
	"bytes"
	"crypto/rand"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/oklog/ulid/v2"
	"go.mongodb.org/mongo-driver/v2/bson"

	"asysta.example/internal/store"
)

func TestDerivedID(t *testing.T) {
	one := store.DerivedID("2004022", "p", "/m", "request-1")
	if again := store.DerivedID("2004022", "p", "/m", "request-1"); again != one {
		t.Errorf("%s, then %s", one, again)
	}
	seen := map[string]string{one: "first"}
	for name, id := range map[string]string{
		"tenant": store.DerivedID("2004032", "p", "/m", "request-1"), "person": store.DerivedID("2004022", "q", "/m", "request-1"),
		"method": store.DerivedID("2004022", "p", "/n", "request-1"), "request": store.DerivedID("2004022", "p", "/m", "request-2"),
		"salt": store.DerivedID("2004022", "p", "/m", "request-1", "visit"), "two salts": store.DerivedID("2004022", "p", "/m", "request-1", "vis", "it"),
		"shifted": store.DerivedID("2004022p", "", "/m", "request-1"),
	} {
		if other, twice := seen[id]; twice {
			t.Errorf("%s and %s have one id", name, other)
		}
		seen[id] = name
		if _, err := ulid.ParseStrict(id); err != nil || len(id) != 26 || id[0] > '7' || id != string(bytes.ToLower([]byte(id))) {
			t.Errorf("%s: %q is no lowercase ULID: %v", name, id, err)
		}
	}
}

func TestNewID(t *testing.T) {
	at := time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC)
	if a, b := store.NewID(at, rand.Reader), store.NewID(at.Add(time.Second), rand.Reader); a >= b || len(a) != 26 {
		t.Errorf("%q is not before %q", a, b)
	}
}

func TestIndexKeys(t *testing.T) {
	body, err := bson.Marshal(bson.D{
		{Key: "gmina", Value: "g"}, {Key: "cover", Value: bson.D{{Key: "roles", Value: bson.A{"b", "a", "b"}}, {Key: "n", Value: int32(3)}}},
		{Key: "list", Value: bson.A{bson.D{{Key: "x", Value: int32(2)}}, bson.D{{Key: "x", Value: 1.0}, {Key: "y", Value: true}}, "odd"}}, {Key: "empty", Value: bson.A{}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		fields []string
		want   [][]any
	}{
		{"plain", []string{"gmina", "cover.n"}, [][]any{{"g", int64(3)}}},
		{"missing", []string{"gmina", "cover.missing.deeper", "gmina.below"}, [][]any{{"g", nil, nil}}},
		{"array of values, each once", []string{"gmina", "cover.roles"}, [][]any{{"g", "a"}, {"g", "b"}}},
		{"array of documents, element by element", []string{"list.x", "list.y"}, [][]any{{nil, nil}, {int64(1), true}, {int64(2), nil}}},
		{"empty array", []string{"gmina", "empty.x"}, [][]any{{"g", nil}}},
		{"a document is no value", []string{"cover"}, [][]any{{nil}}},
	} {
		got, err := store.IndexKeys(body, c.fields)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
	if _, err := store.IndexKeys(body, []string{"list.x", "cover.roles"}); err == nil {
		t.Error("two arrays were taken")
	}
}

func TestSpecs(t *testing.T) {
	names := map[string]bool{}
	for _, spec := range store.Specs(false) {
		if names[spec.Name] {
			t.Errorf("two collections %q", spec.Name)
		}
		names[spec.Name] = true
		indexes := map[string]bool{}
		for _, ix := range spec.Indexes {
			if indexes[ix.Name] || len(ix.Fields) == 0 {
				t.Errorf("%s: index %q twice or empty", spec.Name, ix.Name)
			}
			indexes[ix.Name] = true
		}
	}
	for _, ix := range store.Indexes {
		if !slices.Contains(store.Kinds, ix.Kind) || !names[string(ix.Kind)] {
			t.Errorf("index %q over %q, which is not kept", ix.Name, ix.Kind)
		}
		want := map[store.Tenant]string{store.ByGmina: "gmina", store.ByCounty: "county", store.ByCoordinator: "audience"}[ix.Scope]
		if want != "" && ix.Fields[0] != want {
			t.Errorf("%s %s: first field %q, want the tenant's", ix.Kind, ix.Name, ix.Fields[0])
		}
	}
	points := map[store.FailPoint]bool{}
	for _, p := range store.FailPoints {
		if points[p] || p == "" {
			t.Errorf("fail point %q twice or empty", p)
		}
		points[p] = true
	}
}

func TestNormalize(t *testing.T) {
	type state string
	at := time.Date(2026, 1, 5, 8, 0, 0, 123456789, time.FixedZone("", 3600))
	for _, c := range []struct{ in, want any }{
		{nil, nil}, {1, int64(1)}, {int32(2), int64(2)}, {3.0, int64(3)}, {2.5, 2.5}, {state("OPEN"), "OPEN"}, {true, true}, {[]byte{1}, []byte{1}},
		{at, time.Date(2026, 1, 5, 7, 0, 0, 123000000, time.UTC)},
	} {
		if got, err := store.Normalize(c.in); err != nil || !cmp.Equal(got, c.want) {
			t.Errorf("%v: %v %v, want %v", c.in, got, err, c.want)
		}
	}
	if _, err := store.Normalize(bson.D{}); err == nil {
		t.Error("a document was taken")
	}
}
