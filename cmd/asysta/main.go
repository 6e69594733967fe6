// Command asysta is all of Asysta in one binary: the first argument says what runs. `asysta help` lists it.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"asysta.example/internal/rpc"
)

func main() {
	rpc.CatchLibraries(rpc.NewLogger(os.Stderr, slog.LevelWarn))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := realMain(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "asysta:", err)
		stop()
		os.Exit(exitCode(err))
	}
}
