// Command complete completes the OpenAPI document in place: complete -document asysta.swagger.json -image contract.binpb -scenario scenario.yaml.
// It is run by tools/generate.sh.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"

	"asysta.example/internal/apidoc"
	"asysta.example/internal/scenario"
)

func main() {
	document := flag.String("document", "", "OpenAPI document, which is rewritten")
	image := flag.String("image", "", "descriptors of the contract, as buf build writes them")
	steps := flag.String("scenario", "", "scenario that the examples are taken from")
	flag.Parse()
	if err := run(*document, *image, *steps); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(document, image, steps string) (err error) {
	doc, err1 := os.ReadFile(document)
	descriptors, err2 := os.ReadFile(image)
	in, err3 := os.Open(steps)
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	f, err := scenario.Read(in)
	if err != nil {
		return err
	}
	out, err := apidoc.Complete(doc, descriptors, f)
	if err != nil {
		return err
	}
	return os.WriteFile(document, out, 0o644) //nolint:gosec // a committed, public document
}
