package rig

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// endWithin is how long a process that was asked to end may take.
const endWithin = 20 * time.Second

// Process is one running program.
type Process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
}

// run starts a command whose output is added to the file log.
func run(cmd *exec.Cmd, log string) (*Process, error) {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // never outlives the harness
	err = cmd.Start()
	if err = errors.Join(err, out.Close()); err != nil {
		return nil, err
	}
	p := &Process{cmd: cmd, done: make(chan struct{})}
	go func() {
		defer close(p.done)
		_ = cmd.Wait() // how it ended is in its log
	}()
	return p, nil
}

// Kill ends the process at once, as kill -9 does.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

// Stop asks the process to end and waits until it has; it is killed, and that is an error, where it does not.
func (p *Process) Stop() error {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
		return nil
	case <-time.After(endWithin):
		p.Kill()
		return fmt.Errorf("rig: pid %d did not end within %s of SIGTERM", p.cmd.Process.Pid, endWithin)
	}
}

// Ended tells whether the process has ended.
func (p *Process) Ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// Pid is the process's own id.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// port gives an address of this machine that is free now.
func port() (string, error) {
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return lis.Addr().String(), lis.Close()
}

// Server is a database server in a process of its own.
type Server struct {
	URI   string
	cmd   *exec.Cmd
	stdin io.Closer
}

// StartServer starts the server that stands in for MongoDB over a folder, or gives the real one that the environment names.
func StartServer(ctx context.Context, programs Programs, dir string) (*Server, error) {
	if uri := os.Getenv("ASYSTA_TEST_MONGODB_URI"); uri != "" {
		return &Server{URI: uri}, nil
	}
	cmd := exec.CommandContext(context.WithoutCancel(ctx), programs.Ferret, dir) //nolint:gosec // the program that the harness has built
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		return nil, fmt.Errorf("rig: database server: %w", err)
	}
	return &Server{URI: strings.TrimSpace(line), cmd: cmd, stdin: stdin}, nil
}

// Close ends the server, which ends with its input.
func (s *Server) Close() {
	if s.cmd != nil {
		_ = s.stdin.Close()
		_ = s.cmd.Wait()
	}
}
