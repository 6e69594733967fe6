package rpc_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	referralv1 "asysta.example/proto/gen/asysta/referral/v1"

	"asysta.example/internal/access"
	"asysta.example/internal/fault"
	"asysta.example/internal/name"
	"asysta.example/internal/rpc"
	"asysta.example/internal/store"
)

type tally struct {
	N int `bson:"n"`
}

var target = store.Ref{Kind: store.Referrals, ID: "m1"}

// adding is the pure core of these tests: one more.
func adding(doc *store.Document) (store.Change, error) {
	v, err := rpc.Decode[tally](doc.Cover)
	return store.Change{Cover: tally{N: v.N + 1}}, err
}

// inCall runs fn as the handler of a mutation that a person sends.
func (w *world) inCall(who, requestID string, fn func(context.Context) error) error {
	w.referrals.create = func(ctx context.Context, _ *referralv1.CreateReferralRequest) (*referralv1.Referral, error) {
		return &referralv1.Referral{}, fn(ctx)
	}
	_, err := client(w).CreateReferral(w.as(who), &referralv1.CreateReferralRequest{
		Parent: name.Gmina(gmina), RequestId: requestID, Referral: &referralv1.Referral{Source: 1, ClientKind: 1},
	})
	return err
}

func (w *world) mutate(who, requestID string, change func(*rpc.Mutation)) (doc *store.Document, replayed bool, err error) {
	w.t.Helper()
	err = w.inCall(who, requestID, func(ctx context.Context) error {
		m := rpc.Mutation{Scope: w.deps.Scope(ctx), Ref: target, Apply: adding}
		if change != nil {
			change(&m)
		}
		var err error
		doc, replayed, err = w.deps.Mutate(ctx, m)
		return err
	})
	return doc, replayed, err
}

func create(m *rpc.Mutation) { m.Create = true }

func TestMutate(t *testing.T) {
	w := newWorld(t)
	if _, _, err := w.mutate("head", "request-0", nil); status.Code(err) != codes.NotFound {
		t.Fatalf("change of an absent document: %v", err)
	}
	doc, replayed, err := w.mutate("head", "request-1", create)
	must(t, err)
	if doc.Version != 1 || replayed {
		t.Fatalf("created version %d, replayed %v", doc.Version, replayed)
	}
	commits, err := w.deps.Store.For(gmina).History(t.Context(), target, 0, 10)
	must(t, err)
	c := commits[0]
	if c.Actor.Person != "head" || c.Actor.Role != "HEAD" || c.Actor.Staff != "s-head" || c.RequestID != "request-1" || !c.RecordedAt.Equal(now) ||
		c.Method != "/asysta.referral.v1.ReferralService/CreateReferral" {
		t.Errorf("the journal says %+v", c)
	}
	for label, tt := range map[string]struct {
		who, request string
		change       func(*rpc.Mutation)
		version      int64
		replayed     bool
		code         codes.Code
		reason       string
	}{
		"the same request again":       {"head", "request-1", create, 1, true, codes.OK, ""},
		"request id of another person": {"worker", "request-1", create, 0, false, codes.AlreadyExists, "REQUEST_ID_REUSED"},
		"stale etag":                   {"head", "request-2", func(m *rpc.Mutation) { m.Etag = "7" }, 0, false, codes.Aborted, "STALE_ETAG"},
		"denied by the object rule":    {"head", "request-3", func(m *rpc.Mutation) { m.Authorize = deny }, 0, false, codes.PermissionDenied, "DENIED"},
		"denied, though a replay":      {"head", "request-1", func(m *rpc.Mutation) { m.Authorize = deny }, 0, false, codes.PermissionDenied, "DENIED"},
		"a replay with a stale etag":   {"head", "request-1", func(m *rpc.Mutation) { m.Etag = "7" }, 1, true, codes.OK, ""},
		"refused by the core":          {"head", "request-4", func(m *rpc.Mutation) { m.Apply = refuse }, 0, false, codes.FailedPrecondition, "NO"},
	} {
		t.Run(label, func(t *testing.T) {
			doc, replayed, err := w.mutate(tt.who, tt.request, tt.change)
			if status.Code(err) != tt.code || tt.code != codes.OK && info(err).GetReason() != tt.reason {
				t.Fatalf("got %v %v, want %v %s", err, info(err), tt.code, tt.reason)
			}
			if err == nil && (doc.Version != tt.version || replayed != tt.replayed) {
				t.Errorf("version %d, replayed %v", doc.Version, replayed)
			}
		})
	}
	doc, _, err = w.mutate("head", "request-5", func(m *rpc.Mutation) { m.Etag = rpc.Etag(1) })
	must(t, err)
	if v, _ := rpc.Decode[tally](doc.Cover); v.N != 2 || doc.Version != 2 {
		t.Errorf("changed to %+v in version %d", v, doc.Version)
	}
}

