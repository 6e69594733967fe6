package workcard

import (
	"slices"
	"strings"
	"testing"

	"asysta.example/internal/access"
	"asysta.example/internal/calendar"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/fault"
)

var (
	on        = calendar.MustParse
	today     = on("2026-11-21")
	assistant = By{Role: access.Assistant, Staff: "as1"}
	head      = By{Role: access.Head, Staff: "h"}
	socialist = By{Role: access.SocialWorker, Staff: "sw"}
	body      = By{Role: access.ContractedBody, Staff: "b", Body: true}
)

// family is a file in cooperation since 1 September 2026, assigned since 20 August.
func family() File {
	return File{
		Cover: familyfile.Cover{
			Number: "AR/1/2026", State: familyfile.Cooperation, OpenedOn: on("2026-08-20"), Assistant: "as1", Day0: on("2026-09-01"), JointVisitOn: on("2026-09-01"),
			Spells:      []familyfile.Spell{{From: on("2026-08-20"), Day0: on("2026-09-01")}},
			Assignments: []familyfile.Assignment{{Staff: "as1", From: on("2026-08-20")}},
			CourtOrders: []familyfile.CourtTerm{{Matter: "o1", OrderedOn: on("2026-08-01"), ValidUntil: on("2027-08-01")}},
		},
		Members: []string{"m1", "m2"},
		Orders:  []Order{{ID: "o1", Court: "Sąd Rejonowy we Wrześni", CaseNumber: "III Nsm 123/26"}},
	}
}

func visit(id, day string) Visit {
	return Visit{ID: id, On: on(day), Kind: Meeting, Place: AtHome, From: "10:00", To: "11:30", Members: []string{"m1"}, Tasks: []string{"3"}, Findings: "Rozmowa."}
}

// reason of a refusal: its reason, or the first field of an invalid request.
func reason(err error) string {
	f, ok := fault.As(err)
	switch {
	case err == nil:
		return ""
	case !ok:
		return err.Error()
	case len(f.Fields) > 0:
		return f.Fields[0].Path
	}
	return f.Reason
}

func TestRecordVisitChecksTheEntry(t *testing.T) {
	cases := []struct {
		name string
		edit func(*Visit)
		want string
	}{
		{"a meeting", func(*Visit) {}, ""},
		{"on the day of cooperation", func(v *Visit) { v.On = on("2026-09-01") }, ""},
		{"the day before the cooperation", func(v *Visit) { v.On = on("2026-08-31") }, "BEFORE_COOPERATION"},
		{"before the file", func(v *Visit) { v.On = on("2026-08-19") }, "visit.visited_on"},
		{"today", func(v *Visit) { v.On = today }, ""},
		{"tomorrow", func(v *Visit) { v.On = today.AddDays(1) }, "visit.visited_on"},
		{"no day", func(v *Visit) { v.On = calendar.Date{} }, "visit.visited_on"},
		{"ends when it begins", func(v *Visit) { v.To = v.From }, "visit.to_time_of_day"},
		{"without an end", func(v *Visit) { v.To = "" }, "visit.to_time_of_day"},
		{"without times", func(v *Visit) { v.From, v.To = "", "" }, "visit.to_time_of_day"},
		{"no time of day", func(v *Visit) { v.To = "25:00" }, "visit.to_time_of_day"},
		{"minute by minute", func(v *Visit) { v.From, v.To = "00:00", "23:59" }, ""},
		{"elsewhere, not said where", func(v *Visit) { v.Place = Elsewhere }, "visit.place_note"},
		{"elsewhere", func(v *Visit) { v.Place, v.PlaceNote = Elsewhere, "biblioteka" }, ""},
		{"met nobody", func(v *Visit) { v.Members = nil }, "visit.member_ids"},
		{"stranger", func(v *Visit) { v.Members = []string{"x"} }, "visit.member_ids"},
		{"joint with nobody", func(v *Visit) { v.Kind = Joint }, "visit.staff"},
		{"joint", func(v *Visit) { v.Kind, v.WithStaff = Joint, []string{"sw"} }, ""},
		{"no task", func(v *Visit) { v.Tasks = nil }, "visit.task_codes"},
		{"unknown task", func(v *Visit) { v.Tasks = []string{"3", "99"} }, "visit.task_codes"},
		{"nothing written", func(v *Visit) { v.Findings = "" }, "visit.findings"},
		{"next meeting on the same day", func(v *Visit) { v.NextOn = v.On }, "visit.next_meeting_date"},
		{"reason of failure for a meeting", func(v *Visit) { v.Failure = Refused }, "visit.unsuccessful_reason"},
		{"failed without a reason", func(v *Visit) { *v = Visit{ID: "v", On: v.On, Kind: Unsuccessful, Place: AtHome} }, "visit.unsuccessful_reason"},
		{"nobody at home", func(v *Visit) {
			*v = Visit{ID: "v", On: v.On, Kind: Unsuccessful, Place: AtHome, Failure: NobodyAtHome}
		}, ""},
		{"nobody at home, yet present", func(v *Visit) {
			*v = Visit{ID: "v", On: v.On, Kind: Unsuccessful, Place: AtHome, Failure: NobodyAtHome, Members: []string{"m1"}}
		}, "visit.member_ids"},
		{"failed before the cooperation", func(v *Visit) {
			*v = Visit{ID: "v", On: on("2026-08-25"), Kind: Unsuccessful, Place: AtHome, Failure: Refused, Members: []string{"m1"}}
		}, ""},
		{"signed by a member", func(v *Visit) { v.Signatures = []Signature{{Member: "m1", On: v.On}} }, ""},
		{"signed by nobody", func(v *Visit) { v.Signatures = []Signature{{On: v.On}} }, "visit.signatures"},
		{"signed by a stranger", func(v *Visit) { v.Signatures = []Signature{{Member: "x", On: v.On}} }, "visit.signatures"},
		{"signed before the visit", func(v *Visit) { v.Signatures = []Signature{{Staff: "as1", On: v.On.AddDays(-1)}} }, "visit.signatures"},
		{"signed tomorrow", func(v *Visit) { v.Signatures = []Signature{{Staff: "as1", On: today.AddDays(1)}} }, "visit.signatures"},
		{"unknown kind", func(v *Visit) { v.Kind = "PARTY" }, "visit.kind"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			v := visit("v1", "2026-10-05")
			c.edit(&v)
			o, err := Apply(family(), RecordVisit{v}, assistant, today)
			if reason(err) != c.want {
				t.Fatalf("refused by %q, want %q", reason(err), c.want)
			}
			if err == nil && (o.Visit.Staff != "as1" || o.Visit.Minutes < 0) {
				t.Errorf("recorded for %q, %d minutes", o.Visit.Staff, o.Visit.Minutes)
			}
		})
	}
}

