package referral

import (
	"slices"
	"strings"

	"asysta.example/internal/familyfile"
)

// Match is why two families are taken for one.
type Match string

// Matches.
const (
	MatchPesel   Match = "PESEL"
	MatchAddress Match = "NAME_AND_ADDRESS"
)

// minSurname is the shortest folded word of a surname that can tell families apart.
const minSurname = 2

// SurnameKeys are the folded words of the surnames by which likely duplicates are looked up.
func (r Referral) SurnameKeys() []string {
	keys := familyfile.SearchKeys(r.Surnames()...)
	return slices.DeleteFunc(keys, func(k string) bool { return len(k) < minSurname })
}

// Matches says why a family with a label and PESEL hashes is likely this one; nil where it is not. A surname counts only together with the place and
// with the whole street and number: neighbours in a village of one name stay apart.
func (r Referral) Matches(label familyfile.Label, hashes []string) []Match {
	var why []Match
	if slices.ContainsFunc(r.PeselHashes(), func(h string) bool { return slices.Contains(hashes, h) }) {
		why = append(why, MatchPesel)
	}
	if label.Place != "" && foldedText(label.Place) == foldedText(r.Address.Place) && sameStreet(label.Address, r.Address.Street) &&
		slices.ContainsFunc(r.SurnameKeys(), func(k string) bool { return slices.Contains(label.Search, k) }) {
		why = append(why, MatchAddress)
	}
	return why
}

// sameStreet compares street and number; where one of them is not known the place decides.
func sameStreet(a, b string) bool {
	x, y := foldedText(a), foldedText(b)
	return x == y || x == "" || y == ""
}

// foldedText has the words of a text in order, folded, without the abbreviations of "street", "square" and so on.
func foldedText(s string) string {
	words := strings.FieldsFunc(familyfile.Fold(s), func(c rune) bool { return strings.ContainsRune(" .,;/\\-", c) })
	words = slices.DeleteFunc(words, func(w string) bool {
		return slices.Contains([]string{"ul", "ulica", "al", "aleja", "pl", "plac", "os", "osiedle", "m", "nr"}, w)
	})
	return strings.Join(words, " ")
}
