package demo

import (
	"fmt"
	"math/rand/v2"

	familyv1 "asysta.example/proto/gen/asysta/family/v1"

	"asysta.example/internal/calendar"
	"asysta.example/internal/rpc"
)

// surnames are pairs of masculine and feminine form; each family has its own.
var surnames = [][2]string{
	{"Nowak", "Nowak"}, {"Kowalski", "Kowalska"}, {"Wójcik", "Wójcik"}, {"Kamiński", "Kamińska"}, {"Lewandowski", "Lewandowska"}, {"Woźniak", "Woźniak"},
	{"Dąbrowski", "Dąbrowska"}, {"Kozłowski", "Kozłowska"}, {"Mazur", "Mazur"}, {"Kwiatkowski", "Kwiatkowska"}, {"Krawczyk", "Krawczyk"}, {"Kaczmarek", "Kaczmarek"},
	{"Piotrowski", "Piotrowska"}, {"Grabowski", "Grabowska"}, {"Zając", "Zając"}, {"Pawłowski", "Pawłowska"}, {"Michalski", "Michalska"}, {"Król", "Król"},
	{"Jabłoński", "Jabłońska"}, {"Wróbel", "Wróbel"}, {"Nowicki", "Nowicka"}, {"Majewski", "Majewska"}, {"Stępień", "Stępień"}, {"Jaworski", "Jaworska"},
	{"Malinowski", "Malinowska"}, {"Dudek", "Dudek"}, {"Pawlak", "Pawlak"}, {"Górski", "Górska"}, {"Witkowski", "Witkowska"}, {"Walczak", "Walczak"},
	{"Sikora", "Sikora"}, {"Baran", "Baran"}, {"Rutkowski", "Rutkowska"}, {"Szewczyk", "Szewczyk"}, {"Ostrowski", "Ostrowska"}, {"Tomaszewski", "Tomaszewska"},
	{"Pietrzak", "Pietrzak"}, {"Zalewski", "Zalewska"}, {"Wróblewski", "Wróblewska"}, {"Marciniak", "Marciniak"}, {"Jasiński", "Jasińska"}, {"Sadowski", "Sadowska"},
	{"Bąk", "Bąk"}, {"Duda", "Duda"}, {"Chmielewski", "Chmielewska"}, {"Włodarczyk", "Włodarczyk"}, {"Borkowski", "Borkowska"}, {"Czarnecki", "Czarnecka"},
	{"Sawicki", "Sawicka"}, {"Sokołowski", "Sokołowska"}, {"Maciejewski", "Maciejewska"}, {"Szczepański", "Szczepańska"}, {"Kucharski", "Kucharska"}, {"Wilk", "Wilk"},
	{"Kalinowski", "Kalinowska"}, {"Mazurek", "Mazurek"}, {"Wysocki", "Wysocka"}, {"Adamski", "Adamska"}, {"Głowacki", "Głowacka"}, {"Zakrzewski", "Zakrzewska"},
	{"Sikorski", "Sikorska"}, {"Krajewski", "Krajewska"}, {"Gajewski", "Gajewska"}, {"Szulc", "Szulc"}, {"Laskowski", "Laskowska"}, {"Ziółkowski", "Ziółkowska"},
}

var (
	mothers   = []string{"Anna", "Monika", "Marta", "Ewelina", "Justyna", "Paulina", "Sylwia", "Karolina", "Magdalena", "Edyta", "Natalia", "Dorota", "Aneta", "Patrycja", "Kinga"}
	fathers   = []string{"Tomasz", "Krzysztof", "Paweł", "Adam", "Rafał", "Łukasz", "Grzegorz", "Dariusz", "Sebastian", "Mariusz", "Jacek", "Damian", "Artur", "Kamil"}
	daughters = []string{"Lena", "Maja", "Oliwia", "Amelia", "Nikola", "Hanna", "Wiktoria", "Gabriela", "Alicja", "Emilia", "Martyna", "Kornelia"}
	sons      = []string{"Jakub", "Antoni", "Szymon", "Filip", "Oskar", "Igor", "Bartosz", "Dawid", "Mikołaj", "Nikodem", "Tymon", "Wojciech"}
	staffHers = []string{"Barbara Cieślak", "Ewa Tomczak", "Maria Gołębiowska", "Iwona Bednarek", "Lucyna Nowaczyk", "Danuta Frąckowiak", "Elżbieta Stachowiak", "Alina Wawrzyniak",
		"Grażyna Ratajczak", "Hanna Nowakowska", "Jolanta Przybylska", "Izabela Banaszak", "Katarzyna Musiał", "Teresa Jankowiak", "Urszula Kasprzak", "Wanda Szymczak",
		"Renata Olejniczak", "Beata Konieczna", "Halina Dudziak", "Zofia Ławniczak", "Bożena Piechowiak", "Wioletta Andrzejak"}
	staffHis = []string{"Andrzej Gruszka", "Marcin Owczarek", "Wojciech Błaszczyk", "Robert Kurek", "Michał Sroka", "Jan Grzelak", "Stanisław Madej", "Leszek Łuczak", "Paweł Hoffmann", "Roman Jóźwiak",
		"Tadeusz Maćkowiak", "Henryk Ciesielski"}
)

