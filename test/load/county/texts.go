package county

import (
	"fmt"
	"math/rand/v2"

	"asysta.example/internal/calendar"
)

// surnames are pairs of masculine and feminine form.
var surnames = [][2]string{
	{"Nowak", "Nowak"}, {"Kowalski", "Kowalska"}, {"Wójcik", "Wójcik"}, {"Kamiński", "Kamińska"}, {"Lewandowski", "Lewandowska"}, {"Woźniak", "Woźniak"},
	{"Dąbrowski", "Dąbrowska"}, {"Kozłowski", "Kozłowska"}, {"Mazur", "Mazur"}, {"Kwiatkowski", "Kwiatkowska"}, {"Krawczyk", "Krawczyk"}, {"Kaczmarek", "Kaczmarek"},
	{"Piotrowski", "Piotrowska"}, {"Grabowski", "Grabowska"}, {"Zając", "Zając"}, {"Pawłowski", "Pawłowska"}, {"Michalski", "Michalska"}, {"Król", "Król"},
	{"Jabłoński", "Jabłońska"}, {"Wróbel", "Wróbel"}, {"Nowicki", "Nowicka"}, {"Majewski", "Majewska"}, {"Stępień", "Stępień"}, {"Jaworski", "Jaworska"},
	{"Malinowski", "Malinowska"}, {"Dudek", "Dudek"}, {"Pawlak", "Pawlak"}, {"Górski", "Górska"}, {"Witkowski", "Witkowska"}, {"Walczak", "Walczak"},
	{"Sikora", "Sikora"}, {"Baran", "Baran"}, {"Rutkowski", "Rutkowska"}, {"Szewczyk", "Szewczyk"}, {"Ostrowski", "Ostrowska"}, {"Tomaszewski", "Tomaszewska"},
}

var (
	women    = []string{"Anna", "Monika", "Marta", "Ewelina", "Justyna", "Paulina", "Sylwia", "Karolina", "Magdalena", "Edyta", "Natalia", "Dorota", "Aneta", "Patrycja", "Kinga"}
	men      = []string{"Tomasz", "Krzysztof", "Paweł", "Adam", "Rafał", "Łukasz", "Grzegorz", "Dariusz", "Sebastian", "Mariusz", "Jacek", "Damian", "Artur", "Kamil"}
	children = []string{"Lena", "Jakub", "Maja", "Antoni", "Oliwia", "Szymon", "Amelia", "Filip", "Nikola", "Oskar", "Hanna", "Igor", "Wiktoria", "Bartosz"}
	places20 = []string{"Stara Wieś", "Dębina", "Nowa Wola", "Lipniki", "Zalesie", "Borki", "Podgórze", "Wola Mała", "Kamionka", "Ostrówek", "Jeziorany", "Brzezie", "Sosnówka", "Olszanka", "Grabów", "Radomka", "Łęgi", "Topola", "Maków", "Sadowne"}
	streets  = []string{"ul. Polna", "ul. Szkolna", "ul. Ogrodowa", "ul. Leśna", "ul. Kościelna", "ul. Lipowa", "ul. Łąkowa", "ul. Słoneczna", "ul. Krótka", "ul. Spacerowa"}
)

