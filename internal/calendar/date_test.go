package calendar

import (
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"
)

func TestAddMonthsClampsToTheLastDay(t *testing.T) {
	cases := []struct {
		from string
		n    int
		want string
	}{
		{"2025-08-31", 6, "2026-02-28"},
		{"2023-08-31", 6, "2024-02-29"},
		{"2025-08-31", 12, "2026-08-31"},
		{"2026-01-15", 2, "2026-03-15"},
		{"2026-12-31", 2, "2027-02-28"},
		{"2026-03-31", -1, "2026-02-28"},
		{"2026-01-31", -12, "2025-01-31"},
	}
	for _, c := range cases {
		if got := MustParse(c.from).AddMonths(c.n).String(); got != c.want {
			t.Errorf("%s + %d months = %s, want %s", c.from, c.n, got, c.want)
		}
	}
}

func TestParseRefusesWhatIsNoDate(t *testing.T) {
	for _, s := range []string{"", "2026-02-30", "2025-02-29", "2026-13-01", "2026-1-1", "0000-01-01", "2026-01-01T00:00", "20260101xx"} {
		if d, err := Parse(s); err == nil {
			t.Errorf("Parse(%q) = %v, want an error", s, d)
		}
	}
}

func TestInIsTheCivilDateOfWarsaw(t *testing.T) {
	cases := map[string]string{
		"2026-06-30T21:59:00Z": "2026-06-30", // 23:59 in summer time
		"2026-06-30T22:00:00Z": "2026-07-01",
		"2026-12-31T22:59:00Z": "2026-12-31",
		"2026-12-31T23:00:00Z": "2027-01-01", // midnight in winter time
	}
	for in, want := range cases {
		at, err := time.Parse(time.RFC3339, in)
		if err != nil {
			t.Fatal(err)
		}
		if got := In(at).String(); got != want {
			t.Errorf("In(%s) = %s, want %s", in, got, want)
		}
	}
}

func TestWorkingDaysKnowPolishHolidays(t *testing.T) {
	cases := []struct {
		date string
		want bool
	}{
		{"2024-12-24", true},  // Christmas Eve before the act took effect
		{"2025-12-24", false}, // and after
		{"2025-12-25", false},
		{"2026-04-06", false}, // Easter Monday
		{"2026-04-03", true},  // Good Friday is a working day in Poland
		{"2026-06-04", false}, // Corpus Christi
		{"2026-05-01", false},
		{"2026-05-03", false},
		{"2026-08-15", false},
		{"2026-11-11", false},
		{"2026-11-12", true},
		{"2026-11-14", false}, // Saturday
		{"2026-01-06", false},
	}
	for _, c := range cases {
		if got := MustParse(c.date).IsWorkingDay(); got != c.want {
			t.Errorf("%s working day: %v, want %v", c.date, got, c.want)
		}
	}
}

func TestAddWorkingDays(t *testing.T) {
	cases := []struct {
		from string
		n    int
		want string
	}{
		{"2026-11-10", 1, "2026-11-12"}, // over Independence Day
		{"2026-12-23", 1, "2026-12-28"}, // over Christmas and a weekend
		{"2026-11-02", 14, "2026-11-23"},
		{"2026-11-21", 0, "2026-11-21"},
	}
	for _, c := range cases {
		if got := MustParse(c.from).AddWorkingDays(c.n).String(); got != c.want {
			t.Errorf("%s + %d working days = %s, want %s", c.from, c.n, got, c.want)
		}
	}
}

func anyDate(t *rapid.T) Date {
	return MustOf(2000, 1, 1).AddDays(rapid.IntRange(0, 20000).Draw(t, "days"))
}

func TestDateArithmeticHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := anyDate(t)
		n := rapid.IntRange(-400, 400).Draw(t, "n")
		if got := d.DaysUntil(d.AddDays(n)); got != n {
			t.Fatalf("%s: %d days until %d days later", d, got, n)
		}
		m := d.AddMonths(n)
		if m.Day() > d.Day() || (m.Month()-d.Month()-n)%12 != 0 {
			t.Fatalf("%s + %d months = %s", d, n, m)
		}
		if n > 0 && d.MonthsUntil(m) > n {
			t.Fatalf("%s to %s counted as %d months, more than %d", d, m, d.MonthsUntil(m), n)
		}
		if back, err := Parse(d.String()); err != nil || back != d {
			t.Fatalf("%s read back as %s, %v", d, back, err)
		}
		if In(d.Start()) != d {
			t.Fatalf("%s does not start on itself", d)
		}
	})
}

func TestBSONKeepsDatesReadable(t *testing.T) {
	type doc struct {
		On    Date `bson:"on"`
		Empty Date `bson:"empty,omitempty"`
		Zero  Date `bson:"zero"`
	}
	want := doc{On: MustOf(2026, 2, 28)}
	raw, err := bson.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	if got := bson.Raw(raw).Lookup("on").StringValue(); got != "2026-02-28" {
		t.Errorf("stored as %q", got)
	}
	var got doc
	if err := bson.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	if got != want {
		t.Errorf("read back %+v, want %+v", got, want)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("2026-02-28")
	f.Add("2026-02-30")
	f.Fuzz(func(t *testing.T, s string) {
		if d, err := Parse(s); err == nil && d.String() != s {
			t.Errorf("Parse(%q) = %s", s, d)
		}
	})
}
