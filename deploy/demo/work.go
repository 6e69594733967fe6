package demo

import (
	"context"
	"fmt"

	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"

	"asysta.example/internal/calendar"
	"asysta.example/internal/rpc"
)

// workOn is the story of the cooperation: getting to know, visits, contacts, plan and assessments, until today or the end of the work.
func (f *family) workOn() {
	from, last := f.day0, f.ago(f.quiet)
	if f.paper {
		from = f.ago(f.began - 260)
	}
	switch {
	case f.ended > 0:
		last = f.ago(f.ended + 12)
	case f.stopped:
		last = f.ago(34)
	case f.waiting > 0:
		last = f.ago(f.waiting + 6)
	}
	f.then(f.workday(from.AddDays(12)), "picture", f.learn)
	f.visits(from, last)
	for i, day := 0, from.AddDays(20); day.Before(last); i, day = i+1, day.AddDays(80) {
		on, n := f.workday(day), i
		f.then(on, "contact", func(ctx context.Context) error { return f.talk(ctx, on, n) })
	}
	for day := from.AddDays(100); day.Before(last); day = day.AddDays(170) {
		on := f.workday(day)
		f.then(on, "progress with the head", func(ctx context.Context) error { return f.report(ctx, on) })
	}
	f.firstPlan(from)
	f.assess(from, last)
	if f.moved {
		on := f.workday(from.AddDays(150))
		f.then(on, "handover", func(ctx context.Context) error { return f.handOver(ctx, on) })
	}
}

// visits puts the work card on the agenda: about monthly long ago, more often of late.
func (f *family) visits(from, last calendar.Date) {
	i := 0
	for day := from.AddDays(7 + f.rand.IntN(5)); !day.After(last); i++ {
		on, n := f.over(f.workday(day)), i
		f.then(on, "visit", func(ctx context.Context) error { return f.visit(ctx, on, n) })
		if day.DaysUntil(f.env.Today) > 75 {
			day = day.AddDays(24 + f.rand.IntN(6))
		} else {
			day = day.AddDays(9 + f.rand.IntN(5))
		}
	}
	if !f.quietly() {
		on := f.over(f.workday(last.AddDays(-f.rand.IntN(3))))
		f.then(on, "last visit", func(ctx context.Context) error { return f.visit(ctx, on, 1) })
	}
}

// quietly says that the last visit lies back on purpose.
func (f *family) quietly() bool { return f.quiet > 0 || f.stopped || f.ended > 0 || f.waiting > 0 }

// learn is step 10.
func (f *family) learn(ctx context.Context) error {
	tag, err := f.fresh(ctx, f.asst())
	if err != nil {
		return err
	}
	p := &casefilev1.FamilyPicture{FamilyResources: "Więź między rodzicami a dziećmi.", CommunityResources: "Dziadkowie i sąsiedzi pomagają w opiece.", InstitutionResources: "Szkoła, poradnia, świetlica.",
		ScopeOfServices: pick(f.rand, scopes), TaskCodes: []string{"3", "4", "6"}, KnownOn: rpc.Date(f.env.Clock.Today())}
	for i, m := range f.members {
		p.Members = append(p.Members, &casefilev1.MemberPicture{MemberId: m.GetMemberId(), Situation: situations[(f.n+i)%len(situations)], Expectations: agreements[(f.n+i)%len(agreements)]})
	}
	return f.filed(as(ctx, f, f.asst(), func(ctx context.Context, rid string) (*casefilev1.FamilyFile, error) {
		return f.files.RecordExpectations(ctx, &casefilev1.RecordExpectationsRequest{Name: f.file, Picture: p, Etag: tag, RequestId: rid})
	}))
}

