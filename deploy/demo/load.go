package demo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"
	directoryv1 "asysta.example/proto/gen/asysta/directory/v1"
	planningv1 "asysta.example/proto/gen/asysta/planning/v1"
	referralv1 "asysta.example/proto/gen/asysta/referral/v1"

	"asysta.example/internal/calendar"
	"asysta.example/internal/scenario"
)

// Env is the running suite that a county is loaded into. Its clock must be Clock; its county 3030 has one administrator, made on Founded of its today.
type Env struct {
	Conn  grpc.ClientConnInterface                                  // to all services, as any client sees them
	Token func(ctx context.Context, subject string) (string, error) // bearer token of a login subject, valid on the day of the clock
	Clock *Clock
	Today calendar.Date                   // on which the county is shown: its stories end here
	Seed  uint64                          // the same seed and day make the same county
	Relay func(ctx context.Context) error // places commits in the feeds, before somebody reads them; nil where that happens by itself
}

// days is how long the county's past is, that of its scenario.
const days = 900

// Founded is the day on which a county that is shown today begins. Whoever makes its administrator sets the clock to it first.
func Founded(today calendar.Date) calendar.Date { return today.AddDays(-days) }

// Person is somebody who may log in to the county.
type Person struct {
	Role    string // who it is, in Polish
	Subject string // login subject
}

// Loaded is what a load has made.
type Loaded struct {
	People []Person
	Calls  int // made, those of the scenario included
}

// county is a load under way.
type county struct {
	env    Env
	start  calendar.Date
	agenda []event
	gminas []*gmina
	people []Person
	played int // steps of the scenario
	asked  int // requests of the founding

	mu     sync.Mutex
	tokens map[string]bearer
	calls  int

	directory directoryv1.DirectoryServiceClient
	referrals referralv1.ReferralServiceClient
	files     casefilev1.CasefileServiceClient
	cards     casefilev1.WorkCardServiceClient
	plans     planningv1.PlanningServiceClient
	care      planningv1.CoordinationServiceClient

	coordinators []string // resource names: of the scenario, of the loader
}

// event is something that happens on a day. Those of one day and lane happen in the order of their stories, lanes happen side by side: gminas do not meet.
type event struct {
	day   calendar.Date
	lane  string // gmina; "" for what comes alone
	story int
	what  string
	do    func(context.Context) error
}

type bearer struct {
	day   calendar.Date
	token string
}

// Load fills the county through the contract: offices and people, some sixty families, and the scenario, all in the order of their days. It ends with the
// clock on today. It is done once; a load that failed is begun anew on an empty store.
func Load(ctx context.Context, env Env) (*Loaded, error) {
	c := &county{env: env, start: Founded(env.Today), tokens: map[string]bearer{}, gminas: gminas(),
		directory: directoryv1.NewDirectoryServiceClient(env.Conn), referrals: referralv1.NewReferralServiceClient(env.Conn),
		files: casefilev1.NewCasefileServiceClient(env.Conn), cards: casefilev1.NewWorkCardServiceClient(env.Conn),
		plans: planningv1.NewPlanningServiceClient(env.Conn), care: planningv1.NewCoordinationServiceClient(env.Conn)}
	f, err := Scenario()
	if err != nil {
		return nil, err
	}
	c.found()
	c.families()
	slices.SortStableFunc(c.agenda, func(a, b event) int { return cmp.Or(a.day.Compare(b.day), cmp.Compare(a.story, b.story)) })
	_, err = scenario.Play(ctx, f, scenario.Env{
		Transport: scenario.GRPC{Conn: func(string) grpc.ClientConnInterface { return env.Conn }, Token: c.token},
		Start:     c.start, Today: env.Clock.Today, Seed: "scenariusz", Seen: c.seen,
		Before: func(ctx context.Context, s scenario.Step) error {
			if err := c.pass(ctx, c.start.AddDays(s.Day)); err != nil {
				return err
			}
			return c.before(ctx, s)
		},
	})
	if err == nil {
		err = c.pass(ctx, env.Today.AddDays(1))
	}
	if err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	c.listScenario(f)
	return &Loaded{People: c.people, Calls: c.calls + c.played}, nil
}

