package familyfile

import (
	"slices"
	"strings"
	"unicode"
)

var folded = strings.NewReplacer("ą", "a", "ć", "c", "ę", "e", "ł", "l", "ń", "n", "ó", "o", "ś", "s", "ź", "z", "ż", "z")

// Fold lowers a word and takes off Polish diacritics, so that "Świątek" is found by "swiatek".
func Fold(s string) string { return folded.Replace(strings.ToLower(s)) }

// SearchKeys gives the folded words of surnames and addresses, each once, sorted. Words of one letter and house numbers stay.
func SearchKeys(texts ...string) []string {
	var keys []string
	for _, t := range texts {
		keys = append(keys, strings.FieldsFunc(Fold(t), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })...)
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}
