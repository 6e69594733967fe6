package redact

import (
	"fmt"
	"regexp"
	"runtime"
	"strings"
)

// longest is how much of a text is kept, in bytes.
const longest = 400

var (
	enclosed = regexp.MustCompile("(?s)\"[^\"]*\"?|'[^']*'?|`[^`]*`?|„[^”]*”?|«[^»]*»?|\\{.*\\}?|\\[[^\\]]*\\]?")
	digits   = regexp.MustCompile(`[0-9]{8,}|[0-9]{4}-[0-9]{2}-[0-9]{2}[0-9T:.Z+-]*`)
	foreign  = regexp.MustCompile(`[\pL\pN_]*[^\x00-\x7F][\pL\pN_]*`)
	proper   = regexp.MustCompile(`\b[A-Z][a-z]+\b`)
	spaces   = regexp.MustCompile(`\s+`)
)

// known are the words with a capital that errors of libraries are told by: gRPC's codes, requests of HTTP.
var known = map[string]bool{
	"Canceled": true, "Unknown": true, "Aborted": true, "Unimplemented": true, "Internal": true, "Unavailable": true, "Unauthenticated": true, "Get": true, "Post": true,
}

// Text gives what may be written of an error's text: programs and drivers quote the values that they could not use. Quotations, long numbers, dates and what may
// be somebody's name (a word with a capital, a word with letters that English has not) are cut out; what remains says which operation failed and how.
func Text(s string) string {
	s = strings.ToValidUTF8(s, "")
	s = enclosed.ReplaceAllString(s, "…")
	s = digits.ReplaceAllString(s, "#")
	s = foreign.ReplaceAllString(s, "…")
	s = proper.ReplaceAllStringFunc(s, func(word string) string {
		if known[word] {
			return word
		}
		return "…"
	})
	s = strings.TrimSpace(spaces.ReplaceAllString(s, " "))
	if len(s) > longest {
		s = strings.ToValidUTF8(s[:longest], "") + "…"
	}
	return s
}

// Panic tells of a panic by the type of its value.
func Panic(p any) string { return fmt.Sprintf("panic: %T", p) }

// depth is how many functions a stack shows.
const depth = 48

// Stack gives the functions that called, innermost first, without the values that they were called with. Skip leaves out so many callers of Stack.
func Stack(skip int) string {
	pcs := make([]uintptr, depth)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(skip+2, pcs)])
	var b strings.Builder
	for {
		f, more := frames.Next()
		fmt.Fprintf(&b, "%s:%d\n", f.Function, f.Line)
		if !more {
			return b.String()
		}
	}
}