var findings = []string{
	"Omówiono tydzień: dzieci chodziły do szkoły bez opóźnień, zeszyty są prowadzone. Matka przygotowała listę opłat i wspólnie ustalono kolejność ich regulowania; zaległość czynszowa zmniejszyła się o jedną ratę. W mieszkaniu porządek, pokój dzieci przemalowany.",
	"Rozmowa o wyznaczaniu granic i konsekwencji. Rodzice przećwiczyli wspólnie wieczorny rytm dnia, młodsze dziecko zasypia o stałej porze. Ojciec podjął pracę na trzy czwarte etatu, co wymaga nowego podziału opieki; omówiono możliwość świetlicy.",
	"Wspólnie przejrzano korespondencję ze szkołą i z poradni. Uzgodniono, kto z rodziców idzie na zebranie, i przygotowano pytania do wychowawczyni. Starsza córka mówi, że lubi zajęcia w świetlicy, chciałaby zapisać się na plastykę.",
	"Ćwiczono planowanie zakupów na tydzień i zapisywanie wydatków w zeszycie. Matka sama zauważyła, na czym można oszczędzić. Omówiono wizytę u lekarza i szczepienia najmłodszego dziecka; karta szczepień jest uzupełniona.",
	"Spotkanie poświęcone relacjom między rodzeństwem. Rodzice opisali ostatnie konflikty i sposoby, którymi je łagodzili. Wskazano mocne strony: konsekwencję ojca i cierpliwość matki. Ustalono wspólny wieczór gier raz w tygodniu.",
	"Towarzyszono w rozmowie z pracownikiem urzędu pracy; matka zapisała się na szkolenie kasjersko-sprzedażowe. Omówiono dojazd i opiekę nad dziećmi w tym czasie. Rodzina otrzymała dodatek mieszkaniowy, decyzję wpięto do teczki w ośrodku.",
}

var agreements = []string{"Rodzice prowadzą zeszyt wydatków do następnego spotkania.", "Matka umawia wizytę w poradni, asystent pomaga wypełnić wniosek.", "Ojciec idzie na zebranie w szkole i zapisuje ustalenia.", "Dzieci wracają ze świetlicy o szesnastej, odbiera je babcia."}

var familyTasks = []string{"Zebrać rachunki z ostatniego miesiąca.", "Ułożyć z dziećmi plan tygodnia i powiesić go w kuchni.", "Zadzwonić do przychodni w sprawie szczepienia.", "Przygotować dokumenty do wniosku o dodatek."}

var assistantTasks = []string{"Sprawdzić terminy dyżurów prawnika.", "Porozmawiać z pedagogiem szkolnym.", "Przynieść materiały o budżecie domowym.", "Uzgodnić z pracownikiem socjalnym termin wspólnej wizyty."}

var problems = []string{"trudność w utrzymaniu stałego rytmu dnia i obowiązków szkolnych dzieci", "zadłużenie czynszowe i brak planowania wydatków", "napięcia między dorosłymi, które przenoszą się na dzieci", "długotrwałe bezrobocie i brak aktualnych kwalifikacji"}

var resources = []string{"wsparcie babci mieszkającej w tej samej miejscowości", "matka chętnie korzysta z porad i dotrzymuje ustaleń", "dzieci dobrze czują się w świetlicy szkolnej", "ojciec ma doświadczenie w pracach budowlanych"}

var expectations = []string{"więcej spokoju w domu i mniej sporów o pieniądze", "pomoc w rozmowach ze szkołą", "stałe zajęcie i własne dochody", "żeby dzieci chętniej się uczyły"}

var actions = []string{"Ułożenie i prowadzenie planu tygodnia wspólnie z dziećmi", "Zeszyt wydatków i plan spłaty zaległości uzgodniony ze spółdzielnią", "Udział w warsztatach umiejętności wychowawczych", "Rejestracja w urzędzie pracy i udział w szkoleniu"}

var effects = []string{"dzieci chodzą do szkoły bez nieusprawiedliwionych nieobecności", "zaległość maleje co miesiąc o uzgodnioną ratę", "rodzice stosują uzgodnione zasady i konsekwencje", "jedno z rodziców ma stałe zatrudnienie"}

var goals = []string{"Stały rytm dnia i nauki dzieci", "Uporządkowane finanse domowe", "Zatrudnienie jednego z rodziców"}

var situations = []string{
	"Sytuacja rodziny poprawiła się: dzieci uczęszczają do szkoły regularnie, rodzice współpracują ze szkołą i z poradnią, zaległości są spłacane zgodnie z ugodą.",
	"Rodzina utrzymuje osiągnięte zmiany. Trudnością pozostaje brak stałego zatrudnienia; matka ukończyła szkolenie i szuka pracy. Relacje z dziećmi są spokojniejsze.",
}

// pick takes one of a list.
func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

// pesel makes a valid number of a person born on a day.
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
