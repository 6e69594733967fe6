package calendar

import (
	"time"

	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/pl"
)

// holidays are the days off work of the act of 18 January 1951 on days off work. Christmas Eve was added by the act of
// 27 November 2024, in force from 1 February 2025.
var holidays = workCalendar()

const christmasEveFrom = 2025

func workCalendar() *cal.Calendar {
	c := &cal.Calendar{Name: "Polska", Locations: []*time.Location{time.UTC}}
	for _, h := range pl.Holidays {
		if h.Month != time.December || h.Day != 24 {
			c.AddHoliday(h)
		}
	}
	c.AddHoliday(&cal.Holiday{Name: "Wigilia Bożego Narodzenia", Month: time.December, Day: 24, StartYear: christmasEveFrom, Func: cal.CalcDayOfMonth})
	return c
}

// IsHoliday says that the date is a Polish public holiday (Sundays that are nothing else do not count).
func (d Date) IsHoliday() bool {
	actual, _, _ := holidays.IsHoliday(d.utc())
	return actual
}

// IsWorkingDay says that the date is a Monday to Friday and no public holiday.
func (d Date) IsWorkingDay() bool {
	w := d.Weekday()
	return w != time.Saturday && w != time.Sunday && !d.IsHoliday()
}

// AddWorkingDays gives the n-th working day after the date (n of at least 0; the day itself is not counted, as art. 57 of the code of
// administrative procedure counts terms from an event). With n = 0 it is the date itself.
func (d Date) AddWorkingDays(n int) Date {
	for n > 0 {
		d = d.AddDays(1)
		if d.IsWorkingDay() {
			n--
		}
	}
	return d
}
