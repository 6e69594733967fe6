package demo

// What invented people write about invented families.
var (
	reasons = []string{
		"Trudności wychowawcze, dzieci opuszczają lekcje.", "Zadłużenie mieszkania i brak stałych dochodów.", "Samotna matka, przeciążenie opieką nad dziećmi.",
		"Konflikty rodziców, dzieci bez stałego rytmu dnia.", "Niewydolność w prowadzeniu domu, złe warunki mieszkaniowe.", "Nadużywanie alkoholu przez jednego z rodziców.",
		"Choroba matki, potrzebna pomoc w organizacji opieki.", "Opóźnienia rozwojowe dziecka, brak kontaktu z poradnią.", "Młoda matka bez wsparcia rodziny.",
	}
	analyses = []string{
		"Rodzina wymaga stałej pracy w domu; sama pomoc finansowa nie wystarczy.", "Problemy wychowawcze i socjalne nakładają się, potrzebny asystent.",
		"Rodzice chcą zmiany, ale nie wiedzą, od czego zacząć.", "Bez pomocy asystenta grozi umieszczenie dzieci w pieczy.",
	}
	findings = []string{
		"Rozmowa o rytmie dnia dzieci. Poranki spokojniejsze niż przed miesiącem.", "Przegląd rachunków i ułożenie budżetu na najbliższy miesiąc.",
		"Wspólne gotowanie i planowanie zakupów.", "Ćwiczenie stawiania granic bez krzyku na przykładzie odrabiania lekcji.", "Rozmowa o relacji rodziców; ustalono zasady kłótni.",
		"Pomoc w wypełnieniu wniosku o świadczenie wychowawcze.", "Przygotowanie do zebrania w szkole, omówienie ocen.", "W domu czysto, dzieci ubrane stosownie do pogody.",
		"Omówienie zaleceń poradni psychologiczno-pedagogicznej.", "Rozmowa o powrocie do pracy i opiece nad najmłodszym dzieckiem.", "Matka zmęczona; rozmowa wspierająca, plan odciążenia.",
		"Przegląd apteczki i terminów szczepień dzieci.", "Sprawdzono, jak działa tablica obowiązków domowych.", "Zabawa z dziećmi, pokazanie ćwiczeń logopedycznych.",
	}
	agreements = []string{
		"Rodzice prowadzą zeszyt wydatków.", "Dzieci odrabiają lekcje przed kolacją.", "Matka umówi wizytę w poradni.", "Ojciec zgłosi się do doradcy zawodowego.",
		"Wspólny posiłek co najmniej raz dziennie.", "Rodzice porozmawiają z wychowawczynią.", "Plan dnia wisi na lodówce.", "Złożenie wniosku o ugodę czynszową.",
	}
	summaries = []string{
		"Wymiana informacji o sytuacji rodziny, ustalono podział zadań.", "Omówiono decyzję w sprawie zasiłku i terminy wizyt.", "Przekazano informacje o frekwencji dzieci w szkole.",
		"Ustalono wspólne stanowisko wobec zaległości czynszowych.",
	}
	progresses = []string{
		"Omówiono postępy rodziny i plan na kolejny kwartał.", "Postępy w wychowaniu, trudność: nieregularne spotkania z ojcem.", "Rodzina realizuje plan, ryzyko nawrotu zadłużenia.",
	}
	situations = []string{
		"Dzieci mają stały rytm dnia, frekwencja poprawiła się.", "Dług maleje, rodzice trzymają się budżetu.", "Nadal trudności w relacji rodziców, dzieci spokojniejsze.",
		"Poprawa warunków mieszkaniowych, matka korzysta z grupy wsparcia.",
	}
	conclusions = []string{"Pracę należy kontynuować według planu.", "Plan przynosi efekty, wzmacniać samodzielność.", "Zwiększyć częstotliwość spotkań."}
	monitored   = []string{"Rodzina radzi sobie samodzielnie.", "Sytuacja stabilna, dzieci uczęszczają do szkoły.", "Drobne trudności, rodzina wie, dokąd zwrócić się o pomoc."}
	streets     = []string{"ul. Polna", "ul. Lipowa", "ul. Kościelna", "ul. Ogrodowa", "ul. Słoneczna", "ul. Szkolna", "ul. Krótka", "os. Zielone"}
	houseTasks  = [][]string{{"3", "6"}, {"4"}, {"6", "13"}, {"5", "L2"}, {"7", "18"}, {"9"}, {"11"}, {"3", "L1"}, {"8", "L5"}, {"10"}}
	scopes      = []string{"Dwa spotkania w tygodniu: rytm dnia, wychowanie, budżet domowy.", "Spotkanie raz w tygodniu: sprawy urzędowe, kontakt ze szkołą, wsparcie matki."}
)

// final are the final assessments by the reason of a closure.
var final = map[string]string{
	"GOALS_ACHIEVED": "Cele planu osiągnięte, rodzina samodzielna.", "FAMILY_WITHDREW": "Rodzina zrezygnowała; część celów osiągnięto.",
	"LACK_OF_COOPERATION": "Mimo starań rodzina nie podejmowała ustalonych działań.", "NO_EFFECTS": "Praca nie przyniosła trwałej zmiany.",
	"METHOD_CHANGED": "Rodzina objęta terapią i poradnictwem specjalistycznym zamiast asysty.", "NO_CHILD_LEFT": "Dzieci umieszczone trwale poza rodziną.",
	"MOVED_AWAY": "Rodzina przeprowadziła się poza powiat; przekazano informację o wsparciu.", "DEATH": "Zgon osoby sprawującej opiekę; dzieci u krewnych.",
	"OTHER": "Rodzina objęta innym programem wsparcia.",
}
