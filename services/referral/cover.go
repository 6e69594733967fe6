package referral

import (
	"slices"
	"strings"

	"asysta.example/internal/access"
	"asysta.example/internal/calendar"
	"asysta.example/internal/deadline"
	"asysta.example/internal/familyfile"
)

// Cover is what lists, searches and clocks of referrals run on. It follows from the state.
type Cover struct {
	State          State             `bson:"state"`
	ReceivedOn     calendar.Date     `bson:"received_on"`
	Source         familyfile.Source `bson:"source"`
	ClientKind     string            `bson:"client_kind"`
	Preventive     bool              `bson:"preventive,omitempty"`
	Urgent         bool              `bson:"urgent,omitempty"`
	Label          familyfile.Label  `bson:"label"`
	PeselHashes    []string          `bson:"pesel_hashes,omitempty"` // keyed per gmina
	Area           string            `bson:"area,omitempty"`
	SocialWorker   string            `bson:"social_worker,omitempty"`   // staff id
	PersonalRoute  bool              `bson:"personal_route,omitempty"`  // the area gives no sight: the head chose the social worker
	ContractedBody string            `bson:"contracted_body,omitempty"` // unit or body the request went to
	LockedOut      []string          `bson:"locked_out,omitempty"`
	InterviewedOn  calendar.Date     `bson:"interviewed_on,omitempty"`
	AnalysedOn     calendar.Date     `bson:"analysed_on,omitempty"`
	RequestedOn    calendar.Date     `bson:"requested_on,omitempty"`
	DecidedOn      calendar.Date     `bson:"decided_on,omitempty"` // approved or refused
	ClosedOn       calendar.Date     `bson:"closed_on,omitempty"`
	AnsweredOn     calendar.Date     `bson:"answered_on,omitempty"`
	FamilyFile     string            `bson:"family_file,omitempty"`
	Terms          Terms             `bson:"terms"`
	SettingsVer    int64             `bson:"settings_version,omitempty"`
}

// CoverOf gives the cover of a referral.
func CoverOf(r Referral) Cover {
	c := Cover{State: r.State, ReceivedOn: r.ReceivedOn, Source: r.Source, ClientKind: r.ClientKind, Preventive: r.Preventive, Urgent: r.Urgent,
		Label: r.Label(), PeselHashes: r.PeselHashes(), Area: r.Route.Area, SocialWorker: r.Route.SocialWorker, PersonalRoute: r.Route.Personal,
		LockedOut: r.LockedOut, FamilyFile: r.FamilyFile, Terms: r.Terms, SettingsVer: r.SettingsVer}
	if r.Interview != nil {
		c.InterviewedOn = r.Interview.On
	}
	if r.Analysis != nil {
		c.AnalysedOn = r.Analysis.On
	}
	if r.Request != nil {
		c.RequestedOn, c.ContractedBody = r.Request.On, r.Request.Institution
	}
	if r.Decision != nil && (r.State == Approving || r.State == Approved || r.State == Refused) {
		c.DecidedOn = r.Decision.On
	}
	if r.Closure != nil {
		c.ClosedOn = r.Closure.On
	}
	if r.Answer != nil {
		c.AnsweredOn = r.Answer.On
	}
	return c
}

// Surnames are the different surnames of the family, adults' first.
func (r Referral) Surnames() []string {
	var names []string
	for _, adults := range []bool{true, false} {
		for _, m := range r.Members {
			if m.Adult() == adults && !slices.Contains(names, m.FamilyName) {
				names = append(names, m.FamilyName)
			}
		}
	}
	return names
}

// Label is what lists show and searches find.
func (r Referral) Label() familyfile.Label {
	names := r.Surnames()
	return familyfile.Label{FamilyName: strings.Join(names[:min(2, len(names))], ", "), Place: r.Address.Place, Address: r.Address.Street,
		Search: familyfile.SearchKeys(append(slices.Clone(names), r.Address.Place, r.Address.Street)...)}
}

// PeselHashes are the search hashes of the members' PESEL numbers, keyed per gmina.
func (r Referral) PeselHashes() []string {
	var hashes []string
	for _, m := range r.Members {
		if m.Pesel.GminaHash != "" {
			hashes = append(hashes, m.Pesel.GminaHash)
		}
	}
	slices.Sort(hashes)
	return slices.Compact(hashes)
}

// Parties are the people the object rules ask about: the social worker it is routed to and the area, unless the head chose the social worker in
// person; the unit or body that was asked for an assistant.
func (c Cover) Parties() access.Parties {
	p := access.Parties{SocialWorker: c.SocialWorker, Area: c.Area, ContractedBody: c.ContractedBody, LockedOut: c.LockedOut}
	if c.PersonalRoute {
		p.Area = ""
	}
	return p
}

// Deadlines computes every term of the referral from its cover: interview (step 2), approval (step 6), answer to the institution (step 7).
// The answer's term runs from the receipt, as who gave notice counts it.
func Deadlines(c Cover) []deadline.Deadline {
	rule := deadline.RuleInterview
	if c.Urgent {
		rule = deadline.RuleUrgentInterview
	}
	interview := deadline.Term(rule, c.ReceivedOn, 0, c.SocialWorker).Met(c.InterviewedOn)
	if !c.ClosedOn.IsZero() {
		interview = interview.WaivedOn(c.ClosedOn, "CLOSED")
	}
	ds := []deadline.Deadline{interview}
	if !c.RequestedOn.IsZero() {
		approval := deadline.Term(deadline.RuleApproval, c.RequestedOn, c.Terms.ApprovalDays, "").Met(c.DecidedOn)
		if !c.ClosedOn.IsZero() {
			approval = approval.WaivedOn(c.ClosedOn, "CLOSED")
		}
		ds = append(ds, approval)
	}
	if c.Source == familyfile.SourceInstitution {
		ds = append(ds, deadline.Term(deadline.RuleAnswer, c.ReceivedOn, c.Terms.AnswerDays, c.SocialWorker).Met(c.AnsweredOn))
	}
	deadline.Sort(ds)
	return ds
}
