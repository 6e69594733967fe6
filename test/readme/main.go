// Command readme runs the commands that README.md shows, so that it cannot promise what does not work.
//
// Every fenced block marked "sh" is run, in order, in one shell that stops at the first error. A comment before a block says more:
//
//	<!-- run: server -->   the block starts the server; it runs beside the others, which begin when the server is ready
//	<!-- run: skip why --> the block is not run here, for the reason given
//	<!-- expect: text -->  (after a block) its output must contain the text
//
// The server is started by its own process group, on a free port of this machine in place of the documented one, and stopped at the end.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"time"

	"asysta.example/internal/testkit/loopback"
)

const (
	documented = "127.0.0.1:8080"
	bound      = 10 * time.Minute
)

type block struct {
	line    int
	text    string
	server  bool
	skip    string
	expects []string
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), bound)
	defer cancel()
	if err := check(ctx, "README.md"); err != nil {
		fmt.Fprintln(os.Stderr, "readme:", err)
		os.Exit(1)
	}
}

func check(ctx context.Context, file string) (err error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	free, err := loopback.Free(1)
	if err != nil {
		return err
	}
	address := free[0]
	ran := 0
	var script strings.Builder
	script.WriteString("set -euo pipefail\n")
	var blocks []block
	for _, b := range parse(string(raw)) {
		b.text = strings.ReplaceAll(b.text, documented, address)
		switch {
		case b.skip != "":
			fmt.Printf("readme: line %d not run: %s\n", b.line, b.skip)
		case b.server:
			stop, err := serve(ctx, b.text, address)
			if err != nil {
				return fmt.Errorf("line %d: %w", b.line, err)
			}
			defer func() { err = errors.Join(err, stop()) }()
			ran++
		default:
			fmt.Fprintf(&script, "echo '%s%d'\n%s\n", marker, len(blocks), b.text)
			blocks = append(blocks, b)
			ran++
		}
	}
	if err := run(ctx, script.String(), address, blocks); err != nil {
		return err
	}
	fmt.Printf("readme: %d blocks of commands run\n", ran)
	return nil
}

const marker = "@@readme block "

// run plays the blocks in one shell and holds each one's output against what is expected.
func run(ctx context.Context, script, address string, blocks []block) error {
	cmd := exec.CommandContext(ctx, "bash", "-c", script)
	cmd.Env = environ(address)
	out, err := cmd.CombinedOutput()
	parts := strings.Split(string(out), marker)[1:]
	for i, p := range parts {
		_, text, _ := strings.Cut(p, "\n")
		for _, want := range blocks[i].expects {
			if !strings.Contains(text, want) {
				return fmt.Errorf("line %d: the output has no %q:\n%s", blocks[i].line, want, text)
			}
		}
		if err != nil && i == len(parts)-1 {
			return fmt.Errorf("line %d: %w:\n%s", blocks[i].line, err, text)
		}
	}
	if err != nil {
		return fmt.Errorf("%w:\n%s", err, out)
	}
	return nil
}

func environ(address string) []string {
	return append(os.Environ(), "ASYSTA_GATEWAY_LISTEN="+address)
}

// serve starts the server's command and waits until it is ready.
func serve(ctx context.Context, command, address string) (stop func() error, err error) {
	cmd := exec.Command("bash", "-c", "exec "+command) //nolint:gosec,noctx // the README's own command; it is stopped by its group below
	cmd.Env = environ(address)
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	stop = func() error {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) // it may have ended already
		select {
		case err := <-ended:
			var exit *exec.ExitError
			if err != nil && !errors.As(err, &exit) { // how a stopped server exits is not this check's business
				return err
			}
		case <-time.After(time.Minute):
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
			return errors.New("the server did not stop within a minute")
		}
		return nil
	}
	for {
		select {
		case err := <-ended:
			return nil, fmt.Errorf("the server ended: %w:\n%s", err, log.String())
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), stop())
		case <-time.After(100 * time.Millisecond):
			if ready(ctx, address) {
				return stop, nil
			}
		}
	}
}

func ready(ctx context.Context, address string) bool {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/readyz", nil)
	if err != nil {
		return false
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	_ = res.Body.Close()
	return res.StatusCode == http.StatusOK
}

var comment = regexp.MustCompile(`^<!-- (run|expect): (.*?) -->$`)

// parse gives the blocks of commands in a page.
func parse(page string) []block {
	var blocks []block
	var next block
	var body []string
	inside, shell := false, false
	for i, line := range strings.Split(page, "\n") {
		switch {
		case strings.HasPrefix(line, "```") && !inside:
			inside, shell, body = true, strings.TrimSpace(line) == "```sh", nil
			next.line = i + 1
		case strings.HasPrefix(line, "```"):
			inside = false
			if shell {
				next.text = strings.Join(body, "\n")
				blocks = append(blocks, next)
			}
			next = block{}
		case inside:
			body = append(body, line)
		default:
			m := comment.FindStringSubmatch(strings.TrimSpace(line))
			switch {
			case m == nil:
			case m[1] == "expect" && len(blocks) > 0:
				blocks[len(blocks)-1].expects = append(blocks[len(blocks)-1].expects, m[2])
			case m[2] == "server":
				next.server = true
			case strings.HasPrefix(m[2], "skip "):
				next.skip = strings.TrimPrefix(m[2], "skip ")
			}
		}
	}
	return blocks
}
