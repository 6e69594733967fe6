package access

import "slices"

// Parties are the people whom a family file or referral concerns, for the object rules.
type Parties struct {
	SocialWorker   string   // staff id
	Area           string   // area of the social worker
	Assistant      string   // staff id of the present assistant
	ContractedBody string   // institution id, where the family is given to one
	Coordinators   []string // person ids of coordinators of children in care
	LockedOut      []string // person ids locked out by name (related to the family)
}

// RoleOn gives the role in which the caller may see the object, the strongest first, or false. The head sees the whole gmina, the assistant
// own families, the social worker own area and own files, the contracted body the families given to it, the coordinator files with a linked
// child, a system principal what the person it acts for was granted by the calling service.
func (g Grant) RoleOn(p Parties) (Role, bool) {
	if g.Person != "" && slices.Contains(p.LockedOut, g.Person) {
		return "", false
	}
	for _, r := range []Role{Head, SocialWorker, Assistant, ContractedBody, Coordinator, System} {
		if g.Has(r) && g.concerns(r, p) {
			return r, true
		}
	}
	return "", false
}

func (g Grant) concerns(r Role, p Parties) bool {
	e := g.Employment
	switch r {
	case Head:
		return e.Body == "" || e.Body == p.ContractedBody
	case SocialWorker:
		return e.Staff != "" && (p.SocialWorker == e.Staff || (p.Area != "" && slices.Contains(e.Areas, p.Area)))
	case Assistant:
		return e.Staff != "" && p.Assistant == e.Staff
	case ContractedBody:
		return e.Body != "" && p.ContractedBody == e.Body
	case Coordinator:
		return g.Person != "" && slices.Contains(p.Coordinators, g.Person)
	case System:
		return true
	}
	return false
}
