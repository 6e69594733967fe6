package directory

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"asysta.example/internal/access"
	"asysta.example/internal/calendar"
	"asysta.example/internal/fault"

	dir "asysta.example/internal/directory"
)

// StaffState is where an employment stands on a day.
type StaffState string

// States of an employment.
const (
	StaffAbsent   StaffState = "" // not recorded
	StaffPlanned  StaffState = "PLANNED"
	StaffEmployed StaffState = "EMPLOYED"
	StaffEnded    StaffState = "ENDED"
)

// StaffStateOn gives the state of an employment on a day.
func StaffStateOn(s dir.Staff, today calendar.Date) StaffState {
	switch {
	case s.ActiveFrom.IsZero():
		return StaffAbsent
	case s.ActiveFrom.After(today):
		return StaffPlanned
	case s.ActiveOn(today):
		return StaffEmployed
	}
	return StaffEnded
}

// Transition says in which state of an employment a command may be given, and by whom.
type Transition struct {
	Command string
	From    []StaffState
	Roles   []access.Role
	Rule    string
}

// Transitions are all commands on an employment. Time alone leads from PLANNED to EMPLOYED and, past the last day, to ENDED.
var Transitions = []Transition{
	{"CreateStaffMember", []StaffState{StaffAbsent}, managers, "art. 17"},
	{"UpdateStaffMember", []StaffState{StaffPlanned, StaffEmployed}, managers, "art. 17"},
	{"EndEmployment", []StaffState{StaffPlanned, StaffEmployed}, managers, "employment"},
	{"RecordAbsence", []StaffState{StaffPlanned, StaffEmployed}, []access.Role{access.Head}, "employment"},
	{"CancelAbsence", []StaffState{StaffPlanned, StaffEmployed}, []access.Role{access.Head}, "employment"},
	{"AppointDeputy", []StaffState{StaffPlanned, StaffEmployed}, managers, "step 6"},
	{"RevokeDeputy", []StaffState{StaffPlanned, StaffEmployed}, managers, "step 6"},
}

var managers = []access.Role{access.Head, access.CountyAdministrator}

// allowed refuses a command that the table does not have in the state of the day.
func allowed(command string, s dir.Staff, today calendar.Date) error {
	for _, t := range Transitions {
		if t.Command == command && !slices.Contains(t.From, StaffStateOn(s, today)) {
			return refuse(ReasonEmploymentEnded, t.Rule, "To zatrudnienie już się zakończyło i nie można go zmieniać. Zapisz nowe zatrudnienie.")
		}
	}
	return nil
}

// StaffActions are the commands an actor may give on an employment today, in the order of the table.
func StaffActions(s dir.Staff, by Actor, today calendar.Date) []string {
	var out []string
	for _, t := range Transitions {
		mayAs := by.Manages(s.Body) && (by.Administrator && slices.Contains(t.Roles, access.CountyAdministrator) || by.Head && slices.Contains(t.Roles, access.Head))
		if strings.HasSuffix(t.Command, "Deputy") {
			mayAs = mayAs && by.Heads() && !by.Deputy && s.Body == ""
		}
		if mayAs && s.ID != "" && slices.Contains(t.From, StaffStateOn(s, today)) {
			out = append(out, t.Command)
		}
	}
	return out
}

// StaffFacts are what an employment refers to.
type StaffFacts struct {
	Others   []dir.Staff      // other employments of the same person, in every gmina
	Settings dir.Settings     // of the gmina
	Body     *dir.Institution // the contracted body named, if it is one of the gmina's institutions
	Families int              // families who have the person as assistant
}

// Hire checks a new employment.
func Hire(s dir.Staff, facts StaffFacts, by Actor, today calendar.Date) (dir.Staff, error) {
	s.Absences, s.DeputyFor, s.NeverAssistant = nil, nil, !s.Has(access.Assistant)
	if by.Head && !by.Administrator && by.Body != "" && s.Body != by.Body {
		return dir.Staff{}, fault.Denied()
	}
	if err := checkStaff(s, facts, today); err != nil {
		return dir.Staff{}, err
	}
	if s.Person != "" && s.Person == by.Person {
		return dir.Staff{}, ownRoles()
	}
	return s, checkRoles(dir.Staff{}, s, facts, by)
}