// pesel makes a valid number of a person born on a day; odd serials are a man's.
func pesel(born calendar.Date, serial int) string {
	month := born.Month()
	if born.Year() >= 2000 {
		month += 20
	}
	digits := fmt.Sprintf("%02d%02d%02d%04d", born.Year()%100, month, born.Day(), serial%10000)
	sum := 0
	for i, weight := range []int{1, 3, 7, 9, 1, 3, 7, 9, 1, 3} {
		sum += int(digits[i]-'0') * weight
	}
	return fmt.Sprintf("%s%d", digits, (10-sum%10)%10)
}

// pick takes one of a list.
func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

// apart is the least number of days between the births of a mother's children.
const apart = 330

// household makes the members of a family: a mother, a father or partner in most, one to four children. Ids are m, o and d1, d2, …
func household(r *rand.Rand, n int, kind familyv1.ClientKind, today calendar.Date) []*familyv1.FamilyMember {
	name := surnames[n%len(surnames)]
	serial := func(woman bool) int {
		s := (n*37+r.IntN(900))*2 + 100
		if !woman {
			s++
		}
		return s
	}
	adult := func(id string, role familyv1.MemberRole, given, family string, woman, authority bool, youngest, span int) *familyv1.FamilyMember {
		born := today.AddDays(-365*youngest - r.IntN(365*span))
		return &familyv1.FamilyMember{MemberId: id, Role: role, GivenName: given, FamilyName: family, Pesel: pesel(born, serial(woman)), ParentalAuthority: authority}
	}
	if kind == familyv1.ClientKind_CLIENT_KIND_CARE_LEAVER {
		return []*familyv1.FamilyMember{adult("m", familyv1.MemberRole_MEMBER_ROLE_OTHER_ADULT, pick(r, fathers), name[0], false, false, 18, 2)}
	}
	mother := adult("m", familyv1.MemberRole_MEMBER_ROLE_MOTHER, pick(r, mothers), name[1], true, true, 24, 16)
	if kind == familyv1.ClientKind_CLIENT_KIND_KINSHIP_FOSTER_FAMILY {
		mother = adult("m", familyv1.MemberRole_MEMBER_ROLE_GUARDIAN, pick(r, mothers), name[1], true, true, 52, 12)
	}
	members := []*familyv1.FamilyMember{mother}
	switch n % 4 {
	case 0, 1:
		members = append(members, adult("o", familyv1.MemberRole_MEMBER_ROLE_FATHER, pick(r, fathers), name[0], false, true, 26, 16))
	case 2:
		members = append(members, adult("o", familyv1.MemberRole_MEMBER_ROLE_PARTNER, pick(r, fathers), surnames[(n+31)%len(surnames)][0], false, false, 26, 16))
	}
	age := 365*3 + r.IntN(1300) // of the youngest, in days
	for i := range 1 + r.IntN(4) {
		born := today.AddDays(-age)
		age += apart + r.IntN(400)
		child := &familyv1.FamilyMember{MemberId: fmt.Sprintf("d%d", i+1), Role: familyv1.MemberRole_MEMBER_ROLE_CHILD, GivenName: pick(r, daughters), FamilyName: name[1], BirthDate: rpc.Date(born)}
		if woman := r.IntN(2) == 0; !woman {
			child.GivenName, child.FamilyName = pick(r, sons), name[0]
		} else if r.IntN(2) == 0 {
			child.Pesel = pesel(born, serial(true)+2*i)
		}
		members = append(members, child)
	}
	return members
}
