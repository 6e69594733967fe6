package suite

import (
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"asysta.example/internal/seal"
	"asysta.example/internal/store"
)

// A sealed value is found in whichever part of a commit it stands.
func TestHoldsLooksIntoEveryPart(t *testing.T) {
	raw := func(v any) bson.Raw {
		b, err := bson.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	with, without := raw(bson.D{{Key: "pesel", Value: seal.Value{Cipher: []byte("x")}}}), raw(bson.D{{Key: "pesel", Value: seal.Value{}}})
	list := raw(bson.D{{Key: "all", Value: bson.A{with}}}).Lookup("all")
	for name, tt := range map[string]struct {
		commit store.Commit
		want   bool
	}{
		"nothing":             {store.Commit{Sections: map[string]bson.Raw{"a": without}, Cover: without, Records: []store.CommittedRecord{{Body: without}}}, false},
		"section":             {store.Commit{Sections: map[string]bson.Raw{"a": without, "b": with}}, true},
		"cover":               {store.Commit{Cover: with}, true},
		"change of the cover": {store.Commit{CoverSet: with}, true},
		"deadlines":           {store.Commit{Deadlines: list}, true},
		"change of deadlines": {store.Commit{DeadlinesPut: with}, true},
		"record":              {store.Commit{Records: []store.CommittedRecord{{Body: without}, {Body: with}}}, true},
	} {
		if held, err := holds(tt.commit); err != nil || held != tt.want {
			t.Errorf("%s: %v, %v", name, held, err)
		}
	}
}
