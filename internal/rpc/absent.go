package rpc

import (
	"asysta.example/internal/fault"
	"asysta.example/internal/name"
)

// collection is the kind of what a request names, whether it is there or not.
type collection struct{ kind, sub name.Kind }

// absence says in Polish that a resource is not there and what to do. The key is what the request names, never what is stored, so that the answer tells nothing more
// than the request. A name below a family file may be absent because its file is; its sentence holds for both.
var absence = map[collection]string{
	{kind: name.Staff}:                               "Nie ma takiego pracownika w tej gminie. Sprawdź adres albo odczytaj ponownie listę pracowników.",
	{kind: name.Institutions}:                        "Nie ma takiej instytucji w tej gminie. Sprawdź adres albo odczytaj ponownie listę instytucji.",
	{kind: name.Referrals}:                           "Nie ma takiego zgłoszenia w tej gminie. Sprawdź adres albo odczytaj ponownie listę zgłoszeń.",
	{kind: name.FamilyFiles}:                         "Nie ma takiej teczki rodziny w tej gminie. Sprawdź adres albo wyszukaj ją ponownie.",
	{kind: name.FamilyFiles, sub: name.Visits}:       "Nie ma takiej wizyty. Sprawdź adres albo odczytaj ponownie listę wizyt tej rodziny.",
	{kind: name.FamilyFiles, sub: name.CourtMatters}: "Nie ma takiej sprawy sądowej. Sprawdź adres albo odczytaj ponownie listę spraw sądowych tej rodziny.",
	{kind: name.FamilyFiles, sub: name.Plans}:        "Nie ma takiego planu pracy z rodziną. Sprawdź adres albo odczytaj ponownie listę wersji planu tej rodziny.",
	{kind: name.FamilyFiles, sub: name.Assessments}:  "Nie ma takiej oceny okresowej. Sprawdź adres albo odczytaj ponownie listę ocen tej rodziny.",
	{kind: name.People}:                              "Nie ma takiej osoby w tym powiecie. Sprawdź adres albo odczytaj ponownie listę osób.",
	{kind: name.ChildPlans}:                          "Nie ma takiego planu pomocy dziecku. Sprawdź adres albo odczytaj ponownie listę dzieci w pieczy zastępczej.",
}

// What is absent where the resource alone does not say it.
const (
	absentGmina  = "Nie ma takiej gminy w tym powiecie. Sprawdź adres albo odczytaj ponownie listę gmin."
	absentCounty = "Nie ma takiego powiatu. Sprawdź adres."
	absentChild  = "Nie ma takiej teczki rodziny w tej gminie albo nie ma w niej takiego dziecka w pieczy zastępczej. Sprawdź adres i identyfikator dziecka."
)

// absenceOf gives the sentence for what a request of a method names; "" where it names too little to say.
func (p *policy) absenceOf(n name.Name) string {
	switch {
	case p == nil || len(p.resource) == 0:
		return ""
	case n.Kind != "":
		if n.Kind == name.FamilyFiles && n.Sub == "" && p.child {
			return absentChild
		}
		return absence[collection{n.Kind, n.Sub}]
	case p.resource[len(p.resource)-1].Name() != "name": // the parent of something else, which may be what is absent
		return ""
	case n.Gmina != "":
		return absentGmina
	case n.County != "":
		return absentCounty
	}
	return ""
}

// told gives a refusal in the words of what the call's request names.
func (t *trail) told(f *fault.Error) *fault.Error {
	if f.Kind != fault.KindNotFound || f.Reason != fault.NotFound().Reason {
		return f
	}
	said := *f
	if said.Polish = t.policy.absenceOf(t.resource); said.Polish == "" {
		said.Polish = fault.NotFound().Polish
	}
	return &said
}