func TestOutOfOrderIsRefusedWithItsRule(t *testing.T) {
	states := append(slices.Clone(opened), familyfile.Fenced)
	commands := map[string]func() Command{
		"RecordVisit": func() Command { return RecordVisit{visit("v", "2026-10-05")} },
		"RecordContact": func() Command {
			return RecordContact{Contact{ID: "c", On: today, Channel: "PHONE", Party: WithSocialWorker, Summary: "Ustalono."}}
		},
		"RecordIntervention": func() Command {
			return RecordIntervention{InterventionNote{ID: "i", On: today, Threat: "HEALTH", Description: "Wezwano.", Actions: []string{Informed}, Informed: []string{"POLICE"}}}
		},
		"RecordCourtRequest": func() Command { return RecordCourtRequest{request("k1")} },
		"NotifyNonCooperation": func() Command {
			return NotifyNonCooperation{CourtEntry{ID: "k2", Order: "o1", SentOn: today, Content: "Brak."}}
		},
	}
	for name, command := range commands {
		for _, state := range states {
			for _, by := range []By{assistant, head, socialist, body, {Role: access.Coordinator}, {Role: access.Auditor}} {
				f := family()
				f.Cover.State = state
				_, err := Apply(f, command(), by, today)
				allowed := slices.Contains(Actions(f.Cover, by.Role), name) && (name != "RecordVisit" || state == familyfile.Cooperation)
				if allowed != (err == nil) {
					t.Errorf("%s in %s by %s: offered %v, got %v", name, state, by.Role, allowed, err)
				}
				if e, ok := fault.As(err); ok && e.Kind == fault.KindPrecondition && (e.Rule == "" || e.Polish == "") {
					t.Errorf("%s in %s: the refusal names no rule or no way out", name, state)
				}
			}
		}
	}
}

func TestNoticeIsNotOfferedWithoutAnOrder(t *testing.T) {
	c := family().Cover
	if !slices.Contains(Actions(c, access.Assistant), "NotifyNonCooperation") {
		t.Error("not offered under an order")
	}
	c.CourtOrders[0].EndedOn = today
	if got := Actions(c, access.Head, access.SocialWorker); slices.Contains(got, "NotifyNonCooperation") || !slices.Contains(got, "RecordContact") || slices.Contains(got, "RecordVisit") {
		t.Errorf("offered to the head without an order: %v", got)
	}
}

func TestInterventionVisitNeedsNoCooperation(t *testing.T) {
	for _, state := range opened {
		f := family()
		f.Cover.State, f.Cover.Assignments = state, nil
		v := visit("v", "2026-08-22")
		v.Kind = Intervention
		if o, err := Apply(f, RecordVisit{v}, assistant, today); err != nil || o.Visit.Staff != "as1" {
			t.Errorf("in %s: %v", state, err)
		}
	}
}

