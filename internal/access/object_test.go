package access

import "testing"

func TestRoleOn(t *testing.T) {
	file := Parties{SocialWorker: "sw1", Area: "north", Assistant: "as1", ContractedBody: "", Coordinators: []string{"co1"}}
	body := file
	body.ContractedBody = "body1"
	locked := file
	locked.LockedOut = []string{"person1"}
	grant := func(e Employment, person string, roles ...Role) Grant {
		return Grant{Principal: Principal{Person: person}, Gmina: "3024035", Roles: roles, Employment: e}
	}
	cases := []struct {
		name string
		g    Grant
		p    Parties
		want Role
	}{
		{"head sees every file", grant(Employment{Staff: "h"}, "p", Head), file, Head},
		{"social worker of the file", grant(Employment{Staff: "sw1"}, "p", SocialWorker), file, SocialWorker},
		{"social worker of the area", grant(Employment{Staff: "sw2", Areas: []string{"north"}}, "p", SocialWorker), file, SocialWorker},
		{"social worker of another area", grant(Employment{Staff: "sw3", Areas: []string{"south"}}, "p", SocialWorker), file, ""},
		{"own assistant", grant(Employment{Staff: "as1"}, "p", Assistant), file, Assistant},
		{"another assistant", grant(Employment{Staff: "as2"}, "p", Assistant), file, ""},
		{"assistant's staff id without the role", grant(Employment{Staff: "as1"}, "p"), file, ""},
		{"no assistant does not match an empty staff id", grant(Employment{}, "p", Assistant), Parties{}, ""},
		{"contracted body, family given to it", grant(Employment{Staff: "b", Body: "body1"}, "p", ContractedBody), body, ContractedBody},
		{"contracted body, family not given to it", grant(Employment{Staff: "b", Body: "body1"}, "p", ContractedBody), file, ""},
		{"head of a contracted body sees its families only", grant(Employment{Staff: "b", Body: "body1"}, "p", Head), file, ""},
		{"coordinator of a linked child", grant(Employment{}, "co1", Coordinator), file, Coordinator},
		{"another coordinator", grant(Employment{}, "co2", Coordinator), file, ""},
		{"head locked out by name", grant(Employment{Staff: "h"}, "person1", Head), locked, ""},
		{"reporting sees no file", grant(Employment{}, "p", CountyReporting), file, ""},
		{"administrator sees no file", grant(Employment{}, "p", CountyAdministrator), file, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, ok := c.g.RoleOn(c.p)
			if got != c.want || ok != (c.want != "") {
				t.Errorf("RoleOn = %q, %v; want %q", got, ok, c.want)
			}
		})
	}
}

func TestNoGrantAllowsNothing(t *testing.T) {
	g := GrantFrom(t.Context())
	if _, ok := g.RoleOn(Parties{}); ok || g.WholeGmina() {
		t.Error("a context without a grant sees a file")
	}
}
