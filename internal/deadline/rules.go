package deadline

import "asysta.example/internal/calendar"

// Ids of the rules.
const (
	RuleInterview       = "interview"           // step 2: community interview
	RuleUrgentInterview = "interview-urgent"    // step 2, urgent
	RuleAnswer          = "answer-institution"  // step 7
	RuleApproval        = "approval"            // step 6: head's decision on the request
	RuleCourtWait       = "court-order-waiting" // step 6: family under a court order waits for an assistant
	RuleAwaiting        = "awaiting-assistant"  // family without an assistant (absence, end of contract)
	RuleDocumentation   = "documentation"       // step 8
	RuleJointVisit      = "joint-visit"         // step 9
	RuleNoConsent       = "no-consent"          // steps 9 and 19: the head's decision on a family that did not consent to cooperation, or no longer does
	RulePlan            = "plan"                // step 12
	RuleAssessment      = "assessment"          // step 15
	RuleCoordination    = "coordination"        // step 13: after a new version of the child's help plan
	RuleChildReview     = "child-review"        // review of a child in foster care
	RuleVisitGap        = "visit-gap"           // per gmina
	RuleMonitoring      = "monitoring"          // step 21
	RuleCourtReport     = "court-report"        // steps 17 and 18
	RuleOrderExpiry     = "court-order-expiry"  // end of a court's order
	RuleReceipt         = "assessment-receipt"  // step 15: the head's receipt of a presented assessment
)

// Unit of a rule's term.
type Unit string

// Units.
const (
	Days        Unit = "days"
	WorkingDays Unit = "working-days"
	Months      Unit = "months"
)

// Rule is one rule as in force from a day on. N is the term in Unit; a gmina's setting may replace it where Local is true.
type Rule struct {
	ID     string
	From   calendar.Date
	Title  string // Polish, what is to be done
	Basis  string // Polish, legal basis
	Source string // document it was taken from
	N      int
	Unit   Unit
	Local  bool
}

// Rules are the rules known, ordered by id and day. An office corrects a legal parameter by a newer line, not by code.
var Rules = []Rule{
	{RuleInterview, day(2012, 1, 1), "Przeprowadzić wywiad środowiskowy", "art. 11 ust. 1 ustawy o wspieraniu rodziny; rozporządzenie w sprawie rodzinnego wywiadu środowiskowego", "statute", 14, WorkingDays, false},
	{RuleUrgentInterview, day(2012, 1, 1), "Przeprowadzić pilny wywiad środowiskowy", "rozporządzenie w sprawie rodzinnego wywiadu środowiskowego (sprawy niecierpiące zwłoki)", "statute", 2, Days, false},
	{RuleAnswer, day(2012, 1, 1), "Odpowiedzieć instytucji, która zgłosiła rodzinę", "procedura uzyskania wsparcia, pkt 5", "procedure of a centre", 30, Days, true},
	{RuleApproval, day(2012, 1, 1), "Zaopiniować i zatwierdzić wywiad", "procedura uzyskania wsparcia, pkt 2", "procedure of a centre", 14, Days, true},
	{RuleCourtWait, day(2012, 1, 1), "Przydzielić asystenta zobowiązanego postanowieniem sądu", "art. 109 § 2 pkt 1 Kodeksu rodzinnego i opiekuńczego", "statute", 14, Days, true},
	{RuleAwaiting, day(2012, 1, 1), "Przydzielić rodzinie asystenta", "art. 11 ust. 3 ustawy o wspieraniu rodziny", "statute", 14, Days, true},
	{RuleDocumentation, day(2012, 1, 1), "Zapoznać się z wywiadem i dokumentacją rodziny", "nawiązanie współpracy, pkt 1 (niezwłocznie)", "procedure of a centre", 7, Days, true},
	{RuleJointVisit, day(2012, 1, 1), "Odbyć wspólną pierwszą wizytę", "nawiązanie współpracy, pkt 1–2", "procedure of a centre", 14, Days, true},
	{RuleNoConsent, day(2012, 1, 1), "Zdecydować z asystentem, co dalej z rodziną, która nie zgadza się na współpracę: nowa rozmowa i zgoda albo zakończenie pracy", "nawiązanie współpracy, pkt 2 (zgoda rodziny na aktywną współpracę)", "procedure of a centre", 14, Days, true},
	{RulePlan, day(2012, 1, 1), "Opracować plan pracy z rodziną", "art. 15 ust. 1 pkt 1 ustawy o wspieraniu rodziny; realizacja usługi, pkt 5", "procedure of a centre", 2, Months, true},
	{RuleAssessment, day(2012, 1, 1), "Dokonać okresowej oceny sytuacji rodziny", "art. 15 ust. 1 pkt 15 ustawy o wspieraniu rodziny (nie rzadziej niż co pół roku)", "statute", 6, Months, false},
	{RuleReceipt, day(2012, 1, 1), "Przyjąć przedstawioną ocenę okresową", "art. 15 ust. 1 pkt 15 ustawy o wspieraniu rodziny", "statute", 14, Days, true},
	{RuleCoordination, day(2012, 1, 1), "Skoordynować plan pracy z nową wersją planu pomocy dziecku", "art. 15 ust. 1 pkt 2 ustawy o wspieraniu rodziny", "statute", 30, Days, true},
	{RuleChildReview, day(2012, 1, 1), "Ocena sytuacji dziecka w pieczy zastępczej", "art. 131 ustawy o wspieraniu rodziny", "statute", 6, Months, false},
	{RuleVisitGap, day(2012, 1, 1), "Odwiedzić rodzinę", "ustawienie gminy: odstęp między wizytami", "setting of the gmina", 30, Days, true},
	{RuleMonitoring, day(2012, 1, 1), "Sprawdzić, jak funkcjonuje rodzina po zakończeniu pracy", "art. 15 ust. 1 pkt 16 ustawy o wspieraniu rodziny", "statute", 1, Months, true},
	{RuleCourtReport, day(2012, 1, 1), "Przekazać sądowi informację lub opinię", "termin wyznaczony przez sąd", "court order", 0, Days, true},
	{RuleOrderExpiry, day(2012, 1, 1), "Upływa termin postanowienia sądu", "postanowienie sądu", "court order", 0, Days, true},
}

