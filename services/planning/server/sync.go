package server

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"google.golang.org/grpc"

	planningv1 "asysta.example/proto/gen/asysta/planning/v1"

	"asysta.example/internal/access"
	"asysta.example/internal/fault"
	"asysta.example/internal/name"
	"asysta.example/internal/store"
)

// pollInterval is how often a waiting stream looks at the feeds.
type pollInterval = time.Duration

// pollEvery is the interval of production; heartbeats come as often while nothing happens, at most each heartbeatEvery.
const (
	pollEvery      = time.Second
	heartbeatEvery = 10 * time.Second
	longestWait    = time.Minute
)

// syncing is one run of the feed for one coordinator.
type syncing struct {
	*coordinationServer
	feedReader
	ctx    context.Context //nolint:containedctx // of the stream that the run lives and dies with
	county string
	send   func(*planningv1.SyncPlansResponse) error
	at     positions
}

// SyncPlans implements CoordinationService.
func (s *coordinationServer) SyncPlans(req *planningv1.SyncPlansRequest, stream grpc.ServerStreamingServer[planningv1.SyncPlansResponse]) error {
	ctx := stream.Context()
	g := access.GrantFrom(ctx)
	at, err := openPositions(s.tokens, g.County, g.Person, req.GetToken())
	if err != nil {
		return err
	}
	run := &syncing{coordinationServer: s, feedReader: feedReader{s.deps.Store, g.Person}, ctx: ctx, county: g.County, send: stream.Send, at: maps.Clone(at)}
	if at == nil {
		if err := run.begin(); err != nil {
			return err
		}
	}
	return run.follow(min(req.GetWait().AsDuration(), longestWait))
}

// begin tells every linked file. The positions are taken before the files are read: what happens meanwhile is told again rather than missed.
func (r *syncing) begin() error {
	r.at = positions{}
	gminas, err := r.deps.Directory.ListGminas(r.ctx, r.county)
	if err != nil {
		return fmt.Errorf("planning: gminas of the county: %w", err)
	}
	for _, g := range gminas {
		if r.at[g.TERYT], err = r.head(r.ctx, g.TERYT); err != nil {
			return err
		}
	}
	quiet := store.Unnoted(r.ctx) // the list is handed out file by file, each read anew and noted then
	for token := ""; ; {
		page, err := r.deps.Store.ForCoordinator(r.person).List(quiet, store.FamilyFiles, store.Query{Index: "by_audience", Limit: 100, Token: token, Narrow: true})
		if err != nil {
			return fmt.Errorf("planning: linked files: %w", err)
		}
		for _, h := range page.Hits {
			if err := r.tell(touched{h.Doc.Gmina, h.Doc.ID}); err != nil {
				return err
			}
		}
		if token = page.Next; token == "" {
			return nil
		}
	}
}

// tell sends the state of a file to the coordinator: a snapshot where the file is linked in that gmina, a tombstone where it is not any more.
func (r *syncing) tell(t touched) error {
	gone := &planningv1.SyncPlansResponse{Event: &planningv1.SyncPlansResponse_Tombstone{
		Tombstone: &planningv1.Tombstone{FamilyFile: name.In(t.gmina, name.FamilyFiles, t.file)}}}
	doc, err := r.deps.Store.ForCoordinator(r.person).Load(r.ctx, fileRef(t.file))
	if errors.Is(err, store.ErrNotFound) || (err == nil && (doc.Gmina != t.gmina || doc.County != r.county)) {
		return r.send(gone)
	}
	if err != nil {
		return fmt.Errorf("planning: linked file: %w", err)
	}
	env, err := r.env(r.ctx, doc.Gmina)
	if err != nil {
		return err
	}
	o, err := r.open(r.ctx, doc, env)
	if f, ok := fault.As(err); ok && f.Kind == fault.KindDenied { // locked out by name
		return r.send(gone)
	}
	if err != nil {
		return err
	}
	slice, err := r.slice(r.ctx, o)
	if err != nil {
		return err
	}
	return r.send(&planningv1.SyncPlansResponse{Event: &planningv1.SyncPlansResponse_Snapshot{Snapshot: slice}})
}

// follow tells what the feeds have beyond the positions, then waits for more until the time is over. It ends with a heartbeat.
func (r *syncing) follow(wait time.Duration) error {
	over := time.NewTimer(wait)
	defer over.Stop()
	tick := time.NewTicker(r.poll)
	defer tick.Stop()
	quiet := time.Duration(0)
	for {
		told, err := r.round()
		if err != nil {
			return err
		}
		if wait <= 0 {
			return r.beat()
		}
		if quiet += r.poll; told || quiet >= heartbeatEvery {
			quiet = 0
			if err := r.beat(); err != nil {
				return err
			}
		}
		select {
		case <-r.ctx.Done():
			return r.ctx.Err()
		case <-over.C:
			return r.beat()
		case <-tick.C:
		}
	}
}

// round reads every feed to its end once and tells what it finds; gminas that joined the county are read from their beginning.
func (r *syncing) round() (told bool, err error) {
	gminas, err := r.deps.Directory.ListGminas(r.ctx, r.county)
	if err != nil {
		return false, fmt.Errorf("planning: gminas of the county: %w", err)
	}
	for _, g := range gminas {
		for more := true; more; {
			files, last, next, err := r.after(r.ctx, g.TERYT, r.at[g.TERYT])
			if err != nil {
				return told, err
			}
			for _, f := range files {
				if err := r.tell(f); err != nil {
					return told, err
				}
				told = true
			}
			r.at[g.TERYT], more = last, next
		}
	}
	return told, nil
}

// beat sends where the feed stands.
func (r *syncing) beat() error {
	token, err := sealPositions(r.tokens, r.county, r.person, r.at)
	if err != nil {
		return fmt.Errorf("planning: feed token: %w", err)
	}
	return r.send(&planningv1.SyncPlansResponse{Event: &planningv1.SyncPlansResponse_Heartbeat{Heartbeat: &planningv1.Heartbeat{Token: token, CaughtUp: true}}})
}
