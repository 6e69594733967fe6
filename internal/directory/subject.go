package directory

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"asysta.example/internal/pesel"
)

// LongestSubject bounds a login subject, in characters.
const LongestSubject = 255

// Why a text is no login subject.
var (
	ErrSubjectForm  = errors.New("directory: a login subject has 1 to 255 characters, none of them a control character, no space at its ends")
	ErrSubjectPesel = errors.New("directory: a login subject with a PESEL number in it")
)

// CheckSubject tells what keeps a text from being a login subject, whether a token names it or somebody is to get it. A PESEL number is none: subjects stand
// in commits and in the access log.
func CheckSubject(s string) error {
	switch {
	case pesel.In(s):
		return ErrSubjectPesel
	case s == "" || s != strings.TrimSpace(s) || utf8.RuneCountInString(s) > LongestSubject || strings.ContainsFunc(s, unicode.IsControl):
		return ErrSubjectForm
	}
	return nil
}
