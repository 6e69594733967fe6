package server

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"asysta.example/internal/store"
)

// The list of terms asks of an outline who reaches a referral: it has every fact that the rule looks at. Those of family files are compared in the casefile service.
func TestOutlinesHaveTheParties(t *testing.T) {
	want := referralParties{SocialWorker: "sw", Area: "north", PersonalRoute: true, ContractedBody: "b", LockedOut: []string{"p"}, FamilyFile: "f"}
	doc, err := bson.Marshal(bson.D{{Key: "_id", Value: "r"}, {Key: "cover", Value: want}})
	if err != nil {
		t.Fatal(err)
	}
	outline, err := store.OutlineOf(string(store.Referrals), doc)
	if err != nil {
		t.Fatal(err)
	}
	facts, err := outline.Lookup("cover").Document().Elements()
	if err != nil || len(facts) != reflect.TypeFor[referralParties]().NumField() {
		t.Errorf("the outline has %v, %v", facts, err)
	}
	var got referralParties
	if err := bson.Unmarshal(outline.Lookup("cover").Document(), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
