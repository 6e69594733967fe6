// Package fault has the errors of the domain: what was refused, by which rule, and what the person at the desk can do about it.
//
// Cores and stores return them, one mapper in package rpc turns them into statuses. A fault never holds personal data: no
// names of family members, no PESEL, no addresses, no text a person typed. It imports nothing of Asysta.
package fault

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Kind is the class of a refusal; it decides the status code.
type Kind int

// Kinds of refusal.
const (
	KindInvalid         Kind = iota + 1 // the request itself is wrong, whatever the state
	KindPrecondition                    // the state of the matter does not allow it; the rule is named
	KindDenied                          // not allowed, foreign or absent: always the same bytes
	KindNotFound                        // absent, for those who may see the whole gmina
	KindConflict                        // somebody else changed it meanwhile (stale etag)
	KindReused                          // request id used before for something else
	KindExists                          // it is there already
	KindExhausted                       // a limit of size or rate
	KindUnavailable                     // try again later
	KindUnauthenticated                 // no valid token
)

// Field is one violation in a request.
type Field struct {
	Path   string // path in the request, e.g. "members[0].pesel"
	Polish string // what is wrong and what to do, in Polish
}

// Error is a refusal.
type Error struct {
	Kind   Kind
	Reason string        // UPPER_SNAKE, stable, for programs
	Rule   string        // rule of the procedure, e.g. "step 6" or "art. 15(4)"; "" where none applies
	Polish string        // what a caseworker reads and can act on
	Fields []Field       // for KindInvalid
	Retry  time.Duration // how long to wait at least before the next try; 0: not said
}

// Error gives the reason and the rule, for logs.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Reason)
	if e.Rule != "" {
		b.WriteString(" (" + e.Rule + ")")
	}
	for _, f := range e.Fields {
		b.WriteString(" " + f.Path)
	}
	return b.String()
}

// Is matches another fault of the same kind and reason.
func (e *Error) Is(target error) bool {
	var t *Error
	return errors.As(target, &t) && t.Kind == e.Kind && t.Reason == e.Reason
}

// Precondition is a refusal by the state of the matter: the rule that forbids it and, in Polish, what to do first.
func Precondition(reason, rule, polish string) *Error {
	return &Error{Kind: KindPrecondition, Reason: reason, Rule: rule, Polish: polish}
}

// Invalid is a refusal of one field of the request.
func Invalid(path, reason, polish string) *Error {
	return &Error{Kind: KindInvalid, Reason: reason, Polish: "Popraw dane: " + polish, Fields: []Field{{Path: path, Polish: polish}}}
}

// Denied is the one answer to whatever the caller may not see or do; it does not tell why. Heads, coordinators and administrators get it too, so its sentence
// names both who gives access.
func Denied() *Error {
	return &Error{Kind: KindDenied, Reason: "DENIED", Polish: "Brak uprawnień do tej czynności albo nie ma takich danych. Jeżeli należy ona do Twoich zadań, sprawdź adres i uprawnienia: w ośrodku nadaje je kierownik, w powiecie administrator powiatu."}
}

// NotFound is the answer to an absent resource for those who may see the whole gmina. Its sentence holds for whatever kind; package rpc puts the one of the resource that
// the request names in its place.
func NotFound() *Error {
	return &Error{Kind: KindNotFound, Reason: "NOT_FOUND", Polish: "Nie ma takich danych. Sprawdź adres albo wyszukaj je ponownie."}
}

// Conflict is the answer to a stale etag of whatever resource: a file, a plan, a person, a county.
func Conflict() *Error {
	return &Error{Kind: KindConflict, Reason: "STALE_ETAG", Polish: "Ktoś zmienił te dane w międzyczasie. Odczytaj je ponownie, sprawdź zmiany i zapisz jeszcze raz."}
}

// Reused is the answer to a request id that comes again with another content.
func Reused() *Error {
	return &Error{Kind: KindReused, Reason: "REQUEST_ID_REUSED", Polish: "Ten identyfikator żądania (request_id) był już użyty z inną treścią. Użyj nowego identyfikatora."}
}

// Exists is the answer to making what is there already.
func Exists(reason, polish string) *Error {
	return &Error{Kind: KindExists, Reason: reason, Polish: polish}
}

// Exhausted is the answer to a request beyond a limit of size or rate.
func Exhausted(reason, polish string) *Error {
	return &Error{Kind: KindExhausted, Reason: reason, Polish: polish}
}

// Unauthenticated is the answer to a call without a valid token.
func Unauthenticated(reason string) *Error {
	return &Error{Kind: KindUnauthenticated, Reason: reason, Polish: "Zaloguj się ponownie: brak ważnego tokenu dostępu w nagłówku Authorization."}
}

// Unavailable is the answer when something below does not answer; the same request may be sent again.
func Unavailable(reason string) *Error {
	return &Error{Kind: KindUnavailable, Reason: reason, Polish: "System chwilowo nie odpowiada. Spróbuj ponownie za chwilę; powtórzenie tego samego żądania nie zapisze niczego dwa razy."}
}

// Fields gathers violations; Err gives one error for all of them, or nil.
type Fields []Field

// Add notes a violation.
func (f *Fields) Add(path, polish string) { *f = append(*f, Field{path, polish}) }

// Check notes a violation where ok is false.
func (f *Fields) Check(ok bool, path, polish string) {
	if !ok {
		f.Add(path, polish)
	}
}

// Err is nil where no violation was noted.
func (f Fields) Err() error {
	if len(f) == 0 {
		return nil
	}
	return &Error{Kind: KindInvalid, Reason: "INVALID_FIELDS", Polish: fmt.Sprintf("Popraw dane: %s", f[0].Polish), Fields: f}
}

// As gives the fault inside an error.
func As(err error) (*Error, bool) {
	var e *Error
	ok := errors.As(err, &e)
	return e, ok
}

// IsReason says whether err is a fault of that reason.
func IsReason(err error, reason string) bool {
	e, ok := As(err)
	return ok && e.Reason == reason
}
