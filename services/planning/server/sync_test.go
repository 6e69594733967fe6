package server_test

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/durationpb"

	planningv1 "asysta.example/proto/gen/asysta/planning/v1"

	"asysta.example/internal/calendar"
	"asysta.example/internal/rpc"
	"asysta.example/internal/store"
)

// told is what one run of the feed said.
type told struct {
	snapshots, tombstones []string
	text                  string
	token                 string
}

// relay gives the commits their positions.
func (w *world) relay() {
	w.t.Helper()
	for {
		n, err := w.Deps.Store.System().Relay(w.t.Context(), 100)
		must(w.t, err)
		if n == 0 {
			return
		}
	}
}

// sync runs the feed once.
func (w *world) sync(who, token string) (told, error) {
	w.t.Helper()
	w.relay()
	stream, err := w.coord.SyncPlans(w.As(who), &planningv1.SyncPlansRequest{Parent: "powiaty/" + county, Token: token})
	must(w.t, err)
	var out told
	for {
		ev, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return out, rpc.FaultFrom(err) // the dial option covers unary calls
		}
		switch e := ev.GetEvent().(type) {
		case *planningv1.SyncPlansResponse_Snapshot:
			out.snapshots, out.text = append(out.snapshots, e.Snapshot.GetFamilyFile()), out.text+protojson.Format(e.Snapshot)
		case *planningv1.SyncPlansResponse_Tombstone:
			out.tombstones = append(out.tombstones, e.Tombstone.GetFamilyFile())
		case *planningv1.SyncPlansResponse_Heartbeat:
			out.token = e.Heartbeat.GetToken()
		}
	}
}

func (w *world) mustSync(who, token string) told {
	w.t.Helper()
	out, err := w.sync(who, token)
	must(w.t, err)
	return out
}

func TestFeedTellsSnapshotsChangesAndTombstones(t *testing.T) {
	w := newWorld(t)
	w.family(cover("p-co-a", "p-co-b"))
	first := w.mustSync("co-a", "")
	if !slices.Equal(first.snapshots, []string{file}) || len(first.tombstones) != 0 || strings.Contains(first.text, "care2") {
		t.Fatalf("first = %+v", first)
	}
	if again := w.mustSync("co-a", first.token); len(again.snapshots)+len(again.tombstones) != 0 {
		t.Errorf("nothing happened, yet %+v", again)
	}
	w.draft(content("care1", "care2"))
	second := w.mustSync("co-a", first.token)
	if !slices.Equal(second.snapshots, []string{file}) || !strings.Contains(second.text, "returncare1") || strings.Contains(second.text, "care2") {
		t.Errorf("second = %+v", second)
	}
	if outsider := w.mustSync("co-c", ""); len(outsider.snapshots)+len(outsider.tombstones) != 0 {
		t.Errorf("a coordinator without a child hears %+v", outsider)
	}
	left := w.cover()
	left.Child("care1").Coordinator = "p-co-c"
	w.family(left)
	if gone := w.mustSync("co-a", second.token); !slices.Equal(gone.tombstones, []string{file}) || len(gone.snapshots) != 0 {
		t.Errorf("after the child was given to another coordinator: %+v", gone)
	}
	if next := w.mustSync("co-c", ""); !slices.Equal(next.snapshots, []string{file}) {
		t.Errorf("the new coordinator hears %+v", next)
	}
}

func TestFeedFollowsAMoveToAnotherGmina(t *testing.T) {
	w := newWorld(t)
	w.family(cover("p-co-a"))
	first := w.mustSync("co-a", "")
	scope := w.Deps.Store.For(gmina)
	doc, err := scope.Load(t.Context(), store.Ref{Kind: store.FamilyFiles, ID: fileID})
	must(t, err)
	_, _, err = scope.Commit(t.Context(), doc, store.Change{Actor: store.Actor{System: "test"}, Method: "test", RecordedAt: now, Gmina: other})
	must(t, err)
	moved := w.mustSync("co-a", first.token)
	if !slices.Equal(moved.tombstones, []string{file}) || !slices.Equal(moved.snapshots, []string{"gminas/" + other + "/familyFiles/" + fileID}) {
		t.Errorf("after a move: %+v", moved)
	}
}

func TestFeedTokenIsBoundToThePerson(t *testing.T) {
	w := newWorld(t)
	w.family(cover("p-co-a", "p-co-b"))
	token := w.mustSync("co-a", "").token
	body, seal, _ := strings.Cut(token, ".")
	for name, tc := range map[string]struct{ who, token string }{
		"another coordinator": {"co-b", token}, "altered": {"co-a", "x" + token}, "without seal": {"co-a", body}, "another seal": {"co-a", body + "." + strings.Repeat("0", len(seal))},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.sync(tc.who, tc.token)
			reason(t, err, "SYNC_TOKEN")
		})
	}
	_, err := w.sync("as-1", "")
	reason(t, err, "DENIED")
}

func TestFeedWaitsForNews(t *testing.T) {
	w := newWorld(t)
	w.family(cover("p-co-a"))
	first := w.mustSync("co-a", "")
	stream, err := w.coord.SyncPlans(w.As("co-a"), &planningv1.SyncPlansRequest{Parent: "powiaty/" + county, Token: first.token, Wait: durationpb.New(30 * time.Second)})
	must(t, err)
	w.draft(content("care1"))
	w.relay()
	ev, err := stream.Recv()
	must(t, err)
	if ev.GetSnapshot().GetFamilyFile() != file {
		t.Fatalf("event = %v", ev)
	}
}

// A file told twice in one run is in the access log twice.
func TestEverySnapshotIsInTheAccessLog(t *testing.T) {
	w := newWorld(t)
	w.family(cover("p-co-a"))
	w.relay()
	stream, err := w.coord.SyncPlans(w.As("co-a"), &planningv1.SyncPlansRequest{Parent: "powiaty/" + county, Wait: durationpb.New(30 * time.Second)})
	must(t, err)
	read := func(want int) {
		t.Helper()
		for {
			ev, err := stream.Recv()
			must(t, err)
			if ev.GetSnapshot() != nil {
				break
			}
		}
		log, _, err := w.Deps.Store.For(gmina).AccessLog(t.Context(), store.Ref{Kind: store.FamilyFiles, ID: fileID}, 10, "")
		must(t, err)
		log = slices.DeleteFunc(log, func(a store.Access) bool { return !strings.HasSuffix(a.Method, "/SyncPlans") })
		if len(log) != want || !slices.Contains(log[0].Gminas, gmina) {
			t.Errorf("%d lines after snapshot %d: %+v", len(log), want, log)
		}
	}
	read(1)
	w.draft(content("care1"))
	w.relay()
	read(2)
}

func TestFeedReadsAreInTheAccessLog(t *testing.T) {
	w := newWorld(t)
	w.family(cover("p-co-a"))
	w.mustSync("co-a", "")
	log, _, err := w.Deps.Store.For(gmina).AccessLog(t.Context(), store.Ref{Kind: store.FamilyFiles, ID: fileID}, 10, "")
	must(t, err)
	if len(log) != 1 || log[0].Actor.Person != "p-co-a" || calendar.In(log[0].At) != calendar.In(now) {
		t.Errorf("access log = %+v", log)
	}
}
