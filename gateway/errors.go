package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// problem is the body of every error.
type problem struct {
	Code    int         `json:"code"`             // HTTP status
	Status  string      `json:"status"`           // name of the gRPC code
	Reason  string      `json:"reason"`           // stable, for programs
	Rule    string      `json:"rule,omitempty"`   // rule of the procedure that refused
	Message string      `json:"message"`          // Polish, what to do
	Fields  []violation `json:"fields,omitempty"` // fields to correct
	Error   string      `json:"errorId,omitempty"`
	Trace   string      `json:"traceId,omitempty"` // where the request belongs to a trace

	retry time.Duration // how long to wait at least before the next try; 0: not said
}

type violation struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

var (
	problemTooLarge = &problem{Code: http.StatusRequestEntityTooLarge, Status: "RESOURCE_EXHAUSTED", Reason: "BODY_TOO_LARGE",
		Message: "Treść żądania jest za duża. Podziel dane na mniejsze części i wyślij je osobno; nic nie zostało zapisane."}
	problemBody = &problem{Code: http.StatusBadRequest, Status: "INVALID_ARGUMENT", Reason: "BODY_UNREADABLE",
		Message: "Nie udało się odczytać treści żądania. Wyślij je ponownie; nic nie zostało zapisane."}
	problemAddress = &problem{Code: http.StatusBadRequest, Status: "INVALID_ARGUMENT", Reason: "MALFORMED_REQUEST",
		Message: "Popraw dane: adres żądania zawiera znaki, których nie można odczytać (adres i parametry zapisuje się w UTF-8). Nic nie zostało zapisane."}
	problemMediaType = &problem{Code: http.StatusUnsupportedMediaType, Status: "INVALID_ARGUMENT", Reason: "MEDIA_TYPE",
		Message: "Treść żądania musi być w formacie JSON (nagłówek Content-Type: application/json)."}
	problemBusy = &problem{Code: http.StatusServiceUnavailable, Status: "UNAVAILABLE", Reason: "BUSY",
		Message: "System jest teraz przeciążony. Spróbuj ponownie za chwilę; nic nie zostało zapisane."}
	problemNoRoute = &problem{Code: http.StatusNotFound, Status: "NOT_FOUND", Reason: "NO_SUCH_PATH",
		Message: "Nie ma takiego adresu. Spis adresów jest pod /docs/."}
	problemMethod = &problem{Code: http.StatusMethodNotAllowed, Status: "UNIMPLEMENTED", Reason: "METHOD_NOT_ALLOWED",
		Message: "Ten adres nie przyjmuje takiego żądania (metody HTTP). Spis adresów jest pod /docs/."}
)

func (p *problem) write(ctx context.Context, w http.ResponseWriter) {
	told := *p
	told.Trace = traceOf(ctx)
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	if p.Code == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	if p.retry > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(p.retry.Seconds()))))
	}
	w.WriteHeader(p.Code)
	writeJSON(w, map[string]*problem{"error": &told})
}

func writeJSON(w http.ResponseWriter, v any) {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) // the client went away: nobody is left to tell
}

// problemOf reads what a service said.
func problemOf(err error) *problem {
	s := status.Convert(err)
	p := &problem{Code: runtime.HTTPStatusFromCode(s.Code()), Status: code.Code(s.Code()).String(), Reason: code.Code(s.Code()).String()}
	for _, d := range s.Details() {
		switch d := d.(type) {
		case *errdetails.ErrorInfo:
			p.Reason, p.Rule, p.Error = d.GetReason(), d.GetMetadata()["rule"], d.GetMetadata()["error_id"]
		case *errdetails.LocalizedMessage:
			p.Message = d.GetMessage()
		case *errdetails.RetryInfo:
			p.retry = d.GetRetryDelay().AsDuration()
		case *errdetails.BadRequest:
			for _, f := range d.GetFieldViolations() {
				p.Fields = append(p.Fields, violation{jsonPath(f.GetField()), f.GetDescription()})
			}
		}
	}
	if p.Message == "" {
		p.Message, p.Reason = ownMessage(s)
	}
	if len(p.Fields) > 0 && s.Code() == codes.InvalidArgument {
		p.Message = "Popraw dane: " + listed(p.Fields)
	}
	return p
}

// listedFields is how many violations the message itself names.
const listedFields = 3

// listed names the first fields with what is wrong, so that the message alone says where to look.
func listed(fields []violation) string {
	var parts []string
	for _, f := range fields[:min(len(fields), listedFields)] {
		part := strings.TrimSuffix(f.Message, ".")
		if f.Field != "" { // a rule of the whole request has no field
			part = f.Field + " – " + part
		}
		parts = append(parts, part)
	}
	text := strings.Join(parts, "; ") + "."
	if n := len(fields) - listedFields; n > 0 {
		text += " Pozostałe błędy są na liście pól (fields)."
	}
	return text
}

// jsonPath writes a field's path as REST spells it: "referral.received_on" is "referral.receivedOn".
func jsonPath(path string) string {
	var b strings.Builder
	up := false
	for _, r := range path {
		switch {
		case r == '_':
			up = true
			continue
		case up && r >= 'a' && r <= 'z':
			r -= 'a' - 'A'
		}
		up = false
		b.WriteRune(r)
	}
	return b.String()
}

