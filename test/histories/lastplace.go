package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"asysta.example/internal/scenario"

	"asysta.example/test/crash/rig"
)

// limit is the most families that one assistant may have (art. 15(4)).
const limit = 15

// placeRun lets two heads want the last place of one assistant at the same moment, again and again.
type placeRun struct {
	land   *rig.Land
	seed   uint64
	rounds int
	until  time.Time
}

// placeFigures is what a placeRun has found.
type placeFigures struct {
	rounds, one, none, both, overfull int
	other                             []string // refusals that were not for the full caseload
}

// String gives the figures as they are recorded.
func (f placeFigures) String() string {
	return fmt.Sprintf("%d rounds: one winner %d, none %d, both %d, assistants with more than %d families %d, refused for another reason %d", f.rounds, f.one, f.none, f.both, limit, f.overfull, len(f.other))
}

func (f placeFigures) bad() bool {
	return f.none+f.both+f.overfull+len(f.other) > 0 || f.one != f.rounds
}

// office is a county whose third assistant has one place left.
type office struct {
	*rig.County
	seed  uint64
	count int
}

func (o *office) id() string {
	o.count++
	return fmt.Sprintf("m%d-%06d", o.seed, o.count)
}

// roundsPerCounty keeps the stand-in for MongoDB, which looks through whole collections, usable.
const roundsPerCounty = 25

func (r placeRun) run(ctx context.Context) (f placeFigures, err error) {
	for f.rounds < r.rounds && time.Now().Before(r.until) {
		c, err := r.land.County(ctx)
		if err != nil {
			return f, err
		}
		o := &office{County: c, seed: r.seed + uint64(f.rounds)}
		if err := r.county(ctx, o, &f); err != nil {
			c.Kill()
			return f, err
		}
		if err := rig.End(c); err != nil {
			return f, err
		}
	}
	return f, nil
}

func (r placeRun) county(ctx context.Context, o *office, f *placeFigures) error {
	for range limit - 1 {
		if _, err := o.takeOver(ctx, "kierownik1", o.Names["assistant3"]); err != nil {
			return err
		}
	}
	for n := 0; n < roundsPerCounty && f.rounds < r.rounds && time.Now().Before(r.until); n++ {
		if err := o.round(ctx, f); err != nil {
			return err
		}
	}
	return nil
}

func (o *office) takeOver(ctx context.Context, as, assistant string) (rig.Fields, error) {
	request := rig.PaperCase(assistant)
	request["requestId"] = o.id()
	return o.Call(ctx, rig.GRPC, as, "casefile.CasefileService/TakeOverPaperCase", request)
}

// bid is a call that wants the place.
type bid struct {
	as, method string
	request    rig.Fields
	answer     rig.Fields
	err        error
}

// round lets two heads bid at once, looks who got the place, and frees it.
func (o *office) round(ctx context.Context, f *placeFigures) error {
	f.rounds++
	bids, err := o.bids(ctx, f.rounds%3)
	if err != nil {
		return err
	}
	var wait sync.WaitGroup
	start := make(chan struct{})
	for i, b := range bids {
		wait.Go(func() {
			<-start
			b.answer, b.err = o.Call(ctx, rig.Way((f.rounds+i)%3), b.as, b.method, b.request)
		})
	}
	close(start)
	wait.Wait()
	won := 0
	for _, b := range bids {
		var refusal *scenario.Refusal
		switch {
		case b.err == nil:
			won++
		case !errors.As(b.err, &refusal):
			return b.err
		case refusal.Reason != "CASELOAD_FULL":
			f.other = append(f.other, fmt.Sprintf("round %d: %s: %v", f.rounds, b.method, refusal))
		}
	}
	switch won {
	case 0:
		f.none++
	case 1:
		f.one++
	default:
		f.both++
	}
	return o.settle(ctx, bids, f)
}

