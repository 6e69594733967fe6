package sqlite_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"asysta.example/internal/store"
)

// The log is copied into the database and begins anew while the engine is written to, before the writer would have to do all of it by itself.
func TestLogBeginsAnew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "county.db")
	e := open(t, path)
	defer func() { _ = e.Close() }()
	if err := e.Migrate(t.Context(), []store.CollectionSpec{{Name: "things"}}); err != nil {
		t.Fatal(err)
	}
	written := 0
	write := func(size int) {
		written++
		body, err := bson.Marshal(bson.D{{Key: "bytes", Value: make([]byte, size)}})
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Write(t.Context(), []store.Step{{Op: store.Insert, Collection: "things", ID: fmt.Sprint(written), Body: body}}); err != nil {
			t.Fatal(err)
		}
	}
	write(1)
	before := salts(t, path)
	for range 1100 {
		write(120_000) // 30 frames
	}
	for small := 0; bytes.Equal(salts(t, path), before); small++ {
		if small == 900 { // before the next copying is due
			t.Fatal("the log has not begun anew")
		}
		time.Sleep(50 * time.Millisecond)
		write(1)
	}
	got, err := e.Get(t.Context(), "things", "2")
	if err != nil || len(got) < 120_000 {
		t.Errorf("a document from before: %d bytes, %v", len(got), err)
	}
}

// salts gives the part of the log's head that is another each time that it begins.
func salts(t *testing.T, path string) []byte {
	t.Helper()
	f, err := os.Open(path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	head := make([]byte, 32)
	if _, err := io.ReadFull(f, head); err != nil {
		t.Fatal(err)
	}
	return head[16:24]
}