// ownMessage is for what the gateway itself or the connection refused, before a service could say it in Polish.
func ownMessage(s *status.Status) (message, reason string) {
	switch s.Code() {
	case codes.InvalidArgument:
		return "Popraw dane: " + translateDecoding(s.Message()), "MALFORMED_REQUEST"
	case codes.DeadlineExceeded:
		return "System nie zdążył odpowiedzieć. Spróbuj ponownie; powtórzenie tego samego żądania (request_id) nie zapisze niczego dwa razy.", "DEADLINE_EXCEEDED"
	case codes.Canceled:
		return "Żądanie zostało przerwane.", "CANCELED"
	case codes.Unavailable:
		return "System chwilowo nie odpowiada. Spróbuj ponownie za chwilę; powtórzenie tego samego żądania (request_id) nie zapisze niczego dwa razy.", "UNAVAILABLE"
	case codes.ResourceExhausted:
		return problemTooLarge.Message, problemTooLarge.Reason
	default:
		return "Wystąpił nieoczekiwany błąd. Zgłoś go administratorowi.", "INTERNAL"
	}
}

// translateDecoding says in Polish why a body or parameter could not be read. It repeats the name of a field, which the contract publishes, and never a value.
func translateDecoding(msg string) string {
	if sentence, ok := sentenceOf(msg); ok {
		return sentence
	}
	switch {
	case strings.Contains(msg, "unknown field"):
		return "nieznane pole " + quoted(msg) + ". Sprawdź pisownię pod /docs/."
	case strings.Contains(msg, "invalid value for"):
		kind, field, _ := strings.Cut(afterMarker(msg, "invalid value for "), " field ")
		return "niewłaściwa wartość pola" + named(field) + expected(kind) + ". Sprawdź je pod /docs/."
	case strings.Contains(msg, "parsing field"), strings.Contains(msg, "parsing list"), strings.Contains(msg, "too many values for field"):
		return "niewłaściwa wartość parametru " + quoted(msg) + ". Sprawdź go pod /docs/."
	default:
		return "treść nie jest poprawnym dokumentem JSON zgodnym z opisem pod /docs/."
	}
}

// quoted gives the first quoted name in a decoder's message, if it is one of the contract's.
func quoted(msg string) string {
	_, rest, ok := strings.Cut(msg, `"`)
	name, _, end := strings.Cut(rest, `"`)
	if ok && end && published(name) {
		return "„" + name + "”"
	}
	return "w żądaniu"
}

// afterMarker gives what a decoder says after a marker, up to the value.
func afterMarker(msg, marker string) string {
	rest, _, _ := strings.Cut(msg[strings.Index(msg, marker)+len(marker):], ":")
	return rest
}

// named gives the name of a field in quotation marks, or nothing where it is no name.
func named(field string) string {
	if !published(field) {
		return ""
	}
	return " „" + field + "”"
}

// expected says what a field of a kind takes.
func expected(kind string) string {
	switch {
	case strings.Contains(kind, "int"), strings.Contains(kind, "fixed"):
		return ": wpisz liczbę całkowitą"
	case kind == "float", kind == "double":
		return ": wpisz liczbę"
	case kind == "enum":
		return ": wpisz jeden z kodów z listy"
	case kind == "bool":
		return ": wpisz true albo false"
	case kind == "string":
		return ": wpisz tekst w cudzysłowie"
	default:
		return ""
	}
}

func handleError(_ context.Context, _ *runtime.ServeMux, _ runtime.Marshaler, w http.ResponseWriter, r *http.Request, err error) {
	problemOf(err).write(r.Context(), w)
}

func routingError(ctx context.Context, _ *runtime.ServeMux, _ runtime.Marshaler, w http.ResponseWriter, _ *http.Request, httpStatus int) {
	if httpStatus == http.StatusMethodNotAllowed || httpStatus == http.StatusNotImplemented {
		problemMethod.write(ctx, w)
		return
	}
	if httpStatus == http.StatusBadRequest {
		problemBody.write(ctx, w)
		return
	}
	problemNoRoute.write(ctx, w)
}

// streamError is the last line of a stream that broke: the status with its Polish message, as the library's envelope wants it. A stream that was refused
// before its first answer gets the body of every other error (whole).
func streamError(ctx context.Context, err error) *status.Status {
	p := problemOf(err)
	if w, ok := ctx.Value(wholeKey{}).(*whole); ok {
		w.refusal, w.ctx = p, ctx
	}
	return status.New(status.Code(err), p.Reason+": "+p.Message)
}

type wholeKey struct{}

// whole lets a refusal that comes before a stream's first answer go out as the one JSON object that errors are, instead of the library's envelope.
type whole struct {
	http.ResponseWriter
	refusal  *problem
	ctx      context.Context //nolint:containedctx // of the refusal, which the library's own writer sends on without one
	answered bool
	refused  bool
}

// WriteHeader implements http.ResponseWriter.
func (w *whole) WriteHeader(code int) {
	if !w.answered && code >= http.StatusBadRequest && w.refusal != nil {
		w.refused = true
		w.Header().Del("Transfer-Encoding")
		w.refusal.write(w.ctx, w.ResponseWriter)
		return
	}
	w.answered = true
	w.ResponseWriter.WriteHeader(code)
}

// Write implements http.ResponseWriter.
func (w *whole) Write(b []byte) (int, error) {
	if w.refused {
		return len(b), nil // the envelope, which the refusal has taken the place of
	}
	w.answered = true
	n, err := w.ResponseWriter.Write(b)
	if err != nil {
		return n, fmt.Errorf("gateway: stream: %w", err)
	}
	return n, nil
}

// Unwrap lets http.ResponseController reach the connection.
func (w *whole) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func notFound(w http.ResponseWriter, r *http.Request) { problemNoRoute.write(r.Context(), w) }
