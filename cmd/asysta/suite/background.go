package suite

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"asysta.example/internal/redact"
	"asysta.example/internal/rpc"
)

// Work is something a process does by itself, again and again. One round that fails is logged and repeated with the next; rounds are idempotent and may run in
// several processes at once.
type Work struct {
	Name  string // as logged, e.g. "referral/sweep"
	Every time.Duration
	Round func(context.Context) error
}

// limit bounds one round: two minutes, or a twelfth of the time between two, so that daily work that reads every open file of a large county comes to its end.
func (w Work) limit() time.Duration { return max(2*time.Minute, w.Every/12) }

// background owns the goroutines of the work that runs by itself.
type background struct {
	deps rpc.Deps
	told *workMetrics
	stop context.CancelFunc
	wait sync.WaitGroup
}

// start begins the work; it goes on until end, whatever happens to ctx.
func start(ctx context.Context, deps rpc.Deps, works []Work, told *workMetrics) *background {
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	b := &background{deps: deps, told: told, stop: stop}
	for _, w := range works {
		told.begun(w.Name)
		b.wait.Go(func() { b.repeat(ctx, w) })
	}
	return b
}

func (b *background) repeat(ctx context.Context, w Work) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		b.round(ctx, w)
		timer.Reset(w.Every + rand.N(w.Every/4+1)) //nolint:gosec // spreads the rounds of several processes
	}
}

// round runs once; a panic of one round does not end the process.
func (b *background) round(ctx context.Context, w Work) {
	ctx, cancel := context.WithTimeout(ctx, w.limit())
	defer cancel()
	mended := 0
	defer func() {
		if p := recover(); p != nil {
			b.told.ended(w.Name, roundPanicked, mended)
			b.deps.Log.ErrorContext(ctx, "background work panicked", slog.String("work", w.Name), slog.String("cause", redact.Panic(p)), slog.String("stack", redact.Stack(2)))
		}
	}()
	err := w.Round(context.WithValue(ctx, mendedKey{}, &mended))
	if b.stopped(ctx) {
		return // a round that the end of the process cut off says nothing
	}
	if err != nil {
		b.told.ended(w.Name, roundFailed, mended)
		b.deps.Log.ErrorContext(ctx, "background work", slog.String("work", w.Name), slog.String("cause", err.Error()))
		return
	}
	b.told.ended(w.Name, roundOK, mended)
}

// stopped tells whether a round ended because the process does, and not because it took too long.
func (b *background) stopped(ctx context.Context) bool { return errors.Is(ctx.Err(), context.Canceled) }

type mendedKey struct{}

// mended notes how many things a round had to finish that a crash or a failure had cut short.
func mended(ctx context.Context, n int) {
	if sum, ok := ctx.Value(mendedKey{}).(*int); ok {
		*sum += n
	}
}

// end stops the work and waits for the rounds that run.
func (b *background) end() {
	b.stop()
	b.wait.Wait()
}

const (
	relayEvery = 300 * time.Millisecond
	relayBatch = 200
	sweepEvery = time.Minute
	indexEvery = time.Minute
)

// storeWork is the work that every deployment's store needs: the relay, which gives commits their positions in the feeds, the sweep, which sees commits to their
// end that a crash cut short, and the index of the access log. Processes index what they write to the log by themselves and keep silent where that fails; these
// rounds find nothing left to do as a rule, and fail where it does, so that an operator sees it.
func storeWork(deps rpc.Deps) []Work {
	system := deps.Store.System()
	return []Work{
		{Name: "store/relay", Every: relayEvery, Round: func(ctx context.Context) error {
			for {
				n, err := system.Relay(ctx, relayBatch)
				if err != nil || n < relayBatch {
					return err
				}
			}
		}},
		{Name: "store/sweep", Every: sweepEvery, Round: func(ctx context.Context) error {
			n, err := system.Sweep(ctx, time.Time{})
			mended(ctx, n)
			if n > 0 {
				deps.Log.InfoContext(ctx, "sweep mended aggregates", slog.Int("count", n))
			}
			return err
		}},
		{Name: "store/index", Every: indexEvery, Round: func(ctx context.Context) error {
			_, err := system.IndexAccess(ctx)
			return err
		}},
	}
}
