package directory

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"asysta.example/internal/access"
	"asysta.example/internal/bsonform"
	"asysta.example/internal/calendar"
	"asysta.example/internal/store"
)

// page is how many documents the readers ask for at a time.
const page = 200

// Reader reads the directory. It is safe for concurrent use. What is absent, or lies in another gmina or county, is store.ErrNotFound.
type Reader struct {
	store store.Store
	kept  recalled
}

// NewReader gives a reader of a store's directory.
func NewReader(s store.Store) *Reader { return &Reader{store: s} }

// Gmina gives a gmina and the version of its settings.
func (r *Reader) Gmina(ctx context.Context, teryt string) (Gmina, int64, error) {
	if len(teryt) != 7 {
		return Gmina{}, 0, store.ErrNotFound
	}
	g, err := recall(ctx, r, "gmina/"+teryt, func() (Gmina, error) {
		doc, err := r.store.ForCounty(teryt[:4]).Load(ctx, store.Ref{Kind: store.Gminas, ID: teryt})
		if err != nil {
			return Gmina{}, fmt.Errorf("directory: gmina: %w", err)
		}
		return GminaOf(doc)
	})
	return g, g.Version, err
}

// ListGminas gives the gminas of a county by name.
func (r *Reader) ListGminas(ctx context.Context, county string) ([]Gmina, error) {
	return each(ctx, r.store.ForCounty(county), store.Gminas, store.Query{Index: "all"}, GminaOf)
}

// County gives a county.
func (r *Reader) County(ctx context.Context, digits string) (County, error) {
	doc, err := r.store.ForCounty(digits).Load(ctx, store.Ref{Kind: store.Counties, ID: digits})
	if err != nil {
		return County{}, fmt.Errorf("directory: county: %w", err)
	}
	return CountyOf(doc)
}

// MonitoringCounts says whether families that are monitored take places of their assistants in a county; not where the county has set nothing.
func (r *Reader) MonitoringCounts(ctx context.Context, digits string) (bool, error) {
	c, err := r.County(ctx, digits)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return c.Settings.MonitoringCounts, err
}

// Staff gives a staff member of a gmina.
func (r *Reader) Staff(ctx context.Context, gmina, id string) (Staff, error) {
	return recall(ctx, r, "staff/"+gmina+"/"+id, func() (Staff, error) {
		doc, err := r.store.For(gmina).Load(ctx, store.Ref{Kind: store.Staff, ID: id})
		if err != nil {
			return Staff{}, fmt.Errorf("directory: staff: %w", err)
		}
		return StaffOf(doc)
	})
}

// ListStaff gives the staff of a gmina who carry a role, by their first day of work, or, with role "", all of them by name. Those whose employment
// has ended are among them; who only deputizes for the head is not a HEAD here.
func (r *Reader) ListStaff(ctx context.Context, gmina string, role access.Role) ([]Staff, error) {
	q := store.Query{Index: "all"}
	if role != "" {
		q = store.Query{Index: "by_role", Equal: []any{string(role)}}
	}
	return each(ctx, r.store.For(gmina), store.Staff, q, StaffOf)
}

// Institution gives a partner institution of a gmina.
func (r *Reader) Institution(ctx context.Context, gmina, id string) (Institution, error) {
	doc, err := r.store.For(gmina).Load(ctx, store.Ref{Kind: store.Institutions, ID: id})
	if err != nil {
		return Institution{}, fmt.Errorf("directory: institution: %w", err)
	}
	return InstitutionOf(doc)
}

// ListInstitutions gives the partner institutions of a gmina by name, those no longer offered too.
func (r *Reader) ListInstitutions(ctx context.Context, gmina string) ([]Institution, error) {
	return each(ctx, r.store.For(gmina), store.Institutions, store.Query{Index: "all"}, InstitutionOf)
}

// Person gives a person of a county.
func (r *Reader) Person(ctx context.Context, county, id string) (Person, error) {
	doc, err := r.store.ForCounty(county).Load(ctx, store.Ref{Kind: store.People, ID: id})
	if err != nil {
		return Person{}, fmt.Errorf("directory: person: %w", err)
	}
	return PersonOf(doc)
}

// ListPeople gives the people of a county who carry a county role, or, with role "", all of them, by name.
func (r *Reader) ListPeople(ctx context.Context, county string, role access.Role) ([]Person, error) {
	q := store.Query{Index: "all"}
	if role != "" {
		q = store.Query{Index: "by_role", Equal: []any{string(role)}}
	}
	return each(ctx, r.store.ForCounty(county), store.People, q, PersonOf)
}

