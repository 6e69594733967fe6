package server

import (
	directoryv1 "asysta.example/proto/gen/asysta/directory/v1"

	"asysta.example/internal/access"
	"asysta.example/internal/rpc"

	dir "asysta.example/internal/directory"
)

var countyRoles = map[directoryv1.CountyRole]access.Role{
	directoryv1.CountyRole_COUNTY_ROLE_COORDINATOR:   access.Coordinator,
	directoryv1.CountyRole_COUNTY_ROLE_REPORTING:     access.CountyReporting,
	directoryv1.CountyRole_COUNTY_ROLE_ADMINISTRATOR: access.CountyAdministrator,
	directoryv1.CountyRole_COUNTY_ROLE_AUDITOR:       access.Auditor,
}

var contracts = map[directoryv1.ContractKind]dir.Contract{
	directoryv1.ContractKind_CONTRACT_KIND_EMPLOYMENT: dir.ContractEmployment,
	directoryv1.ContractKind_CONTRACT_KIND_SERVICE:    dir.ContractService,
	directoryv1.ContractKind_CONTRACT_KIND_BODY_190:   dir.ContractBody190,
}

func countyRolesFrom(rs []directoryv1.CountyRole) []access.Role {
	out := []access.Role{} // stored as an empty array, so that everybody has the field of the index
	for _, r := range rs {
		out = append(out, countyRoles[r])
	}
	return out
}

func countyRolesTo(rs []access.Role) []directoryv1.CountyRole {
	var out []directoryv1.CountyRole
	for _, r := range rs {
		out = append(out, key(countyRoles, r))
	}
	return out
}

func gminaRolesFrom(rs []directoryv1.GminaRole) []access.Role {
	var out []access.Role
	for _, r := range rs {
		out = append(out, rpc.Word[access.Role](r))
	}
	return out
}

func gminaRolesTo(rs []access.Role) []directoryv1.GminaRole {
	var out []directoryv1.GminaRole
	for _, r := range rs {
		out = append(out, rpc.Enum[directoryv1.GminaRole](r))
	}
	return out
}

func key[K, V comparable](m map[K]V, v V) K {
	for k, w := range m {
		if w == v {
			return k
		}
	}
	var none K
	return none
}