func TestAssistantOfTheDay(t *testing.T) {
	f := family()
	f.Cover.Assignments = []familyfile.Assignment{{Staff: "old", From: on("2026-08-20"), To: on("2026-10-10")}, {Staff: "as1", From: on("2026-10-11")}}
	if _, err := Apply(f, RecordVisit{visit("v", "2026-10-05")}, assistant, today); !fault.IsReason(err, "NOT_ASSIGNED_THEN") {
		t.Errorf("a visit before one's own assignment: %v", err)
	}
	if o, err := Apply(f, RecordVisit{visit("v", "2026-10-05")}, body, today); err != nil || o.Visit.Staff != "old" {
		t.Errorf("the body records for %v: %v", o.Visit, err)
	}
}

func TestWithdrawnConsentStopsMeetingsNotInterventions(t *testing.T) {
	f := family()
	f.Cover.StoppedOn = on("2026-10-05")
	for day, want := range map[string]string{"2026-10-05": "", "2026-10-06": "VOLUNTARY_WORK_STOPPED"} {
		if _, err := Apply(f, RecordVisit{visit("v", day)}, assistant, today); reason(err) != want {
			t.Errorf("meeting on %s: %v", day, err)
		}
	}
	f.Cover.Basis = familyfile.BasisCourtOrder
	_, err := Apply(f, RecordVisit{visit("v", "2026-10-06")}, assistant, today)
	if x, ok := fault.As(err); !ok || x.Reason != "VOLUNTARY_WORK_STOPPED" || !strings.HasPrefix(x.Polish, "Postanowienie sądu obowiązywało do 05.10.2026") {
		t.Errorf("after the order's last day: %+v", x)
	}
	v := visit("v", "2026-10-06")
	v.Kind = Intervention
	if _, err := Apply(f, RecordVisit{v}, assistant, today); err != nil {
		t.Errorf("intervention: %v", err)
	}
}

func TestLastVisitFollowsEntriesAndCorrections(t *testing.T) {
	f := family()
	f.Cover.LastVisitOn = on("2026-09-02") // from the papers
	step := func(c Command, want string) {
		t.Helper()
		o, err := Apply(f, c, assistant, today)
		if err != nil {
			t.Fatal(err)
		}
		if o.Cover.LastVisitOn != on(want) {
			t.Fatalf("last visit %s, want %s", o.Cover.LastVisitOn, want)
		}
		f.Cover, f.Card = o.Cover, o.Card
	}
	failed := Visit{ID: "v0", On: on("2026-10-30"), Kind: Unsuccessful, Place: AtHome, Failure: NobodyAtHome}
	phone := visit("v2", "2026-11-10")
	phone.Place = ByPhone
	step(RecordVisit{failed}, "2026-09-02")
	step(RecordVisit{visit("v1", "2026-11-02")}, "2026-11-02")
	step(RecordVisit{phone}, "2026-11-02")
	step(RecordVisit{visit("v3", "2026-10-20")}, "2026-11-02")
	first := visit("v1", "2026-11-02")
	first.Staff = "as1"
	step(CorrectVisit{Old: first, Visit: visit("v4", "2026-10-02"), Reason: "zła data", LastOther: on("2026-10-20")}, "2026-10-20")
	if f.Card.SupersededBy("v1") != "v4" {
		t.Errorf("v1 is superseded by %q", f.Card.SupersededBy("v1"))
	}
	late := visit("v3", "2026-10-20")
	late.Staff = "as1"
	failed.ID = "v5"
	step(CorrectVisit{Old: late, Visit: failed, Reason: "nie było nikogo"}, "2026-09-02")
}

func TestCorrectVisit(t *testing.T) {
	old := visit("v1", "2026-10-05")
	old.Staff = "as1"
	f := family()
	cmd := CorrectVisit{Old: old, Visit: visit("v2", "2026-10-06"), Reason: "pomyłka"}
	o, err := Apply(f, cmd, head, today)
	if err != nil || o.Visit.Supersedes != "v1" || o.Visit.Reason != "pomyłka" || o.Visit.Staff != "as1" {
		t.Fatalf("head corrects: %+v, %v", o.Visit, err)
	}
	f.Cover, f.Card = o.Cover, o.Card
	cmd.Visit.ID = "v3"
	if _, err := Apply(f, cmd, head, today); !fault.IsReason(err, "ALREADY_SUPERSEDED") {
		t.Errorf("a second correction of the same entry: %v", err)
	}
	if _, err := Apply(family(), cmd, By{Role: access.Assistant, Staff: "as2"}, today); !fault.IsReason(err, "NOT_OWN_ENTRY") {
		t.Errorf("another assistant corrects: %v", err)
	}
	if _, err := Apply(family(), cmd, socialist, today); !fault.IsReason(err, "DENIED") {
		t.Errorf("a social worker corrects: %v", err)
	}
}

