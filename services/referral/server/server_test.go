package server_test

import (
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	familyv1 "asysta.example/proto/gen/asysta/family/v1"
	optionsv1 "asysta.example/proto/gen/asysta/options/v1"
	referralv1 "asysta.example/proto/gen/asysta/referral/v1"

	"asysta.example/internal/access"
	"asysta.example/internal/directory"
	"asysta.example/internal/fault"
	"asysta.example/internal/store"
	"asysta.example/services/referral"
)

// TestProcedure goes through steps 1 to 7 as the office does.
func TestProcedure(t *testing.T) {
	w := newWorld(t)
	in := family()
	in.Source, in.Notice = familyv1.Source_SOURCE_INSTITUTION, &referralv1.InstitutionNotice{Institution: "gminas/" + gmina + "/institutions/school", CaseReference: "SP.7/2026"}
	r := w.create("sw-2", in) // who hears of it need not be the social worker of the area
	if r.GetSocialWorker() != "gminas/"+gmina+"/staff/sw-1" || r.GetArea() != "a1" || r.GetState() != referralv1.ReferralState_REFERRAL_STATE_RECEIVED {
		t.Fatalf("routed to %q of %q in %s", r.GetSocialWorker(), r.GetArea(), r.GetState())
	}
	if r.GetMembers()[0].GetPesel() != "•••••••••••" || r.GetMembers()[0].GetBirthDate().GetYear() != 1944 || r.GetMembers()[1].GetMemberId() != "m2" {
		t.Errorf("members %v", r.GetMembers())
	}
	r = w.request("sw-1", w.consent("sw-1", w.analyse("sw-1", w.interview("sw-1", r)), familyv1.Consent_DECISION_GIVEN))
	r = w.opine("head", r)
	approved, err := w.client.ApproveReferral(w.As("head"), approval(w, r))
	must(t, err)
	if approved.GetState() != referralv1.ReferralState_REFERRAL_STATE_APPROVED || approved.GetFamilyFile() == "" || approved.GetDecision().GetAssistant() != asa {
		t.Fatalf("approved: %s, file %q", approved.GetState(), approved.GetFamilyFile())
	}
	got := w.casefile.files[approved.GetFamilyFile()]
	if got.GetMembers()[0].GetPesel() != "44051401359" || got.GetBasis() != familyv1.Basis_BASIS_CONSENT || got.GetDifficulty() != 2 || len(got.GetConsents()) != 1 {
		t.Errorf("handed over: %v", got)
	}
	if !slices.Contains(w.casefile.agents, "referral for p-head as HEAD") {
		t.Errorf("asked by %v", w.casefile.agents)
	}
	seen, err := w.client.GetReferral(w.As("sw-1"), &referralv1.GetReferralRequest{Name: r.GetName()})
	must(t, err)
	if !slices.Equal(seen.GetAllowedActions(), []string{"AnswerInstitution"}) {
		t.Errorf("allowed: %v", seen.GetAllowedActions())
	}
	answered, err := w.client.AnswerInstitution(w.As("sw-1"), &referralv1.AnswerInstitutionRequest{Name: r.GetName(), Etag: seen.GetEtag(), RequestId: w.RequestID(),
		AnsweredOn: on("2026-03-31"), Outcome: referralv1.AnswerOutcome_ANSWER_OUTCOME_GRANTED})
	must(t, err)
	for _, d := range answered.GetDeadlines() {
		if d.GetClosedOn() == nil || d.GetExplanation() == "" {
			t.Errorf("term left open: %v", d)
		}
	}
}

