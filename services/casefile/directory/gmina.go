package directory

import (
	"fmt"
	"slices"
	"strings"

	"asysta.example/internal/access"
	"asysta.example/internal/calendar"
	"asysta.example/internal/fault"
	"asysta.example/internal/name"

	dir "asysta.example/internal/directory"
)

// GminaFacts are what a change of settings refers to.
type GminaFacts struct {
	Staff        []dir.Staff       // staff of the gmina named by areas
	Institutions []dir.Institution // institutions of the gmina named by the organiser
}

// NewGmina checks a gmina that a county takes in.
func NewGmina(county string, g dir.Gmina, today calendar.Date) (dir.Gmina, error) {
	if !name.Digits(g.TERYT, 7) || !strings.HasPrefix(g.TERYT, county) {
		return dir.Gmina{}, fault.Invalid("gmina_id", "FOREIGN_TERYT", "kod TERYT gminy ma 7 cyfr i zaczyna się kodem powiatu "+county+".")
	}
	return ReviseGmina(dir.Gmina{TERYT: g.TERYT}, g, GminaFacts{}, today)
}

// ReviseGmina puts new name, office and settings in the place of the old ones.
func ReviseGmina(old, g dir.Gmina, facts GminaFacts, today calendar.Date) (dir.Gmina, error) {
	var bad fault.Fields
	bad.Check(strings.TrimSpace(g.DisplayName) != "", "gmina.display_name", "podaj nazwę gminy.")
	bad.Check(strings.TrimSpace(g.Office.Name) != "", "gmina.office.display_name", "podaj nazwę ośrodka; stoi na każdym wydruku.")
	checkTerms(&bad, g.Settings)
	checkAreas(&bad, g.Settings.Areas, facts.Staff, today)
	checkOrganiser(&bad, g.Settings.Organiser, facts.Institutions, today)
	if err := bad.Err(); err != nil {
		return dir.Gmina{}, err
	}
	g.TERYT = old.TERYT
	return g, nil
}

// limits are the greatest terms a gmina may set, in days or months. 0 means the rule's own number.
func checkTerms(bad *fault.Fields, s dir.Settings) {
	for _, t := range []struct {
		field, polish string
		n, most       int
	}{
		{"plan_months", "termin planu pracy z rodziną", s.PlanMonths, 12},
		{"visit_gap_days", "odstęp między wizytami", s.VisitGapDays, 180},
		{"joint_visit_days", "termin wspólnej wizyty", s.JointVisitDays, 90},
		{"documents_days", "termin zapoznania się z dokumentacją", s.DocumentsDays, 90},
		{"awaiting_days", "czas oczekiwania na asystenta", s.AwaitingDays, 180},
		{"answer_days", "termin odpowiedzi instytucji", s.AnswerDays, 90},
		{"approval_days", "termin zatwierdzenia wywiadu", s.ApprovalDays, 90},
	} {
		bad.Check(t.n >= 0 && t.n <= t.most, "gmina.settings."+t.field, fmt.Sprintf("%s: podaj liczbę od 0 do %d (0 oznacza termin z przepisu).", t.polish, t.most))
	}
	rising := slices.IsSorted(s.MonitoringMonths) && len(slices.Compact(slices.Clone(s.MonitoringMonths))) == len(s.MonitoringMonths)
	inRange := !slices.ContainsFunc(s.MonitoringMonths, func(m int) bool { return m < 1 || m > 60 })
	bad.Check(rising && inRange, "gmina.settings.monitoring_months", "miesiące monitorowania podaj rosnąco, od 1 do 60.")
}

func checkAreas(bad *fault.Fields, areas []dir.Area, staff []dir.Staff, today calendar.Date) {
	seen := map[string]bool{}
	for i, a := range areas {
		path := fmt.Sprintf("gmina.settings.areas[%d]", i)
		bad.Check(a.ID != "" && !seen[a.ID], path+".area_id", "każdy rejon ma własny identyfikator.")
		bad.Check(strings.TrimSpace(a.DisplayName) != "", path+".display_name", "podaj nazwę rejonu.")
		seen[a.ID] = true
		if a.SocialWorker == "" {
			continue
		}
		known := slices.ContainsFunc(staff, func(s dir.Staff) bool {
			return s.ID == a.SocialWorker && s.Has(access.SocialWorker) && StaffStateOn(s, today) != StaffEnded
		})
		bad.Check(known, path+".social_worker", "rejon prowadzi pracownik socjalny zatrudniony w tej gminie.")
	}
}

func checkOrganiser(bad *fault.Fields, o dir.Organiser, institutions []dir.Institution, today calendar.Date) {
	const path = "gmina.settings.organiser"
	want := map[dir.OrganiserKind]dir.InstitutionKind{dir.OrganiserUnit: dir.InstitutionUnit, dir.OrganiserBody: dir.InstitutionBody190}
	switch kind := o.KindOrCentre(); kind {
	case dir.OrganiserCentre:
		bad.Check(o.Institution == "", path+".institution", "gdy pracę z rodziną organizuje ośrodek, nie wskazuje się innej jednostki.")
	case dir.OrganiserUnit, dir.OrganiserBody:
		known := slices.ContainsFunc(institutions, func(i dir.Institution) bool {
			return i.ID == o.Institution && i.Kind == want[kind] && InstitutionOffered(i, today)
		})
		bad.Check(known, path+".institution", "wskaż jednostkę gminy albo podmiot (art. 190) spośród instytucji tej gminy.")
	default:
		bad.Add(path+".kind", "nieznany rodzaj organizatora pracy z rodziną.")
	}
	bad.Check((o.Resolution == "") == o.ResolutionOn.IsZero(), path+".resolution_number", "podaj numer i datę uchwały rady gminy razem.")
	bad.Check(!o.ResolutionOn.After(today), path+".resolution_date", "data uchwały nie może być późniejsza niż dzisiejsza.")
}
