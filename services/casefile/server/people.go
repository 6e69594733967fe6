package server

import (
	"context"
	"errors"
	"maps"
	"slices"

	"asysta.example/internal/access"
	"asysta.example/internal/directory"
	"asysta.example/internal/fault"
	"asysta.example/internal/name"
	"asysta.example/internal/rpc"
	"asysta.example/internal/store"
	"asysta.example/services/casefile"
)

// staff resolves the name of a staff member of the gmina. Another gmina's is fault.Denied, as if it did not exist.
func (s *Server) staff(ctx context.Context, gmina, resource, field string) (directory.Staff, error) {
	n, err := name.ParseAs(resource, name.Staff)
	if err != nil {
		return directory.Staff{}, fault.Invalid(field, "STAFF_NAME", "to nie jest nazwa pracownika (gminas/…/staff/…).")
	}
	if n.Gmina != gmina {
		return directory.Staff{}, fault.Denied()
	}
	staff, err := s.deps.Directory.Staff(ctx, gmina, n.ID)
	if errors.Is(err, store.ErrNotFound) {
		return directory.Staff{}, fault.Invalid(field, "UNKNOWN_STAFF", "nie ma takiego pracownika w tej gminie.")
	}
	return staff, err
}

// assistant resolves an assistant who may be given a family today: employed as one, with an account in force, not absent for good, not locked out, and, where the caller works for a contracted
// body, of that body. The empty name is nobody.
func (s *Server) assistant(ctx context.Context, gmina, resource string, lockedOut []string) (casefile.Assistant, error) {
	if resource == "" {
		return casefile.Assistant{}, nil
	}
	staff, err := s.staff(ctx, gmina, resource, "assistant")
	if err != nil {
		return casefile.Assistant{}, err
	}
	today := s.deps.Today()
	absence, absent := staff.AbsenceOn(today)
	if !slices.Contains(staff.RolesOn(today), access.Assistant) || absent && absence.To.IsZero() {
		return casefile.Assistant{}, fault.Precondition("NOT_ASSISTANT", "step 6", "Ta osoba nie jest dziś zatrudniona jako asystent rodziny albo jest nieobecna do odwołania. Wybierz innego asystenta.")
	}
	if p, err := s.deps.Directory.Person(ctx, gmina[:4], staff.Person); err != nil && !errors.Is(err, store.ErrNotFound) {
		return casefile.Assistant{}, err
	} else if err != nil || !p.ActiveOn(today) {
		return casefile.Assistant{}, fault.Precondition("NOT_ASSISTANT", "step 6", "Konto tej osoby jest dziś nieczynne, więc nie zobaczyłaby ona sprawy rodziny. Wybierz innego asystenta albo poproś administratora powiatu o przywrócenie konta.")
	}
	if body := access.GrantFrom(ctx).Employment.Body; body != "" && staff.Body != body {
		return casefile.Assistant{}, fault.Precondition("NOT_ASSISTANT", "art. 190", "Ten asystent nie pracuje w podmiocie, któremu powierzono rodzinę. Wybierz asystenta swojego podmiotu.")
	}
	if slices.Contains(lockedOut, staff.Person) {
		return casefile.Assistant{}, fault.Precondition("LOCKED_OUT", "step 6", "Ta osoba jest wyłączona z wglądu w sprawę tej rodziny. Wybierz innego asystenta.")
	}
	return casefile.Assistant{Staff: staff.ID, Person: staff.Person}, nil
}

// socialWorker resolves a social worker of the gmina to the staff id; the empty name is nobody.
func (s *Server) socialWorker(ctx context.Context, gmina, resource, field string) (string, error) {
	if resource == "" {
		return "", nil
	}
	staff, err := s.staff(ctx, gmina, resource, field)
	if err != nil {
		return "", err
	}
	if !staff.Has(access.SocialWorker) {
		return "", fault.Invalid(field, "NOT_SOCIAL_WORKER", "ta osoba nie jest pracownikiem socjalnym tej gminy.")
	}
	return staff.ID, nil
}

// body resolves a contracted body to the institution id; the empty name is none.
func (s *Server) body(ctx context.Context, gmina, resource, field string) (string, error) {
	if resource == "" {
		return "", nil
	}
	n, err := name.ParseAs(resource, name.Institutions)
	if err != nil || n.Gmina != gmina {
		return "", fault.Invalid(field, "INSTITUTION_NAME", "to nie jest nazwa instytucji tej gminy.")
	}
	inst, err := s.deps.Directory.Institution(ctx, gmina, n.ID)
	if errors.Is(err, store.ErrNotFound) || err == nil && inst.Kind != directory.InstitutionBody190 && inst.Kind != directory.InstitutionUnit {
		return "", fault.Invalid(field, "NOT_CONTRACTED", "ta instytucja nie organizuje pracy z rodzinami w tej gminie.")
	}
	return n.ID, err
}

