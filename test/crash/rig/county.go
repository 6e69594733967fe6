package rig

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc"

	"asysta.example/cmd/asysta/suite"

	"asysta.example/internal/rpc"
	"asysta.example/internal/store"
	"asysta.example/internal/testkit/loopback"
)

// Gmina is the TERYT of the county's one gmina, Digits those of the county.
const (
	Gmina  = "2004042"
	Digits = "2004"
)

// Bounds of what a process may take; machines that do other work beside are slow.
const (
	readyWithin = time.Minute
	toolWithin  = 2 * time.Minute
)

// Services in the order in which their processes start.
var Services = []string{"casefile", "referral", "planning", "reporting"}

// Config says what a county runs on.
type Config struct {
	Programs
	Issuer   *Issuer
	Dir      string   // of data, keys and logs; made where it is not
	Mongo    string   // URI of the server; "" for SQLite in one process
	Database string   // name of the database on it
	Env      []string // more settings, "KEY=value"
	Wrap     []string // a command in front of the program, such as strace with its flags
	Twin     bool     // a second casefile process beside the first, on MongoDB
}

// twin is the name of the second casefile process.
const twin = "casefile-2"

// County is a county served by the real binary. It is not safe for concurrent use but for Call.
type County struct {
	Config
	Names map[string]string // resources that the setting up made, by step

	at      map[string]string // address of each service and of the gateway
	env     []string
	running map[string]*Process
	conns   map[string]*grpc.ClientConn
	web     *http.Client
}

// New prepares a county; nothing runs yet.
func New(cfg Config) (*County, error) {
	c := &County{Config: cfg, Names: map[string]string{}, at: map[string]string{}, running: map[string]*Process{}}
	if err := os.MkdirAll(filepath.Join(cfg.Dir, "data"), 0o700); err != nil {
		return nil, err
	}
	processes := append([]string{"gateway", "all", twin}, Services...)
	free, err := loopback.Free(len(processes))
	if err != nil {
		return nil, err
	}
	for i, name := range processes {
		c.at[name] = free[i]
	}
	key := filepath.Join(cfg.Dir, "system.key")
	if err := os.WriteFile(key, []byte(rand.Text()+rand.Text()), 0o600); err != nil {
		return nil, err
	}
	c.env = append([]string{"ASYSTA_STORE=" + c.store(), "ASYSTA_MASTER_KEY_FILE=" + filepath.Join(cfg.Dir, "data", "master.json"), "ASYSTA_SYSTEM_KEY_FILE=" + key,
		"ASYSTA_OIDC_ISSUER=" + cfg.Issuer.URL, "ASYSTA_DRAIN=1s", "ASYSTA_CALLS_PER_SECOND=0", "ASYSTA_LOG_LEVEL=WARN"}, cfg.Env...)
	if cfg.Mongo == "" {
		for _, s := range Services {
			c.at[s] = c.at["all"]
		}
		return c, nil
	}
	c.env = append(c.env, "ASYSTA_DATABASE="+cfg.Database)
	for _, s := range Services {
		c.env = append(c.env, "ASYSTA_"+strings.ToUpper(s)+"_ADDRESS="+c.at[s])
	}
	return c, nil
}

func (c *County) store() string {
	if c.Mongo != "" {
		return c.Mongo
	}
	return "sqlite:" + c.File()
}

// File is the SQLite file.
func (c *County) File() string { return filepath.Join(c.Dir, "data", "county.db") }

// Log is the file that all processes write their log to.
func (c *County) Log() string { return filepath.Join(c.Dir, "log") }

// command makes a command of the program in the county's environment, without anything of the harness's own settings.
func (c *County) command(ctx context.Context, more []string, args ...string) *exec.Cmd {
	line := append(append(slices.Clone(c.Wrap), c.Asysta), args...)
	cmd := exec.CommandContext(ctx, line[0], line[1:]...) //nolint:gosec // the programs that the harness has built
	cmd.Dir = c.Dir
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "ASYSTA_") {
			cmd.Env = append(cmd.Env, entry)
		}
	}
	cmd.Env = append(append(cmd.Env, c.env...), more...)
	return cmd
}

