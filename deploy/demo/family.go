package demo

import (
	"context"
	"fmt"
	"math/rand/v2"

	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"
	familyv1 "asysta.example/proto/gen/asysta/family/v1"
	referralv1 "asysta.example/proto/gen/asysta/referral/v1"

	"asysta.example/internal/calendar"
	"asysta.example/internal/rpc"
)

// family is a story: what a fate says, in the order of its days.
type family struct {
	*county
	fate
	g       *gmina
	n       int // number of the story
	rand    *rand.Rand
	members []*familyv1.FamilyMember
	address *familyv1.Address
	area    int
	day0    calendar.Date

	referral, referralTag string
	file, tag             string // tag is empty while it is not known
	plan                  plan
	requests              int
}

// families puts the stories of all families on the agenda.
func (c *county) families() {
	for i, f := range fates() {
		for _, g := range c.gminas {
			if g.slug != f.gmina {
				continue
			}
			s := &family{county: c, fate: f, g: g, n: i, rand: rand.New(rand.NewPCG(c.env.Seed, uint64(i)))} //nolint:gosec // the same seed makes the same county
			s.area = s.rand.IntN(len(g.places))
			s.members = household(s.rand, i, f.kind, c.env.Today)
			s.address = &familyv1.Address{Place: pick(s.rand, g.places[s.area]), Street: fmt.Sprintf("%s %d", pick(s.rand, streets), 1+s.rand.IntN(40)), PostalCode: "62-3" + g.teryt[5:]}
			s.live()
		}
	}
}

// live puts the story on the agenda.
func (f *family) live() {
	if f.paper {
		f.takeOver()
	} else {
		f.refer()
	}
	if f.until < cooperating {
		return
	}
	f.workOn()
	f.foresters()
	f.trouble()
	f.end()
}

// ago gives a working day so many days before today.
func (f *family) ago(n int) calendar.Date { return f.workday(f.env.Today.AddDays(-n)) }

// workday gives the working day on or after a day; the last one up to today where the next lies beyond.
func (f *family) workday(d calendar.Date) calendar.Date {
	next := d
	for !next.IsWorkingDay() {
		next = next.AddDays(1)
	}
	if !next.After(f.env.Today) || d.After(f.env.Today) {
		return next
	}
	for next = f.env.Today; !next.IsWorkingDay(); {
		next = next.AddDays(-1)
	}
	return next
}

// over gives a day as it is, or the last working day before today where it is not over yet: a meeting is recorded when it has taken place.
func (f *family) over(d calendar.Date) calendar.Date {
	for !d.Before(f.env.Today) || !d.IsWorkingDay() {
		d = d.AddDays(-1)
	}
	return d
}

// then puts an act of the story on the agenda; what lies beyond today is still to come and not told.
func (f *family) then(day calendar.Date, what string, do func(context.Context) error) {
	if day.After(f.env.Today) {
		return
	}
	f.agenda = append(f.agenda, event{day: day, lane: f.g.slug, story: f.n, what: fmt.Sprintf("%s family %d, %s", f.g.slug, f.n, what), do: do})
}

func (f *family) rid() string {
	f.requests++
	return fmt.Sprintf("demo-%d-f%02d-%04d", f.env.Seed, f.n, f.requests)
}

func (f *family) worker() string { return f.g.subject("socjalny", f.area) }
func (f *family) head() string   { return f.g.subject("kierownik", -1) }
func (f *family) asst() string   { return f.g.subject("asystent", f.helper) }

// refer is the story up to the decision on an assistant (steps 1 to 7).
func (f *family) refer() {
	day := f.ago(f.began)
	first := day
	f.then(first, "information", func(ctx context.Context) error { return f.create(ctx, first) })
	for _, s := range []struct {
		stage stage
		after int
		what  string
		do    func(context.Context, calendar.Date) error
	}{
		{interviewed, 6, "interview", f.interview}, {analysed, 3, "analysis", f.analyse}, {consented, 2, "consent", f.consent},
		{requested, 1, "request", f.ask}, {opined, 3, "opinion", f.opine}, {decided, 1, "decision", f.decide},
	} {
		if s.stage > f.until || f.verdict == notNeeded && s.stage > analysed && s.stage < decided || f.verdict == notInterested && s.stage > consented && s.stage < decided {
			continue
		}
		day = f.workday(day.AddDays(s.after))
		on := day
		f.then(on, s.what, func(ctx context.Context) error { return s.do(ctx, on) })
	}
	if f.until >= decided && f.source == inst {
		f.then(f.workday(day.AddDays(2)), "answer", func(ctx context.Context) error { return f.answer(ctx, f.env.Clock.Today()) })
	}
	if f.until < documented {
		return
	}
	day = f.workday(day.AddDays(3))
	on := day
	f.then(on, "documentation", func(ctx context.Context) error { return f.read(ctx, on) })
	if f.until == cooperating {
		f.day0 = f.workday(day.AddDays(5 + f.rand.IntN(4)))
		f.then(f.day0, "joint visit", f.meet)
	}
}

// keep notes the state of the referral after an act.
func (f *family) keep(r *referralv1.Referral, err error) error {
	if err == nil {
		f.referral, f.referralTag, f.file = r.GetName(), r.GetEtag(), r.GetFamilyFile()
	}
	return err
}