// area checks an area of the gmina and gives the social worker who looks after it.
func (s *Server) area(ctx context.Context, gmina, id, field string) (socialWorker string, err error) {
	if id == "" {
		return "", nil
	}
	g, _, err := s.deps.Directory.Gmina(ctx, gmina)
	if err != nil {
		return "", err
	}
	a, ok := g.Settings.Area(id)
	if !ok {
		return "", fault.Invalid(field, "UNKNOWN_AREA", "nie ma takiego rejonu w ustawieniach gminy.")
	}
	return a.SocialWorker, nil
}

// person resolves a person of the gmina's county; the empty name is nobody.
func person(gmina, resource, field string) (string, error) {
	if resource == "" {
		return "", nil
	}
	n, err := name.ParseAs(resource, name.People)
	if err != nil || n.County != gmina[:4] {
		return "", fault.Invalid(field, "PERSON_NAME", "to nie jest nazwa osoby tego powiatu (powiaty/…/people/…).")
	}
	return n.ID, nil
}

// coordinator resolves a coordinator of foster care of the county; the empty name is nobody.
func (s *Server) coordinator(ctx context.Context, gmina, resource, field string) (string, error) {
	id, err := person(gmina, resource, field)
	if id == "" || err != nil {
		return "", err
	}
	p, err := s.deps.Directory.Person(ctx, gmina[:4], id)
	if errors.Is(err, store.ErrNotFound) || err == nil && (!slices.Contains(p.CountyRoles, access.Coordinator) || !p.ActiveOn(s.deps.Today())) {
		return "", fault.Precondition("NOT_COORDINATOR", "step 13", "Ta osoba nie jest koordynatorem rodzinnej pieczy zastępczej w powiecie. Wybierz koordynatora wskazanego przez PCPR.")
	}
	return id, err
}

// ownBody keeps who heads a contracted body to the families given to it: a file's body, area and social worker are the centre's to choose.
func ownBody(ctx context.Context, body string) error {
	if own := access.GrantFrom(ctx).Employment.Body; own != "" && body != own {
		return fault.Denied()
	}
	return nil
}

// notLockedOut refuses to give a family to a social worker or coordinator who is locked out of its file by name.
func notLockedOut(person string, lockedOut []string) error {
	if person != "" && slices.Contains(lockedOut, person) {
		return fault.Precondition("LOCKED_OUT", "step 6", "Ta osoba jest wyłączona z wglądu w sprawę tej rodziny. Wybierz inną osobę.")
	}
	return nil
}

// consented are the facts of a referral that a new spell asks about, as the referral service stores them.
type consented struct {
	Consents []struct {
		Member   string `bson:"member"`
		Decision string `bson:"decision"`
	} `bson:"consents"`
}

// grounded says whether a referral of the gmina that the caller is not locked out of holds a consent 1 that stands, and whom it keeps out; "" holds none.
func (s *Server) grounded(ctx context.Context, gmina, resource string) (consent bool, lockedOut []string, err error) {
	if resource == "" {
		return false, nil, nil
	}
	unknown := fault.Invalid("referral", "REFERRAL_NAME", "nie ma takiego zgłoszenia w tej gminie.")
	n, err := name.ParseAs(resource, name.Referrals)
	if err != nil || n.Gmina != gmina {
		return false, nil, unknown
	}
	doc, err := s.deps.Store.For(gmina).Load(ctx, store.Ref{Kind: store.Referrals, ID: n.ID})
	if errors.Is(err, store.ErrNotFound) {
		return false, nil, unknown
	}
	if err != nil {
		return false, nil, err
	}
	cover, err := rpc.Decode[struct {
		ContractedBody string   `bson:"contracted_body"`
		LockedOut      []string `bson:"locked_out"`
	}](doc.Cover)
	if err != nil {
		return false, nil, err
	}
	if _, sees := access.GrantFrom(ctx).RoleOn(access.Parties{ContractedBody: cover.ContractedBody, LockedOut: cover.LockedOut}); !sees {
		return false, nil, unknown
	}
	r, err := rpc.Part[consented](doc, doc.Sections["referral"])
	last := map[string]string{}
	for _, c := range r.Consents {
		last[c.Member] = c.Decision
	}
	return slices.Contains(slices.Collect(maps.Values(last)), casefile.Given), cover.LockedOut, err
}

// workerOf is the person who is a file's social worker; "" for nobody, or for one who is not there any more.
func (s *Server) workerOf(ctx context.Context, l loaded) (string, error) {
	if l.file.Cover.SocialWorker == "" {
		return "", nil
	}
	staff, err := s.deps.Directory.Staff(ctx, l.doc.Gmina, l.file.Cover.SocialWorker)
	if errors.Is(err, store.ErrNotFound) {
		return "", nil
	}
	return staff.Person, err
}

// countyGmina is the gmina of the call, for the county in its first four digits.
func countyGmina(ctx context.Context) string { return access.GrantFrom(ctx).Gmina }