// TestSight: who sees a referral, and that foreign, forbidden and absent are one answer.
func TestSight(t *testing.T) {
	w := newWorld(t)
	w.settle(directory.Organiser{Kind: directory.OrganiserBody, Institution: "ngo", Resolution: "XXVI/126/13", ResolutionOn: referralDay})
	mine := w.asked("sw-1", family())
	elsewhere := family()
	elsewhere.Address.Place, elsewhere.Members[0].Pesel = "Słucz", ""
	theirs := w.create("sw-2", elsewhere)
	for _, tc := range []struct {
		who          string
		mine, theirs bool
	}{{"sw-1", true, false}, {"sw-2", false, true}, {"head", true, true}, {"dep", true, true}, {"body", true, false}, {"as-1", false, false}, {"admin", false, false}, {"far", false, false}} {
		for r, sees := range map[*referralv1.Referral]bool{mine: tc.mine, theirs: tc.theirs} {
			_, err := w.client.GetReferral(w.As(tc.who), &referralv1.GetReferralRequest{Name: r.GetName()})
			if sees != (err == nil) || (err != nil && !fault.IsReason(err, "DENIED")) {
				t.Errorf("%s, %s: %v", tc.who, r.GetSocialWorker(), err)
			}
		}
		list, err := w.client.ListReferrals(w.As(tc.who), &referralv1.ListReferralsRequest{Parent: "gminas/" + gmina})
		var names []string
		for _, r := range list.GetReferrals() {
			names = append(names, r.GetName())
		}
		if slices.Contains(names, mine.GetName()) != tc.mine || slices.Contains(names, theirs.GetName()) != tc.theirs {
			t.Errorf("%s lists %v, %v", tc.who, names, err)
		}
	}
	absent := "gminas/" + gmina + "/referrals/01jabsent"
	_, err := w.client.GetReferral(w.As("sw-1"), &referralv1.GetReferralRequest{Name: absent})
	wantReason(t, err, "DENIED")
	_, err = w.client.GetReferral(w.As("head"), &referralv1.GetReferralRequest{Name: absent})
	wantReason(t, err, "NOT_FOUND")
}

// TestRerouting: the previous social worker loses sight, within the area too.
func TestRerouting(t *testing.T) {
	w := newWorld(t)
	for _, req := range []*referralv1.RouteReferralRequest{{Area: "a2"}, {SocialWorker: "gminas/" + gmina + "/staff/sw-2"}} {
		in := family()
		in.Members[0].Pesel = ""
		r := w.create("sw-1", in)
		req.Name, req.Etag, req.RequestId = r.GetName(), r.GetEtag(), w.RequestID()
		_, err := w.client.RouteReferral(w.As("sw-1"), req)
		wantReason(t, err, "DENIED")
		r, err = w.client.RouteReferral(w.As("head"), req)
		must(t, err)
		_, err = w.client.GetReferral(w.As("sw-1"), &referralv1.GetReferralRequest{Name: r.GetName()})
		wantReason(t, err, "DENIED")
		w.interview("sw-2", r)
	}
}

// TestHeadWhoIsSocialWorker: the deputy decides where the head did the work.
func TestHeadWhoIsSocialWorker(t *testing.T) {
	w := newWorld(t)
	in := family()
	in.Address.Place = "Karwowo"
	r := w.asked("both", in)
	_, err := w.client.GiveOpinion(w.As("both"), &referralv1.GiveOpinionRequest{Name: r.GetName(), Etag: r.GetEtag(), RequestId: w.RequestID(), GivenOn: on("2026-03-16"), Favourable: true})
	if f := wantReason(t, err, "REQUESTER_DECIDES"); f.Rule != "step 6" || !strings.Contains(f.Polish, "zastęp") {
		t.Errorf("refusal %+v", f)
	}
	out, err := w.client.ApproveReferral(w.As("dep"), approval(w, w.opine("dep", r)))
	must(t, err)
	if !out.GetDecision().GetDeputy() {
		t.Error("the decision does not say that a deputy acted")
	}
}

// TestContractedBody: a request to a body of art. 190 is decided there.
func TestContractedBody(t *testing.T) {
	w := newWorld(t)
	w.settle(directory.Organiser{Kind: directory.OrganiserBody, Institution: "ngo", Resolution: "XXVI/126/13", ResolutionOn: referralDay})
	r := w.asked("sw-1", family())
	if q := r.GetRequest(); q.GetResolution() != "XXVI/126/13" || q.GetAddressee() != referralv1.AddresseeKind_ADDRESSEE_KIND_CONTRACTED_BODY {
		t.Errorf("request %v", q)
	}
	_, err := w.client.GiveOpinion(w.As("head"), &referralv1.GiveOpinionRequest{Name: r.GetName(), Etag: r.GetEtag(), RequestId: w.RequestID(), GivenOn: on("2026-03-16"), Favourable: true})
	wantReason(t, err, "NOT_ADDRESSEE")
	r = w.opine("body", r)
	_, err = w.client.ApproveReferral(w.As("body"), approval(w, r))
	wantReason(t, err, "OTHER_BODY")
}

