package referral

import (
	"strings"

	"asysta.example/internal/fault"
)

// Area is a part of the gmina that one social worker looks after, as its settings say.
type Area struct {
	ID           string
	SocialWorker string   // staff id; "" while the post is vacant
	Places       []string // villages, or villages with a street
}

// RouteTo finds the area of a family (step 1): the one that was said, else the one whose places name the address most exactly, else the only one there is.
// An area whose post is vacant leaves the referral with the head, who routes it; so does a gmina that has made no areas yet.
func RouteTo(areas []Area, said string, a Address) (Route, error) {
	if len(areas) == 0 && said == "" {
		return Route{Personal: true}, nil
	}
	if said != "" {
		for _, area := range areas {
			if area.ID == said {
				return Route{Area: area.ID, SocialWorker: area.SocialWorker}, nil
			}
		}
		return Route{}, NoSuchArea(areas, "referral.area")
	}
	var found []Area
	best := 0
	for _, area := range areas {
		switch n := area.fits(a); {
		case n > best:
			found, best = []Area{area}, n
		case n == best && n > 0:
			found = append(found, area)
		}
	}
	if best == 0 && len(areas) == 1 {
		found = areas
	}
	if len(found) != 1 {
		return Route{}, fault.Invalid("referral.area", "AREA_UNKNOWN", "nie można ustalić rejonu na podstawie miejscowości; wskaż rejon z ustawień gminy.")
	}
	return Route{Area: found[0].ID, SocialWorker: found[0].SocialWorker}, nil
}

// NoSuchArea refuses an area that the gmina's settings do not have.
func NoSuchArea(areas []Area, field string) error {
	polish := "nie ma takiego rejonu w ustawieniach gminy."
	if len(areas) == 0 {
		polish = "gmina nie ma jeszcze rejonów. Zostaw to pole puste: pracownika socjalnego wskaże kierownik. Rejony ustala kierownik w ustawieniach gminy (settings.areas)."
	}
	return fault.Invalid(field, "NO_SUCH_AREA", polish)
}

// fits is the length of the longest place of the area that the address lies in, 0 for none.
func (a Area) fits(address Address) int {
	place, full := foldedText(address.Place), foldedText(address.Place+" "+address.Street)
	longest := 0
	for _, p := range a.Places {
		if p = foldedText(p); p != "" && (p == place || p == full || strings.HasPrefix(full, p+" ") && len(p) > len(place)) {
			longest = max(longest, len(p))
		}
	}
	return longest
}
