package directory_test

import (
	"errors"
	"strings"
	"testing"

	"asysta.example/internal/directory"
)

func TestCheckSubject(t *testing.T) {
	for subject, want := range map[string]error{
		"7f3c0f0e-8a51-4a3c-9d0e-090051512340": nil, // twelve digits
		"a90051512340":                         nil,
		"90051512341":                          nil, // no PESEL: its check digit is wrong
		"kierownik.nekla":                      nil,
		"anna maria":                           nil,
		strings.Repeat("ą", directory.LongestSubject): nil,
		"90051512340":                directory.ErrSubjectPesel,
		" 90051512340 ":              directory.ErrSubjectPesel,
		"PL/PL/88041212468":          directory.ErrSubjectPesel,
		"88041212468@powiat.example": directory.ErrSubjectPesel,
		"":                           directory.ErrSubjectForm,
		" ":                          directory.ErrSubjectForm,
		"anna ":                      directory.ErrSubjectForm,
		"an\nna":                     directory.ErrSubjectForm,
		strings.Repeat("a", directory.LongestSubject+1): directory.ErrSubjectForm,
	} {
		if err := directory.CheckSubject(subject); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", subject, err, want)
		}
	}
}
