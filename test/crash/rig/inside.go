package rig

import (
	"context"
	"fmt"
	"os"
	"time"

	"asysta.example/cmd/asysta/suite"

	"asysta.example/internal/rpc"
)

// StartInside serves the county from this process instead of one of its own, for tests that stand between the program and its disk. The function it gives ends it.
func (c *County) StartInside(ctx context.Context) (stop func() error, err error) {
	var cfg suite.AllConfig
	env := append(c.env[:len(c.env):len(c.env)], "ASYSTA_LISTEN="+c.at["all"], "ASYSTA_GATEWAY_LISTEN="+c.at["gateway"])
	if err := suite.Load(ctx, &cfg, env); err != nil {
		return nil, err
	}
	log, err := os.OpenFile(c.Log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	s, err := suite.Start(ctx, cfg, suite.Options{Clock: time.Now, Log: rpc.NewLogger(log, cfg.Level)})
	if err != nil {
		return nil, fmt.Errorf("rig: start inside: %w", err)
	}
	return s.Close, c.dial()
}
