// Package directory says who works where and how each office of the county has set itself up: gminas with their settings, people with
// their logins and county roles, staff with their employments, partner institutions. It has the stored state of these and their readers.
//
// # What holds
//
//   - The state of each is the cover of its aggregate; the commands that change it live in services/casefile/directory.
//   - A setting that a gmina has not made is zero and means the rule's own number, so that an empty gmina works.
//   - A principal holds what is in force on the day of the call: an employment that has ended, or a deputizing that has not begun, gives nothing.
//   - A login subject that leads to no person, to a deactivated one, or to more than one, gives nobody (store.ErrNotFound).
//
// It imports access, calendar, deadline, familyfile and store; no service, no wire format, no clock.
package directory
