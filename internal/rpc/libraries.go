package rpc

import (
	"io"
	"log"
	"log/slog"

	"google.golang.org/grpc/grpclog"

	"asysta.example/internal/redact"
)

// CatchLibraries has what libraries write by themselves come through a logger, as its lines and without what it quotes: errors of gRPC and of the gateway's
// library, and whatever is printed by package log. It is for the beginning of main: gRPC keeps its logger in a variable that running calls read.
func CatchLibraries(l *slog.Logger) {
	told := lines{l}
	grpclog.SetLoggerV2(grpclog.NewLoggerV2(io.Discard, io.Discard, told))
	log.SetFlags(0)
	log.SetOutput(told)
}

// lines writes each line as one of a logger's.
type lines struct{ log *slog.Logger }

// Write implements io.Writer.
func (l lines) Write(b []byte) (int, error) {
	l.log.Warn("library", slog.String("cause", redact.Text(string(b))))
	return len(b), nil
}