// TestHeadOfABodyIsAddresseeOnly: who heads a contracted body neither registers information nor routes it, but decides what was put to the body.
func TestHeadOfABodyIsAddresseeOnly(t *testing.T) {
	w := newWorld(t)
	w.Employ(gmina, "ngo-head", access.Head, func(s *directory.Staff) { s.Body = "ngo" })
	w.settle(directory.Organiser{Kind: directory.OrganiserBody, Institution: "ngo", Resolution: "XXVI/126/13", ResolutionOn: referralDay})
	for _, area := range []string{"a1", "no-such-area"} { // and learns nothing of the centre's settings
		in := family()
		in.Area = area
		_, err := w.client.CreateReferral(w.As("ngo-head"), &referralv1.CreateReferralRequest{Parent: "gminas/" + gmina, Referral: in, RequestId: w.RequestID()})
		wantReason(t, err, "DENIED")
	}
	r := w.asked("sw-1", family())
	_, err := w.client.RouteReferral(w.As("ngo-head"), &referralv1.RouteReferralRequest{Name: r.GetName(), Etag: r.GetEtag(), RequestId: w.RequestID(), Area: "a2"})
	wantReason(t, err, "DENIED")
	if r = w.opine("ngo-head", r); slices.Contains(r.GetAllowedActions(), "RouteReferral") || !slices.Contains(r.GetAllowedActions(), "ApproveReferral") {
		t.Errorf("offered %v", r.GetAllowedActions())
	}
}

// TestSealed: no PESEL lies in the store in clear, and a masked one stays on update.
func TestSealed(t *testing.T) {
	w := newWorld(t)
	r := w.create("sw-1", family())
	r.Members[0].GivenName = "Hanna"
	updated, err := w.client.UpdateReferral(w.As("sw-1"), &referralv1.UpdateReferralRequest{Referral: &referralv1.Referral{Name: r.GetName(), Members: r.GetMembers()},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"members"}}, Etag: r.GetEtag(), RequestId: w.RequestID()})
	must(t, err)
	if m := updated.GetMembers()[0]; m.GetGivenName() != "Hanna" || m.GetPesel() != "•••••••••••" {
		t.Errorf("updated to %v", m)
	}
	commits, err := w.Deps.Store.System().History(t.Context(), store.Ref{Kind: store.Referrals, ID: r.GetName()[strings.LastIndex(r.GetName(), "/")+1:]}, 0, 10)
	must(t, err)
	for _, c := range commits {
		for name, raw := range c.Sections {
			if strings.Contains(string(raw), "44051401359") {
				t.Errorf("PESEL in clear in section %s of version %d", name, c.Version)
			}
		}
	}
	_, err = w.client.UpdateReferral(w.As("sw-1"), &referralv1.UpdateReferralRequest{Referral: &referralv1.Referral{Name: r.GetName()},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"state"}}, Etag: updated.GetEtag(), RequestId: w.RequestID()})
	wantReason(t, err, "FIELD_NOT_UPDATABLE")
}

// TestLeavesAreCorrected: over REST the mask is made of the body and names a day by its year, month and day, an address by its lines.
func TestLeavesAreCorrected(t *testing.T) {
	w := newWorld(t)
	r := w.create("sw-1", family())
	update := func(change *referralv1.Referral, paths ...string) error {
		change.Name = r.GetName()
		next, err := w.client.UpdateReferral(w.As("sw-1"), &referralv1.UpdateReferralRequest{Referral: change, UpdateMask: &fieldmaskpb.FieldMask{Paths: paths}, Etag: r.GetEtag(), RequestId: w.RequestID()})
		if err == nil {
			r = next
		}
		return err
	}
	must(t, update(&referralv1.Referral{ReceivedOn: on("2026-03-01"), Address: &familyv1.Address{Place: "Radziłów", Street: "ul. Polna 5"}},
		"address.place", "address.street", "received_on.day", "received_on.month", "received_on.year"))
	if r.GetReceivedOn().GetDay() != 1 || r.GetAddress().GetStreet() != "ul. Polna 5" || r.GetAddress().GetPlace() != "Radziłów" {
		t.Errorf("corrected to %v, %v", r.GetReceivedOn(), r.GetAddress())
	}
	wantReason(t, update(&referralv1.Referral{}, ""), "UPDATE_MASK") // of a body without fields
}

