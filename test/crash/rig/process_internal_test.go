package rig

import (
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// script starts a shell that stands in for the database server.
func script(t *testing.T, text string) *Server {
	t.Helper()
	s, err := startServer(exec.CommandContext(t.Context(), "sh", "-c", text))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.process.Kill)
	return s
}

func TestServerEndsWithItsInput(t *testing.T) {
	s := script(t, "echo mongodb://here; exec cat")
	if s.URI != "mongodb://here" {
		t.Errorf("URI %q", s.URI)
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := (&Server{URI: "mongodb://real"}).Close(); err != nil {
		t.Errorf("a server that is not ours: %v", err)
	}
}

// A server that does not end with its input is killed within the bound, and said to be.
func TestServerThatDoesNotEndIsKilled(t *testing.T) {
	s := script(t, "echo mongodb://here; exec sleep 600")
	err := s.closeWithin(20 * time.Millisecond)
	if err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("closed with %v", err)
	}
	if !s.process.Ended() || syscall.Kill(s.process.Pid(), 0) == nil {
		t.Error("it lives")
	}
}

// A server that says nothing leaves no process behind.
func TestServerThatDoesNotBegin(t *testing.T) {
	if s, err := startServer(exec.CommandContext(t.Context(), "sh", "-c", "exit 1")); err == nil {
		t.Errorf("started: %+v", s)
	}
}
