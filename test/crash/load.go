package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"

	"asysta.example/internal/scenario"

	"asysta.example/test/crash/rig"
)

// clients is how many clients call at once.
const clients = 6

// kind is what a call does.
type kind int

const (
	visit    kind = iota // an entry of the work card: a commit with a record
	rename               // a change with an etag
	referral             // a new aggregate with a sealed field
	takeover             // a new file: the number of the gmina's counter first, then the file
	handover             // a file from one assistant to another: two caseloads and the file
	read                 // a read, whose line in the access log must be there
	kinds                // how many there are
)

// call is one call of a client and what is known of it.
type call struct {
	kind    kind
	way     rig.Way
	as      string
	method  string
	request rig.Fields
	token   string // what it wrote, for finding it again; also its request id
	file    string // name of the family file it is about, "" for what it makes

	acknowledged bool
	refused      *scenario.Refusal // for good: nothing was written
	answer       rig.Fields
	last         error // why it was not answered, for who has to look
}

// resource names what the call changed or made.
func (c *call) resource() string {
	if c.file != "" {
		return c.file
	}
	return rig.Text(c.answer, "name")
}

// workload makes calls by a seed. Its names are those of a county.
type workload struct {
	rand   *rand.Rand
	mu     sync.Mutex
	seed   uint64
	count  int
	county *rig.County
}

func newWorkload(seed uint64, c *rig.County) *workload {
	return &workload{rand: rand.New(rand.NewPCG(seed, 1)), seed: seed, county: c} //nolint:gosec // repeatable by its seed
}

// next makes the next call. An etag is filled in when it is made.
func (w *workload) next() *call {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.count++
	c := &call{token: fmt.Sprintf("z%d-%06d", w.seed, w.count), way: rig.Way(w.rand.IntN(2))}
	file := 1 + w.rand.IntN(3)
	c.file = w.county.Names[fmt.Sprintf("file%d", file)]
	switch dice := w.rand.IntN(100); {
	case dice < 50:
		c.kind, c.method, c.as = visit, "casefile.WorkCardService/RecordVisit", []string{"", "asystent1", "asystent2", "asystent1"}[file]
		c.request = rig.Fields{"parent": c.file, "visit": rig.Fields{"visitedOn": rig.Day(1 + w.rand.IntN(50)), "kind": "VISIT_KIND_MEETING", "place": "VISIT_PLACE_HOME",
			"fromTimeOfDay": "10:00", "toTimeOfDay": "11:00", "memberIds": []any{"m1"}, "taskCodes": []any{"3"}, "findings": c.token}}
	case dice < 70:
		c.kind, c.method, c.as = rename, "casefile.CasefileService/UpdateFamilyFile", "kierownik1"
		c.request = rig.Fields{"familyFile": rig.Fields{"name": c.file, "familyName": c.token}, "updateMask": "familyName"}
	case dice < 78:
		c.kind, c.method, c.as, c.file = referral, "referral.ReferralService/CreateReferral", "socjalny", ""
		c.request = rig.Fields{"parent": "gminas/" + rig.Gmina, "referral": rig.Fields{"receivedOn": rig.Day(2), "source": "SOURCE_OWN_DIAGNOSIS", "describedReason": c.token,
			"members": []any{rig.Fields{"role": "MEMBER_ROLE_MOTHER", "givenName": "Anna", "familyName": "Marzec", "pesel": rig.Pesel(w.count)}}, "address": rig.Fields{"place": "Radziłów"}}}
	case dice < 82:
		c.kind, c.method, c.as, c.file = takeover, "casefile.CasefileService/TakeOverPaperCase", "kierownik2", ""
		c.request = rig.PaperCase("")
		c.request["paperReference"] = c.token
	case dice < 86:
		c.kind, c.method, c.as, c.file = handover, "casefile.CasefileService/ReassignAssistant", "kierownik2", w.county.Names["file4"]
		c.request = rig.Fields{"name": c.file, "assistant": w.county.Names[fmt.Sprintf("assistant%d", 1+w.rand.IntN(3))], "handoverDate": rig.Day(0), "reason": "urlop"}
	default:
		c.kind, c.method, c.as = read, "casefile.CasefileService/GetFamilyFile", "kierownik1"
		c.request = rig.Fields{"name": c.file, "purpose": c.token}
		return c
	}
	c.request["requestId"] = c.token
	return c
}

// make carries a call out as far as it comes. Whether it was acknowledged, refused or neither, stands in it afterwards.
func (w *workload) make(ctx context.Context, c *call) error {
	if (c.kind == rename || c.kind == handover) && c.request["etag"] == nil {
		seen, err := w.county.Call(ctx, c.way, c.as, "casefile.CasefileService/GetFamilyFile", rig.Fields{"name": c.file, "purpose": c.token})
		if err != nil {
			c.refused = &scenario.Refusal{Code: "NOT_SENT"}
			return nil
		}
		c.request["etag"] = rig.Text(seen, "etag")
	}
	answer, err := w.county.Call(ctx, c.way, c.as, c.method, c.request)
	if err == nil {
		c.acknowledged, c.answer, c.refused = true, answer, nil
		return nil
	}
	c.last = err
	var refusal *scenario.Refusal
	if !errors.As(err, &refusal) {
		return nil // the connection broke: nobody knows
	}
	switch refusal.Code {
	case "UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELED":
		return nil
	case "ABORTED", "FAILED_PRECONDITION":
		c.refused = refusal
		return nil
	}
	c.refused = refusal
	return fmt.Errorf("%s was answered %s %s", c.method, refusal.Code, refusal.Reason)
}

// run lets clients call until the context ends, sees the last calls to their end, and gives every call that was made. The error tells of answers that nothing excuses.
func (w *workload) run(ctx context.Context) ([]*call, error) {
	var made []*call
	var faults []error
	var mu sync.Mutex
	var wait sync.WaitGroup
	for range clients {
		wait.Go(func() {
			for ctx.Err() == nil {
				c := w.next()
				err := w.make(context.WithoutCancel(ctx), c)
				mu.Lock()
				made = append(made, c)
				if err != nil {
					faults = append(faults, err)
				}
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	return made, errors.Join(faults...)
}
