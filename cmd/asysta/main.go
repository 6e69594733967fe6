// Command asysta is all of Asysta in one binary: the first argument says what runs. `asysta help` lists it.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"asysta.example/internal/rpc"
)

// gcPercent lets the heap grow to three times what is in use before it is collected: a process that serves uses some tens of megabytes, and half the work of the collector is
// worth as many more. GOGC overrides it.
const gcPercent = 200

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	rpc.CatchLibraries(rpc.NewLogger(os.Stderr, slog.LevelWarn))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := realMain(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "asysta:", err)
		stop()
		os.Exit(exitCode(err))
	}
}
