package server

import (
	"context"
	"fmt"
	"slices"

	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"

	"asysta.example/internal/access"
	"asysta.example/internal/calendar"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/fault"
	"asysta.example/internal/rpc"
	"asysta.example/internal/store"
	"asysta.example/services/casefile"
	"asysta.example/services/casefile/caseload"
	"asysta.example/services/casefile/caseload/keeper"
)

// withPlace carries out a command that gives the family an assistant and takes a place: reserve, commit, settle. A refused command leaves no reservation behind.
// What else the command needs of the whole gmina is claimed before, nil for nothing.
func (s *Server) withPlace(ctx context.Context, req request, assistant string, claim func(loaded) error, build func(casefile.Assistant, casefile.File) (casefile.Command, error)) (*casefilev1.FamilyFile, error) {
	l, role, err := s.load(ctx, req.GetName())
	if err != nil {
		return nil, err
	}
	gmina, fresh := l.doc.Gmina, !replayed(ctx, l.doc)
	var to casefile.Assistant
	if fresh {
		if to, err = s.assistant(ctx, gmina, assistant, l.file.Cover.LockedOut); err != nil {
			return nil, err
		}
	}
	command := func(f casefile.File) (casefile.Command, error) { return build(to, f) }
	if fresh {
		cmd, err := command(l.file)
		if err != nil {
			return nil, err
		}
		if err := s.prepare(ctx, l, role, req, cmd, to, claim); err != nil {
			return nil, err
		}
	}
	doc, err := s.commit(ctx, l, role, req.GetEtag(), req.GetValidateOnly(), command)
	if err != nil {
		if fresh && !req.GetValidateOnly() && settled(err) {
			s.giveBack(ctx, l.doc, to)
		}
		return nil, err
	}
	if !req.GetValidateOnly() {
		if err := s.settle(ctx, doc); err != nil {
			return nil, err
		}
	}
	return s.familyFile(ctx, doc)
}

// prepare tries the command on the file as it is, then claims and reserves the place; with validate_only it sees only whether one is free. Nothing is claimed for a
// command that would be refused.
func (s *Server) prepare(ctx context.Context, l loaded, role access.Role, req request, cmd casefile.Command, to casefile.Assistant, claim func(loaded) error) error {
	if req.GetEtag() != rpc.Etag(l.doc.Version) {
		return fault.Conflict()
	}
	o, err := casefile.Apply(l.file, cmd, actor(ctx, role), s.deps.Today())
	if err != nil {
		return err
	}
	at := keeper.At{Gmina: l.doc.Gmina, Person: to.Person, File: l.doc.ID}
	takes, err := s.holds(ctx, at.Gmina, o.File.Cover, to.Person)
	if err != nil {
		return err
	}
	again := !l.file.Cover.State.Active() && o.File.Cover.State.Active()
	if takes && (req.GetValidateOnly() || claim != nil) {
		if err := s.free(ctx, at, again); err != nil {
			return err
		}
	}
	if req.GetValidateOnly() {
		return nil
	}
	if claim != nil {
		if err := claim(l); err != nil {
			return err
		}
	}
	switch {
	case takes && again:
		return s.keeper.Resume(ctx, at)
	case takes:
		return s.keeper.Reserve(ctx, at)
	}
	return nil
}

// free says whether a place could be taken, without taking it; again is for a family whose work has ended before.
func (s *Server) free(ctx context.Context, at keeper.At, again bool) error {
	c, err := s.keeper.Load(ctx, at.Gmina[:4], at.Person)
	switch {
	case err == nil && again:
		_, err = c.Resume(at.Gmina, at.File, s.deps.Clock())
	case err == nil:
		_, err = c.Reserve(at.Gmina, at.File, s.deps.Clock())
	}
	return err
}

// settled says that a commit was refused for good. After a lost race somebody else may be about to use the same place, after a failure the commit may still come
// through: the place is then the sweep's to free.
func settled(err error) bool {
	f, ok := fault.As(err)
	return ok && f.Kind != fault.KindConflict && f.Kind != fault.KindUnavailable
}

