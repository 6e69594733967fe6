package calendar

import (
	"errors"
	"fmt"
	"time"
	_ "time/tzdata" // Europe/Warsaw must be known on a machine without a zone database
)

// Warsaw is the zone in which every civil date of the system is meant.
var Warsaw = mustLoad("Europe/Warsaw")

func mustLoad(zone string) *time.Location {
	l, err := time.LoadLocation(zone)
	if err != nil {
		panic("calendar: " + err.Error())
	}
	return l
}

// ErrDate says that a text or a triple of numbers is no civil date.
var ErrDate = errors.New("calendar: no such date")

// Date is a civil date of the years 1 to 9999. The zero Date means "no date". Dates can be compared with ==.
type Date struct {
	year  int16
	month uint8
	day   uint8
}

// Of gives the date of a year, month (1 to 12) and day, or ErrDate when there is none, such as 30 February.
func Of(year, month, day int) (Date, error) {
	if year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return Date{}, fmt.Errorf("%w: %04d-%02d-%02d", ErrDate, year, month, day)
	}
	return Date{int16(year), uint8(month), uint8(day)}, nil
}

// MustOf is Of for constants of programs and tests; it panics where there is no such date.
func MustOf(year, month, day int) Date {
	d, err := Of(year, month, day)
	if err != nil {
		panic(err)
	}
	return d
}

// Parse reads an ISO date, "2026-01-31".
func Parse(s string) (Date, error) {
	year, month, day, ok := 0, 0, 0, len(s) == 10
	for i := 0; i < len(s) && ok; i++ {
		digit := int(s[i]) - '0'
		switch {
		case i == 4 || i == 7:
			ok = s[i] == '-'
		case digit < 0 || digit > 9:
			ok = false
		case i < 4:
			year = year*10 + digit
		case i < 7:
			month = month*10 + digit
		default:
			day = day*10 + digit
		}
	}
	if !ok {
		return Date{}, fmt.Errorf("%w: %q", ErrDate, s)
	}
	return Of(year, month, day)
}

// MustParse is Parse for constants of programs and tests; it panics on a text that is no date.
func MustParse(s string) Date {
	d, err := Parse(s)
	if err != nil {
		panic(err)
	}
	return d
}

// In gives the civil date in Warsaw of an instant.
func In(t time.Time) Date {
	y, m, d := t.In(Warsaw).Date()
	return Date{int16(y), uint8(m), uint8(d)}
}

// Year of the date.
func (d Date) Year() int { return int(d.year) }

// Month of the date, 1 to 12.
func (d Date) Month() int { return int(d.month) }

// Day of the month.
func (d Date) Day() int { return int(d.day) }

// IsZero says that there is no date.
func (d Date) IsZero() bool { return d == Date{} }

// String gives the ISO form, "" for no date.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return string(d.appendISO(make([]byte, 0, 10)))
}

// appendISO writes the ISO form of a date that is one.
func (d Date) appendISO(b []byte) []byte {
	y, m, n := byte(d.year/100), d.month, d.day
	c := byte(d.year % 100)
	return append(b, '0'+y/10, '0'+y%10, '0'+c/10, '0'+c%10, '-', '0'+m/10, '0'+m%10, '-', '0'+n/10, '0'+n%10)
}

// Polish gives the form Polish offices write, "31.01.2026", "" for no date.
func (d Date) Polish() string {
	if d.IsZero() {
		return ""
	}
	iso := d.appendISO(make([]byte, 0, 10))
	return string([]byte{iso[8], iso[9], '.', iso[5], iso[6], '.', iso[0], iso[1], iso[2], iso[3]})
}

// Start gives the instant at which the date begins in Warsaw.
func (d Date) Start() time.Time {
	return time.Date(d.Year(), time.Month(d.month), d.Day(), 0, 0, 0, 0, Warsaw)
}

func (d Date) utc() time.Time {
	return time.Date(d.Year(), time.Month(d.month), d.Day(), 0, 0, 0, 0, time.UTC)
}

func fromUTC(t time.Time) Date {
	return Date{int16(t.Year()), uint8(t.Month()), uint8(t.Day())}
}

// Weekday of the date.
func (d Date) Weekday() time.Weekday { return d.utc().Weekday() }

// Compare is negative, zero or positive as d lies before, on or after e. No date lies before every date.
func (d Date) Compare(e Date) int {
	return d.ordinal() - e.ordinal()
}

func (d Date) ordinal() int { return int(d.year)*10000 + int(d.month)*100 + int(d.day) }

// Before says that d lies before e.
func (d Date) Before(e Date) bool { return d.Compare(e) < 0 }

// After says that d lies after e.
func (d Date) After(e Date) bool { return d.Compare(e) > 0 }

// AddDays gives the date n days on, n days back where n is negative.
func (d Date) AddDays(n int) Date {
	if d.IsZero() {
		return d
	}
	return fromUTC(d.utc().AddDate(0, 0, n))
}

// DaysUntil is the number of days from d to e, negative where e lies before d.
func (d Date) DaysUntil(e Date) int {
	return int(e.utc().Sub(d.utc()) / (24 * time.Hour))
}

// AddMonths gives the same day n months on, clamped to that month's last day: 31 August and six months is 28 or 29 February.
// Terms that recur are counted from their anchor (anchor.AddMonths(6*n)), never chained from a clamped date.
func (d Date) AddMonths(n int) Date {
	if d.IsZero() {
		return d
	}
	m := int(d.year)*12 + int(d.month) - 1 + n
	year, month := m/12, m%12+1
	return Date{int16(year), uint8(month), uint8(min(int(d.day), daysIn(year, month)))}
}

// MonthsUntil is the number of whole months from d to e, zero where e does not lie after d.
func (d Date) MonthsUntil(e Date) int {
	if !e.After(d) {
		return 0
	}
	n := (int(e.year)-int(d.year))*12 + int(e.month) - int(d.month)
	if d.AddMonths(n).After(e) {
		n--
	}
	return n
}

// daysIn is how many days a month (1 to 12) has.
func daysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// MarshalText gives the ISO form.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads the ISO form; an empty text is no date.
func (d *Date) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*d = Date{}
		return nil
	}
	v, err := Parse(string(b))
	if err != nil {
		return err
	}
	*d = v
	return nil
}

const bsonString = 0x02

// MarshalBSONValue stores the ISO form as a BSON string, so that an operator can read it and an index sorts it.
func (d Date) MarshalBSONValue() (typ byte, data []byte, err error) {
	typ, data = d.AppendBSONValue(make([]byte, 0, 15))
	return typ, data, nil
}

// AppendBSONValue appends what MarshalBSONValue gives.
func (d Date) AppendBSONValue(b []byte) (typ byte, out []byte) {
	if d.IsZero() {
		return bsonString, append(b, 1, 0, 0, 0, 0)
	}
	return bsonString, append(d.appendISO(append(b, 11, 0, 0, 0)), 0)
}

// UnmarshalBSONValue reads what MarshalBSONValue wrote.
func (d *Date) UnmarshalBSONValue(typ byte, data []byte) error {
	if typ != bsonString || len(data) < 5 {
		return fmt.Errorf("%w: BSON type %#x", ErrDate, typ)
	}
	return d.UnmarshalText(data[4 : len(data)-1])
}
