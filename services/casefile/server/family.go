package server

import (
	"context"
	"slices"
	"strconv"

	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"

	"asysta.example/internal/calendar"
	"asysta.example/internal/directory"
	"asysta.example/internal/fault"
	"asysta.example/internal/rpc"
	"asysta.example/services/casefile"
)

// updateRequest lets act serve a request whose name is inside the resource.
type updateRequest struct {
	*casefilev1.UpdateFamilyFileRequest
}

// GetName implements request.
func (r updateRequest) GetName() string { return r.GetFamilyFile().GetName() }

// UpdateFamilyFile changes what is known of the family as a whole.
func (s *Server) UpdateFamilyFile(ctx context.Context, req *casefilev1.UpdateFamilyFileRequest) (*casefilev1.FamilyFile, error) {
	l, _, err := s.load(ctx, req.GetFamilyFile().GetName())
	if err != nil {
		return nil, err
	}
	cmd, err := s.updateFrom(ctx, l, req)
	if err != nil {
		return nil, err
	}
	return s.act(ctx, updateRequest{req}, func(casefile.File) (casefile.Command, error) { return cmd, nil })
}

// updatable are the fields of a family file that have no method of their own.
var updatable = []string{"family_name", "address", "preventive", "client_kind", "social_worker", "area", "contracted_body"}

func (s *Server) updateFrom(ctx context.Context, l loaded, req *casefilev1.UpdateFamilyFileRequest) (cmd casefile.Update, err error) {
	gmina, fields := l.doc.Gmina, rpc.Named(req.GetUpdateMask())
	if slices.ContainsFunc(fields, func(field string) bool { return !slices.Contains(updatable, field) }) {
		return cmd, fault.Invalid("update_mask", "FIELD_HAS_A_METHOD", "tego pola nie zmienia się wprost; użyj czynności przewidzianej dla danego kroku.")
	}
	f, err := rpc.Merge(&casefilev1.FamilyFile{Address: addressTo(l.file)}, req.GetFamilyFile(), req.GetUpdateMask(), updatable...)
	if err != nil {
		return cmd, err
	}
	for _, field := range fields {
		switch field {
		case "family_name":
			v := f.GetFamilyName()
			cmd.FamilyName = &v
		case "address":
			v := addressFrom(f.GetAddress())
			cmd.Address = &v
		case "preventive":
			v := f.GetPreventive()
			cmd.Preventive = &v
		case "client_kind":
			v := clientKindFrom(f.GetClientKind())
			cmd.ClientKind = &v
		case "social_worker":
			v, err := s.socialWorker(ctx, gmina, f.GetSocialWorker(), "family_file.social_worker")
			if err != nil {
				return cmd, err
			}
			cmd.SocialWorker = &v
		case "area":
			v := f.GetArea()
			if _, err := s.area(ctx, gmina, v, "family_file.area"); err != nil {
				return cmd, err
			}
			cmd.Area = &v
		case "contracted_body":
			v, err := s.body(ctx, gmina, f.GetContractedBody(), "family_file.contracted_body")
			if err != nil {
				return cmd, err
			}
			cmd.Body = &v
		}
	}
	if cmd.SocialWorker != nil || cmd.Area != nil || cmd.Body != nil {
		if err := s.mayRoute(ctx, l, cmd); err != nil {
			return cmd, err
		}
	}
	return cmd, nil
}

// mayRoute refuses a change of body, area or social worker to who heads a contracted body, and to a social worker who is locked out.
func (s *Server) mayRoute(ctx context.Context, l loaded, cmd casefile.Update) error {
	if err := ownBody(ctx, ""); err != nil {
		return err
	}
	if cmd.SocialWorker == nil || *cmd.SocialWorker == "" {
		return nil
	}
	worker, err := s.deps.Directory.Staff(ctx, l.doc.Gmina, *cmd.SocialWorker)
	if err != nil {
		return err
	}
	return notLockedOut(worker.Person, l.file.Cover.LockedOut)
}

// UpdateMembers changes the members. New PESEL numbers are claimed before the file holds them.
func (s *Server) UpdateMembers(ctx context.Context, req *casefilev1.UpdateMembersRequest) (*casefilev1.FamilyFile, error) {
	l, role, err := s.load(ctx, req.GetName())
	if err != nil {
		return nil, err
	}
	var cmd casefile.UpdateMembers
	if !replayed(ctx, l.doc) {
		if cmd, err = s.changesFrom(ctx, sealing{gmina: l.doc.Gmina, file: l.doc.ID, dry: req.GetValidateOnly()}, req.GetChanges()); err != nil {
			return nil, err
		}
		for _, ch := range cmd.Changes {
			if err := notLockedOut(coordinatorOf(ch), l.file.Cover.LockedOut); err != nil {
				return nil, err
			}
		}
		o, err := casefile.Apply(l.file, cmd, actor(ctx, role), s.deps.Today())
		if err != nil {
			return nil, err
		}
		if err := s.claimNew(ctx, l, o.File, req); err != nil {
			return nil, err
		}
	}
	return s.act(ctx, req, func(casefile.File) (casefile.Command, error) { return cmd, nil })
}