// giveBack frees the place that was reserved for a commit that did not come about. What it cannot do the sweep does.
func (s *Server) giveBack(ctx context.Context, doc *store.Document, to casefile.Assistant) {
	if to.Person == "" {
		return
	}
	quiet := store.Unnoted(ctx)
	if now, err := s.deps.Store.For(doc.Gmina).Load(quiet, doc.Ref()); err == nil {
		if err := s.settlePerson(ctx, now, to.Person); err != nil {
			s.deps.Log.WarnContext(ctx, "place not given back; the sweep will")
		}
	}
}

// settle brings the caseloads in line with a committed file: its assistant holds a place while the family counts, nobody else does. It can be repeated.
func (s *Server) settle(ctx context.Context, doc *store.Document) error {
	l, err := decode(doc)
	if err != nil {
		return err
	}
	people, err := s.everyAssistant(ctx, doc.Gmina, l.file)
	if err != nil {
		return err
	}
	for _, p := range people {
		if err := s.settlePerson(ctx, doc, p); err != nil {
			return err
		}
	}
	return nil
}

// everyAssistant gives the persons who have or had the family, the present one first. Who had it only while it was monitored stands in no assignment but in the
// handovers, and may hold a place where monitoring counts.
func (s *Server) everyAssistant(ctx context.Context, gmina string, f casefile.File) ([]string, error) {
	people, staff := []string{}, []string{f.Cover.Assistant}
	if f.Cover.AssistantPer != "" {
		people = append(people, f.Cover.AssistantPer)
	}
	for _, a := range f.Cover.Assignments {
		if staff = append(staff, a.Staff); !slices.Contains(people, a.Person) {
			people = append(people, a.Person)
		}
	}
	for _, h := range f.Section.Handovers {
		if h.To == "" || slices.Contains(staff, h.To) {
			continue
		}
		m, err := s.deps.Directory.Staff(ctx, gmina, h.To)
		if err != nil {
			return nil, fmt.Errorf("casefile: assistant of a monitored family: %w", err)
		}
		if staff = append(staff, h.To); !slices.Contains(people, m.Person) {
			people = append(people, m.Person)
		}
	}
	return people, nil
}

// settlePerson settles the place of one person.
func (s *Server) settlePerson(ctx context.Context, doc *store.Document, person string) error {
	cover, err := rpc.Part[familyfile.Cover](doc, doc.Cover)
	if err != nil {
		return err
	}
	at := keeper.At{Gmina: doc.Gmina, Person: person, File: doc.ID}
	held, err := s.holds(ctx, doc.Gmina, cover, person)
	if err != nil {
		return err
	}
	if !held {
		return s.keeper.Release(ctx, at)
	}
	err = s.keeper.Confirm(ctx, at)
	if !fault.IsReason(err, caseload.ReasonNotReserved) {
		return err
	}
	if cover.State == familyfile.Monitoring {
		// The family was monitored before the county let monitoring count: it is served already, so that its place may go beyond the cap.
		_, err := s.keeper.Hold(ctx, at)
		return err
	}
	if err := s.keeper.Reserve(ctx, at); err != nil {
		return err
	}
	return s.keeper.Confirm(ctx, at)
}

// holds says that a family counts in the caseload of a person: while it is worked with, and while it is monitored where the county wants that (DOMAIN 6). The county
// is asked each time, so that every step heeds its setting as it is.
func (s *Server) holds(ctx context.Context, gmina string, c familyfile.Cover, person string) (bool, error) {
	switch {
	case c.Assistant == "" || person == "" || c.AssistantPer != person:
		return false, nil
	case c.State == familyfile.Monitoring:
		return s.deps.Directory.MonitoringCounts(ctx, gmina[:4])
	}
	return c.State.Active(), nil
}

