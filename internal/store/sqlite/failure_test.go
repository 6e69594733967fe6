package sqlite_test

import (
	"errors"
	"path/filepath"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"asysta.example/internal/store"
	"asysta.example/internal/store/sqlite"
	"asysta.example/internal/testkit/disk"
)

// A full disk, and one that takes no writes, are unavailable and not a fault of the request; Ping says so until a write succeeds, and then writing goes on.
func TestDiskFails(t *testing.T) {
	for name, fault := range map[string]disk.Fault{"full": disk.Full, "read-only": disk.ReadOnly} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			watch := disk.New(dir)
			defer watch.Close()
			e, err := sqlite.Open(t.Context(), filepath.Join(dir, "county.db"))
			if err != nil {
				t.Fatal(err)
			}
			defer e.Close()
			if err := e.Migrate(t.Context(), []store.CollectionSpec{{Name: "things"}}); err != nil {
				t.Fatal(err)
			}
			write := func(id string) error {
				body, err := bson.Marshal(bson.M{"_id": id})
				if err != nil {
					t.Fatal(err)
				}
				return e.Write(t.Context(), []store.Step{{Op: store.Insert, Collection: "things", ID: id, Body: body}})
			}
			if err := errors.Join(write("before"), e.Ping(t.Context())); err != nil {
				t.Fatal(err)
			}
			watch.Break(fault)
			if err := write("during"); !errors.Is(err, store.ErrUnavailable) {
				t.Errorf("the write ended with %v", err)
			}
			if err := e.Ping(t.Context()); !errors.Is(err, store.ErrUnavailable) {
				t.Errorf("meanwhile ping says %v", err)
			}
			watch.Break(disk.Well)
			if err := errors.Join(e.Ping(t.Context()), write("during"), write("after")); err != nil {
				t.Error(err)
			}
			for _, id := range []string{"before", "during", "after"} {
				if _, err := e.Get(t.Context(), "things", id); err != nil {
					t.Errorf("%s: %v", id, err)
				}
			}
		})
	}
}
