package pesel

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"unicode"

	"asysta.example/internal/calendar"
)

// Why a text is no PESEL.
var (
	ErrFormat   = errors.New("pesel: not eleven digits")
	ErrChecksum = errors.New("pesel: wrong check digit")
	ErrDate     = errors.New("pesel: no such birth date")
)

// Sex as the register has it.
type Sex byte

// The sexes a number can carry. The zero Sex is that of the zero Number.
const (
	Female Sex = 'F'
	Male   Sex = 'M'
)

// Number is a PESEL that holds its own check. Numbers can be compared with ==; the zero Number means "none". It prints masked, in every way there is.
type Number struct{ digits [length]byte }

const (
	length = 11
	masked = "PESEL ***"
)

// Masked stands in an answer for a number that is held and not shown; who sends it back leaves the number as it is.
const Masked = "•••••••••••"

var weights = [length]byte{1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1}

// centuries gives the century that two tens of the month stand for: month 21 is January of the 21st century.
var centuries = [5]int{1900, 2000, 2100, 2200, 1800}

// Parse reads a PESEL. ErrFormat, ErrChecksum or ErrDate say what is wrong with the text.
func Parse(s string) (Number, error) {
	var n Number
	if len(s) != length {
		return Number{}, ErrFormat
	}
	sum := 0
	for i := range length {
		if s[i] < '0' || s[i] > '9' {
			return Number{}, ErrFormat
		}
		n.digits[i] = s[i]
		sum += int(s[i]-'0') * int(weights[i])
	}
	if sum%10 != 0 {
		return Number{}, ErrChecksum
	}
	if _, err := n.birth(); err != nil {
		return Number{}, ErrDate
	}
	return n, nil
}

// In says that a number stands in a text by itself, with no letter or digit at its side: "90051512340", or "PL/PL/90051512340" as eIDAS nodes write it.
func In(s string) bool {
	for _, word := range strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if _, err := Parse(word); err == nil {
			return true
		}
	}
	return false
}

// IsZero says that there is no number.
func (n Number) IsZero() bool { return n == Number{} }

// Digits gives the eleven digits, "" for no number. They are to be sealed, never stored or logged.
func (n Number) Digits() string {
	if n.IsZero() {
		return ""
	}
	return string(n.digits[:])
}

// BirthDate that the number carries, of the years 1800 to 2299.
func (n Number) BirthDate() calendar.Date {
	d, _ := n.birth() // Parse has seen that there is one
	return d
}

func (n Number) birth() (calendar.Date, error) {
	if n.IsZero() {
		return calendar.Date{}, nil
	}
	month := n.two(2)
	return calendar.Of(centuries[month/20]+n.two(0), month%20, n.two(4))
}

// two gives the number of two digits at a place.
func (n Number) two(at int) int {
	return int(n.digits[at]-'0')*10 + int(n.digits[at+1]-'0')
}

// Sex that the number carries: an even tenth digit is a woman's.
func (n Number) Sex() Sex {
	switch {
	case n.IsZero():
		return 0
	case (n.digits[9]-'0')%2 == 0:
		return Female
	}
	return Male
}

// String gives a mask.
func (n Number) String() string { return masked }

// Format gives a mask for every verb.
func (n Number) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, masked) }

// LogValue gives a mask.
func (n Number) LogValue() slog.Value { return slog.StringValue(masked) }