// Tool runs a command that works on the store and ends, and gives what it printed.
func (c *County) Tool(ctx context.Context, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, toolWithin)
	defer cancel()
	var stderr bytes.Buffer
	cmd := c.command(ctx, nil, args...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return string(out), fmt.Errorf("asysta %s: %w\n%s%s", args[0], err, out, stderr.String())
	}
	return string(out), nil
}

// Processes are the names of the county's processes.
func (c *County) Processes() []string {
	if c.Mongo == "" {
		return []string{"all"}
	}
	names := append(slices.Clone(Services), "gateway")
	if c.Twin {
		names = append(names, twin)
	}
	return names
}

// Launch starts those processes that do not run, without waiting for anything.
func (c *County) Launch() error {
	for _, name := range c.Processes() {
		if p := c.running[name]; p != nil && !p.Ended() {
			continue
		}
		p, err := run(c.command(context.Background(), []string{"ASYSTA_LISTEN=" + c.at[name], "ASYSTA_GATEWAY_LISTEN=" + c.at["gateway"]}, strings.TrimSuffix(name, "-2")), c.Log())
		if err != nil {
			return fmt.Errorf("rig: start %s: %w", name, err)
		}
		c.running[name] = p
	}
	return nil
}

// Start starts those processes that do not run, and waits until the county answers.
func (c *County) Start(ctx context.Context) error {
	if err := c.Launch(); err != nil {
		return err
	}
	if err := c.dial(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	for {
		if c.Ready(ctx) {
			return nil
		}
		for name, p := range c.running {
			if p.Ended() {
				return fmt.Errorf("rig: %s ended by itself: %s", name, c.logEnd())
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("rig: not ready: %w: %s", ctx.Err(), c.logEnd())
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// Ready asks the gateway whether every service answers.
func (c *County) Ready(ctx context.Context) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+c.at["gateway"]+"/readyz", nil)
	if err != nil {
		return false
	}
	res, err := c.web.Do(req)
	if err != nil {
		return false
	}
	_ = res.Body.Close()
	return res.StatusCode == http.StatusOK
}

// logEnd gives the end of the log, for who has to find out why.
func (c *County) logEnd() string {
	raw, _ := os.ReadFile(c.Log())
	return string(raw[max(0, len(raw)-3000):])
}

// Kill ends processes at once, as kill -9 does; all of them where none are named.
func (c *County) Kill(names ...string) {
	if len(names) == 0 {
		names = slices.Collect(maps.Keys(c.running))
	}
	for _, name := range names {
		if p := c.running[name]; p != nil {
			_ = p.cmd.Process.Kill()
		}
	}
	for _, name := range names {
		if p := c.running[name]; p != nil {
			<-p.done
			delete(c.running, name)
		}
	}
}

// Stop lets all processes end in their order.
func (c *County) Stop() error {
	var errs []error
	for _, name := range slices.Backward(c.Processes()) {
		if p := c.running[name]; p != nil {
			errs = append(errs, p.Stop())
			delete(c.running, name)
		}
	}
	c.hangUp()
	return errors.Join(errs...)
}

// dial connects anew, so that no client waits out what it has learned of the processes before.
func (c *County) dial() error {
	c.hangUp()
	c.conns = map[string]*grpc.ClientConn{}
	for _, s := range append([]string{twin}, Services...) {
		conn, err := rpc.Dial(c.at[s])
		if err != nil {
			return err
		}
		c.conns[s] = conn
	}
	c.web = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}, Timeout: time.Minute}
	return nil
}

func (c *County) hangUp() {
	for _, conn := range c.conns {
		_ = conn.Close()
	}
	if c.web != nil {
		c.web.CloseIdleConnections()
	}
}

// Open opens the county's store from beside the program, with an engine of the harness's own.
func (c *County) Open(ctx context.Context) (store.Store, error) {
	cfg := suite.ToolConfig{Storage: suite.Storage{Store: c.store(), Database: c.Database}}
	base, err := suite.OpenTool(ctx, cfg, time.Now, slog.New(slog.DiscardHandler), false, false)
	if err != nil {
		return nil, err
	}
	return base.Deps.Store, nil
}
