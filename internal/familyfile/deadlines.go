package familyfile

import (
	"strconv"

	"asysta.example/internal/calendar"
	"asysta.example/internal/deadline"
)

// Deadlines computes every term of the file from its cover: what is open, what was met and when. It is total and pure: any service that
// commits calls it with the cover it commits. Month terms are counted from the anchor, never chained.
func Deadlines(c Cover) []deadline.Deadline {
	var ds []deadline.Deadline
	if c.State == Fenced || len(c.Spells) == 0 {
		return ds
	}
	sp := c.Spells[len(c.Spells)-1]
	ds = append(ds, c.beforeDay0(sp)...)
	if !c.Day0.IsZero() {
		ds = append(ds, c.planTerm())
		ds = append(ds, c.assessmentTerms()...)
		ds = append(ds, c.careTerms()...)
		ds = append(ds, c.visitGap()...)
		ds = append(ds, c.withdrawn()...)
	}
	ds = append(ds, c.orderTerms()...)
	if !c.ClosedOn.IsZero() {
		for i := range ds {
			ds[i] = ds[i].WaivedOn(c.ClosedOn, "CLOSED")
		}
		ds = append(ds, c.monitoringTerms()...)
	}
	ds = append(ds, c.courtReports()...) // a court's term binds the centre after the work with the family has ended, too
	deadline.Sort(ds)
	return ds
}

// beforeDay0 has the terms of waiting for an assistant and of steps 8 and 9. A paper case that was taken over brings its steps along, but for a joint visit that is
// still to come.
func (c Cover) beforeDay0(sp Spell) []deadline.Deadline {
	var ds []deadline.Deadline
	if c.State == AwaitingAssistant {
		rule, since := deadline.RuleAwaiting, c.AwaitingSince
		if c.Basis == BasisCourtOrder {
			rule = deadline.RuleCourtWait
		}
		if since.IsZero() {
			since = sp.From
		}
		ds = append(ds, deadline.Term(rule, since, c.Terms.AwaitingDays, ""))
	}
	first := c.assignedSince(sp.From)
	if first.IsZero() || c.TakenOver && !c.Day0.IsZero() {
		return ds
	}
	if c.Day0.IsZero() && !c.JointVisitOn.IsZero() && c.State != AwaitingAssistant {
		ds = append(ds, c.noConsent())
	}
	if c.TakenOver {
		return append(ds, deadline.Term(deadline.RuleJointVisit, first, c.Terms.JointVisitDays, c.Assistant).Met(c.JointVisitOn))
	}
	return append(ds,
		deadline.Term(deadline.RuleDocumentation, first, c.Terms.DocumentsDays, c.Assistant).Met(c.DocsReadOn),
		deadline.Term(deadline.RuleJointVisit, first, c.Terms.JointVisitDays, c.Assistant).Met(c.JointVisitOn))
}

// noConsent is the head's term of a family whom nobody's consent 2 and no order of a court let work with after the joint visit: without it the file would lie with no
// term at all. It counts from the visit, or from when another assistant was given the family since.
func (c Cover) noConsent() deadline.Deadline {
	since := c.JointVisitOn
	if n := len(c.Assignments); n > 0 && c.Assignments[n-1].From.After(since) {
		since = c.Assignments[n-1].From
	}
	return deadline.Term(deadline.RuleNoConsent, since, 0, "")
}

// assignedSince is the day of the first assignment of the spell that began on from.
func (c Cover) assignedSince(from calendar.Date) calendar.Date {
	for _, a := range c.Assignments {
		if !a.From.Before(from) {
			return a.From
		}
	}
	return calendar.Date{}
}

// planTerm waits for no plan after the consents were withdrawn, without which none is made; where they are given again it does.
func (c Cover) planTerm() deadline.Deadline {
	d := deadline.Term(deadline.RulePlan, c.Day0, c.Terms.PlanMonths, c.Assistant).Met(c.PlanAdoptedOn)
	if stopped := c.withdrawnOn(); !stopped.IsZero() && d.Due.After(stopped) {
		d = d.WaivedOn(stopped, "STOPPED")
	}
	return d
}

// withdrawnOn is the day on which the present spell, or the last one, lost its last consent 2 while no order of a court bound the family; zero for none.
func (c Cover) withdrawnOn() calendar.Date {
	if c.Basis != BasisConsent {
		return calendar.Date{}
	}
	if n := len(c.Spells); n > 0 && !c.ClosedOn.IsZero() {
		return c.Spells[n-1].StoppedOn
	}
	return c.StoppedOn
}