// Revise changes an employment that has not ended. Person, absences, deputizing and the last day stay.
func Revise(old, s dir.Staff, facts StaffFacts, by Actor, today calendar.Date) (dir.Staff, error) {
	if err := allowed("UpdateStaffMember", old, today); err != nil {
		return dir.Staff{}, err
	}
	s.ID, s.Gmina, s.Person, s.ActiveTo, s.Absences, s.DeputyFor = old.ID, old.Gmina, old.Person, old.ActiveTo, old.Absences, old.DeputyFor
	s.NeverAssistant = old.NeverAssistant && !s.Has(access.Assistant)
	if !by.Manages(s.Body) {
		return dir.Staff{}, fault.Denied()
	}
	if err := checkStaff(s, facts, today); err != nil {
		return dir.Staff{}, err
	}
	if old.Person == by.Person && (!sameRoles(old.Roles, s.Roles) || !slices.Equal(old.Areas, s.Areas) || old.ActiveFrom != s.ActiveFrom) {
		return dir.Staff{}, ownRoles()
	}
	return s, checkRoles(old, s, facts, by)
}

func checkStaff(s dir.Staff, facts StaffFacts, today calendar.Date) error {
	var bad fault.Fields
	at := func(field string) string { return "staff_member." + field }
	bad.Check(strings.TrimSpace(s.DisplayName) != "", at("display_name"), "podaj imię i nazwisko.")
	bad.Check(len(s.Roles) > 0 && unique(s.Roles), at("roles"), "podaj co najmniej jedną rolę, każdą raz.")
	for _, r := range s.Roles {
		bad.Check(slices.Contains(access.GminaRoles, r), at("roles"), "nieznana rola w gminie.")
	}
	bad.Check(s.Contract != "", at("contract"), "podaj rodzaj umowy.")
	bad.Check(s.FTE >= 0 && s.FTE <= dir.FullTime, at("fte_hundredths"), "wymiar czasu pracy podaj w setnych etatu, od 0 do 100.")
	bad.Check(s.FTE > 0 || s.Contract != dir.ContractEmployment, at("fte_hundredths"), "przy umowie o pracę podaj wymiar etatu.")
	bad.Check(!s.ActiveFrom.IsZero(), at("active_from_date"), "podaj pierwszy dzień zatrudnienia.")
	bad.Check(s.ActiveTo.IsZero() || !s.ActiveTo.Before(s.ActiveFrom), at("active_until_date"), "ostatni dzień zatrudnienia nie może być wcześniejszy niż pierwszy.")
	checkBody(&bad, s, facts.Body, today)
	bad.Check(len(s.Areas) == 0 || s.Has(access.SocialWorker), at("areas"), "rejony przypisuje się tylko pracownikowi socjalnemu.")
	for _, id := range s.Areas {
		_, known := facts.Settings.Area(id)
		bad.Check(known, at("areas"), "tego rejonu nie ma w ustawieniach gminy.")
	}
	for i, q := range s.Qualifications {
		path := fmt.Sprintf("staff_member.qualifications[%d]", i)
		bad.Check(q.Kind != "" && !q.CheckedOn.IsZero() && !q.CheckedOn.After(today), path, "podaj rodzaj kwalifikacji i dzień sprawdzenia, nie późniejszy niż dzisiejszy.")
		bad.Check(q.CheckBy.IsZero() || q.CheckBy.After(q.CheckedOn), path+".check_by_date", "termin ponownego sprawdzenia musi być późniejszy niż dzień sprawdzenia.")
	}
	return bad.Err()
}

func checkBody(bad *fault.Fields, s dir.Staff, body *dir.Institution, today calendar.Date) {
	const path = "staff_member.contracted_body"
	of190 := s.Contract == dir.ContractBody190
	bad.Check(of190 == (s.Body != ""), path, "podmiot podaje się przy zatrudnieniu przez podmiot z art. 190 i tylko wtedy.")
	bad.Check(!s.Has(access.ContractedBody) || of190, path, "rolę biura podmiotu ma tylko osoba zatrudniona przez podmiot z art. 190.")
	bad.Check(!of190 || !s.Has(access.SocialWorker), "staff_member.roles", "pracownik socjalny jest pracownikiem ośrodka, nie podmiotu z art. 190.")
	if s.Body != "" {
		bad.Check(body != nil && body.Kind == dir.InstitutionBody190 && InstitutionOffered(*body, today), path, "wskaż podmiot z art. 190 spośród instytucji tej gminy.")
	}
}

