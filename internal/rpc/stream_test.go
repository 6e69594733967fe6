package rpc_test

import (
	"io"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	planningv1 "asysta.example/proto/gen/asysta/planning/v1"

	"asysta.example/internal/access"
	"asysta.example/internal/calendar"
	"asysta.example/internal/directory"
	"asysta.example/internal/store"
)

func TestStreamIsJudgedAndLogged(t *testing.T) {
	w := newWorld(t)
	w.storeReferral("r1")
	w.storeReferral("r2")
	w.plans.sync = func(_ *planningv1.SyncPlansRequest, stream grpc.ServerStreamingServer[planningv1.SyncPlansResponse]) error {
		ctx := stream.Context()
		if g := access.GrantFrom(ctx); !g.Has(access.Coordinator) || g.County != county {
			t.Errorf("grant %+v", g)
		}
		for _, id := range []string{"r1", "r2"} {
			if _, err := w.deps.Store.For(gmina).Load(ctx, store.Ref{Kind: store.Referrals, ID: id}); err != nil {
				return err
			}
			if err := stream.Send(&planningv1.SyncPlansResponse{}); err != nil {
				return err
			}
		}
		return nil
	}
	receive := func(who, parent string) (int, error) {
		stream, err := planningv1.NewCoordinationServiceClient(w.conn).SyncPlans(w.as(who), &planningv1.SyncPlansRequest{Parent: parent})
		must(t, err)
		for n := 0; ; n++ {
			if _, err := stream.Recv(); err != nil {
				return n, err
			}
		}
	}
	if n, err := receive("coordinator", "powiaty/3024"); n != 2 || err != io.EOF { //nolint:errorlint // gRPC gives io.EOF itself
		t.Fatalf("%d messages, %v", n, err)
	}
	refs := map[string]bool{}
	for _, a := range w.accesses() {
		for _, r := range a.Refs {
			refs[r] = true
		}
	}
	if len(w.accesses()) != 2 || !refs["referrals/r1"] || !refs["referrals/r2"] {
		t.Errorf("access log %+v", w.accesses())
	}
	for label, who := range map[string]string{"role": "head", "county": "stranger"} {
		if n, err := receive(who, "powiaty/3024"); n != 0 || status.Code(err) != codes.PermissionDenied {
			t.Errorf("wrong %s: %d messages, %v", label, n, err)
		}
	}
	if _, err := receive("coordinator", "powiaty/302"); status.Code(err) != codes.PermissionDenied {
		t.Errorf("malformed county: %v", err)
	}
	before := w.plans.sync
	w.plans.sync = func(req *planningv1.SyncPlansRequest, stream grpc.ServerStreamingServer[planningv1.SyncPlansResponse]) error {
		if err := stream.Send(&planningv1.SyncPlansResponse{}); err != nil {
			return err
		}
		w.logFails.Store(true) // after the first message
		return before(req, stream)
	}
	if n, err := receive("coordinator", "powiaty/3024"); n != 1 || status.Code(err) != codes.Unavailable {
		t.Errorf("the access log broke down in between: %d messages left, %v", n, err)
	}
	w.plans.sync = before
	if n, err := receive("coordinator", "powiaty/3024"); n != 0 || status.Code(err) != codes.Unavailable {
		t.Errorf("without the access log %d messages left, %v", n, err)
	}
}

// A stream that runs when its caller is revoked ends before the next message leaves, as a call would be refused.
func TestAStreamEndsWithItsCallersRights(t *testing.T) {
	for label, tt := range map[string]struct {
		revoke func(w *world)
		want   codes.Code
		reason string
	}{
		"nothing happens": {func(*world) {}, codes.OK, ""},
		"the person's access ends": {func(w *world) {
			w.change("coordinator", func(p *directory.Person) { p.ActiveTo = calendar.In(now).AddDays(-1) })
		}, codes.Unauthenticated, "NO_SUCH_PERSON"},
		"the login is taken away": {func(w *world) {
			w.change("coordinator", func(p *directory.Person) { p.Subjects = nil })
		}, codes.Unauthenticated, "NO_SUCH_PERSON"},
		"the role is taken away": {func(w *world) {
			w.change("coordinator", func(p *directory.Person) { p.CountyRoles = nil })
		}, codes.PermissionDenied, "DENIED"},
		"another role comes": {func(w *world) {
			w.change("coordinator", func(p *directory.Person) { p.CountyRoles = append(p.CountyRoles, access.Auditor) })
		}, codes.Unavailable, "RIGHTS_CHANGED"},
		"the token ends": {func(w *world) { w.later.Store(int64(13 * time.Hour)) }, codes.Unauthenticated, "TOKEN_EXPIRED"},
	} {
		t.Run(label, func(t *testing.T) {
			w := newWorld(t)
			first, revoked := make(chan struct{}), make(chan struct{})
			w.plans.sync = func(_ *planningv1.SyncPlansRequest, stream grpc.ServerStreamingServer[planningv1.SyncPlansResponse]) error {
				if err := stream.Send(&planningv1.SyncPlansResponse{}); err != nil {
					return err
				}
				close(first)
				<-revoked
				return stream.Send(&planningv1.SyncPlansResponse{})
			}
			stream, err := planningv1.NewCoordinationServiceClient(w.conn).SyncPlans(w.as("coordinator"), &planningv1.SyncPlansRequest{Parent: "powiaty/3024"})
			must(t, err)
			_, err = stream.Recv()
			must(t, err)
			<-first
			tt.revoke(w)
			close(revoked)
			_, err = stream.Recv()
			if status.Code(err) != tt.want || (err != nil && info(err).GetReason() != tt.reason) {
				t.Errorf("the next message: %v %v, want %v %s", err, info(err), tt.want, tt.reason)
			}
		})
	}
}

// change alters a person of the county.
func (w *world) change(id string, change func(*directory.Person)) {
	w.t.Helper()
	scope := w.deps.Store.ForCounty(county)
	doc, err := scope.Load(w.t.Context(), store.Ref{Kind: store.People, ID: id})
	must(w.t, err)
	p, err := directory.PersonOf(doc)
	must(w.t, err)
	change(&p)
	_, _, err = scope.Commit(w.t.Context(), doc, store.Change{Actor: store.Actor{System: "test"}, Method: "test", RecordedAt: now, Cover: p})
	must(w.t, err)
}