// withdrawn is the head's term of a family with whom nobody may work any more because its consents were withdrawn: the visits that are owed otherwise are none.
func (c Cover) withdrawn() []deadline.Deadline {
	if since := c.withdrawnOn(); !since.IsZero() && c.State.Active() {
		return []deadline.Deadline{deadline.Term(deadline.RuleNoConsent, since, 0, "")}
	}
	return nil
}

// assessmentTerms has a term for each assessment made and one for the next.
func (c Cover) assessmentTerms() []deadline.Deadline {
	var ds []deadline.Deadline
	for _, a := range c.Assessments {
		if a.PresentedOn.IsZero() {
			continue
		}
		ds = append(ds, c.assessmentTerm(a.Number).Met(a.PresentedOn))
		receipt := deadline.Term(deadline.RuleReceipt, a.PresentedOn, 0, "").Met(a.ReceivedOn)
		receipt.Key = strconv.Itoa(a.Number)
		ds = append(ds, receipt)
	}
	return append(ds, c.assessmentTerm(c.NextAssessment()))
}

// NextAssessment is the number of the half year after day 0 that the next assessment of the present spell answers: the one after the last, or, where that came so late
// that the next term was over as well, the first whose term was still to come. What was missed stays missed, see Measured: it is not written twice in one day.
func (c Cover) NextAssessment() int {
	next := 1
	for _, a := range c.Assessments {
		if a.PresentedOn.IsZero() {
			continue
		}
		next = max(next, c.AssessmentOn(a.Number, a.PresentedOn)+1)
	}
	return next
}

// AssessmentOn is the number of an assessment begun as the n-th and presented on a day: of the half years that were over by then the last, which it is least late for.
func (c Cover) AssessmentOn(n int, presented calendar.Date) int {
	for !c.Day0.IsZero() && !c.halfYear(n+1).After(presented) {
		n++
	}
	return n
}

// halfYear is the end of the n-th half year after day 0.
func (c Cover) halfYear(n int) calendar.Date {
	return c.Day0.AddMonths(n * deadline.InForce(deadline.RuleAssessment, c.Day0).N)
}

// unmade has the terms of assessments that no other term stands for and that were over on a day: the half years after the one that is still open, and those that a late
// assessment left out. A paper case that was taken over owes none from before the first that is known of it.
func (c Cover) unmade(until calendar.Date) []deadline.Deadline {
	if c.Day0.IsZero() {
		return nil
	}
	answered, first := map[int]bool{c.NextAssessment(): true}, 0
	for _, a := range c.Assessments {
		answered[a.Number] = true
		if first == 0 || a.Number < first {
			first = a.Number
		}
	}
	if !c.TakenOver || first == 0 {
		first = 1
	}
	var ds []deadline.Deadline
	for n := first; ; n++ {
		due := c.halfYear(n)
		if due.After(until) || !c.ClosedOn.IsZero() && !due.Before(c.ClosedOn) {
			return ds
		}
		if !answered[n] {
			d := deadline.Term(deadline.RuleAssessment, c.Day0, 0, c.Assistant)
			d.Due, d.Key = due, strconv.Itoa(n)
			ds = append(ds, d)
		}
	}
}

// AssessmentDue is the last day on which the n-th assessment of the present spell is in time (art. 15(1)(15)).
func (c Cover) AssessmentDue(n int) calendar.Date { return c.assessmentTerm(n).Due }

// earlyMonth is how many months before its term an assessment may come and still leave the next one where day 0 puts it.
const earlyMonth = 1

// assessmentTerm is the n-th assessment's: 6·n months after day 0. Where the one before came more than a month early it is counted from that one, because
// there is to be one at least every half year.
func (c Cover) assessmentTerm(n int) deadline.Deadline {
	months := deadline.InForce(deadline.RuleAssessment, c.Day0).N
	d := deadline.Term(deadline.RuleAssessment, c.Day0, 0, c.Assistant)
	d.Due, d.Key = c.halfYear(n), strconv.Itoa(n)
	var last calendar.Date
	for _, a := range c.Assessments {
		if a.Number < n && a.PresentedOn.After(last) {
			last = a.PresentedOn
		}
	}
	if !last.IsZero() && last.Before(c.Day0.AddMonths((n-1)*months-earlyMonth)) {
		d.Anchor, d.Due = last, last.AddMonths(months)
	}
	return d
}