// checkRoles holds the rules that look past the one employment.
func checkRoles(old, s dir.Staff, facts StaffFacts, by Actor) error {
	if old.Has(access.Head) != s.Has(access.Head) && !by.Administrator {
		return refuse(ReasonHeadByAdmin, "separation of duties", "Rolę kierownika nadaje i odbiera administrator powiatu. Na czas nieobecności kierownika wyznacz zastępcę.")
	}
	if s.Has(access.Assistant) && s.Has(access.SocialWorker) {
		return refuse(ReasonArt17, "art. 17", "Asystent rodziny nie może być w tej samej gminie pracownikiem socjalnym (art. 17 ustawy o wspieraniu rodziny). Wybierz jedną z tych ról.")
	}
	if old.Has(access.Assistant) && !s.Has(access.Assistant) && facts.Families > 0 {
		return refuse(ReasonHasFamilies, "continuity", fmt.Sprintf("Ta osoba jest asystentem rodzin (liczba: %d). Najpierw przydziel im innego asystenta.", facts.Families))
	}
	for _, o := range facts.Others {
		if o.Gmina == s.Gmina && o.ID != s.ID && overlap(o.ActiveFrom, o.ActiveTo, s.ActiveFrom, s.ActiveTo) {
			return refuse(ReasonEmployedAlready, "employment", "Ta osoba jest już w tym czasie zatrudniona w tej gminie. Zmień tamto zatrudnienie albo najpierw je zakończ.")
		}
	}
	return nil
}

// overlap says that two times, both days counted and no last day meaning no end, share a day.
func overlap(from1, to1, from2, to2 calendar.Date) bool {
	return (to1.IsZero() || !to1.Before(from2)) && (to2.IsZero() || !to2.Before(from1))
}

// EndEmployment sets the last day of an employment; deputizing beyond it ends with it.
func EndEmployment(s dir.Staff, last calendar.Date, by Actor, today calendar.Date) (dir.Staff, error) {
	if err := allowed("EndEmployment", s, today); err != nil {
		return dir.Staff{}, err
	}
	if s.Has(access.Head) && !by.Administrator {
		return dir.Staff{}, refuse(ReasonHeadByAdmin, "separation of duties", "Zatrudnienie kierownika kończy administrator powiatu.")
	}
	if last.Before(s.ActiveFrom) {
		return dir.Staff{}, fault.Invalid("last_date", "BEFORE_START", "ostatni dzień nie może być wcześniejszy niż pierwszy dzień zatrudnienia ("+s.ActiveFrom.Polish()+").")
	}
	s.ActiveTo = last
	return s, nil
}

// RecordAbsence notes a time in which the person does not work.
func RecordAbsence(s dir.Staff, a dir.Absence, today calendar.Date) (dir.Staff, error) {
	if err := allowed("RecordAbsence", s, today); err != nil {
		return dir.Staff{}, err
	}
	var bad fault.Fields
	bad.Check(!a.From.Before(s.ActiveFrom), "from_date", "nieobecność zaczyna się najwcześniej w pierwszym dniu zatrudnienia.")
	bad.Check(a.To.IsZero() || !a.To.Before(a.From), "until_date", "ostatni dzień nie może być wcześniejszy niż pierwszy.")
	bad.Check(s.ActiveTo.IsZero() || !a.From.After(s.ActiveTo), "from_date", "nieobecność musi mieścić się w czasie zatrudnienia.")
	if err := bad.Err(); err != nil {
		return dir.Staff{}, err
	}
	for _, b := range s.Absences {
		if overlap(a.From, a.To, b.From, b.To) {
			return dir.Staff{}, refuse(ReasonAbsenceOverlaps, "employment", "W tych dniach zapisano już nieobecność. Odwołaj tamtą albo podaj inne dni.")
		}
	}
	s.Absences = append(slices.Clone(s.Absences), a)
	slices.SortFunc(s.Absences, func(a, b dir.Absence) int { return cmp.Or(a.From.Compare(b.From), cmp.Compare(a.ID, b.ID)) })
	return s, nil
}

// CancelAbsence takes back an absence that has not begun before today; one that lasts is shortened, and the person works again from today.
func CancelAbsence(s dir.Staff, id string, today calendar.Date) (dir.Staff, error) {
	if err := allowed("CancelAbsence", s, today); err != nil {
		return dir.Staff{}, err
	}
	i := slices.IndexFunc(s.Absences, func(a dir.Absence) bool { return a.ID == id })
	if i < 0 {
		return dir.Staff{}, refuse(ReasonNoAbsence, "employment", "Nie ma takiej nieobecności. Odczytaj dane pracownika ponownie.")
	}
	absences := slices.Clone(s.Absences)
	switch a := absences[i]; {
	case !a.To.IsZero() && a.To.Before(today):
		return dir.Staff{}, refuse(ReasonAbsenceOver, "employment", "Ta nieobecność już się zakończyła i pozostaje w ewidencji.")
	case a.From.Before(today):
		absences[i].To = today.AddDays(-1)
	default:
		absences = slices.Delete(absences, i, i+1)
	}
	s.Absences = absences
	return s, nil
}
