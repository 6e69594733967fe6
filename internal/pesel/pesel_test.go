package pesel_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"asysta.example/internal/calendar"
	"asysta.example/internal/pesel"
)

func TestParse(t *testing.T) {
	tests := []struct {
		name, in string
		err      error
		birth    string
		sex      pesel.Sex
	}{
		{name: "example of the ministry", in: "44051401359", birth: "1944-05-14", sex: pesel.Male},
		{name: "example of the law's register, woman", in: "02070803628", birth: "1902-07-08", sex: pesel.Female},
		{name: "born in this century", in: "26310100003", birth: "2026-11-01", sex: pesel.Female},
		{name: "born in the 19th century", in: "99923100010", birth: "1899-12-31", sex: pesel.Male},
		{name: "leap day of 2000", in: "00222900006", birth: "2000-02-29", sex: pesel.Female},
		{name: "century of the 2100s", in: "00410100003", birth: "2100-01-01", sex: pesel.Female},
		{name: "century of the 2200s", in: "00610100009", birth: "2200-01-01", sex: pesel.Female},
		{name: "empty", in: "", err: pesel.ErrFormat},
		{name: "ten digits", in: "4405140135", err: pesel.ErrFormat},
		{name: "twelve digits", in: "440514013590", err: pesel.ErrFormat},
		{name: "a letter", in: "4405140135A", err: pesel.ErrFormat},
		{name: "digits of another script", in: "٤٤٠٥١", err: pesel.ErrFormat},
		{name: "a blank before", in: " 4405140135", err: pesel.ErrFormat},
		{name: "wrong check digit", in: "44051401358", err: pesel.ErrChecksum},
		{name: "two digits changed places", in: "44015401359", err: pesel.ErrChecksum},
		{name: "only zeros: check digit right, month not", in: "00000000000", err: pesel.ErrDate},
		{name: "month 13", in: "44131400009", err: pesel.ErrDate},
		{name: "30 February", in: "44023000000", err: pesel.ErrDate},
		{name: "29 February of no leap year", in: "01222900009", err: pesel.ErrDate},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := tt.in
			if len(in) == 11 && !errors.Is(tt.err, pesel.ErrChecksum) && !errors.Is(tt.err, pesel.ErrFormat) {
				in = withCheckDigit(in[:10])
			}
			n, err := pesel.Parse(in)
			if !errors.Is(err, tt.err) {
				t.Fatalf("Parse: %v, want %v", err, tt.err)
			}
			if err != nil {
				if !n.IsZero() {
					t.Error("a refused text gave a number")
				}
				return
			}
			if n.BirthDate() != calendar.MustParse(tt.birth) || n.Sex() != tt.sex || n.Digits() != in {
				t.Errorf("born %s, sex %c, digits kept: %t", n.BirthDate(), n.Sex(), n.Digits() == in)
			}
		})
	}
}

// withCheckDigit puts the digit behind ten others that makes the weighted sum end in 0; it is worked out by trying.
func withCheckDigit(ten string) string {
	for d := range 10 {
		s := fmt.Sprintf("%s%d", ten, d)
		if _, err := pesel.Parse(s); !errors.Is(err, pesel.ErrChecksum) {
			return s
		}
	}
	return ""
}

// The published example keeps the table above honest: nothing but 9 completes it.
func TestCheckDigitOfPublishedExample(t *testing.T) {
	for d := range 10 {
		_, err := pesel.Parse(fmt.Sprintf("4405140135%d", d))
		if (err == nil) != (d == 9) {
			t.Errorf("check digit %d: %v", d, err)
		}
	}
}

func TestZero(t *testing.T) {
	var n pesel.Number
	if !n.IsZero() || n.Digits() != "" || !n.BirthDate().IsZero() || n.Sex() != 0 {
		t.Error("the zero number carries something")
	}
}

func TestNeverPrinted(t *testing.T) {
	const digits = "44051401359"
	n, err := pesel.Parse(digits)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", slog.Any("pesel", n))
	out := fmt.Sprint(n) + fmt.Sprintf("%v %+v %#v %s %d %x %q", n, n, n, n, n, n, n) + log.String()
	if strings.Contains(out, digits) || strings.Contains(out, "52 52") || strings.Contains(out, "34343035") {
		t.Errorf("printed: %s", out)
	}
	_, err = pesel.Parse("44051401358")
	if strings.Contains(err.Error(), "44051") {
		t.Errorf("error names the number: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("44051401359")
	f.Add("00000000000")
	f.Fuzz(func(t *testing.T, s string) {
		n, err := pesel.Parse(s)
		if err != nil {
			return
		}
		if n.Digits() != s || n.BirthDate().IsZero() || n.BirthDate().Year()%100 != int(s[0]-'0')*10+int(s[1]-'0') {
			t.Errorf("number does not carry what was read")
		}
	})
}
