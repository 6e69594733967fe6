package calendar

import (
	"encoding/binary"
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
	if len(s) != 10 {
		return Date{}, fmt.Errorf("%w: %q", ErrDate, s)
	}
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return Date{}, fmt.Errorf("%w: %q", ErrDate, s)
	}
	return Of(t.Year(), int(t.Month()), t.Day())
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
	return fmt.Sprintf("%04d-%02d-%02d", d.year, d.month, d.day)
}

// Polish gives the form Polish offices write, "31.01.2026", "" for no date.
func (d Date) Polish() string {
	if d.IsZero() {
		return ""
	}
	return fmt.Sprintf("%02d.%02d.%04d", d.day, d.month, d.year)
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

func daysIn(year, month int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
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
	s := d.String()
	data = binary.LittleEndian.AppendUint32(nil, uint32(len(s)+1))
	data = append(data, s...)
	return bsonString, append(data, 0), nil
}

// UnmarshalBSONValue reads what MarshalBSONValue wrote.
func (d *Date) UnmarshalBSONValue(typ byte, data []byte) error {
	if typ != bsonString || len(data) < 5 {
		return fmt.Errorf("%w: BSON type %#x", ErrDate, typ)
	}
	return d.UnmarshalText(data[4 : len(data)-1])
}