// careTerms has, for each child in care, the coordination after the last version of the child's help plan.
func (c Cover) careTerms() []deadline.Deadline {
	var ds []deadline.Deadline
	for _, ch := range c.Children {
		if !ch.InCare() {
			continue
		}
		if !ch.ChildPlanOn.IsZero() {
			d := deadline.Term(deadline.RuleCoordination, ch.ChildPlanOn, 0, c.Assistant)
			if !ch.CoordinatedOn.Before(ch.ChildPlanOn) {
				d = d.Met(ch.CoordinatedOn)
			}
			d.Key = ch.Member
			ds = append(ds, d)
		}
		ds = append(ds, c.childReview(ch))
	}
	return ds
}

// childReview is the next review of a child in foster care: every 6 months, every 3 below the age of 3 on the day of the anchor.
func (c Cover) childReview(ch Child) deadline.Deadline {
	anchor := ch.InCareSince
	if ch.LastReviewOn.After(anchor) {
		anchor = ch.LastReviewOn
	}
	d := deadline.Term(deadline.RuleChildReview, anchor, 0, c.Assistant)
	if !ch.BornOn.IsZero() && anchor.Before(ch.BornOn.AddMonths(36)) {
		d.Due = anchor.AddMonths(deadline.ChildReviewUnder3Months)
	}
	d.Key = ch.Member
	return d
}

// visitGap is the next visit; none where nobody consents to visits any more, or before the next one is due.
func (c Cover) visitGap() []deadline.Deadline {
	if c.State != Cooperation || !c.withdrawnOn().IsZero() {
		return nil
	}
	anchor := c.Day0
	if c.LastVisitOn.After(anchor) {
		anchor = c.LastVisitOn
	}
	d := deadline.Term(deadline.RuleVisitGap, anchor, c.Terms.VisitGapDays, c.Assistant)
	if c.Stopped(d.Due) {
		return nil
	}
	return []deadline.Deadline{d}
}

func (c Cover) courtReports() []deadline.Deadline {
	var ds []deadline.Deadline
	for _, r := range c.CourtReports {
		d := deadline.Term(deadline.RuleCourtReport, r.Anchor, 0, c.Assistant).Met(r.SentOn)
		d.Due, d.Key = r.Due, r.Matter
		ds = append(ds, d)
	}
	for _, o := range c.CourtOrders {
		ds = append(ds, o.reports(c.Assistant)...)
	}
	return ds
}

func (c Cover) orderTerms() []deadline.Deadline {
	var ds []deadline.Deadline
	for _, o := range c.CourtOrders {
		if o.ValidUntil.IsZero() || !o.EndedOn.IsZero() {
			continue
		}
		d := deadline.Term(deadline.RuleOrderExpiry, o.OrderedOn, 0, c.Assistant)
		d.Due, d.Key = o.ValidUntil, o.Matter
		ds = append(ds, d)
	}
	return ds
}

func (c Cover) monitoringTerms() []deadline.Deadline {
	var ds []deadline.Deadline
	for _, m := range c.Terms.Monitoring() {
		d := deadline.Term(deadline.RuleMonitoring, c.ClosedOn, m, c.Assistant)
		d.Key = strconv.Itoa(m)
		for _, done := range c.MonitoredOn {
			if done.Month == m {
				d = d.Met(done.On)
			}
		}
		if c.State == Ended {
			d = d.WaivedOn(c.ClosedOn, "ENDED")
		}
		ds = append(ds, d)
	}
	return ds
}

// Measured gives the terms of plan and assessments of every spell, those of past ones as they were kept: what reports on timeliness count. Assessments that nobody
// made are among them as far as their terms were over on a day: each half year counts, however long nobody wrote any.
func (c Cover) Measured(until calendar.Date) []deadline.Deadline {
	var ds []deadline.Deadline
	for _, s := range c.Spells {
		ds = append(ds, s.Kept...)
	}
	return append(ds, c.measuredNow(until)...)
}

// measuredNow are those of the present spell.
func (c Cover) measuredNow(until calendar.Date) []deadline.Deadline {
	var ds []deadline.Deadline
	for _, d := range Deadlines(c) {
		if d.Rule == deadline.RulePlan || d.Rule == deadline.RuleAssessment {
			ds = append(ds, d)
		}
	}
	return append(ds, c.unmade(until)...)
}

// KeepTerms puts the terms that reports count into the last spell. Whoever reopens a file calls it before the facts of the ended spell are cleared.
func (c *Cover) KeepTerms() {
	if n := len(c.Spells); n > 0 {
		c.Spells[n-1].Kept = append(c.Spells[n-1].Kept, c.measuredNow(c.ClosedOn)...)
	}
}
