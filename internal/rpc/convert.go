package rpc

import (
	"fmt"
	"strconv"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"google.golang.org/genproto/googleapis/type/date"

	familyv1 "asysta.example/proto/gen/asysta/family/v1"

	"asysta.example/internal/bsonform"
	"asysta.example/internal/calendar"
	"asysta.example/internal/deadline"
	"asysta.example/internal/fault"
	"asysta.example/internal/name"
	"asysta.example/internal/store"
)

// Date writes a civil date for the wire; nil for no date.
func Date(d calendar.Date) *date.Date {
	if d.IsZero() {
		return nil
	}
	return &date.Date{Year: int32(d.Year()), Month: int32(d.Month()), Day: int32(d.Day())}
}

// DateFrom reads a civil date of the wire; no date for nil and for the empty message. A day that no calendar has, such as 30 February, and a date without a
// year, month or day is fault.Invalid of the field.
func DateFrom(d *date.Date, field string) (calendar.Date, error) {
	if d.GetYear() == 0 && d.GetMonth() == 0 && d.GetDay() == 0 {
		return calendar.Date{}, nil
	}
	v, err := calendar.Of(int(d.GetYear()), int(d.GetMonth()), int(d.GetDay()))
	if err != nil {
		return calendar.Date{}, fault.Invalid(field, "NO_SUCH_DATE", "nie ma takiej daty; podaj rok, miesiąc i dzień.")
	}
	return v, nil
}

// PastDate is DateFrom for the day of an event that has taken place: it may not lie after today.
func PastDate(d *date.Date, field string, today calendar.Date) (calendar.Date, error) {
	v, err := DateFrom(d, field)
	if err == nil && v.After(today) {
		return calendar.Date{}, fault.Invalid(field, "FUTURE_DATE", "data nie może być późniejsza niż dzisiejsza ("+today.Polish()+").")
	}
	return v, err
}

// Ahead is how far an hour may lie before the service's clock: the clocks of those who record differ, and an hour is often rounded up to the quarter.
const Ahead = 15 * time.Minute

// PastTimeOfDay refuses the hour ("HH:MM" in Poland) of an event of today that has taken place, where it is still to come. No hour passes; its form is for the
// contract's rules.
func PastTimeOfDay(hour, field string, day calendar.Date, now time.Time) error {
	latest := now.Add(Ahead)
	if day != calendar.In(now) || day != calendar.In(latest) || hour <= hourOf(latest) {
		return nil
	}
	return fault.Invalid(field, "FUTURE_TIME", "ta godzina jeszcze nie minęła (teraz jest "+hourOf(now)+"). Popraw dzień lub godzinę albo zapisz to po fakcie.")
}

func hourOf(t time.Time) string { return t.In(calendar.Warsaw).Format("15:04") }

// Etag is the opaque text of a version.
func Etag(version int64) string { return strconv.FormatInt(version, 10) }

// Sizes of a page.
const (
	DefaultPage = 50
	MaxPage     = 200
)

// PageSize gives the size of a page that was asked for: the default for 0 and less, at most MaxPage.
func PageSize(asked int32) int {
	if asked <= 0 {
		return DefaultPage
	}
	return min(int(asked), MaxPage)
}

// Part reads the cover or a section of a document, once for all who have the document; the zero T for nil. What it holds must not be changed.
func Part[T any](doc *store.Document, part bson.Raw) (T, error) {
	v, err := store.Decoded[T](doc, part)
	if err != nil {
		return v, fmt.Errorf("rpc: %w", err)
	}
	return v, nil
}

// Decode reads a record's body; the zero T for nil.
func Decode[T any](raw bson.Raw) (T, error) {
	var v T
	if len(raw) == 0 {
		return v, nil
	}
	if err := bsonform.Unmarshal(raw, &v); err != nil {
		return v, fmt.Errorf("rpc: decode %T: %w", v, err)
	}
	return v, nil
}

var deadlineStates = map[deadline.State]familyv1.DeadlineState{
	deadline.Open:    familyv1.DeadlineState_DEADLINE_STATE_OPEN,
	deadline.DueSoon: familyv1.DeadlineState_DEADLINE_STATE_DUE_SOON,
	deadline.Overdue: familyv1.DeadlineState_DEADLINE_STATE_OVERDUE,
	deadline.Met:     familyv1.DeadlineState_DEADLINE_STATE_MET,
	deadline.MetLate: familyv1.DeadlineState_DEADLINE_STATE_MET_LATE,
	deadline.Waived:  familyv1.DeadlineState_DEADLINE_STATE_WAIVED,
}

// Deadlines writes the terms of a referral or family file (its resource name) for the wire, in their state on the day.
func Deadlines(ds []deadline.Deadline, gmina, resource string, today calendar.Date) []*familyv1.Deadline {
	out := make([]*familyv1.Deadline, 0, len(ds))
	for _, d := range ds {
		out = append(out, &familyv1.Deadline{
			Rule: d.Rule, Key: d.Key, LegalBasis: d.Basis, AnchorDate: Date(d.Anchor), DueDate: Date(d.Due), State: deadlineStates[d.On(today)],
			ClosedOn: Date(d.ClosedOn), Responsible: StaffName(gmina, d.Person), Explanation: d.Explain(), Resource: resource,
		})
	}
	return out
}

// StaffName names a staff member of a gmina; "" for no id.
func StaffName(gmina, id string) string { return LocalName(gmina, name.Staff, id) }

// LocalName names a resource of a gmina; "" for no id.
func LocalName(gmina string, kind name.Kind, id string) string {
	if id == "" {
		return ""
	}
	return name.In(gmina, kind, id)
}

// PersonName names a person of the county that a gmina is in; "" for no id.
func PersonName(gmina, id string) string {
	if id == "" {
		return ""
	}
	return name.InCounty(gmina[:4], name.People, id)
}

// PeopleNames names people of the county that a gmina is in.
func PeopleNames(gmina string, ids []string) []string {
	var out []string
	for _, id := range ids {
		out = append(out, PersonName(gmina, id))
	}
	return out
}
