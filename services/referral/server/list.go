package server

import (
	"context"
	"slices"

	referralv1 "asysta.example/proto/gen/asysta/referral/v1"

	"asysta.example/internal/access"
	"asysta.example/internal/calendar"
	"asysta.example/internal/fault"
	"asysta.example/internal/name"
	"asysta.example/internal/rpc"
	"asysta.example/internal/store"
	"asysta.example/services/referral"
)

// filter is what a list asks for.
type filter struct {
	state        referral.State
	socialWorker string
	area         string
	from, to     calendar.Date
}

// ListReferrals lists what the caller may see.
func (s *Server) ListReferrals(ctx context.Context, req *referralv1.ListReferralsRequest) (*referralv1.ListReferralsResponse, error) {
	parent, err := name.ParseAs(req.GetParent(), "")
	if err != nil {
		return nil, fault.Denied()
	}
	in := &reading{gmina: parent.Gmina}
	f := filter{state: rpc.Word[referral.State](req.GetState()), socialWorker: in.local(req.GetSocialWorker(), name.Staff, "social_worker"), area: req.GetArea(),
		from: in.date(req.GetReceivedFrom(), "received_from"), to: in.date(req.GetReceivedTo(), "received_to")}
	if in.err != nil {
		return nil, in.err
	}
	q, err := f.query(access.GrantFrom(ctx))
	if err != nil {
		return nil, err
	}
	q.Token = req.GetPageToken()
	out := &referralv1.ListReferralsResponse{}
	// What is looked at and not shown is not noted as read: the scan has a read set of its own, what is shown is loaded.
	scan := store.Unnoted(ctx)
	for size := rpc.PageSize(req.GetPageSize()); len(out.GetReferrals()) < size; {
		q.Limit, q.Narrow = size-len(out.GetReferrals()), true
		page, err := s.Scope(ctx).List(scan, store.Referrals, q)
		if err != nil {
			return nil, err
		}
		for _, hit := range page.Hits {
			if err := s.show(ctx, out, hit.Doc, f); err != nil {
				return nil, err
			}
		}
		q.Token, out.NextPageToken = page.Next, page.Next
		if page.Next == "" {
			break
		}
	}
	return out, nil
}

// show adds a referral that the filter and the caller's rights let through.
func (s *Server) show(ctx context.Context, out *referralv1.ListReferralsResponse, doc *store.Document, f filter) error {
	cover, err := rpc.Part[referral.Cover](doc, doc.Cover)
	if err != nil {
		return err
	}
	if !f.lets(cover) {
		return nil
	}
	parties, err := s.parties(ctx, doc)
	if err != nil {
		return err
	}
	if _, err := rpc.Visible(access.GrantFrom(ctx), parties); err != nil {
		return nil //nolint:nilerr // what the caller may not see is not in the list
	}
	shown, err := s.Scope(ctx).Load(ctx, doc.Ref())
	if err != nil {
		return rpc.Absent(ctx, err)
	}
	r, err := s.view(ctx, shown)
	out.Referrals = append(out.Referrals, r)
	return err
}

func (f filter) lets(c referral.Cover) bool {
	return (f.state == "" || f.state == c.State) && (f.socialWorker == "" || f.socialWorker == c.SocialWorker) && (f.area == "" || f.area == c.Area) &&
		(f.from.IsZero() || !c.ReceivedOn.Before(f.from)) && (f.to.IsZero() || !c.ReceivedOn.After(f.to))
}

// query picks the index that serves the caller: the head's by state or receipt, the body's by body, the social worker's by social worker; a filter by an own
// area, which may hold referrals of a predecessor, looks through the gmina.
func (f filter) query(g access.Grant) (store.Query, error) {
	q := store.Query{Index: "by_received"}
	ranged := true
	switch worker := f.workerOf(g); {
	case g.Employment.Body != "":
		q.Index, q.Equal, ranged = "by_body", []any{g.Employment.Body}, f.state != ""
	case worker != "":
		q.Index, q.Equal, ranged = "by_social_worker", []any{worker}, f.state != ""
	case f.state != "":
		q.Index = "by_state"
	}
	if f.state != "" {
		q.Equal = append(q.Equal, string(f.state))
	}
	if !ranged {
		return q, nil
	}
	if !f.from.IsZero() {
		q.From = f.from.String()
	}
	if !f.to.IsZero() {
		q.To = f.to.AddDays(1).String()
	}
	if !f.from.IsZero() && !f.to.IsZero() && f.to.Before(f.from) {
		return q, fault.Invalid("received_to", "RANGE", "koniec okresu nie może być przed jego początkiem.")
	}
	return q, nil
}

// workerOf is the social worker whose referrals alone are to be looked at; "" for all of the gmina.
func (f filter) workerOf(g access.Grant) string {
	if f.socialWorker != "" || g.Has(access.Head) {
		return f.socialWorker
	}
	if f.area != "" && slices.Contains(g.Employment.Areas, f.area) {
		return ""
	}
	return g.Employment.Staff
}