// actAndSettle carries out a command that may free a place.
func (s *Server) actAndSettle(ctx context.Context, req request, build func(casefile.File) (casefile.Command, error)) (*casefilev1.FamilyFile, error) {
	doc, err := s.carryOut(ctx, req, build)
	if err != nil {
		return nil, err
	}
	if !req.GetValidateOnly() {
		if err := s.settle(ctx, doc); err != nil {
			return nil, err
		}
	}
	return s.familyFile(ctx, doc)
}

// AssignAssistant implements step 6 for a family that waits.
func (s *Server) AssignAssistant(ctx context.Context, req *casefilev1.AssignAssistantRequest) (*casefilev1.FamilyFile, error) {
	return s.withPlace(ctx, req, req.GetAssistant(), nil, func(to casefile.Assistant, _ casefile.File) (casefile.Command, error) {
		from, err := rpc.DateFrom(req.GetFromDate(), "from_date")
		return casefile.Assign{Assistant: to, From: from}, err
	})
}

// ReassignAssistant hands the family over.
func (s *Server) ReassignAssistant(ctx context.Context, req *casefilev1.ReassignAssistantRequest) (*casefilev1.FamilyFile, error) {
	return s.withPlace(ctx, req, req.GetAssistant(), nil, func(to casefile.Assistant, _ casefile.File) (casefile.Command, error) {
		on, err := rpc.DateFrom(req.GetHandoverDate(), "handover_date")
		return casefile.Reassign{Assistant: to, On: on, Reason: req.GetReason()}, err
	})
}

// UnassignAssistant lets the family wait for another assistant.
func (s *Server) UnassignAssistant(ctx context.Context, req *casefilev1.UnassignAssistantRequest) (*casefilev1.FamilyFile, error) {
	return s.actAndSettle(ctx, req, func(casefile.File) (casefile.Command, error) {
		to, err := rpc.DateFrom(req.GetToDate(), "to_date")
		return casefile.Unassign{To: to, Reason: req.GetReason()}, err
	})
}

// CloseFamilyFile implements step 20 and frees the place, unless the family is monitored and that counts.
func (s *Server) CloseFamilyFile(ctx context.Context, req *casefilev1.CloseFamilyFileRequest) (*casefilev1.FamilyFile, error) {
	return s.actAndSettle(ctx, req, func(casefile.File) (casefile.Command, error) {
		if req.GetClosure() == nil {
			return casefile.Close{}, nil
		}
		c, err := closureFrom(req.GetClosure())
		return casefile.Close{Closure: &c}, err
	})
}

// ReopenFamilyFile implements the way back from step 21 to step 1.
func (s *Server) ReopenFamilyFile(ctx context.Context, req *casefilev1.ReopenFamilyFileRequest) (*casefilev1.FamilyFile, error) {
	l, _, err := s.load(ctx, req.GetName())
	if err != nil {
		return nil, err
	}
	terms, version, err := s.terms(ctx, l.doc.Gmina)
	if err != nil {
		return nil, err
	}
	var grounded bool
	var lockedOut []string
	worker, err := s.workerOf(ctx, l)
	if err != nil {
		return nil, err
	}
	if !replayed(ctx, l.doc) {
		if grounded, lockedOut, err = s.grounded(ctx, l.doc.Gmina, req.GetReferral()); err != nil {
			return nil, err
		}
	}
	build := func(to casefile.Assistant, f casefile.File) (casefile.Command, error) {
		cmd, err := reopenFrom(ctx, req, l.doc.Gmina)
		cmd.Grounded, cmd.LockedOut, cmd.Worker = grounded, lockedOut, worker
		cmd.Assistant, cmd.Terms, cmd.SettingsVer = to, terms, version
		return cmd, err
	}
	register := func(l loaded) error {
		_, err := s.claim(ctx, claim{File: l.doc.ID, Hashes: l.file.Cover.PeselHashes}, l.doc.Gmina, calendar.Date{})
		return err
	}
	return s.withPlace(ctx, req, req.GetAssistant(), register, build)
}
