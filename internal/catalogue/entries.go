package catalogue

import "asysta.example/internal/calendar"

// Documents the entries come from.
const (
	act       = "ustawa z dnia 9 czerwca 2011 r. o wspieraniu rodziny i systemie pieczy zastępczej, "
	local     = "katalog lokalny ośrodków"
	procedure = "procedura uzyskania wsparcia asystenta rodziny"
)

var (
	actInForce = calendar.MustOf(2012, 1, 1)
	zaZyciem   = calendar.MustOf(2017, 1, 1)
)

func art(where, code, title string) Entry {
	return Entry{Code: code, Title: title, Source: act + where, From: actInForce}
}

func ofOffice(source, code, title string) Entry {
	return Entry{Code: code, Title: title, Source: source, From: actInForce}
}

// Tasks are the tasks of the assistant: those of art. 15(1) carry the number of their point, local ones an L.
var Tasks = List{
	art("art. 15 ust. 1 pkt 1", "1", "Plan pracy z rodziną"),
	art("art. 15 ust. 1 pkt 2", "2", "Plan skoordynowany z planem pomocy dziecku w pieczy zastępczej"),
	art("art. 15 ust. 1 pkt 3", "3", "Sytuacja życiowa i prowadzenie gospodarstwa domowego"),
	art("art. 15 ust. 1 pkt 4", "4", "Problemy socjalne"),
	art("art. 15 ust. 1 pkt 5", "5", "Problemy psychologiczne"),
	art("art. 15 ust. 1 pkt 6", "6", "Problemy wychowawcze z dziećmi"),
	art("art. 15 ust. 1 pkt 7", "7", "Aktywność społeczna rodziny"),
	art("art. 15 ust. 1 pkt 8", "8", "Kwalifikacje zawodowe"),
	art("art. 15 ust. 1 pkt 9", "9", "Szukanie, podejmowanie i utrzymanie pracy"),
	art("art. 15 ust. 1 pkt 10", "10", "Zajęcia grupowe dla rodziców"),
	art("art. 15 ust. 1 pkt 11", "11", "Wsparcie dzieci, zajęcia psychoedukacyjne"),
	art("art. 15 ust. 1 pkt 12", "12", "Działania interwencyjne i zaradcze"),
	art("art. 15 ust. 1 pkt 13", "13", "Indywidualne konsultacje wychowawcze"),
	{Code: "13a", Title: "Zadania z ustawy „Za życiem”", Source: act + "art. 15 ust. 1 pkt 13a", From: zaZyciem},
	art("art. 15 ust. 1 pkt 14", "14", "Dokumentacja pracy z rodziną"),
	art("art. 15 ust. 1 pkt 15", "15", "Okresowa ocena sytuacji rodziny"),
	art("art. 15 ust. 1 pkt 16", "16", "Monitorowanie rodziny po zakończeniu pracy"),
	art("art. 15 ust. 1 pkt 17", "17", "Opinia o rodzinie na wniosek sądu"),
	art("art. 15 ust. 1 pkt 18", "18", "Współpraca z urzędami, organizacjami i specjalistami"),
	art("art. 15 ust. 1 pkt 19", "19", "Współpraca z zespołem interdyscyplinarnym lub grupą roboczą"),
	ofOffice(local, "L1", "Poradnictwo, edukacja i informacja o dostępnej pomocy"),
	ofOffice(local, "L2", "Wzmacnianie motywacji członków rodziny"),
	ofOffice(local, "L3", "Pomoc rodzinom zastępczym spokrewnionym i pełnoletnim wychowankom"),
	ofOffice(local, "L4", "Problemy zdrowotne"),
	ofOffice(local, "L5", "Edukacja dorosłych członków rodziny"),
}

// Aims are the aims of support that tag the goals of a plan (art. 8).
var Aims = List{
	art("art. 8", "ANALYSIS", "Analiza sytuacji rodziny i przyczyn kryzysu"),
	art("art. 8", "ROLE", "Wzmocnienie roli i funkcji rodziny"),
	art("art. 8", "PARENTING", "Umiejętności opiekuńczo-wychowawcze"),
	art("art. 8", "AWARENESS", "Świadomość w planowaniu i funkcjonowaniu rodziny"),
	art("art. 8", "INTEGRATION", "Integracja rodziny"),
	art("art. 8", "AGAINST_MARGINALISATION", "Przeciwdziałanie marginalizacji i degradacji społecznej"),
	art("art. 8", "REINTEGRATION", "Dążenie do reintegracji rodziny"),
}