// TestIntake: what step 1 refuses, with a sentence and without the data.
func TestIntake(t *testing.T) {
	w := newWorld(t)
	for _, tc := range []struct {
		name, reason string
		wrong        func(*referralv1.Referral)
	}{
		{"wrong check digit", "PESEL_WRONG", func(r *referralv1.Referral) { r.Members[0].Pesel = "44051401358" }},
		{"PESEL of another birth date", "PESEL_BIRTH_DATE", func(r *referralv1.Referral) { r.Members[0].BirthDate = on("1944-05-15") }},
		{"masked PESEL", "PESEL_MASKED", func(r *referralv1.Referral) { r.Members[0].Pesel = "•••••••••••" }},
		{"received tomorrow", "INVALID_FIELDS", func(r *referralv1.Referral) { r.ReceivedOn = on("2026-04-01") }},
		{"no adult", "INVALID_FIELDS", func(r *referralv1.Referral) { r.Members = r.Members[1:] }},
		{"place of no area", "AREA_UNKNOWN", func(r *referralv1.Referral) { r.Address.Place = "Łomża" }},
		{"received before the act", "INVALID_FIELDS", func(r *referralv1.Referral) { r.ReceivedOn = on("1999-01-01") }},
		{"court order younger than the referral", "INVALID_FIELDS", func(r *referralv1.Referral) {
			r.Source, r.CourtOrders = familyv1.Source_SOURCE_COURT_ORDER, []*familyv1.CourtOrder{{Court: "SR", CaseNumber: "III Nsm 1/26", OrderedOn: on("2026-03-20")}}
		}},
		{"court order without the order", "INVALID_FIELDS", func(r *referralv1.Referral) { r.Source = familyv1.Source_SOURCE_COURT_ORDER }},
		{"Za życiem without authorisation", "INVALID_FIELDS", func(r *referralv1.Referral) { r.Source = familyv1.Source_SOURCE_ZA_ZYCIEM }},
		{"institution of another gmina", "NAME", func(r *referralv1.Referral) {
			r.Source, r.Notice = familyv1.Source_SOURCE_INSTITUTION, &referralv1.InstitutionNotice{Institution: "gminas/" + other + "/institutions/school"}
		}},
		{"unknown institution", "NO_SUCH_INSTITUTION", func(r *referralv1.Referral) {
			r.Source, r.Notice = familyv1.Source_SOURCE_INSTITUTION, &referralv1.InstitutionNotice{Institution: "gminas/" + gmina + "/institutions/x"}
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := family()
			tc.wrong(r)
			_, err := w.client.CreateReferral(w.As("sw-1"), &referralv1.CreateReferralRequest{Parent: "gminas/" + gmina, Referral: r, RequestId: w.RequestID()})
			f := wantReason(t, err, tc.reason)
			if !strings.HasPrefix(f.Fields[0].Path, "referral.") {
				t.Errorf("field %q is not of the request", f.Fields[0].Path)
			}
			if len(f.Fields) == 0 || strings.Contains(f.Polish, "4405") || strings.Contains(f.Polish, "Świątek") {
				t.Errorf("refusal %+v", f)
			}
		})
	}
}

// TestRefusedIntakeLeavesNoKey: a file's key is made for what is recorded alone.
func TestRefusedIntakeLeavesNoKey(t *testing.T) {
	w := newWorld(t)
	for _, wrong := range []func(*referralv1.Referral){
		func(r *referralv1.Referral) { r.Address.Place = "Łomża" },
		func(r *referralv1.Referral) { r.ReceivedOn = on("2026-04-01") },
	} {
		r := family()
		wrong(r)
		if _, err := w.client.CreateReferral(w.As("sw-1"), &referralv1.CreateReferralRequest{Parent: "gminas/" + gmina, Referral: r, RequestId: w.RequestID()}); err == nil {
			t.Error("recorded")
		}
	}
	if c, err := w.Deps.Vault.CheckKeys(t.Context()); err != nil || c.Files != 0 {
		t.Errorf("keys of files: %d, %v", c.Files, err)
	}
}