func TestNextMeeting(t *testing.T) {
	f := family()
	v := visit("v1", "2026-10-05")
	v.NextOn = on("2026-10-12")
	o, err := Apply(f, RecordVisit{v}, assistant, today)
	if err != nil || o.Cover.NextVisitOn != on("2026-10-12") {
		t.Fatalf("next meeting %s, %v", o.Cover.NextVisitOn, err)
	}
	f.Cover, f.Card = o.Cover, o.Card
	late := visit("v2", "2026-09-20")
	late.NextOn = on("2026-09-27")
	if o, _ = Apply(f, RecordVisit{late}, assistant, today); o.Cover.NextVisitOn != on("2026-10-12") {
		t.Errorf("an entry made late moved the next meeting to %s", o.Cover.NextVisitOn)
	}
	if o, _ = Apply(f, RecordVisit{visit("v3", "2026-10-12")}, assistant, today); !o.Cover.NextVisitOn.IsZero() {
		t.Errorf("the meeting took place, and is still announced for %s", o.Cover.NextVisitOn)
	}
}

func TestRemovalOfAChildIsNeverByAnAssistant(t *testing.T) {
	cmd := RecordIntervention{InterventionNote{ID: "i", On: today, Threat: "CHILD_SAFETY", Description: "Opis.", Actions: []string{ChildRemoval}}}
	for _, c := range []struct {
		by   By
		want string
	}{
		{assistant, "REMOVAL_NOT_BY_ASSISTANT"}, {body, "REMOVAL_NOT_BY_ASSISTANT"}, {By{Role: access.Head, Body: true}, "REMOVAL_NOT_BY_ASSISTANT"},
		{By{Role: access.Head, Staff: assistant.Staff}, "REMOVAL_NOT_BY_ASSISTANT"}, // as deputy of the head
		{socialist, ""}, {head, ""},
	} {
		if _, err := Apply(family(), cmd, c.by, today); reason(err) != c.want {
			t.Errorf("%s: %v", c.by.Role, err)
		}
	}
}

func TestContactAndInterventionFields(t *testing.T) {
	contact := func(edit func(*Contact)) Command {
		n := Contact{ID: "c", On: today, Channel: "PHONE", Party: WithSocialWorker, Summary: "Ustalono."}
		edit(&n)
		return RecordContact{n}
	}
	note := func(edit func(*InterventionNote)) Command {
		n := InterventionNote{ID: "i", On: today, Threat: "HEALTH", Description: "Opis.", Actions: []string{Informed}, Informed: []string{"POLICE"}}
		edit(&n)
		return RecordIntervention{n}
	}
	for name, c := range map[string]struct {
		cmd  Command
		want string
	}{
		"tomorrow":                     {contact(func(n *Contact) { n.On = today.AddDays(1) }), "contact.contacted_on"},
		"before the file":              {contact(func(n *Contact) { n.On = on("2026-08-19") }), "contact.contacted_on"},
		"with whom":                    {contact(func(n *Contact) { n.Party = WithOther }), "contact.party_note"},
		"which institution":            {contact(func(n *Contact) { n.Party = WithInstitution }), "contact.institution"},
		"institution of a colleague":   {contact(func(n *Contact) { n.Institution = "x" }), "contact.institution"},
		"staff of an institution":      {contact(func(n *Contact) { n.Party, n.PartyNote, n.Staff = WithInstitution, "szkoła", "x" }), "contact.staff"},
		"progress with the wrong one":  {contact(func(n *Contact) { n.Progress = true }), "contact.progress_discussion"},
		"progress with the head":       {contact(func(n *Contact) { n.Progress, n.Party = true, WithHead }), ""},
		"nothing said":                 {contact(func(n *Contact) { n.Summary = "" }), "contact.summary"},
		"intervention tomorrow":        {note(func(n *InterventionNote) { n.On = today.AddDays(1) }), "intervention.intervened_on"},
		"intervention before the file": {note(func(n *InterventionNote) { n.On = on("2026-08-19") }), "intervention.intervened_on"},
		"at no time of day":            {note(func(n *InterventionNote) { n.At = "24:00" }), "intervention.time_of_day"},
		"of a stranger":                {note(func(n *InterventionNote) { n.Members = []string{"x"} }), "intervention.member_ids"},
		"nothing done":                 {note(func(n *InterventionNote) { n.Actions = nil }), "intervention.actions"},
		"nobody informed":              {note(func(n *InterventionNote) { n.Informed = nil }), "intervention.informed"},
		"nothing written":              {note(func(n *InterventionNote) { n.Description = "" }), "intervention.description"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Apply(family(), c.cmd, assistant, today); reason(err) != c.want {
				t.Errorf("refused by %q, want %q", reason(err), c.want)
			}
		})
	}
}
