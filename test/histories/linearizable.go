package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"github.com/anishathalye/porcupine"

	"asysta.example/internal/scenario"

	"asysta.example/test/crash/rig"
)

// register is a resource as its clients see it: one field, under an etag.
type register struct {
	name                 string
	get, change, visited string // methods; visited is "" where nothing changes the resource without an etag
	as, visitor          string
	request              func(name, value string) rig.Fields
	field                string
}

// registers are the resources that histories are made on, in a founded county.
func registers(ctx context.Context, c *rig.County, seed uint64) ([]register, error) {
	made, err := c.Call(ctx, rig.GRPC, "socjalny", "referral.ReferralService/CreateReferral", rig.Fields{"parent": "gminas/" + rig.Gmina, "requestId": fmt.Sprintf("historia-%d", seed),
		"referral": rig.Fields{"receivedOn": rig.Day(2), "source": "SOURCE_OWN_DIAGNOSIS", "describedReason": "początek", "address": rig.Fields{"place": "Radziłów"},
			"members": []any{rig.Fields{"role": "MEMBER_ROLE_MOTHER", "givenName": "Ewa", "familyName": "Maj"}}}})
	if err != nil {
		return nil, err
	}
	return []register{
		{name: c.Names["file1"], get: "casefile.CasefileService/GetFamilyFile", change: "casefile.CasefileService/UpdateFamilyFile", field: "familyName", as: "kierownik1",
			visited: "casefile.WorkCardService/RecordVisit", visitor: "asystent1", request: func(name, value string) rig.Fields {
				return rig.Fields{"familyFile": rig.Fields{"name": name, "familyName": value}, "updateMask": "familyName"}
			}},
		{name: rig.Text(made, "name"), get: "referral.ReferralService/GetReferral", change: "referral.ReferralService/UpdateReferral", field: "describedReason", as: "socjalny",
			request: func(name, value string) rig.Fields {
				return rig.Fields{"referral": rig.Fields{"name": name, "describedReason": value}, "updateMask": "describedReason"}
			}},
	}, nil
}

// act is what a client did.
type act int

const (
	reads   act = iota
	changes     // under an etag
	records     // a record without an etag: the version moves, the field does not
)

// input is an operation as it was called.
type input struct {
	act   act
	etag  int64  // of changes
	value string // of changes
}

// output is what came back; done is false for a change that was refused because of its etag. What was answered otherwise may have been carried out or not.
type output struct {
	done    bool
	unknown bool
	version int64 // of reads and changes that were carried out
	value   string
}

// state of a register.
type state struct {
	version int64
	value   string
}

// model says what one client after the other would see. The state before the first operation is that of the first read, which nobody else is at.
func model(first state) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return first },
		Step: func(s, in, out any) (bool, any) {
			now, did, got := s.(state), in.(input), out.(output) //nolint:forcetypeassert // the harness's own
			switch did.act {
			case reads:
				if got.unknown {
					return true, now
				}
				return got.version == now.version && got.value == now.value, now
			case records:
				return true, state{now.version + 1, now.value}
			}
			if got.unknown { // at the end of the history nobody sees what it did
				if did.etag != now.version {
					return true, now
				}
				return true, state{now.version + 1, did.value}
			}
			if !got.done {
				return did.etag != now.version, now
			}
			next := state{now.version + 1, did.value}
			return did.etag == now.version && got.version == next.version && got.value == next.value, next
		},
		DescribeOperation: func(in, out any) string { return fmt.Sprintf("%+v -> %+v", in, out) },
	}
}

// history lets clients work on a register at once and gives what each did and saw.
func history(ctx context.Context, c *rig.County, r register, seed uint64, clients, each int) (state, []porcupine.Operation, error) {
	first, err := look(ctx, c, rig.GRPC, r)
	if err != nil {
		return state{}, nil, err
	}
	var mu sync.Mutex
	var ops []porcupine.Operation
	var faults error
	began := time.Now()
	var wait sync.WaitGroup
	for id := range clients {
		cl := &client{county: c, register: r, dice: rand.New(rand.NewPCG(seed, uint64(id))), seen: first, name: fmt.Sprintf("h%d-%d", seed, id)} //nolint:gosec // repeatable by its seed
		wait.Go(func() {
			for range each {
				call := time.Since(began)
				in, out, err := cl.step(ctx)
				op := porcupine.Operation{ClientId: id, Input: in, Call: call.Nanoseconds(), Output: out, Return: time.Since(began).Nanoseconds()}
				if out.unknown {
					op.Return = math.MaxInt64 // it may come to pass at any time
				}
				mu.Lock()
				ops, faults = append(ops, op), errors.Join(faults, err)
				mu.Unlock()
				if err != nil {
					return
				}
			}
		})
	}
	wait.Wait()
	return first, ops, faults
}