func deny(*store.Document) error { return fault.Denied() }

func refuse(*store.Document) (store.Change, error) {
	return store.Change{}, fault.Precondition("NO", "step 6", "Najpierw zatwierdź.")
}

func TestRuleOfAPreconditionIsNamed(t *testing.T) {
	w := newWorld(t)
	_, _, err := w.mutate("head", "request-1", func(m *rpc.Mutation) { m.Create, m.Apply = true, refuse })
	i := info(err)
	if i.GetDomain() != rpc.Domain || i.GetMetadata()["rule"] != "step 6" || polish(err) != "Najpierw zatwierdź." {
		t.Errorf("%v, %q", i, polish(err))
	}
}

func TestValidateOnlyCommitsNothing(t *testing.T) {
	w := newWorld(t)
	doc, _, err := w.mutate("head", "request-1", func(m *rpc.Mutation) {
		m.Create, m.ValidateOnly = true, true
		m.Apply = func(*store.Document) (store.Change, error) {
			return store.Change{
				Cover: tally{N: 5}, Sections: map[string]any{"casefile": tally{N: 6}}, Deadlines: []bson.D{{{Key: "due", Value: "2026-01-01"}}},
			}, nil
		}
	})
	must(t, err)
	cover, _ := rpc.Decode[tally](doc.Cover)
	section, _ := rpc.Decode[tally](doc.Sections["casefile"])
	if cover.N != 5 || section.N != 6 || doc.Version != 0 || !strings.Contains(doc.Deadlines.String(), "2026-01-01") {
		t.Errorf("would be %+v %+v %v in version %d", cover, section, doc.Deadlines, doc.Version)
	}
	if _, err := w.deps.Store.For(gmina).Load(t.Context(), target); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("something was committed: %v", err)
	}
}

func TestUnconditionalChangesMeetOneAnother(t *testing.T) {
	w := newWorld(t)
	_, _, err := w.mutate("head", "request-0", create)
	must(t, err)
	ctx := rpc.Background(t.Context(), "test", gmina, "test/add")
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if _, _, err := w.deps.Mutate(ctx, rpc.Mutation{Scope: w.deps.Scope(ctx), Ref: target, Apply: adding}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	doc, err := w.deps.Store.For(gmina).Load(t.Context(), target)
	must(t, err)
	if v, _ := rpc.Decode[tally](doc.Cover); v.N != 5 {
		t.Errorf("%d of 5 changes are there", v.N)
	}
	commits, err := w.deps.Store.For(gmina).History(t.Context(), target, 4, 10)
	must(t, err)
	if a := commits[0].Actor; a.System != "test" || a.Role != string(access.System) || a.Person != "" {
		t.Errorf("background work is in the journal as %+v", a)
	}
}

// A request that the aggregate has forgotten still has no second effect: its record is met, and the caller is told.
func TestForgottenRequestHasNoSecondEffect(t *testing.T) {
	w := newWorld(t)
	entry := func(m *rpc.Mutation) {
		m.Ref, m.Create = store.Ref{Kind: store.FamilyFiles, ID: "f1"}, true
		m.Apply = func(doc *store.Document) (store.Change, error) {
			c, err := adding(doc)
			c.Records = []store.Record{{Type: store.Visits, ID: "v1", Date: "2026-03-10", Body: tally{}}}
			return c, err
		}
	}
	_, _, err := w.mutate("head", "request-first", entry)
	must(t, err)
	for n := range store.RememberedRequests {
		_, _, err := w.mutate("head", fmt.Sprintf("request-%04d", n), func(m *rpc.Mutation) { m.Ref = store.Ref{Kind: store.FamilyFiles, ID: "f1"} })
		must(t, err)
	}
	if _, _, err := w.mutate("head", "request-first", entry); status.Code(err) != codes.AlreadyExists {
		t.Errorf("got %v, want AlreadyExists", err)
	}
}
