// Package loopback finds addresses of this machine for processes that a test or a measurement starts.
package loopback

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
)

// Ports are looked for below those that systems give to connections which leave the machine (Linux 32768, others 49152): such a connection could take a port between the
// moment it is found free and the moment the process listens on it.
const (
	lowest = 15_000
	beyond = 32_000
)

var (
	mu    sync.Mutex
	given = map[int]bool{} // by this process
)

// Free gives n addresses of this machine on which nobody listens now. None of them was given by this process before.
func Free(n int) ([]string, error) {
	mu.Lock()
	defer mu.Unlock()
	var free []string
	for range 20 * (n + 50) {
		if len(free) == n {
			return free, nil
		}
		port := lowest + rand.IntN(beyond-lowest) //nolint:gosec // several processes look at once
		if given[port] {
			continue
		}
		address := fmt.Sprintf("127.0.0.1:%d", port)
		lis, err := net.Listen("tcp", address)
		if err != nil {
			continue // somebody has it
		}
		if err := lis.Close(); err != nil {
			return nil, fmt.Errorf("loopback: %w", err)
		}
		given[port] = true
		free = append(free, address)
	}
	return nil, errors.New("loopback: too few ports are free")
}