// client is one caller, who changes what it has read or, as people do, what it read a while ago.
type client struct {
	county   *rig.County
	register register
	dice     *rand.Rand
	seen     state
	name     string
	count    int
}

func (c *client) step(ctx context.Context) (input, output, error) {
	c.count++
	way, r := rig.Way(c.dice.IntN(3)), c.register
	token := fmt.Sprintf("%s-%04d", c.name, c.count)
	switch dice := c.dice.IntN(10); {
	case dice < 4:
		now, err := look(ctx, c.county, way, r)
		if err == nil {
			c.seen = now
		}
		return answered(input{act: reads}, output{done: true, version: now.version, value: now.value}, err)
	case dice < 5 && r.visited != "":
		_, err := c.county.Call(ctx, way, r.visitor, r.visited, rig.Fields{"parent": r.name, "requestId": token, "visit": rig.Fields{"visitedOn": rig.Day(3),
			"kind": "VISIT_KIND_MEETING", "place": "VISIT_PLACE_HOME", "fromTimeOfDay": "10:00", "toTimeOfDay": "11:00", "memberIds": []any{"m1"}, "taskCodes": []any{"3"}, "findings": token}})
		return answered(input{act: records}, output{done: true}, err)
	}
	in := input{act: changes, etag: c.seen.version, value: token}
	request := r.request(r.name, token)
	request["etag"], request["requestId"] = strconv.FormatInt(in.etag, 10), token
	answer, err := c.county.Call(ctx, way, r.as, r.change, request)
	var refusal *scenario.Refusal
	if errors.As(err, &refusal) && refusal.Reason == "STALE_ETAG" {
		return in, output{}, nil
	}
	if err != nil {
		return answered(in, output{}, err)
	}
	c.seen = stateOf(answer, r)
	return in, output{done: true, version: c.seen.version, value: c.seen.value}, nil
}

// answered makes an operation whose outcome is not known of one that was refused for what nothing in the model explains; other errors are the harness's own.
func answered(in input, out output, err error) (input, output, error) {
	var refusal *scenario.Refusal
	if errors.As(err, &refusal) {
		return in, output{unknown: true}, nil
	}
	return in, out, err
}

func look(ctx context.Context, c *rig.County, way rig.Way, r register) (state, error) {
	answer, err := c.Call(ctx, way, r.as, r.get, rig.Fields{"name": r.name})
	return stateOf(answer, r), err
}

func stateOf(f rig.Fields, r register) state {
	n, _ := strconv.ParseInt(rig.Text(f, "etag"), 10, 64)
	return state{n, rig.Text(f, r.field)}
}

// linearRun makes histories and has them checked.
type linearRun struct {
	land          *rig.Land
	seed          uint64
	rounds        int
	until         time.Time
	clients, each int
}

// linearFigures is what a linearRun has found.
type linearFigures struct{ histories, operations, refused, unknown, wrong, undecided int }

// String gives the figures as they are recorded.
func (f linearFigures) String() string {
	return fmt.Sprintf("%d histories, %d operations (%d refused for their etag, %d without a clear answer), not linearizable %d, undecided %d", f.histories, f.operations, f.refused, f.unknown, f.wrong, f.undecided)
}

// checkWithin bounds the search for one history's order.
const checkWithin = time.Minute

// generation is how many histories are made in one county.
const generation = 10

func (r linearRun) run(ctx context.Context) (f linearFigures, err error) {
	for round := 0; round < r.rounds && time.Now().Before(r.until); {
		c, err := r.land.County(ctx)
		if err != nil {
			return f, err
		}
		for range generation {
			if round++; round > r.rounds || time.Now().After(r.until) {
				break
			}
			if err := r.round(ctx, c, r.seed+uint64(round), &f); err != nil {
				c.Kill()
				return f, err
			}
		}
		if err := rig.End(c); err != nil {
			return f, err
		}
	}
	return f, nil
}

// round makes one history on each register.
func (r linearRun) round(ctx context.Context, c *rig.County, seed uint64, f *linearFigures) error {
	list, err := registers(ctx, c, seed)
	if err != nil {
		return err
	}
	for _, reg := range list {
		first, ops, err := history(ctx, c, reg, seed, r.clients, r.each)
		if err != nil {
			return err
		}
		f.histories++
		f.operations += len(ops)
		for _, op := range ops {
			switch out := op.Output.(output); { //nolint:forcetypeassert // the harness's own
			case out.unknown:
				f.unknown++
			case !out.done:
				f.refused++
			}
		}
		switch porcupine.CheckOperationsTimeout(model(first), ops, checkWithin) {
		case porcupine.Illegal:
			f.wrong++
		case porcupine.Unknown:
			f.undecided++
		}
	}
	return nil
}
