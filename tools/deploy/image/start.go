package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// Bounds of the one start.
const (
	readyWithin = 30 * time.Second
	endsWithin  = 20 * time.Second
)

// started runs the program of an unpacked image on this machine until its health answers, asks it as an engine would, and ends it. Whoever is root sees it run
// as the image's user with the image as its whole file system; anybody else as themselves.
func started(ctx context.Context, root string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, readyWithin+endsWithin)
	defer cancel()
	address, err := free(ctx)
	if err != nil {
		return "", err
	}
	program, data, how := filepath.Join(root, "asysta"), filepath.Join(root, home), "as "+fmt.Sprint(os.Geteuid())
	attributes := &syscall.SysProcAttr{}
	if os.Geteuid() == 0 {
		program, data, how = "/asysta", home, fmt.Sprintf("as %d, with the image as its root", account)
		attributes.Chroot, attributes.Credential = root, &syscall.Credential{Uid: account, Gid: account}
		if err := os.Chmod(root, 0o755); err != nil {
			return "", err
		}
	}
	env := []string{"ASYSTA_TRIAL=true", "ASYSTA_STORE=sqlite:" + data + "/asysta.db", "ASYSTA_GATEWAY_LISTEN=" + address, "ASYSTA_DRAIN=2s"}
	run := func(args ...string) (*exec.Cmd, *bytes.Buffer) {
		said := &bytes.Buffer{}
		cmd := exec.CommandContext(ctx, program, args...)
		cmd.Dir, cmd.Env, cmd.SysProcAttr, cmd.Stdout, cmd.Stderr = data, env, attributes, said, said
		return cmd, said
	}
	server, said := run("all")
	if err := server.Start(); err != nil {
		return "", fmt.Errorf("start: %w", err)
	}
	began := time.Now() //nolint:forbidigo // how long a process of this machine takes
	if err := ready(ctx, address); err != nil {
		_ = server.Process.Kill()
		_ = server.Wait()
		return "", fmt.Errorf("start: %w\n%s", err, said)
	}
	took := time.Since(began).Round(10 * time.Millisecond) //nolint:forbidigo // the same
	probe, answer := run("health", "gateway")
	probed := probe.Run()
	if err := server.Process.Signal(syscall.SIGTERM); err != nil {
		return "", err
	}
	if err := server.Wait(); err != nil {
		return "", fmt.Errorf("end: %w\n%s", err, said)
	}
	if probed != nil {
		return "", fmt.Errorf("asysta health gateway: %w\n%s", probed, answer)
	}
	return fmt.Sprintf("started %s: ready after %s, asked by asysta health, ended on SIGTERM\n", how, took), nil
}

// free gives an address of this machine that nothing listens on now.
func free(ctx context.Context) (string, error) {
	lis, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return lis.Addr().String(), lis.Close()
}

func ready(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/readyz", nil)
		if err != nil {
			return err
		}
		if res, err := http.DefaultClient.Do(req); err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("not ready within %s", readyWithin)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