func (f *family) create(ctx context.Context, on calendar.Date) error {
	r := &referralv1.Referral{ReceivedOn: rpc.Date(on), Source: f.source, ClientKind: f.kind, Preventive: f.light, Urgent: f.urgent, Members: f.members, Address: f.address, DescribedReason: pick(f.rand, reasons)}
	switch f.source {
	case inst:
		r.Notice = &referralv1.InstitutionNotice{Institution: f.g.school, CaseReference: fmt.Sprintf("SP.5130.%d", f.n+1)}
	case life:
		r.ZaZyciem = &referralv1.ZaZyciemAuthorisation{AuthorisedOn: rpc.Date(on), OriginalAt: "k. 1"}
	case court:
		r.CourtOrders = []*familyv1.CourtOrder{f.order(on)}
	}
	return f.keep(as(ctx, f, f.worker(), func(ctx context.Context, rid string) (*referralv1.Referral, error) {
		return f.referrals.CreateReferral(ctx, &referralv1.CreateReferralRequest{Parent: f.g.name(), Referral: r, RequestId: rid})
	}))
}

func (f *family) order(known calendar.Date) *familyv1.CourtOrder {
	return &familyv1.CourtOrder{OrderId: "p1", Court: "Sąd Rejonowy we Wrześni, III Wydział Rodzinny i Nieletnich", CaseNumber: fmt.Sprintf("III Nsm %d/%02d", 40+f.n, known.Year()%100),
		OrderedOn: rpc.Date(known.AddDays(-9)), ReportEveryMonths: 3}
}

func (f *family) interview(ctx context.Context, on calendar.Date) error {
	return f.keep(as(ctx, f, f.worker(), func(ctx context.Context, rid string) (*referralv1.Referral, error) {
		return f.referrals.RecordInterview(ctx, &referralv1.RecordInterviewRequest{Name: f.referral, HeldOn: rpc.Date(on), OriginalAt: "teczka OPS, k. 1", Etag: f.referralTag, RequestId: rid})
	}))
}

func (f *family) analyse(ctx context.Context, on calendar.Date) error {
	req := &referralv1.RecordAnalysisRequest{Name: f.referral, AnalysedOn: rpc.Date(on), AssistantNeeded: f.verdict != notNeeded, FamilyInterested: f.verdict != notInterested,
		Reasons: pick(f.rand, analyses), Difficulty: f.weight, Etag: f.referralTag}
	if f.verdict == notNeeded {
		req.Reasons = "Trudności przejściowe; wystarczy pomoc pracownika socjalnego i szkoły."
	}
	return f.keep(as(ctx, f, f.worker(), func(ctx context.Context, rid string) (*referralv1.Referral, error) {
		req.RequestId = rid
		return f.referrals.RecordAnalysis(ctx, req)
	}))
}

// consent records consent 1 of the adults: the first agrees, unless the family is not interested; a second one does in most families.
func (f *family) consent(ctx context.Context, on calendar.Date) error {
	req := &referralv1.RecordConsentRequest{Name: f.referral, OfferPresentedOn: rpc.Date(on), Etag: f.referralTag}
	for i, m := range f.adults() {
		req.Consents = append(req.Consents, f.says(m, i == 0 && f.verdict != notInterested || i == 1 && f.n%3 != 0 && f.verdict != notInterested, on))
	}
	return f.keep(as(ctx, f, f.worker(), func(ctx context.Context, rid string) (*referralv1.Referral, error) {
		req.RequestId = rid
		return f.referrals.RecordConsent(ctx, req)
	}))
}

func (f *family) adults() []string {
	var ids []string
	for _, m := range f.members {
		if m.GetRole() != familyv1.MemberRole_MEMBER_ROLE_CHILD {
			ids = append(ids, m.GetMemberId())
		}
	}
	return ids
}

func (f *family) children() []string {
	var ids []string
	for _, m := range f.members {
		if m.GetRole() == familyv1.MemberRole_MEMBER_ROLE_CHILD {
			ids = append(ids, m.GetMemberId())
		}
	}
	return ids
}

func (f *family) says(member string, yes bool, on calendar.Date) *familyv1.Consent {
	if yes {
		return &familyv1.Consent{MemberId: member, Decision: familyv1.Consent_DECISION_GIVEN, Signature: &familyv1.Signature{SignedOn: rpc.Date(on), OriginalAt: "teczka, k. 3"}}
	}
	return &familyv1.Consent{MemberId: member, Decision: familyv1.Consent_DECISION_REFUSED, Signature: &familyv1.Signature{SignedOn: rpc.Date(on), Refused: true}}
}

// filed notes the state of the file after an act.
func (f *family) filed(file *casefilev1.FamilyFile, err error) error {
	if err == nil {
		f.file, f.tag = file.GetName(), file.GetEtag()
	}
	return err
}

// fresh gives the etag of the file as a person sees it.
func (f *family) fresh(ctx context.Context, subject string) (string, error) {
	if f.tag != "" {
		return f.tag, nil
	}
	err := f.filed(as(ctx, f, subject, func(ctx context.Context, _ string) (*casefilev1.FamilyFile, error) {
		return f.files.GetFamilyFile(ctx, &casefilev1.GetFamilyFileRequest{Name: f.file})
	}))
	return f.tag, err
}