// TestGminaWithoutAreas: a new office takes its first referrals at once, and the head says whose they are.
func TestGminaWithoutAreas(t *testing.T) {
	w := newWorld(t)
	w.Settle(gmina, directory.Settings{})
	req := &referralv1.CreateReferralRequest{Parent: "gminas/" + gmina, Referral: family(), RequestId: w.RequestID()}
	r, err := w.client.CreateReferral(w.As("sw-1"), req)
	must(t, err)
	if r.GetSocialWorker() != "" || r.GetArea() != "" {
		t.Error(prototext.Format(r))
	}
	_, err = w.client.GetReferral(w.As("sw-1"), &referralv1.GetReferralRequest{Name: r.GetName()})
	wantReason(t, err, "DENIED")
	routed, err := w.client.RouteReferral(w.As("head"), &referralv1.RouteReferralRequest{Name: r.GetName(), SocialWorker: "gminas/" + gmina + "/staff/sw-1", Etag: r.GetEtag(), RequestId: w.RequestID()})
	must(t, err)
	_, err = w.client.GetReferral(w.As("sw-1"), &referralv1.GetReferralRequest{Name: routed.GetName()})
	must(t, err)
	_, err = w.client.GetReferral(w.As("sw-2"), &referralv1.GetReferralRequest{Name: routed.GetName()})
	wantReason(t, err, "DENIED")
	req.RequestId, req.Referral.Area = w.RequestID(), "a1"
	_, err = w.client.CreateReferral(w.As("sw-1"), req)
	if f := wantReason(t, err, "NO_SUCH_AREA"); !strings.Contains(f.Polish, "settings.areas") {
		t.Error(f.Polish)
	}
}

// TestRepeatedRequest: the same request is one referral, another body under its id is refused, a trial leaves nothing.
func TestRepeatedRequest(t *testing.T) {
	w := newWorld(t)
	req := &referralv1.CreateReferralRequest{Parent: "gminas/" + gmina, Referral: family(), RequestId: w.RequestID(), ValidateOnly: true}
	tried, err := w.client.CreateReferral(w.As("sw-1"), req)
	must(t, err)
	_, err = w.client.GetReferral(w.As("head"), &referralv1.GetReferralRequest{Name: tried.GetName()})
	wantReason(t, err, "NOT_FOUND")
	req.ValidateOnly = false
	first, err := w.client.CreateReferral(w.As("sw-1"), req)
	must(t, err)
	again, err := w.client.CreateReferral(w.As("sw-1"), req)
	must(t, err)
	if !proto.Equal(first, again) {
		t.Errorf("a retry made something else:\n%s\n%s", prototext.Format(first), prototext.Format(again))
	}
	w.interview("sw-1", first)
	_, err = w.client.RecordInterview(w.As("sw-1"), &referralv1.RecordInterviewRequest{Name: first.GetName(), Etag: first.GetEtag(), RequestId: w.RequestID(), HeldOn: on("2026-03-11")})
	wantReason(t, err, "STALE_ETAG")
	req.Referral.Urgent = true
	_, err = w.client.CreateReferral(w.As("sw-1"), req)
	wantReason(t, err, "REQUEST_ID_REUSED")
}

// TestPermissionsAreTheTable: the contract lets exactly those roles call a method that the table of transitions names for it.
func TestPermissionsAreTheTable(t *testing.T) {
	methods := referralv1.File_asysta_referral_v1_referral_service_proto.Services().ByName("ReferralService").Methods()
	for i := range methods.Len() {
		m := methods.Get(i)
		perm, _ := proto.GetExtension(m.Options(), optionsv1.E_Permission).(*optionsv1.Permission)
		line, ok := referral.Line(referral.Act(m.Name()))
		if ok != perm.GetMutation() {
			t.Errorf("%s: mutation %v, in the table %v", m.Name(), perm.GetMutation(), ok)
			continue
		}
		var roles []access.Role
		for _, r := range perm.GetRoles() {
			roles = append(roles, access.Role(strings.TrimPrefix(r.String(), "ROLE_")))
		}
		if ok && !slices.Equal(roles, line.Roles) {
			t.Errorf("%s: the contract says %v, the table %v", m.Name(), roles, line.Roles)
		}
	}
}
