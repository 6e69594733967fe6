// Package name reads and writes resource names of the contract, such as gminas/3024035/familyFiles/01j…/visits/01j….
//
// A name holds its tenant: the gmina's TERYT code or the county's four digits. No name holds personal data. The package imports nothing of Asysta.
package name

import (
	"errors"
	"fmt"
	"strings"
)

// ErrName says that a text is no resource name of Asysta.
var ErrName = errors.New("name: no resource name")

// Kind is the collection segment of a name.
type Kind string

// Collections of the contract.
const (
	Staff         Kind = "staff"
	Institutions  Kind = "institutions"
	Referrals     Kind = "referrals"
	FamilyFiles   Kind = "familyFiles"
	Reports       Kind = "reports"
	Indicators    Kind = "indicators"
	Visits        Kind = "visits"
	Contacts      Kind = "contacts"
	Interventions Kind = "interventions"
	CourtMatters  Kind = "courtMatters"
	Plans         Kind = "plans"
	Assessments   Kind = "assessments"
	People        Kind = "people"
	ChildPlans    Kind = "childPlans"
	Caseloads     Kind = "caseloads"
	Versions      Kind = "versions"
)

var gminaKinds = map[Kind]bool{Staff: true, Institutions: true, Referrals: true, FamilyFiles: true, Reports: true, Indicators: true}
var countyKinds = map[Kind]bool{People: true, ChildPlans: true, Caseloads: true, Reports: true, Indicators: true}

// Name is a parsed resource name. Exactly one of Gmina and County is set; Kind is "" for the gmina or county itself.
type Name struct {
	Gmina  string // 7 digits
	County string // 4 digits
	Kind   Kind
	ID     string // "-" stands for a collection's wildcard nowhere: it is refused
	Sub    Kind
	SubID  string
}

// CountyOf is the county of the name: its own four digits or the first four of the gmina.
func (n Name) CountyOf() string {
	if n.County != "" {
		return n.County
	}
	return n.Gmina[:4]
}

// String writes the name, in one piece of memory: each line of a list has several.
func (n Name) String() string {
	of, tenant := "gminas/", n.Gmina
	if tenant == "" {
		of, tenant = "powiaty/", n.County
	}
	switch {
	case n.Kind == "":
		return of + tenant
	case n.Sub == "":
		return of + tenant + "/" + string(n.Kind) + "/" + n.ID
	}
	return of + tenant + "/" + string(n.Kind) + "/" + n.ID + "/" + string(n.Sub) + "/" + n.SubID
}

// Parse reads a name. Gmina codes have 7 digits, county codes 4; ids are 1 to 64 characters of a–z, 0–9 and "-".
func Parse(s string) (Name, error) {
	if len(s) > 256 {
		return Name{}, ErrName
	}
	p := strings.Split(s, "/")
	if len(p) != 2 && len(p) != 4 && len(p) != 6 {
		return Name{}, ErrName
	}
	var n Name
	kinds := gminaKinds
	switch {
	case p[0] == "gminas" && Digits(p[1], 7):
		n.Gmina = p[1]
	case p[0] == "powiaty" && Digits(p[1], 4):
		n.County, kinds = p[1], countyKinds
	default:
		return Name{}, ErrName
	}
	if len(p) > 2 {
		n.Kind, n.ID = Kind(p[2]), p[3]
		if !kinds[n.Kind] || !validID(n.ID) {
			return Name{}, ErrName
		}
	}
	if len(p) > 4 {
		n.Sub, n.SubID = Kind(p[4]), p[5]
		if !subKinds[n.Kind][n.Sub] || !validID(n.SubID) {
			return Name{}, ErrName
		}
	}
	return n, nil
}

var subKinds = map[Kind]map[Kind]bool{
	FamilyFiles: {Visits: true, Contacts: true, Interventions: true, CourtMatters: true, Plans: true, Assessments: true},
	ChildPlans:  {Versions: true},
}

// ParseAs reads a name that must be of a kind ("" for the gmina or county itself) and, with sub, of a sub-collection.
func ParseAs(s string, kind Kind, sub ...Kind) (Name, error) {
	n, err := Parse(s)
	if err != nil {
		return n, err
	}
	want := Kind("")
	if len(sub) > 0 {
		want = sub[0]
	}
	if n.Kind != kind || n.Sub != want {
		return Name{}, fmt.Errorf("%w of %s/%s", ErrName, kind, want)
	}
	return n, nil
}

// Gmina names a gmina.
func Gmina(teryt string) string { return "gminas/" + teryt }

// In names a resource of a gmina.
func In(teryt string, kind Kind, id string) string {
	return Name{Gmina: teryt, Kind: kind, ID: id}.String()
}

// Sub names a resource below a resource of a gmina.
func Sub(teryt string, kind Kind, id string, sub Kind, subID string) string {
	return Name{Gmina: teryt, Kind: kind, ID: id, Sub: sub, SubID: subID}.String()
}

// InCounty names a resource of the county.
func InCounty(digits string, kind Kind, id string) string {
	return Name{County: digits, Kind: kind, ID: id}.String()
}

// Digits says that s is n decimal digits.
func Digits(s string, n int) bool {
	if len(s) != n {
		return false
	}
	for _, c := range s {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

func validID(s string) bool {
	if s == "" || len(s) > 64 || s == "-" {
		return false
	}
	for _, c := range s {
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && c != '-' {
			return false
		}
	}
	return true
}
