package main

import (
	"math/rand/v2"
	"slices"

	optionsv1 "asysta.example/proto/gen/asysta/options/v1"

	"asysta.example/internal/testkit/contract"
	"asysta.example/internal/testkit/county"
)

// people are the logins of both counties by the role they have.
var people = map[optionsv1.Role][]string{
	optionsv1.Role_ROLE_SOCIAL_WORKER:        {"worker", "worker2", "both", "worker-b", "socjalny1.kolaczkowo"},
	optionsv1.Role_ROLE_ASSISTANT:            {"assistant", "assistant2", "full", "assistant-b", "asystent1.kolaczkowo", "asystent2.kolaczkowo"},
	optionsv1.Role_ROLE_HEAD:                 {"head", "both", "head-b", "kierownik.kolaczkowo", "kierownik.pyzdry"},
	optionsv1.Role_ROLE_CONTRACTED_BODY:      {"body"},
	optionsv1.Role_ROLE_COORDINATOR:          {"coordinator", "coordinator2", "koordynator1"},
	optionsv1.Role_ROLE_COUNTY_REPORTING:     {"reporter", "sprawozdawczosc"},
	optionsv1.Role_ROLE_COUNTY_ADMINISTRATOR: {"admin", "administrator"},
	optionsv1.Role_ROLE_AUDITOR:              {"auditor", "audytor"},
	optionsv1.Role_ROLE_SYSTEM:               {county.Service + county.Gmina, county.Service + county.Far},
}

var roles = []optionsv1.Role{
	optionsv1.Role_ROLE_SOCIAL_WORKER, optionsv1.Role_ROLE_ASSISTANT, optionsv1.Role_ROLE_HEAD, optionsv1.Role_ROLE_CONTRACTED_BODY, optionsv1.Role_ROLE_COORDINATOR,
	optionsv1.Role_ROLE_COUNTY_REPORTING, optionsv1.Role_ROLE_COUNTY_ADMINISTRATOR, optionsv1.Role_ROLE_AUDITOR, optionsv1.Role_ROLE_SYSTEM,
}

// who chooses who asks: mostly somebody whom the method is for, often anybody, sometimes a stranger.
func who(rng *rand.Rand, m *contract.Method) string {
	switch n := rng.IntN(100); {
	case n < 6:
		return pick(rng, county.Strangers)
	case n < 30:
		return pick(rng, people[pick(rng, roles)])
	}
	for range 20 {
		if r := pick(rng, roles); allows(m, r) && (r != optionsv1.Role_ROLE_SYSTEM || !allows(m, optionsv1.Role_ROLE_HEAD)) {
			return pick(rng, people[r])
		}
	}
	return pick(rng, people[pick(rng, roles)])
}

// allows says that the contract lets people with a role call a method.
func allows(m *contract.Method, r optionsv1.Role) bool {
	return slices.Contains(m.Permission.GetRoles(), r) || slices.Contains(m.Permission.GetRoles(), optionsv1.Role_ROLE_ANY)
}

func pick[T any](rng *rand.Rand, list []T) T { return list[rng.IntN(len(list))] }
