package referral_test

import (
	"testing"

	"asysta.example/internal/fault"
	"asysta.example/services/referral"
)

func TestRouteTo(t *testing.T) {
	areas := []referral.Area{{ID: "north", SocialWorker: "s-1", Places: []string{"Radziłów", "Karwowo"}}, {ID: "south", SocialWorker: "s-2", Places: []string{"Radziłów, ul. Polna", "Słucz"}}}
	for _, tc := range []struct {
		name, said, place, street, worker, reason string
	}{
		{"by place", "", "karwowo", "3", "s-1", ""},
		{"by street, which is more exact", "", "Radziłów", "ul. Polna 4/2", "s-2", ""},
		{"a street that only begins alike", "", "Radziłów", "ul. Polnarska 1", "s-1", ""},
		{"as said", "north", "Słucz", "", "s-1", ""},
		{"unknown place", "", "Łomża", "", "", "AREA_UNKNOWN"},
		{"unknown area", "west", "Słucz", "", "", "NO_SUCH_AREA"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r, err := referral.RouteTo(areas, tc.said, referral.Address{Place: tc.place, Street: tc.street})
			if r.SocialWorker != tc.worker || (tc.reason == "") != (err == nil) || (err != nil && !fault.IsReason(err, tc.reason)) {
				t.Errorf("got %+v, %v", r, err)
			}
		})
	}
	if r, err := referral.RouteTo(nil, "", referral.Address{Place: "Łomża"}); err != nil || r != (referral.Route{Personal: true}) {
		t.Errorf("no area yet: %+v, %v", r, err)
	}
	if r, err := referral.RouteTo(areas[:1], "", referral.Address{Place: "Łomża"}); err != nil || r.Area != "north" {
		t.Errorf("the only area: %+v, %v", r, err)
	}
}
