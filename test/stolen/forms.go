package main

import (
	"bytes"
	"crypto/md5"  //nolint:gosec // hashes that somebody might have used
	"crypto/sha1" //nolint:gosec // as above
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
)

// form is one way in which a value could stand in data.
type form struct {
	name  string
	bytes []byte
}

// shortest form that is looked for, in bytes: a shorter one would be found by chance.
const shortest = 5

// formsOf gives the forms of a value. Digits with anything between them are looked for otherwise (see thief.find).
func formsOf(value string) (all []form) {
	add := func(name string, b []byte) {
		if len(b) >= shortest {
			all = append(all, form{name, b})
		}
	}
	add("text", []byte(value))
	reversed := []rune(value)
	slices.Reverse(reversed)
	add("text turned round", []byte(string(reversed)))
	var little, big []byte
	for _, unit := range utf16.Encode([]rune(value)) {
		little, big = binary.LittleEndian.AppendUint16(little, unit), binary.BigEndian.AppendUint16(big, unit)
	}
	add("UTF-16", little)
	add("UTF-16", big)
	add("capitals", []byte(strings.ToUpper(value)))
	add("hexadecimal", []byte(hex.EncodeToString([]byte(value))))
	add("hexadecimal", []byte(strings.ToUpper(hex.EncodeToString([]byte(value)))))
	for _, f := range inBase64([]byte(value)) {
		add("base64", f)
	}
	if n, err := strconv.ParseUint(value, 10, 64); err == nil {
		all = append(all, numbers(value, n)...)
	}
	m, s1, s256, s512 := md5.Sum([]byte(value)), sha1.Sum([]byte(value)), sha256.Sum256([]byte(value)), sha512.Sum512([]byte(value)) //nolint:gosec // as above
	for name, sum := range map[string][]byte{"MD5": m[:], "SHA-1": s1[:], "SHA-256": s256[:], "SHA-512": s512[:]} {
		add(name, sum[:12]) // however much of it was kept
		add(name+" in hexadecimal", []byte(hex.EncodeToString(sum[:12])))
		add(name+" in base64", []byte(base64.RawStdEncoding.EncodeToString(sum[:12])))
	}
	return all
}

// inBase64 gives what stands in base64 of a text with the value inside it, wherever it begins: the middle that does not depend on its neighbours.
func inBase64(value []byte) (all [][]byte) {
	for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for before := range 3 {
			text := enc.EncodeToString(append(make([]byte, before), value...))
			from, to := (before*8+5)/6, (before+len(value))*8/6
			all = append(all, []byte(text[from:to]))
		}
	}
	return all
}

// numbers gives the forms of a value that is a number.
func numbers(digits string, n uint64) (all []form) {
	all = append(all,
		form{"number", binary.LittleEndian.AppendUint64(nil, n)}, form{"number", binary.BigEndian.AppendUint64(nil, n)},
		form{"floating number", binary.LittleEndian.AppendUint64(nil, math.Float64bits(float64(n)))}, form{"floating number", binary.BigEndian.AppendUint64(nil, math.Float64bits(float64(n)))})
	for _, even := range []string{digits, digits[1:]} { // beginning at either half of a byte
		packed, err := hex.DecodeString(even[:len(even)/2*2])
		if err == nil && len(packed) >= shortest {
			all = append(all, form{"two digits to a byte", packed})
		}
	}
	return all
}

// digitsOf gives the digits of data and nothing else.
func digitsOf(data []byte) []byte {
	out := make([]byte, 0, len(data)/4)
	for _, b := range data {
		if '0' <= b && b <= '9' {
			out = append(out, b)
		}
	}
	return out
}

// thief holds stolen data.
type thief struct{ data, digits []byte }

func newThief(data []byte) thief { return thief{data, digitsOf(data)} }

// find names the forms in which a value stands in the data.
func (t thief) find(value string) (found []string) {
	for _, f := range formsOf(value) {
		if bytes.Contains(t.data, f.bytes) {
			found = append(found, f.name)
		}
	}
	if isPESEL(value) && bytes.Contains(t.digits, []byte(value)) {
		found = append(found, "digits with something between them")
	}
	return slices.Compact(found)
}

func isPESEL(value string) bool {
	return len(value) == 11 && strings.Trim(value, "0123456789") == ""
}
