package anchor

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"asysta.example/internal/keyfile"
)

// prefix and suffix of the names of files.
const (
	prefix = "anchors-"
	suffix = ".jsonl"
)

// fileName is the name of the n-th file, from 1.
func fileName(n int) string { return fmt.Sprintf("%s%06d%s", prefix, n, suffix) }

// numbers lists the files of a folder in their order.
func numbers(folder string) ([]int, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	var out []int
	for _, e := range entries {
		name := e.Name()
		if !strings.HasPrefix(name, prefix) || !strings.HasSuffix(name, suffix) {
			continue
		}
		n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(name, prefix), suffix))
		if err != nil || n < 1 || name != fileName(n) {
			return nil, fmt.Errorf("%s is no file of anchors", name)
		}
		out = append(out, n)
	}
	slices.Sort(out)
	return out, nil
}

// readFile reads the lines of one file and gives the sum of its last line. prev is the sum of the line before its first; "?" where that is not known.
func readFile(folder string, n int, prev string, key ed25519.PublicKey) ([]Line, string, error) {
	content, err := os.ReadFile(filepath.Join(folder, fileName(n)))
	if err != nil {
		return nil, "", err
	}
	texts := bytes.Split(content, []byte("\n"))
	if len(texts[len(texts)-1]) != 0 {
		return nil, "", fmt.Errorf("%s: cut off", fileName(n))
	}
	lines := make([]Line, 0, len(texts))
	for i, text := range texts[:len(texts)-1] {
		l, err := read(text, key)
		if err != nil {
			return nil, "", fmt.Errorf("%s, line %d: %w", fileName(n), i+1, err)
		}
		if prev != unknown && l.Prev != prev {
			return nil, "", fmt.Errorf("%s, line %d: does not follow the line before it", fileName(n), i+1)
		}
		prev = sum(text)
		lines = append(lines, l)
	}
	if len(lines) == 0 {
		return nil, "", fmt.Errorf("%s: empty", fileName(n))
	}
	return lines, prev, nil
}

const unknown = "?"

// errGap says that a file of anchors was taken away.
var errGap = errors.New("a file of anchors is missing")

// readAll reads all lines of a folder, oldest first, and checks signatures and chain.
func readAll(folder string, key ed25519.PublicKey) ([]Line, error) {
	ns, err := numbers(folder)
	if err != nil {
		return nil, err
	}
	var all []Line
	prev := ""
	for i, n := range ns {
		if n != i+1 {
			return nil, fmt.Errorf("%s: %w", fileName(i+1), errGap)
		}
		lines, last, err := readFile(folder, n, prev, key)
		if err != nil {
			return nil, err
		}
		all, prev = append(all, lines...), last
	}
	return all, nil
}

// write makes the n-th file; fs.ErrExist when somebody was faster.
func write(folder string, n int, texts [][]byte) error {
	return keyfile.Create(filepath.Join(folder, fileName(n)), append(bytes.Join(texts, []byte("\n")), '\n'))
}