// visit records an entry of the work card (step 11).
func (f *family) visit(ctx context.Context, on calendar.Date, n int) error {
	hour := 9 + f.rand.IntN(8)
	v := &casefilev1.Visit{VisitedOn: rpc.Date(on), Kind: casefilev1.VisitKind_VISIT_KIND_MEETING, Place: casefilev1.VisitPlace_VISIT_PLACE_HOME, FromTimeOfDay: fmt.Sprintf("%02d:00", hour),
		ToTimeOfDay: fmt.Sprintf("%02d:%02d", hour+1, 15*f.rand.IntN(4)), MemberIds: []string{f.members[0].GetMemberId()}, TaskCodes: pick(f.rand, houseTasks),
		Findings: pick(f.rand, findings), Agreements: pick(f.rand, agreements)}
	if n%2 == 0 {
		v.MemberIds = nil
		for _, m := range f.members {
			v.MemberIds = append(v.MemberIds, m.GetMemberId())
		}
	}
	switch {
	case n%9 == 7 || f.source == court && n%5 == 3:
		v = &casefilev1.Visit{VisitedOn: v.GetVisitedOn(), Kind: casefilev1.VisitKind_VISIT_KIND_UNSUCCESSFUL, Place: v.GetPlace(), UnsuccessfulReason: casefilev1.UnsuccessfulReason_UNSUCCESSFUL_REASON_NOBODY_AT_HOME}
	case n%7 == 4:
		v.Kind, v.Staff = casefilev1.VisitKind_VISIT_KIND_JOINT, []string{f.g.workers[f.area]}
	case n%6 == 5:
		v.Kind, v.Place, v.PlaceNote = casefilev1.VisitKind_VISIT_KIND_ACCOMPANYING, casefilev1.VisitPlace_VISIT_PLACE_OTHER, "urząd pracy"
	case n%5 == 2:
		v.Place = casefilev1.VisitPlace_VISIT_PLACE_CHOSEN_BY_FAMILY
	}
	f.tag = ""
	_, err := as(ctx, f, f.asst(), func(ctx context.Context, rid string) (*casefilev1.Visit, error) {
		return f.cards.RecordVisit(ctx, &casefilev1.RecordVisitRequest{Parent: f.file, Visit: v, RequestId: rid})
	})
	return err
}

// contact records an exchange (step 14).
func (f *family) contact(ctx context.Context, by string, c *casefilev1.Contact) error {
	f.tag = ""
	_, err := as(ctx, f, by, func(ctx context.Context, rid string) (*casefilev1.Contact, error) {
		return f.cards.RecordContact(ctx, &casefilev1.RecordContactRequest{Parent: f.file, Contact: c, RequestId: rid})
	})
	return err
}

func (f *family) talk(ctx context.Context, on calendar.Date, n int) error {
	c := &casefilev1.Contact{ContactedOn: rpc.Date(on), Summary: pick(f.rand, summaries), Channel: casefilev1.ContactChannel(1 + n%4)}
	switch n % 3 {
	case 0:
		c.Party, c.Staff = casefilev1.ContactParty_CONTACT_PARTY_SOCIAL_WORKER, f.g.workers[f.area]
		return f.contact(ctx, f.asst(), c)
	case 1:
		c.Party, c.Staff = casefilev1.ContactParty_CONTACT_PARTY_ASSISTANT, f.helperName()
		return f.contact(ctx, f.worker(), c)
	}
	c.Party, c.Institution, c.PartyNote = casefilev1.ContactParty_CONTACT_PARTY_INSTITUTION, f.g.school, "pedagog szkolny"
	return f.contact(ctx, f.asst(), c)
}

func (f *family) report(ctx context.Context, on calendar.Date) error {
	return f.contact(ctx, f.asst(), &casefilev1.Contact{ContactedOn: rpc.Date(on), Channel: casefilev1.ContactChannel_CONTACT_CHANNEL_IN_PERSON, Party: casefilev1.ContactParty_CONTACT_PARTY_HEAD, Staff: f.g.head,
		ProgressDiscussion: true, Summary: pick(f.rand, progresses)})
}

// handOver gives the family to the next assistant of the gmina.
func (f *family) handOver(ctx context.Context, on calendar.Date) error {
	tag, err := f.fresh(ctx, f.head())
	if err != nil {
		return err
	}
	f.helper = (f.helper + 1) % len(f.g.helpers)
	return f.filed(as(ctx, f, f.head(), func(ctx context.Context, rid string) (*casefilev1.FamilyFile, error) {
		return f.files.ReassignAssistant(ctx, &casefilev1.ReassignAssistantRequest{Name: f.file, Assistant: f.helperName(), HandoverDate: rpc.Date(on), Reason: "Wyrównanie liczby rodzin.", Etag: tag, RequestId: rid})
	}))
}