// coordinatorOf is the person whom a change makes the coordinator of a child; "" for nobody.
func coordinatorOf(ch casefile.MemberChange) string {
	switch ch := ch.(type) {
	case casefile.PlaceInCare:
		return ch.Coordinator
	case casefile.AssignCoordinator:
		return ch.Coordinator
	}
	return ""
}

// claimNew claims the numbers that a file does not hold yet; with validate_only it only looks whether they are free.
func (s *Server) claimNew(ctx context.Context, l loaded, next casefile.File, req request) error {
	hashes := slices.DeleteFunc(slices.Clone(next.Cover.PeselHashes), func(h string) bool { return slices.Contains(l.file.Cover.PeselHashes, h) })
	want := claim{File: l.doc.ID, Hashes: hashes}
	if req.GetValidateOnly() {
		return s.inUse(ctx, s.deps.Store.For(l.doc.Gmina), want)
	}
	if len(hashes) == 0 || req.GetEtag() != rpc.Etag(l.doc.Version) || !next.Cover.State.Active() {
		return nil
	}
	_, err := s.claim(ctx, want, l.doc.Gmina, calendar.Date{})
	return err
}

func (s *Server) changesFrom(ctx context.Context, at sealing, changes []*casefilev1.MemberChange) (casefile.UpdateMembers, error) {
	var cmd casefile.UpdateMembers
	for i, c := range changes {
		ch, err := s.changeFrom(ctx, at, c, "changes["+strconv.Itoa(i)+"]", strconv.Itoa(i))
		if err != nil {
			return cmd, err
		}
		cmd.Changes = append(cmd.Changes, ch)
	}
	return cmd, nil
}

func (s *Server) changeFrom(ctx context.Context, at sealing, c *casefilev1.MemberChange, path, salt string) (casefile.MemberChange, error) {
	switch ch := c.GetChange().(type) {
	case *casefilev1.MemberChange_Add:
		m, _, err := s.memberFrom(ctx, at, ch.Add, path+".add", "member", salt)
		return casefile.AddMember{Member: m}, err
	case *casefilev1.MemberChange_Update:
		m, keep, err := s.memberFrom(ctx, at, ch.Update, path+".update", "member", salt)
		return casefile.ChangeMember{Member: m, KeepPesel: keep}, err
	case *casefilev1.MemberChange_Leave:
		out := casefile.Leave{Member: ch.Leave.GetMemberId()}
		err := dates(into(&out.On, ch.Leave.GetLeftOn(), path+".leave.left_on"))
		return out, err
	case *casefilev1.MemberChange_PlaceInCare:
		out := casefile.PlaceInCare{Member: ch.PlaceInCare.GetMemberId(), Form: ch.PlaceInCare.GetCareForm()}
		if err := dates(into(&out.Since, ch.PlaceInCare.GetInCareSince(), path+".place_in_care.in_care_since")); err != nil {
			return nil, err
		}
		var err error
		out.Coordinator, err = s.coordinator(ctx, at.gmina, ch.PlaceInCare.GetCoordinator(), path+".place_in_care.coordinator")
		return out, err
	case *casefilev1.MemberChange_EndCare:
		out := casefile.EndCare{Member: ch.EndCare.GetMemberId(), End: rpc.Word[string](ch.EndCare.GetCareEnd())}
		err := dates(into(&out.On, ch.EndCare.GetEndedOn(), path+".end_care.ended_on"))
		return out, err
	case *casefilev1.MemberChange_AssignCoordinator:
		id, err := s.coordinator(ctx, at.gmina, ch.AssignCoordinator.GetCoordinator(), path+".assign_coordinator.coordinator")
		return casefile.AssignCoordinator{Member: ch.AssignCoordinator.GetMemberId(), Coordinator: id}, err
	}
	return nil, fault.Invalid(path, "NO_CHANGE", "podaj, co się zmienia.")
}

// LockOut locks a person out by name.
func (s *Server) LockOut(ctx context.Context, req *casefilev1.LockOutRequest) (*casefilev1.FamilyFile, error) {
	l, _, err := s.load(ctx, req.GetName())
	if err != nil {
		return nil, err
	}
	id, err := person(l.doc.Gmina, req.GetPerson(), "person")
	if err != nil {
		return nil, err
	}
	var worker directory.Staff
	if w := l.file.Cover.SocialWorker; w != "" {
		if worker, err = s.deps.Directory.Staff(ctx, l.doc.Gmina, w); err != nil {
			return nil, err
		}
	}
	return s.act(ctx, req, func(casefile.File) (casefile.Command, error) {
		return casefile.LockOut{Person: id, SocialWorkerPerson: worker.Person}, nil
	})
}

// LiftLockOut lets a person see the file again, as far as their role does.
func (s *Server) LiftLockOut(ctx context.Context, req *casefilev1.LiftLockOutRequest) (*casefilev1.FamilyFile, error) {
	return s.act(ctx, req, func(f casefile.File) (casefile.Command, error) {
		l, err := person(countyGmina(ctx), req.GetPerson(), "person")
		return casefile.LiftLockOut{Person: l, Reason: req.GetReason()}, err
	})
}
