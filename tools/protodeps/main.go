// Command protodeps prints the .proto sources that Asysta's contract imports
// from others: google/api, google/type, google/rpc, buf/validate and the
// options of the OpenAPI generator.
//
// The sources are printed from the descriptors compiled into Go modules, so
// that tools/go.mod and tools/go.sum pin them like every other dependency and
// no schema registry is needed to build the contract. google/protobuf is left
// out: buf has those files built in.
//
// Usage: protodeps DIR. DIR is replaced as a whole, so that a file that is no
// longer wanted does not stay behind. Nothing is written when what is there is
// already right, so that a second run leaves no newer files.
package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	// Each import registers the descriptors of its files.
	_ "buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	_ "github.com/grpc-ecosystem/grpc-gateway/v2/protoc-gen-openapiv2/options"
	_ "google.golang.org/genproto/googleapis/api/annotations"
	_ "google.golang.org/genproto/googleapis/api/httpbody"
	_ "google.golang.org/genproto/googleapis/rpc/code"
	_ "google.golang.org/genproto/googleapis/rpc/errdetails"
	_ "google.golang.org/genproto/googleapis/rpc/status"
	_ "google.golang.org/genproto/googleapis/type/date"
	_ "google.golang.org/genproto/googleapis/type/dayofweek"
	_ "google.golang.org/genproto/googleapis/type/interval"
	_ "google.golang.org/genproto/googleapis/type/latlng"
	_ "google.golang.org/genproto/googleapis/type/month"
	_ "google.golang.org/genproto/googleapis/type/phone_number"
	_ "google.golang.org/genproto/googleapis/type/postaladdress"
	_ "google.golang.org/genproto/googleapis/type/timeofday"

	"github.com/jhump/protoreflect/v2/protoprint"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// wanted are the folders of proto files that the contract may import.
var wanted = []string{
	"google/api/", "google/type/", "google/rpc/", "buf/validate/", "protoc-gen-openapiv2/options/",
}

func main() {
	if err := realMain(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "protodeps:", err)
		os.Exit(1)
	}
}

func realMain(args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("usage: protodeps DIR")
	}
	dir := filepath.Clean(args[0])
	files, err := printed()
	if err != nil {
		return err
	}
	same, err := holds(dir, files)
	if err != nil {
		return err
	}
	if same {
		return nil
	}
	return replace(dir, files)
}

// printed returns the source of every wanted file, by its import path.
func printed() (map[string][]byte, error) {
	// Full names avoid the one case that the short ones get wrong: a nested
	// type that hides a package of the same name.
	printer := protoprint.Printer{ForceFullyQualifiedNames: true}
	files := map[string][]byte{}
	var failure error
	protoregistry.GlobalFiles.RangeFiles(func(fd protoreflect.FileDescriptor) bool {
		if !isWanted(fd.Path()) {
			return true
		}
		var out bytes.Buffer
		if err := printer.PrintProtoFile(fd, &out); err != nil {
			failure = fmt.Errorf("print %s: %w", fd.Path(), err)
			return false
		}
		files[fd.Path()] = out.Bytes()
		return true
	})
	return files, failure
}

func isWanted(path string) bool {
	for _, prefix := range wanted {
		if strings.HasPrefix(path, prefix) {
			return true
		}
	}
	return false
}

// holds says whether dir has exactly these files. A dir that is missing holds
// nothing.
func holds(dir string, files map[string][]byte) (bool, error) {
	found := 0
	same := true
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		have, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		want, ok := files[filepath.ToSlash(rel)]
		if !ok || !bytes.Equal(have, want) {
			same = false
			return fs.SkipAll
		}
		found++
		return nil
	})
	if os.IsNotExist(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("compare %s: %w", dir, err)
	}
	return same && found == len(files), nil
}

// replace writes the files beside dir first and then swaps them in, so that
// whoever reads dir never meets a half-written set.
func replace(dir string, files map[string][]byte) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	fresh, err := os.MkdirTemp(filepath.Dir(dir), filepath.Base(dir)+".tmp-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(fresh)
	if err := os.Chmod(fresh, 0o755); err != nil {
		return err
	}
	for path, source := range files {
		target := filepath.Join(fresh, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(target, source, 0o644); err != nil {
			return err
		}
	}
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	return os.Rename(fresh, dir)
}
