package rpc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	"asysta.example/internal/fault"
)

// Domain is the domain of every ErrorInfo of Asysta.
const Domain = "asysta"

// codeOf gives the code of each kind of fault.
var codeOf = map[fault.Kind]codes.Code{
	fault.KindInvalid:         codes.InvalidArgument,
	fault.KindPrecondition:    codes.FailedPrecondition,
	fault.KindDenied:          codes.PermissionDenied,
	fault.KindNotFound:        codes.NotFound,
	fault.KindConflict:        codes.Aborted,
	fault.KindReused:          codes.AlreadyExists,
	fault.KindExists:          codes.AlreadyExists,
	fault.KindExhausted:       codes.ResourceExhausted,
	fault.KindUnavailable:     codes.Unavailable,
	fault.KindUnauthenticated: codes.Unauthenticated,
}

var kindOf = map[codes.Code]fault.Kind{
	codes.InvalidArgument:    fault.KindInvalid,
	codes.FailedPrecondition: fault.KindPrecondition,
	codes.PermissionDenied:   fault.KindDenied,
	codes.NotFound:           fault.KindNotFound,
	codes.Aborted:            fault.KindConflict,
	codes.AlreadyExists:      fault.KindExists,
	codes.ResourceExhausted:  fault.KindExhausted,
	codes.Unavailable:        fault.KindUnavailable,
	codes.DeadlineExceeded:   fault.KindUnavailable,
}

// statusOf turns what a handler or an interceptor returned into the status that leaves, and its reason. What is no fault becomes Internal under an
// opaque id; its cause is in the log alone. What is absent is told in the words of what the call names.
func (s *Server) statusOf(ctx context.Context, t *trail, err error) (*status.Status, string) {
	err = asFault(ctx, FaultFrom(err))
	if f, ok := fault.As(err); ok {
		if f.Kind == fault.KindUnavailable && err.Error() != f.Error() { // what did not answer, for who operates the system
			s.deps.Log.WarnContext(ctx, "unavailable", slog.String("reason", f.Reason), slog.String("cause", err.Error()))
		}
		return faultStatus(t.told(f)), f.Reason
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return detailed(codes.DeadlineExceeded, "DEADLINE", "", "System nie zdążył odpowiedzieć na czas. Spróbuj ponownie; powtórzenie tego samego żądania nie zapisze niczego dwa razy.", nil), "DEADLINE"
	case errors.Is(err, context.Canceled):
		return detailed(codes.Canceled, "CANCELED", "", "Żądanie zostało przerwane.", nil), "CANCELED"
	}
	if status.Code(err) == codes.Unimplemented {
		return detailed(codes.Unimplemented, "UNIMPLEMENTED", "", "Ta czynność nie jest dostępna na tym serwerze.", nil), "UNIMPLEMENTED"
	}
	return s.internal(ctx, err), "INTERNAL"
}

// internal writes a failure under an opaque id and gives the status that names it.
func (s *Server) internal(ctx context.Context, err error) *status.Status {
	id := s.deps.NewID()
	attrs := []slog.Attr{slog.String("error_id", id), slog.String("cause", err.Error())}
	var p *panicError
	if errors.As(err, &p) {
		s.metrics.panicked()
		attrs = append(attrs, slog.String("stack", p.stack))
	}
	s.deps.Log.LogAttrs(ctx, slog.LevelError, "internal error", attrs...)
	return internalStatus(id)
}

func internalStatus(id string) *status.Status {
	st := detailed(codes.Internal, "INTERNAL", "", "Wystąpił błąd systemu. Spróbuj ponownie za chwilę, a jeżeli się powtórzy, podaj administratorowi numer błędu: "+id+".", map[string]string{"error_id": id})
	return st
}

func faultStatus(f *fault.Error) *status.Status {
	code, ok := codeOf[f.Kind]
	if !ok {
		code = codes.Unknown
	}
	var more []protoadapt.MessageV1
	if len(f.Fields) > 0 {
		bad := &errdetails.BadRequest{}
		for _, v := range f.Fields {
			bad.FieldViolations = append(bad.FieldViolations, &errdetails.BadRequest_FieldViolation{Field: v.Path, Description: v.Polish, Reason: f.Reason})
		}
		more = append(more, bad)
	}
	if f.Retry > 0 {
		more = append(more, &errdetails.RetryInfo{RetryDelay: durationpb.New(f.Retry)})
	}
	return detailed(code, f.Reason, f.Rule, f.Polish, nil, more...)
}

// detailed makes a status. Its own message is for programmers, the localized one for the person at the desk.
func detailed(code codes.Code, reason, rule, polish string, meta map[string]string, more ...protoadapt.MessageV1) *status.Status {
	text := reason
	if rule != "" {
		text = fmt.Sprintf("%s: %s", reason, rule)
		if meta == nil {
			meta = map[string]string{}
		}
		meta["rule"] = rule
	}
	details := append([]protoadapt.MessageV1{&errdetails.ErrorInfo{Reason: reason, Domain: Domain, Metadata: meta}}, more...)
	if polish != "" {
		details = append(details, &errdetails.LocalizedMessage{Locale: "pl", Message: polish})
	}
	st, err := status.New(code, strings.ToValidUTF8(text, "")).WithDetails(details...)
	if err != nil {
		return status.New(code, reason)
	}
	return st
}

// FaultFrom turns the status of another service of Asysta back into the fault that it was there, so that a service passes on what it was told.
// A peer that does not accept our own token is our fault, not the caller's: Unavailable. Other errors pass.
func FaultFrom(err error) error {
	if _, ok := fault.As(err); ok || err == nil {
		return err
	}
	st, ok := status.FromError(err)
	if !ok {
		return err
	}
	if st.Code() == codes.Unauthenticated {
		return fault.Unavailable("PEER_UNAUTHENTICATED")
	}
	kind, known := kindOf[st.Code()]
	if !known {
		if st.Code() == codes.Canceled {
			return context.Canceled
		}
		return err
	}
	f := &fault.Error{Kind: kind}
	for _, d := range st.Details() {
		switch d := d.(type) {
		case *errdetails.ErrorInfo:
			f.Reason, f.Rule = d.GetReason(), d.GetMetadata()["rule"]
		case *errdetails.LocalizedMessage:
			f.Polish = d.GetMessage()
		case *errdetails.RetryInfo:
			f.Retry = d.GetRetryDelay().AsDuration()
		case *errdetails.BadRequest:
			for _, v := range d.GetFieldViolations() {
				f.Fields = append(f.Fields, fault.Field{Path: v.GetField(), Polish: v.GetDescription()})
			}
		}
	}
	return completed(f)
}

// completed gives a fault that came without details (from a transport or proxy) the words of its kind.
func completed(f *fault.Error) error {
	if f.Reason == fault.Reused().Reason {
		f.Kind = fault.KindReused
	}
	if f.Reason != "" && f.Polish != "" {
		return f
	}
	switch f.Kind {
	case fault.KindDenied:
		return fault.Denied()
	case fault.KindNotFound:
		return fault.NotFound()
	default:
		return fault.Unavailable("PEER_UNAVAILABLE")
	}
}