// pass lives through everything that happens before a day.
func (c *county) pass(ctx context.Context, day calendar.Date) error {
	for len(c.agenda) > 0 && c.agenda[0].day.Before(day) {
		today := c.agenda[0].day
		n := slices.IndexFunc(c.agenda, func(e event) bool { return e.day != today })
		if n < 0 {
			n = len(c.agenda)
		}
		events := c.agenda[:n]
		c.agenda = c.agenda[n:]
		if err := c.live(ctx, events); err != nil {
			return fmt.Errorf("%s, %w", today, err)
		}
	}
	c.turn(earlier(day, c.env.Today))
	return ctx.Err()
}

// live carries out the events of one day: lane beside lane.
func (c *county) live(ctx context.Context, events []event) error {
	var lanes []string
	for _, e := range events {
		if !slices.Contains(lanes, e.lane) {
			lanes = append(lanes, e.lane)
		}
	}
	errs := make([]error, len(lanes))
	var lived sync.WaitGroup
	for i, lane := range lanes {
		lived.Go(func() { errs[i] = c.lane(ctx, lane, events) })
	}
	lived.Wait()
	return errors.Join(errs...)
}

func (c *county) lane(ctx context.Context, lane string, events []event) error {
	for _, e := range events {
		if e.lane != lane {
			continue
		}
		c.turn(e.day)
		if err := e.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", e.what, err)
		}
	}
	return nil
}

// turn moves the clock on: to the evening of a new day, when what is recorded of the day has taken place, to the morning of the last, which is not over, and by a second on
// the same day.
func (c *county) turn(day calendar.Date) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := Evening(day)
	if !day.Before(c.env.Today) {
		at = Noon(day).Add(-4 * time.Hour)
	}
	if now := c.env.Clock.Now(); !now.Before(at) {
		at = now.Add(time.Second) // short, because what services tell one another expires within a minute
	}
	c.env.Clock.Set(at)
}

func earlier(a, b calendar.Date) calendar.Date {
	if b.Before(a) {
		return b
	}
	return a
}

// before readies the suite for a step of the scenario.
func (c *county) before(ctx context.Context, s scenario.Step) error {
	if c.env.Relay != nil && s.Take > 0 {
		return c.env.Relay(ctx)
	}
	return nil
}

// seen keeps of the scenario what the rest of the county refers to.
func (c *county) seen(s scenario.Step, answer any, _ *scenario.Refusal) {
	c.played++
	if m, ok := answer.(map[string]any); ok && s.ID == "koordynatorka" {
		name, _ := m["name"].(string)
		c.coordinators[0] = name
	}
}

// token gives the token of a person for the day of the clock.
func (c *county) token(ctx context.Context, subject string) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	today := c.env.Clock.Today()
	if b, ok := c.tokens[subject]; ok && b.day == today {
		return b.token, nil
	}
	token, err := c.env.Token(ctx, subject)
	if err != nil {
		return "", fmt.Errorf("token of %s: %w", subject, err)
	}
	c.tokens[subject] = bearer{today, token}
	return token, nil
}

// teller is who tells a story: its requests have ids of their own.
type teller interface {
	in() *county
	rid() string
}

func (c *county) in() *county { return c }

func (c *county) rid() string {
	c.asked++
	return fmt.Sprintf("demo-%d-c-%05d", c.env.Seed, c.asked)
}

// as makes a call in the name of a person.
func as[T any](ctx context.Context, s teller, subject string, call func(ctx context.Context, rid string) (T, error)) (T, error) {
	c := s.in()
	token, err := c.token(ctx, subject)
	if err != nil {
		var none T
		return none, err
	}
	c.mu.Lock()
	c.calls++
	c.mu.Unlock()
	answer, err := call(metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token), s.rid())
	if err != nil {
		return answer, fmt.Errorf("as %s: %w", subject, told(err))
	}
	return answer, nil
}

// told adds to a refusal what it says to the person at the desk.
func told(err error) error {
	var r *scenario.Refusal
	if errors.As(scenario.RefusalOf(err), &r) {
		return fmt.Errorf("%w: %s", err, r.Polish)
	}
	return err
}
