package demo

import (
	"fmt"

	directoryv1 "asysta.example/proto/gen/asysta/directory/v1"
)

// gmina is a gmina of the county with its centre: what it is, and the resource names of its people once they are there.
type gmina struct {
	teryt, display, slug string
	office               *directoryv1.Office
	places               [][]string // by area
	assistants           int
	body                 bool // family work is contracted out (art. 190)
	founded              bool // gmina and head are made by the scenario or the bootstrap

	head, deputy, bodyOffice, school, police, institution string
	workers, helpers                                      []string
}

func (g *gmina) name() string { return "gminas/" + g.teryt }

// subject is the login of a person of the gmina; i counts from 0, and a negative one stands for the only person of a kind.
func (g *gmina) subject(kind string, i int) string {
	if i < 0 {
		return kind + "." + g.slug
	}
	return fmt.Sprintf("%s%d.%s", kind, i+1, g.slug)
}

// decider is who opines and decides on requests in the gmina (step 6).
func (g *gmina) decider() string {
	if g.body {
		return g.subject("podmiot", -1)
	}
	return g.subject("kierownik", -1)
}

func office(name, address, place, phone, head string) *directoryv1.Office {
	return &directoryv1.Office{DisplayName: name, Address: address, Place: place, Phone: phone, HeadTitle: head}
}

// FirstOffice is the centre of the first gmina, which a county begins with.
var FirstOffice = office("Miejsko-Gminny Ośrodek Pomocy Społecznej we Wrześni", "ul. Fabryczna 14", "62-300 Września", "61 000 53 01", "Kierownik")

// gminas are those that the loader fills; the scenario fills the one that is its own.
func gminas() []*gmina {
	return []*gmina{
		{teryt: FirstGmina, display: "gmina Września", slug: "wrzesnia", founded: true, assistants: 4, office: FirstOffice,
			places: [][]string{{"Września", "Psary Polskie", "Bierzglinek"}, {"Gozdowo", "Otoczna", "Kaczanowo"}}},
		{teryt: "3030023", display: "gmina Miłosław", slug: "miloslaw", assistants: 3,
			office: office("Miejsko-Gminny Ośrodek Pomocy Społecznej w Miłosławiu", "ul. Wrzesińska 19", "62-320 Miłosław", "61 000 23 01", ""),
			places: [][]string{{"Miłosław", "Bugaj"}, {"Czeszewo", "Kozubiec"}}},
		{teryt: "3030033", display: "gmina Nekla", slug: "nekla", assistants: 2,
			office: office("Ośrodek Pomocy Społecznej w Nekli", "ul. Dworcowa 10", "62-330 Nekla", "61 000 33 01", "Dyrektor"), places: [][]string{{"Nekla", "Barczyzna", "Targowa Górka"}}},
		{teryt: "3030043", display: "gmina Pyzdry", slug: "pyzdry", founded: true, assistants: 2, places: [][]string{{"Pyzdry", "Lisewo", "Górne Grądy"}}},
		{teryt: "3030062", display: "gmina Orzechowo", slug: "orzechowo", assistants: 1, body: true,
			office: office("Gminny Ośrodek Pomocy Społecznej w Orzechowie", "ul. Miłosławska 13", "62-322 Orzechowo", "61 000 62 01", ""), places: [][]string{{"Orzechowo", "Nowa Wieś Podgórna"}}},
	}
}
