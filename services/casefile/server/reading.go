package server

import (
	"context"
	"errors"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"

	"asysta.example/internal/access"
	"asysta.example/internal/calendar"
	"asysta.example/internal/fault"
	"asysta.example/internal/rpc"
	"asysta.example/internal/store"
)

// GetFamilyFile gives a file as it is, or, for the head, as it was known at an instant.
func (s *Server) GetFamilyFile(ctx context.Context, req *casefilev1.GetFamilyFileRequest) (*casefilev1.FamilyFile, error) {
	l, role, err := s.load(ctx, req.GetName())
	if err != nil {
		return nil, err
	}
	if req.GetAsKnownAt() == nil {
		return s.familyFile(ctx, l.doc)
	}
	if role != access.Head {
		return nil, fault.Denied()
	}
	return s.asKnownAt(ctx, l, req.GetAsKnownAt().AsTime())
}

func (s *Server) asKnownAt(ctx context.Context, l loaded, at time.Time) (*casefilev1.FamilyFile, error) {
	doc, err := s.deps.Scope(ctx).AsKnownAt(ctx, l.doc.Ref(), at)
	if err != nil {
		return nil, rpc.Absent(ctx, err)
	}
	then, err := decode(doc)
	if err != nil {
		return nil, err
	}
	out := writer{gmina: doc.Gmina, file: then.file, today: calendar.In(at)}.write(doc.ID)
	out.Etag = rpc.Etag(doc.Version)
	out.CreateTime, out.UpdateTime = timestamppb.New(doc.Created), timestamppb.New(doc.Updated)
	return out, nil
}

// RevealPesel shows one number in clear; the interceptor writes the access with its purpose before the answer leaves.
func (s *Server) RevealPesel(ctx context.Context, req *casefilev1.RevealPeselRequest) (*casefilev1.RevealPeselResponse, error) {
	l, _, err := s.load(ctx, req.GetName())
	if err != nil {
		return nil, err
	}
	m, ok := l.file.Member(req.GetMemberId())
	if !ok {
		return nil, fault.Invalid("member_id", "UNKNOWN_MEMBER", "nie ma takiego członka rodziny w tej sprawie.")
	}
	if m.Pesel.IsZero() {
		return nil, fault.Precondition("NO_PESEL", "step 10", "Teczka nie zawiera numeru PESEL tej osoby. Uzupełnij go, jeżeli osoba go ma.")
	}
	digits, err := s.vault.Open(ctx, l.doc.Gmina, l.doc.ID, m.Pesel)
	if err != nil {
		return nil, err
	}
	return &casefilev1.RevealPeselResponse{Pesel: digits}, nil
}

// RevealBlueCardReference shows the reference in clear.
func (s *Server) RevealBlueCardReference(ctx context.Context, req *casefilev1.RevealBlueCardReferenceRequest) (*casefilev1.RevealBlueCardReferenceResponse, error) {
	l, _, err := s.load(ctx, req.GetName())
	if err != nil {
		return nil, err
	}
	card := l.file.Section.BlueCard
	if card == nil {
		return nil, fault.Precondition("NO_BLUE_CARD", "step 16", "Teczka nie zawiera odniesienia do Niebieskiej Karty.")
	}
	text, err := s.vault.OpenField(ctx, l.doc.Gmina, l.doc.ID, fieldBlueCard, card.Reference)
	if err != nil {
		return nil, err
	}
	return &casefilev1.RevealBlueCardReferenceResponse{Reference: text, NotedOn: rpc.Date(card.NotedOn)}, nil
}

// pageFault says what is wrong with a page token.
func pageFault(err error) error {
	if errors.Is(err, store.ErrPageToken) {
		return fault.Invalid("page_token", "PAGE_TOKEN", "znacznik strony nie należy do tej listy; zacznij od pierwszej strony.")
	}
	return err
}
