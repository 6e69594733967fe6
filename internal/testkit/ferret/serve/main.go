// Command serve runs FerretDB in a process of its own, for tests whose own process is slow (the race detector) or must not hold the database. It prints the URI
// on one line and ends when its standard input does, and so never outlives the test.
package main

import (
	"fmt"
	"io"
	"os"

	"asysta.example/internal/testkit/ferret"
)

func main() {
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, "serve:", err)
		os.Exit(1)
	}
}

func serve() error {
	if len(os.Args) != 2 {
		return fmt.Errorf("usage: serve DIRECTORY")
	}
	s, err := ferret.Listen(os.Args[1])
	if err != nil {
		return err
	}
	defer s.Stop()
	if _, err := fmt.Println(s.URI); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}
