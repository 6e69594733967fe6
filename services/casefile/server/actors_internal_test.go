package server

import (
	"testing"

	"asysta.example/internal/access"
	"asysta.example/internal/directory"
	"asysta.example/internal/store"
	"asysta.example/internal/testkit/office"
)

// TestWhoActedHasAName: whoever reads the trail of a file sees names beside the ids, of staff and of the county's people; the system and strangers have none.
func TestWhoActedHasAName(t *testing.T) {
	const gmina, county = "2004042", "2004"
	o := office.New(t)
	o.Employ(gmina, "as-1", access.Assistant, func(s *directory.Staff) { s.DisplayName = "Ewa Lis" })
	o.Appoint(county, "co-1", access.Coordinator)
	who := (&Server{deps: o.Deps}).actors(gmina)
	for name, tc := range map[string]struct {
		actor store.Actor
		want  string
	}{
		"an assistant":                {store.Actor{Person: "p-as-1", Staff: "as-1", Role: "ASSISTANT"}, "Ewa Lis"},
		"the same in another role":    {store.Actor{Person: "p-as-1", Staff: "as-1", Role: "HEAD", Deputy: true}, "Ewa Lis"},
		"a coordinator":               {store.Actor{Person: "p-co-1", Role: "COORDINATOR"}, "co-1"},
		"staff without their record":  {store.Actor{Person: "p-co-1", Staff: "gone", Role: "HEAD"}, "co-1"},
		"who is not in the directory": {store.Actor{Person: "nobody", Staff: "nobody", Role: "HEAD"}, ""},
		"the system":                  {store.Actor{System: "casefile"}, ""},
	} {
		for range 2 { // the second time as it is remembered
			got, err := who.actor(t.Context(), tc.actor)
			if err != nil || got.GetDisplayName() != tc.want || got.GetRole() != tc.actor.Role || got.GetDeputy() != tc.actor.Deputy {
				t.Errorf("%s: %v, %v", name, got, err)
			}
		}
	}
}
