package demo

import (
	"sync/atomic"
	"time"

	"asysta.example/internal/calendar"
)

// Clock is the clock of a county while it is loaded: it stands where it is set. After Release it shows the time that it was made with.
type Clock struct {
	live func() time.Time
	at   atomic.Pointer[time.Time]
}

// NewClock makes a clock that shows the live time.
func NewClock(live func() time.Time) *Clock { return &Clock{live: live} }

// Now gives the time.
func (c *Clock) Now() time.Time {
	if at := c.at.Load(); at != nil {
		return *at
	}
	return c.live()
}

// Today gives the civil day in Poland.
func (c *Clock) Today() calendar.Date { return calendar.In(c.Now()) }

// Set makes the clock stand.
func (c *Clock) Set(at time.Time) { c.at.Store(&at) }

// Release lets the clock run with the live time again.
func (c *Clock) Release() { c.at.Store(nil) }

// Noon is noon of a day in Poland, when offices are open.
func Noon(d calendar.Date) time.Time {
	return time.Date(d.Year(), time.Month(d.Month()), d.Day(), 11, 0, 0, 0, time.UTC)
}

// Evening is the end of a day's work in Poland, when its meetings are over.
func Evening(d calendar.Date) time.Time { return Noon(d).Add(7 * time.Hour) }
