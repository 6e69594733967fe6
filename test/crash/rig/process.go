package rig

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
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
	return await(cmd), nil
}

// await gives a process that was started, and learns when it ends.
func await(cmd *exec.Cmd) *Process {
	p := &Process{cmd: cmd, done: make(chan struct{})}
	go func() {
		defer close(p.done)
		_ = cmd.Wait() // how it ended is in its log
	}()
	return p
}

// Kill ends the process at once, as kill -9 does.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

// Stop asks the process to end and waits until it has; it is killed, and that is an error, where it does not.
func (p *Process) Stop() error {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	if !p.endsWithin(endWithin) {
		return fmt.Errorf("rig: pid %d did not end within %s of SIGTERM", p.Pid(), endWithin)
	}
	return nil
}

// endsWithin waits for the end of a process that was asked to, kills it where the bound passes first, and tells whether it ended by itself.
func (p *Process) endsWithin(bound time.Duration) bool {
	select {
	case <-p.done:
		return true
	case <-time.After(bound):
		p.Kill()
		return false
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

// serverEndsWithin is how long a database server may take to end after its input has.
const serverEndsWithin = 30 * time.Second

// Server is a database server in a process of its own.
type Server struct {
	URI     string
	process *Process // nil: a real server, which is not ours to end
	stdin   io.Closer
}

// StartServer starts the server that stands in for MongoDB over a folder, or gives the real one that the environment names.
func StartServer(ctx context.Context, programs Programs, dir string) (*Server, error) {
	if uri := os.Getenv("ASYSTA_TEST_MONGODB_URI"); uri != "" {
		return &Server{URI: uri}, nil
	}
	return startServer(exec.CommandContext(context.WithoutCancel(ctx), programs.Ferret, dir)) //nolint:gosec // the program that the harness has built
}

// startServer starts a command that tells its URI on the first line it prints and ends with its input.
func startServer(cmd *exec.Cmd) (*Server, error) {
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
	p := await(cmd) // only now: waiting ends the reading too
	if err != nil {
		p.Kill()
		return nil, fmt.Errorf("rig: database server: %w", err)
	}
	return &Server{URI: strings.TrimSpace(line), process: p, stdin: stdin}, nil
}

// Close ends the server, which ends with its input; it is killed, and that is an error, where it does not. It can be repeated.
func (s *Server) Close() error { return s.closeWithin(serverEndsWithin) }

func (s *Server) closeWithin(bound time.Duration) error {
	if s.process == nil {
		return nil
	}
	_ = s.stdin.Close()
	if !s.process.endsWithin(bound) {
		return fmt.Errorf("rig: the database server, pid %d, did not end within %s of its input and was killed", s.process.Pid(), bound)
	}
	return nil
}
