package rpc_test

import (
	"log"
	"log/slog"
	"os"
	"strings"
	"testing"

	"asysta.example/internal/rpc"
)

func TestWhatLibrariesPrintComesThroughTheLogger(t *testing.T) {
	b := &lockedBuffer{}
	rpc.CatchLibraries(rpc.NewLogger(b, slog.LevelWarn))
	t.Cleanup(func() {
		rpc.CatchLibraries(slog.New(slog.DiscardHandler))
		log.SetOutput(os.Stderr)
		log.SetFlags(log.LstdFlags)
	})
	log.Printf("cannot decode %q of Kowalska", "Zielińska")
	if text := b.String(); !strings.Contains(text, `"msg":"library","cause":"cannot decode … of …"`) || strings.Contains(text, "owalska") {
		t.Errorf("the log: %s", text)
	}
}