// Employments gives every employment of a person, past ones too, by gmina and first day.
func (r *Reader) Employments(ctx context.Context, person string) ([]Staff, error) {
	staff, err := each(ctx, r.store.System(), store.Staff, store.Query{Index: "by_person", Equal: []any{person}}, StaffOf)
	slices.SortFunc(staff, func(a, b Staff) int {
		return cmp.Or(cmp.Compare(a.Gmina, b.Gmina), a.ActiveFrom.Compare(b.ActiveFrom), cmp.Compare(a.ID, b.ID))
	})
	return staff, err
}

// Principal resolves the subject of a token to who it is and what is in force today. store.ErrNotFound: nobody may log in with it.
func (r *Reader) Principal(ctx context.Context, subject string, today calendar.Date) (access.Principal, error) {
	if subject == "" {
		return access.Principal{}, store.ErrNotFound
	}
	return recall(ctx, r, "principal/"+today.String()+"/"+subject, func() (access.Principal, error) { return r.principal(ctx, subject, today) })
}

func (r *Reader) principal(ctx context.Context, subject string, today calendar.Date) (access.Principal, error) {
	people, err := each(ctx, r.store.System(), store.People, store.Query{Index: "by_subject", Equal: []any{subject}}, PersonOf)
	if err != nil {
		return access.Principal{}, err
	}
	if len(people) != 1 || !people[0].ActiveOn(today) {
		return access.Principal{}, store.ErrNotFound
	}
	p := people[0]
	principal := access.Principal{Person: p.ID, County: p.County, Subject: subject, CountyRoles: p.CountyRoles}
	staff, err := r.Employments(ctx, p.ID)
	if err != nil {
		return access.Principal{}, err
	}
	for _, s := range staff {
		e, ok := s.Employment(today)
		if !ok || s.Gmina[:4] != p.County {
			continue
		}
		if e.Areas, err = r.areas(ctx, s); err != nil {
			return access.Principal{}, err
		}
		principal.Employments = append(principal.Employments, e)
	}
	return principal, nil
}

// areas are the areas of an employment and those that the gmina's settings give to a social worker.
func (r *Reader) areas(ctx context.Context, s Staff) ([]string, error) {
	if !s.Has(access.SocialWorker) {
		return s.Areas, nil
	}
	g, _, err := r.Gmina(ctx, s.Gmina)
	if err != nil {
		return nil, err
	}
	areas := append(slices.Clone(s.Areas), g.Settings.AreasOf(s.ID)...)
	slices.Sort(areas)
	return slices.Compact(areas), nil
}

// each reads all pages of a list.
func each[T any](ctx context.Context, r store.Reader, kind store.Kind, q store.Query, of func(*store.Document) (T, error)) ([]T, error) {
	var out []T
	q.Limit = page
	for {
		p, err := r.List(ctx, kind, q)
		if err != nil {
			return nil, fmt.Errorf("directory: list %s: %w", kind, err)
		}
		for _, hit := range p.Hits {
			v, err := of(hit.Doc)
			if err != nil {
				return nil, err
			}
			out = append(out, v)
		}
		if p.Next == "" {
			return out, nil
		}
		q.Token = p.Next
	}
}

func decode[T any](doc *store.Document) (T, error) {
	var v T
	if err := bsonform.Unmarshal(doc.Cover, &v); err != nil {
		return v, fmt.Errorf("directory: cover of %s: %w", doc.Kind, err)
	}
	return v, nil
}

// CountyOf gives the county that a document holds.
func CountyOf(doc *store.Document) (County, error) {
	c, err := decode[County](doc)
	c.Digits = doc.ID
	return c, err
}

// GminaOf gives the gmina that a document holds.
func GminaOf(doc *store.Document) (Gmina, error) {
	g, err := decode[Gmina](doc)
	g.TERYT, g.Version = doc.ID, doc.Version
	return g, err
}

// StaffOf gives the staff member that a document holds.
func StaffOf(doc *store.Document) (Staff, error) {
	s, err := decode[Staff](doc)
	s.ID, s.Gmina, s.Version = doc.ID, doc.Gmina, doc.Version
	return s, err
}

// PersonOf gives the person that a document holds.
func PersonOf(doc *store.Document) (Person, error) {
	p, err := decode[Person](doc)
	p.ID, p.County, p.Version = doc.ID, doc.County, doc.Version
	return p, err
}

// InstitutionOf gives the institution that a document holds.
func InstitutionOf(doc *store.Document) (Institution, error) {
	i, err := decode[Institution](doc)
	i.ID, i.Gmina, i.Version = doc.ID, doc.Gmina, doc.Version
	return i, err
}