// ChildReviewUnder3Months is the interval of reviews of a child below the age of 3 (art. 131 of the act on supporting the family).
const ChildReviewUnder3Months = 3

func day(y, m, d int) calendar.Date { return calendar.MustOf(y, m, d) }

// InForce gives the rule of an id in force on a day; the oldest where the day lies before all of them.
func InForce(id string, on calendar.Date) Rule {
	var found Rule
	for _, r := range Rules {
		if r.ID == id && (found.ID == "" || !r.From.After(on)) {
			found = r
		}
	}
	return found
}

// Term opens a term of a rule from its anchor. With n above zero and a local rule n replaces the rule's number.
func Term(id string, anchor calendar.Date, n int, person string) Deadline {
	r := InForce(id, anchor)
	if !r.Local || n <= 0 {
		n = r.N
	}
	return Deadline{Rule: id, Basis: r.Basis, Anchor: anchor, Due: r.due(anchor, n), Person: person, Open: true}
}

func (r Rule) due(anchor calendar.Date, n int) calendar.Date {
	switch r.Unit {
	case WorkingDays:
		return anchor.AddWorkingDays(n)
	case Months:
		return anchor.AddMonths(n)
	default:
		return anchor.AddDays(n)
	}
}

// numbered are the words around the number in the key of a term: without it the fourth assessment, counted from the first day, reads like a term of two years.
var numbered = map[string][2]string{RuleAssessment: {"ocena nr ", ""}, RuleReceipt: {"ocena nr ", ""}, RuleMonitoring: {"", ". miesiąc"}}

// which says in brackets which term of its rule it is, where a number tells them apart.
func (d Deadline) which() string {
	words, ok := numbered[d.Rule]
	if !ok || d.Key == "" {
		return ""
	}
	return " (" + words[0] + d.Key + words[1] + ")"
}

// Explain says in Polish what is due, which one of its kind, since when and by which rule.
func (d Deadline) Explain() string {
	r := InForce(d.Rule, d.Anchor)
	s := r.Title + d.which() + ": termin " + d.Due.Polish() + ", liczony od " + d.Anchor.Polish() + " (" + d.Basis + ")."
	switch {
	case d.Waived != "":
		s += " Odstąpiono " + d.ClosedOn.Polish() + "."
	case !d.Open && d.ClosedOn.After(d.Due):
		s += " Wykonano po terminie, " + d.ClosedOn.Polish() + "."
	case !d.Open:
		s += " Wykonano " + d.ClosedOn.Polish() + "."
	}
	return s
}