// settle counts the families and takes the assistant off the winner's.
func (o *office) settle(ctx context.Context, bids []*bid, f *placeFigures) error {
	load, err := o.Call(ctx, rig.GRPC, "kierownik1", "directory.DirectoryService/GetCaseload", rig.Fields{"staff": o.Names["assistant3"]})
	if err != nil {
		return err
	}
	if taken, _ := load["taken"].(float64); taken > limit {
		f.overfull++
	}
	for _, b := range bids {
		if b.err != nil {
			continue
		}
		file := rig.Text(b.answer, "familyFile") // of a referral
		if file == "" {
			file = rig.Text(b.answer, "name")
		}
		now, err := o.Call(ctx, rig.GRPC, "kierownik1", "casefile.CasefileService/GetFamilyFile", rig.Fields{"name": file})
		if err != nil {
			return err
		}
		if _, err := o.Call(ctx, rig.GRPC, "kierownik1", "casefile.CasefileService/UnassignAssistant", rig.Fields{"name": file, "etag": rig.Text(now, "etag"), "requestId": o.id(),
			"toDate": rig.Day(0), "reason": "zwolnienie miejsca"}); err != nil {
			return err
		}
	}
	return nil
}

// bids prepares what the two heads will ask for: a family taken over from paper, a waiting family's assistant, or the approval of an application.
func (o *office) bids(ctx context.Context, how int) ([]*bid, error) {
	var list []*bid
	for _, head := range []string{"kierownik1", "kierownik2"} {
		b := &bid{as: head}
		var err error
		switch how {
		case 0:
			b.method, b.request = "casefile.CasefileService/TakeOverPaperCase", rig.PaperCase(o.Names["assistant3"])
		case 1:
			var waiting rig.Fields
			waiting, err = o.takeOver(ctx, head, "")
			b.method = "casefile.CasefileService/AssignAssistant"
			b.request = rig.Fields{"name": rig.Text(waiting, "name"), "etag": rig.Text(waiting, "etag"), "assistant": o.Names["assistant3"], "fromDate": rig.Day(0)}
		default:
			var asked rig.Fields
			asked, err = o.apply(ctx)
			b.method = "referral.ReferralService/ApproveReferral"
			b.request = rig.Fields{"name": rig.Text(asked, "name"), "etag": rig.Text(asked, "etag"), "assistant": o.Names["assistant3"], "duplicatesReviewed": true}
		}
		if err != nil {
			return nil, err
		}
		b.request["requestId"] = o.id()
		list = append(list, b)
	}
	return list, nil
}

// apply takes a new family to the point where a head may approve.
func (o *office) apply(ctx context.Context) (rig.Fields, error) {
	now, err := o.Call(ctx, rig.GRPC, "socjalny", "referral.ReferralService/CreateReferral", rig.Fields{"parent": "gminas/" + rig.Gmina, "requestId": o.id(),
		"referral": rig.Fields{"receivedOn": rig.Day(30), "source": "SOURCE_OWN_DIAGNOSIS", "describedReason": "trudności", "address": rig.Fields{"place": "Radziłów"},
			"members": []any{rig.Fields{"memberId": "m1", "role": "MEMBER_ROLE_MOTHER", "givenName": "Ewa", "familyName": "Maj", "parentalAuthority": true}}}})
	for _, step := range []struct {
		as, method string
		more       rig.Fields
	}{
		{"socjalny", "RecordInterview", rig.Fields{"heldOn": rig.Day(28)}},
		{"socjalny", "RecordAnalysis", rig.Fields{"analysedOn": rig.Day(27), "assistantNeeded": true, "familyInterested": true, "reasons": "potrzebne wsparcie", "difficulty": 1}},
		{"socjalny", "RecordConsent", rig.Fields{"offerPresentedOn": rig.Day(26), "consents": []any{rig.Fields{"memberId": "m1", "decision": "DECISION_GIVEN",
			"signature": rig.Fields{"signedOn": rig.Day(26), "originalAt": "teczka"}}}}},
		{"socjalny", "RequestAssistant", rig.Fields{"requestedOn": rig.Day(25)}},
		{"kierownik1", "GiveOpinion", rig.Fields{"givenOn": rig.Day(24), "favourable": true}},
	} {
		if err != nil {
			return nil, err
		}
		step.more["name"], step.more["etag"], step.more["requestId"] = rig.Text(now, "name"), rig.Text(now, "etag"), o.id()
		now, err = o.Call(ctx, rig.GRPC, step.as, "referral.ReferralService/"+step.method, step.more)
	}
	return now, err
}
