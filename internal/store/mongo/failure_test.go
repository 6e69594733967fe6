package mongo_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"asysta.example/internal/store"
	"asysta.example/internal/store/mongo"
	"asysta.example/internal/testkit/ferret"
)

// A server that has gone away is said to be unavailable, so that the caller is told to come again and not that something is wrong.
func TestServerGone(t *testing.T) {
	server, err := ferret.Listen(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	e, err := mongo.Open(t.Context(), server.URI+"?serverSelectionTimeoutMS=300", "gone")
	if err != nil {
		server.Stop()
		t.Fatal(err)
	}
	defer e.Close()
	server.Stop()
	for name, call := range map[string]func(context.Context) error{
		"get": func(ctx context.Context) error { _, err := e.Get(ctx, "meta", "x"); return err },
		"write": func(ctx context.Context) error {
			return e.Write(ctx, []store.Step{{Op: store.Delete, Collection: "meta", ID: "x"}})
		},
		"ping": e.Ping,
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		if err := call(ctx); !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("%s: %v", name, err)
		}
		cancel()
	}
}
