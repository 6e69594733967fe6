package loopback_test

import (
	"net"
	"sync"
	"sync/atomic"
	"testing"

	"asysta.example/internal/testkit/loopback"
)

// Addresses are free, and nobody who asks at the same time gets the same.
func TestFree(t *testing.T) {
	var group sync.WaitGroup
	var seen sync.Map
	var listening atomic.Int64
	for range 8 {
		group.Go(func() {
			free, err := loopback.Free(5)
			if err != nil || len(free) != 5 {
				t.Errorf("%v, %v", free, err)
			}
			for _, address := range free {
				if _, twice := seen.LoadOrStore(address, true); twice {
					t.Errorf("%s is given twice", address)
				}
				lis, err := net.Listen("tcp", address)
				if err != nil {
					continue // another process was quicker: rare, and not each time
				}
				defer lis.Close()
				listening.Add(1)
			}
		})
	}
	group.Wait()
	if listening.Load() == 0 {
		t.Error("none of them is free")
	}
}
