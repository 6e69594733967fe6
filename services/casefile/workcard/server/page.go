package server

import (
	"context"

	"google.golang.org/genproto/googleapis/type/date"

	"asysta.example/internal/rpc"
	"asysta.example/internal/store"
)

// period reads two days that bound a list, both included, as the bounds of a query.
func period(from, to *date.Date) (string, string, error) {
	a, err := rpc.DateFrom(from, "from_date")
	if err != nil {
		return "", "", err
	}
	b, err := rpc.DateFrom(to, "to_date")
	if err != nil {
		return "", "", err
	}
	return a.String(), b.AddDays(1).String(), nil
}

// records gives a page of a file's records of one type, the newest first, without those that take gives nil for.
func records[T, P any](ctx context.Context, r store.Reader, q store.RecordQuery, size int, take func(store.StoredRecord, T) (*P, error)) ([]*P, string, error) {
	q.Desc = true
	var out []*P
	for {
		q.Limit = size - len(out)
		page, err := r.Records(ctx, q)
		if err != nil {
			return nil, "", rpc.Absent(ctx, err)
		}
		for _, rec := range page.Records {
			body, err := rpc.Decode[T](rec.Body)
			if err != nil {
				return nil, "", err
			}
			p, err := take(rec, body)
			if err != nil {
				return nil, "", err
			}
			if p != nil {
				out = append(out, p)
			}
		}
		if q.Token = page.Next; q.Token == "" || len(out) >= size {
			return out, q.Token, nil
		}
	}
}

// scanned is how many hits one call looks at before it gives what it has, with a token to go on.
const scanned = 2000

// stream walks the hits of an index in order and can say, at every hit, where to go on. What it reads is not noted: the caller notes what leaves.
type stream struct {
	reader store.Reader
	kind   store.Kind
	query  store.Query                   // its Token is where the present page begins
	most   int                           // of hits that are asked for at once
	accept func(store.Hit) (bool, error) // which hits are wanted
	page   store.Page
	at     int  // first hit of the page that was not consumed
	wanted bool // that hit was accepted
	loaded bool // the page was read
	left   int  // hits that may still be looked at
	paused bool // left was used up
}

// newStream begins where a token of the same query says. It asks for as many hits at first as its caller expects to use, so that these are read by one query, and for
// twice as many whenever more are wanted.
func newStream(r store.Reader, kind store.Kind, q store.Query, first, most int, accept func(store.Hit) (bool, error)) *stream {
	q.Limit = max(1, first)
	return &stream{reader: r, kind: kind, query: q, most: most, accept: accept, left: scanned}
}

// head gives the next wanted hit without consuming it; false at the end and when the call has looked at enough.
func (s *stream) head(ctx context.Context) (store.Hit, bool, error) {
	for {
		if !s.loaded {
			if err := s.read(ctx); err != nil {
				return store.Hit{}, false, err
			}
		}
		for ; s.at < len(s.page.Hits); s.at++ {
			if s.wanted {
				return s.page.Hits[s.at], true, nil
			}
			ok, err := s.accept(s.page.Hits[s.at])
			if s.wanted = ok && err == nil; ok || err != nil {
				return s.page.Hits[s.at], ok, err
			}
			s.left--
		}
		if s.page.Next == "" {
			return store.Hit{}, false, nil
		}
		if s.left <= 0 {
			s.paused = true
			return store.Hit{}, false, nil
		}
		s.query.Token, s.loaded = s.page.Next, false
		s.query.Limit = max(s.query.Limit, min(2*s.query.Limit, s.most))
	}
}

func (s *stream) read(ctx context.Context) (err error) {
	quiet := store.Unnoted(ctx)
	s.page, err = s.reader.List(quiet, s.kind, s.query)
	s.at, s.loaded = 0, true
	return err
}

// consume goes past the hit that head gave.
func (s *stream) consume() { s.at, s.wanted = s.at+1, false }

// token is where to go on; end says that there is nothing left.
func (s *stream) token() (token string, end bool, err error) {
	switch {
	case s.loaded && s.at >= len(s.page.Hits):
		return s.page.Next, s.page.Next == "", nil
	case s.at == 0:
		return s.query.Token, false, nil
	}
	token, err = s.page.After(s.at - 1)
	return token, false, err
}
