package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"asysta.example/internal/scenario"
	"asysta.example/internal/store"

	"asysta.example/test/crash/rig"
)

// stormRun sends one request by many clients at once, and again afterwards.
type stormRun struct {
	land   *rig.Land
	seed   uint64
	rounds int
	until  time.Time
	width  int // clients at once
}

// stormFigures is what a stormRun has found.
type stormFigures struct {
	storms, calls, answered, again, effects, differing int
	refused                                            map[string]int // by code and reason
}

// String gives the figures as they are recorded.
func (f stormFigures) String() string {
	return fmt.Sprintf("%d storms, %d calls, answered %d, asked to come again %d, effects %d, differing answers %d, refused %v", f.storms, f.calls, f.answered, f.again, f.effects, f.differing, f.refused)
}

func (f stormFigures) bad() bool {
	return f.effects != f.storms || f.differing > 0 || len(f.refused) > 0 || f.answered+f.again != f.calls
}

// storms are the requests of a round: each makes one commit of another kind.
func storms(ctx context.Context, c *rig.County, id string) ([]*storm, error) {
	now, err := c.Call(ctx, rig.GRPC, "kierownik1", "casefile.CasefileService/GetFamilyFile", rig.Fields{"name": c.Names["file2"]})
	paper := rig.PaperCase("")
	list := []*storm{
		{as: "asystent1", method: "casefile.WorkCardService/RecordVisit", file: c.Names["file1"], request: rig.Fields{"parent": c.Names["file1"], "visit": rig.Fields{"visitedOn": rig.Day(3),
			"kind": "VISIT_KIND_MEETING", "place": "VISIT_PLACE_HOME", "fromTimeOfDay": "10:00", "toTimeOfDay": "11:00", "memberIds": []any{"m1"}, "taskCodes": []any{"3"}, "findings": id}}},
		{as: "kierownik1", method: "casefile.CasefileService/UpdateFamilyFile", file: c.Names["file2"],
			request: rig.Fields{"familyFile": rig.Fields{"name": c.Names["file2"], "familyName": id}, "updateMask": "familyName", "etag": rig.Text(now, "etag")}},
		{as: "socjalny", method: "referral.ReferralService/CreateReferral", request: rig.Fields{"parent": "gminas/" + rig.Gmina, "referral": rig.Fields{"receivedOn": rig.Day(2),
			"source": "SOURCE_OWN_DIAGNOSIS", "describedReason": id, "members": []any{rig.Fields{"role": "MEMBER_ROLE_MOTHER", "givenName": "Anna", "familyName": "Maj"}}, "address": rig.Fields{"place": "Radziłów"}}}},
		{as: "kierownik2", method: "casefile.CasefileService/TakeOverPaperCase", request: paper},
	}
	for i, s := range list {
		s.id = fmt.Sprintf("%s-%d", id, i)
		s.request["requestId"] = s.id
	}
	return list, err
}

// storm is one request that is sent many times.
type storm struct {
	as, method, id, file string
	request              rig.Fields

	mu    sync.Mutex
	names map[string]int // of what the answers name
}

func (r stormRun) run(ctx context.Context) (f stormFigures, err error) {
	f.refused = map[string]int{}
	for n := 0; n < r.rounds && time.Now().Before(r.until); {
		c, err := r.land.County(ctx)
		if err != nil {
			return f, err
		}
		for i := 0; i < generation && n < r.rounds && time.Now().Before(r.until); i++ {
			if err := r.round(ctx, c, fmt.Sprintf("s%d-%04d", r.seed, n), &f); err != nil {
				c.Kill()
				return f, err
			}
			n++
		}
		if err := rig.End(c); err != nil {
			return f, err
		}
	}
	return f, nil
}

func (r stormRun) round(ctx context.Context, c *rig.County, id string, f *stormFigures) error {
	list, err := storms(ctx, c, id)
	if err != nil {
		return err
	}
	for _, s := range list {
		s.names = map[string]int{}
		before, err := commits(ctx, c, s.id)
		if err != nil {
			return err
		}
		if err := s.blow(ctx, c, r.width, f); err != nil {
			return err
		}
		for range 4 { // and later, one after the other
			if err := s.send(ctx, c, rig.REST, f); err != nil {
				return err
			}
		}
		after, err := commits(ctx, c, s.id)
		if err != nil {
			return err
		}
		f.storms++
		f.effects += after - before
		if len(s.names) != 1 {
			f.differing++
		}
	}
	return nil
}

// blow sends the request by many clients at once, each of which tries again while it is told to come later.
func (s *storm) blow(ctx context.Context, c *rig.County, width int, f *stormFigures) error {
	var wait sync.WaitGroup
	errs := make([]error, width)
	for i := range width {
		wait.Go(func() { errs[i] = s.send(ctx, c, rig.Way(i%3), f) })
	}
	wait.Wait()
	return errors.Join(errs...)
}

func (s *storm) send(ctx context.Context, c *rig.County, way rig.Way, f *stormFigures) error {
	for {
		answer, err := c.Call(ctx, way, s.as, s.method, s.request)
		var refusal *scenario.Refusal
		if err != nil && !errors.As(err, &refusal) {
			return err
		}
		again := s.note(answer, refusal, f)
		if !again {
			return nil
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func (s *storm) note(answer rig.Fields, refusal *scenario.Refusal, f *stormFigures) (again bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f.calls++
	switch {
	case refusal == nil:
		f.answered++
		s.names[rig.Text(answer, "name")]++
	case refusal.Code == "UNAVAILABLE":
		f.again++
		return true
	default:
		f.refused[refusal.Code+" "+refusal.Reason]++
	}
	return false
}

// commits counts the commits of what a request may have made, from beside the program: those of the request id on a file or a referral.
func commits(ctx context.Context, c *rig.County, request string) (n int, err error) {
	s, err := c.Open(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	for kind, index := range map[store.Kind]string{store.FamilyFiles: "by_opened", store.Referrals: "by_received"} {
		q := store.Query{Index: index, Limit: 500}
		for {
			page, err := s.For(rig.Gmina).List(ctx, kind, q)
			if err != nil {
				return 0, err
			}
			for _, h := range page.Hits {
				for seen := range h.Doc.Requests.All() {
					if seen.ID == request {
						n++
					}
				}
			}
			if q.Token = page.Next; q.Token == "" {
				break
			}
		}
	}
	return n, nil
}
