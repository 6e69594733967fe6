package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"asysta.example/cmd/asysta/suite"
)

// openTool opens the store for a command that works on it and ends.
func (p program) openTool(ctx context.Context, migrate, makeKey bool) (*suite.Base, error) {
	var cfg suite.ToolConfig
	if err := suite.Load(ctx, &cfg, p.env); err != nil {
		return nil, err
	}
	return suite.OpenTool(ctx, cfg, p.clock, p.log(cfg.Level), migrate, makeKey)
}

func (p program) migrate(ctx context.Context) error {
	base, err := p.openTool(ctx, true, false)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(p.stdout, "collections and indexes are up to date")
	return errors.Join(err, base.Close())
}

// asking bounds the token command's question.
const asking = 15 * time.Second

// token asks a running trial on this machine for a token, or for the list of its people.
func (p program) token(ctx context.Context) error {
	var cfg suite.TokenConfig
	if err := suite.Load(ctx, &cfg, p.env); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, asking)
	defer cancel()
	issuer := "http://" + cfg.Listen + suite.TrialPath
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, issuer+"/people", nil)
	if len(p.args) > 0 {
		form := url.Values{"subject": {p.args[0]}}.Encode()
		req, err = http.NewRequestWithContext(ctx, http.MethodPost, issuer+"/token", strings.NewReader(form))
		if err == nil {
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
	}
	if err != nil {
		return fmt.Errorf("token: %w", err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("token: is a trial running (asysta demo)? %w", err)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		return fmt.Errorf("token: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("token: %s: %s", resp.Status, strings.TrimSpace(string(body)))
	}
	_, err = p.stdout.Write(body)
	return err
}