// SupportForms are the forms of support of a family (art. 8).
var SupportForms = List{
	art("art. 8", "FAMILY_WORK", "Praca z rodziną"),
	art("art. 8", "CARE_HELP", "Pomoc w opiece i wychowaniu dziecka"),
}

// WorkForms are the forms of family work (art. 10(3)).
var WorkForms = List{
	art("art. 10 ust. 3", "CONSULTATION", "Konsultacje i poradnictwo specjalistyczne"),
	art("art. 10 ust. 3", "THERAPY", "Terapia i mediacja"),
	art("art. 10 ust. 3", "SERVICES", "Usługi dla rodzin z dziećmi, opiekuńcze i specjalistyczne"),
	art("art. 10 ust. 3", "LEGAL_HELP", "Pomoc prawna, głównie w sprawach rodzinnych"),
	art("art. 10 ust. 3", "GROUPS", "Grupy wsparcia i grupy samopomocowe"),
}

// HelpSources are those who help the family (art. 9).
var HelpSources = List{
	art("art. 9", "INSTITUTION", "Instytucja lub podmiot działający na rzecz dziecka i rodziny"),
	art("art. 9", "DAY_SUPPORT", "Placówka wsparcia dziennego"),
	art("art. 9", "SUPPORTING_FAMILY", "Rodzina wspierająca"),
	art("art. 9", "FAMILY_WORK", "Praca z rodziną"),
}

// ClosureReasons are why the work with a family ends (step 20).
var ClosureReasons = List{
	ofOffice(procedure, "GOALS_ACHIEVED", "Osiągnięto cele"),
	ofOffice(procedure, "FAMILY_WITHDREW", "Rezygnacja rodziny"),
	ofOffice(procedure, "LACK_OF_COOPERATION", "Brak współpracy"),
	ofOffice(procedure, "NO_EFFECTS", "Brak efektów"),
	ofOffice(procedure, "METHOD_CHANGED", "Zmiana metody pracy"),
	ofOffice(procedure, "NO_CHILD_LEFT", "Trwałe umieszczenie dziecka poza rodziną lub brak dzieci"),
	ofOffice(procedure, "MOVED_AWAY", "Zmiana miejsca zamieszkania"),
	ofOffice(procedure, "DEATH", "Zgon"),
	ofOffice(procedure, "OTHER", "Inna przyczyna"),
}

// LifeAreas are the areas of life that a diagnosis goes through (step 10).
var LifeAreas = List{
	ofOffice(procedure, "UPBRINGING", "Opieka i wychowanie dzieci"),
	ofOffice(procedure, "RELATIONS", "Relacje w rodzinie"),
	ofOffice(procedure, "HOUSEHOLD", "Mieszkanie i gospodarstwo domowe"),
	ofOffice(procedure, "FINANCES", "Finanse i zadłużenie"),
	ofOffice(procedure, "WORK", "Praca i kwalifikacje"),
	ofOffice(procedure, "EDUCATION", "Edukacja dzieci i dorosłych"),
	ofOffice(procedure, "HEALTH", "Zdrowie i niepełnosprawność"),
	ofOffice(procedure, "ADDICTION", "Uzależnienia"),
	ofOffice(procedure, "SAFETY", "Bezpieczeństwo i przemoc"),
	ofOffice(procedure, "PSYCHE", "Sytuacja psychologiczna"),
	ofOffice(procedure, "LAW", "Sprawy prawne i urzędowe"),
	ofOffice(procedure, "COMMUNITY", "Otoczenie i aktywność społeczna"),
	ofOffice(procedure, "OTHER", "Inne"),
}

// VisitKinds are the kinds of entries of the work card (step 11), spelled as in the contract's enum without its prefix.
var VisitKinds = List{
	ofOffice(procedure, "MEETING", "Spotkanie z rodziną"),
	ofOffice(procedure, "ACCOMPANYING", "Towarzyszenie rodzinie w urzędzie, szkole lub u specjalisty"),
	ofOffice(procedure, "JOINT", "Wspólna wizyta z pracownikiem socjalnym"),
	ofOffice(procedure, "INTERVENTION", "Interwencja w sytuacji zagrożenia"),
	ofOffice(procedure, "UNSUCCESSFUL", "Wizyta nie doszła do skutku"),
}
