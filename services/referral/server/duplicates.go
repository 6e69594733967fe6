package server

import (
	"cmp"
	"context"
	"slices"

	referralv1 "asysta.example/proto/gen/asysta/referral/v1"

	"asysta.example/internal/access"
	"asysta.example/internal/calendar"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/name"
	"asysta.example/internal/rpc"
	"asysta.example/internal/store"
	"asysta.example/services/referral"
)

const (
	maxDuplicates = 50  // named in one answer
	lookPage      = 200 // documents looked at in one go
	lookAtMost    = 2000
)

// likeness is what referrals and family files have in common for telling families apart.
type likeness struct {
	State       string           `bson:"state"`
	Label       familyfile.Label `bson:"label"`
	PeselHashes []string         `bson:"pesel_hashes"`
	LockedOut   []string         `bson:"locked_out"`
	ReceivedOn  calendar.Date    `bson:"received_on"`
	OpenedOn    calendar.Date    `bson:"opened_on"`
	Number      string           `bson:"number"`
	FamilyFile  string           `bson:"family_file"` // of a referral, once it has led to one
}

// duplicate is a referral or family file that is likely about the same family.
type duplicate struct {
	ref     store.Ref
	matches []referral.Match
	likeness
}

// served says that a family file that is worked with holds a PESEL of the family.
func (d duplicate) served() bool {
	return d.ref.Kind == store.FamilyFiles && familyfile.State(d.State).Active() && slices.Contains(d.matches, referral.MatchPesel)
}

// hiddenFrom says that a person is locked out of the duplicate by name and must not hear of it.
func (d duplicate) hiddenFrom(person string) bool { return slices.Contains(d.LockedOut, person) }

// ListDuplicates names likely duplicates of the family.
func (s *Server) ListDuplicates(ctx context.Context, req *referralv1.ListDuplicatesRequest) (*referralv1.ListDuplicatesResponse, error) {
	t, _, r, err := s.load(ctx, req.GetName())
	if err != nil {
		return nil, err
	}
	found, err := s.duplicates(ctx, t, r)
	if err != nil {
		return nil, err
	}
	found = slices.DeleteFunc(found, func(d duplicate) bool { return d.hiddenFrom(access.GrantFrom(ctx).Person) })
	out := &referralv1.ListDuplicatesResponse{}
	for _, d := range found[:min(len(found), maxDuplicates)] {
		pb := &referralv1.Duplicate{Resource: name.In(t.Gmina, name.Kind(d.ref.Kind), d.ref.ID), State: d.State, Number: d.Number, BegunOn: rpc.Date(d.ReceivedOn)}
		if d.ref.Kind == store.FamilyFiles {
			pb.BegunOn = rpc.Date(d.OpenedOn)
		}
		for _, m := range d.matches {
			pb.Matches = append(pb.Matches, rpc.Enum[referralv1.DuplicateMatch](m))
		}
		out.Duplicates = append(out.Duplicates, pb)
	}
	return out, nil
}

// duplicates finds likely duplicates among the referrals and family files of the gmina, those by PESEL first. Only what is found is noted as read.
func (s *Server) duplicates(ctx context.Context, t target, r referral.Referral) ([]duplicate, error) {
	scan := store.Unnoted(ctx)
	found := map[store.Ref]duplicate{}
	for _, kind := range []store.Kind{store.Referrals, store.FamilyFiles} {
		for _, hash := range r.PeselHashes() {
			if err := s.look(scan, t, r, kind, store.Query{Index: "by_pesel", Equal: []any{hash}}, found); err != nil {
				return nil, err
			}
		}
		for _, key := range r.SurnameKeys() {
			if err := s.look(scan, t, r, kind, store.Query{Index: "by_search", Equal: []any{key}}, found); err != nil {
				return nil, err
			}
		}
	}
	list := make([]duplicate, 0, len(found))
	for _, d := range found {
		parties, err := s.PartiesWithFile(ctx, t.Gmina, d.FamilyFile, access.Parties{LockedOut: d.LockedOut})
		if err != nil {
			return nil, err
		}
		d.LockedOut = parties.LockedOut
		if d.hiddenFrom(access.GrantFrom(ctx).Person) {
			list = append(list, d)
			continue
		}
		if _, err := s.Store.For(t.Gmina).Load(ctx, d.ref); err != nil {
			return nil, err
		}
		list = append(list, d)
	}
	slices.SortFunc(list, func(a, b duplicate) int {
		byPesel := func(d duplicate) int {
			if slices.Contains(d.matches, referral.MatchPesel) {
				return 0
			}
			return 1
		}
		return cmp.Or(cmp.Compare(byPesel(a), byPesel(b)), cmp.Compare(a.ref.String(), b.ref.String()))
	})
	return list, nil
}

// look adds the matches of one lookup.
func (s *Server) look(ctx context.Context, t target, r referral.Referral, kind store.Kind, q store.Query, found map[store.Ref]duplicate) error {
	q.Limit, q.Narrow = lookPage, true
	for seen := 0; seen < lookAtMost; {
		page, err := s.Store.For(t.Gmina).List(ctx, kind, q)
		if err != nil {
			return err
		}
		for _, hit := range page.Hits {
			like, err := rpc.Part[likeness](hit.Doc, hit.Doc.Cover)
			if err != nil {
				return err
			}
			ref := hit.Doc.Ref()
			if ref == t.ref || ref.ID == r.FamilyFile || like.State == string(familyfile.Fenced) {
				continue
			}
			if why := r.Matches(like.Label, like.PeselHashes); len(why) > 0 {
				found[ref] = duplicate{ref: ref, matches: why, likeness: like}
			}
		}
		if seen += len(page.Hits); page.Next == "" {
			return nil
		}
		q.Token = page.Next
	}
	return nil
}
