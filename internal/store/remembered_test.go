package store

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"
)

// What is remembered is read back, by this package and by the driver, from the form of either schema.
func TestRequestsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var want Requests
		for range rapid.IntRange(1, RememberedRequests).Draw(t, "n") {
			want = want.remember(Request{ID: texts.Draw(t, "id"), Mark: hashes.Draw(t, "mark"), Version: rapid.Int64().Draw(t, "version"), Result: texts.Draw(t, "result")})
		}
		for _, form := range []any{want, slices.Collect(want.All())} {
			raw := marshalled(t, bson.D{{Key: "requests", Value: form}})
			var d Document
			if err := bson.Unmarshal(raw, &d); err != nil {
				t.Fatal(err)
			}
			ours, err := decodeDocument(raw)
			if err != nil {
				t.Fatal(err)
			}
			for _, got := range []Requests{d.Requests, ours.Requests} {
				if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
					t.Fatalf("%T (-want +got):\n%s", form, diff)
				}
			}
		}
	})
}

func TestTheOldestRequestIsForgotten(t *testing.T) {
	var rs Requests
	for n := range int64(RememberedRequests) {
		rs = rs.remember(Request{Version: n})
	}
	full := rs.remember(Request{Version: RememberedRequests})
	for name, c := range map[string]struct {
		got  Requests
		from int64
	}{"as many as are remembered": {rs, 0}, "one more": {full, 1}} {
		var versions, want []int64
		for r := range c.got.All() {
			versions = append(versions, r.Version)
		}
		for n := range int64(RememberedRequests) {
			want = append(want, c.from+n)
		}
		if !slices.Equal(versions, want) {
			t.Errorf("%s: %d", name, versions)
		}
	}
}

// Bytes that are cut off, or whose lengths lead past the end, are refused.
func TestDamagedRequestsAreRefused(t *testing.T) {
	whole := Requests{}.remember(Request{ID: "first", Mark: []byte{1, 2}, Version: 300, Result: "r"})
	for n := 1; n < len(whole); n++ {
		if rs, err := readRequests(whole[:n]); !errors.Is(err, errBSON) {
			t.Errorf("the first %d bytes: %v, %v", n, rs, err)
		}
	}
	for name, v := range map[string]any{"a length past the end": bson.Binary{Data: []byte{1, 200, 1}}, "no number": bson.Binary{Data: []byte{255}}, "a text": "x"} {
		if d, err := decodeDocument(marshalled(t, bson.D{{Key: "requests", Value: v}})); !errors.Is(err, errBSON) {
			t.Errorf("%s: %v, %v", name, d.Requests, err)
		}
	}
}
