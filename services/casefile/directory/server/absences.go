package server

import (
	"context"

	"google.golang.org/genproto/googleapis/type/date"

	directoryv1 "asysta.example/proto/gen/asysta/directory/v1"

	"asysta.example/internal/access"
	"asysta.example/internal/calendar"
	"asysta.example/internal/deadline"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/fault"
	"asysta.example/internal/name"
	"asysta.example/internal/rpc"
	"asysta.example/internal/store"
	core "asysta.example/services/casefile/directory"

	dir "asysta.example/internal/directory"
)

// EndEmployment ends an employment after a last day and says whom it leaves without an assistant.
func (s *Server) EndEmployment(ctx context.Context, req *directoryv1.EndEmploymentRequest) (*directoryv1.EndEmploymentResponse, error) {
	last, err := rpc.DateFrom(req.GetLastDate(), "last_date")
	if err != nil {
		return nil, err
	}
	m, err := s.changeStaff(ctx, req.GetName(), "name", req, "zakończenie zatrudnienia", func(old dir.Staff, _ *store.Document) (dir.Staff, error) {
		return core.EndEmployment(old, last, actor(ctx), s.deps.Today())
	})
	if err != nil {
		return nil, err
	}
	out := &directoryv1.EndEmploymentResponse{StaffMember: m}
	gap := dir.Gap{Reason: dir.GapEnded, From: last.AddDays(1)}
	out.UncoveredFamilies, out.UncoveredCount, err = s.leftAlone(ctx, m.GetName(), gap)
	return out, err
}

// RecordAbsence records an absence and says who is without an assistant meanwhile.
func (s *Server) RecordAbsence(ctx context.Context, req *directoryv1.RecordAbsenceRequest) (*directoryv1.RecordAbsenceResponse, error) {
	from, until, err := period(req)
	if err != nil {
		return nil, err
	}
	m, err := s.changeStaff(ctx, req.GetName(), "name", req, "nieobecność pracownika", func(old dir.Staff, _ *store.Document) (dir.Staff, error) {
		return core.RecordAbsence(old, dir.Absence{ID: rpc.DerivedID(ctx, "absence"), From: from, To: until}, s.deps.Today())
	})
	if err != nil {
		return nil, err
	}
	out := &directoryv1.RecordAbsenceResponse{StaffMember: m}
	out.UncoveredFamilies, _, err = s.leftAlone(ctx, m.GetName(), dir.Gap{Reason: dir.GapAbsent, From: from, To: until})
	return out, err
}

// CancelAbsence takes back an absence, or ends it yesterday.
func (s *Server) CancelAbsence(ctx context.Context, req *directoryv1.CancelAbsenceRequest) (*directoryv1.StaffMember, error) {
	return s.changeStaff(ctx, req.GetName(), "name", req, "odwołanie nieobecności", func(old dir.Staff, _ *store.Document) (dir.Staff, error) {
		return core.CancelAbsence(old, req.GetAbsenceId(), s.deps.Today())
	})
}

// AppointDeputy lets a staff member stand in for the head.
func (s *Server) AppointDeputy(ctx context.Context, req *directoryv1.AppointDeputyRequest) (*directoryv1.StaffMember, error) {
	n, err := parse(req.GetName(), name.Staff, "name")
	if err != nil {
		return nil, err
	}
	if err := heads(ctx); err != nil {
		return nil, err
	}
	from, until, err := period(req)
	if err != nil {
		return nil, err
	}
	head, err := s.headOf(ctx, n.Gmina, req.GetHead())
	if err != nil {
		return nil, err
	}
	d := dir.Deputy{ID: rpc.DerivedID(ctx, "deputy"), From: from, To: until}
	return s.changeStaff(ctx, req.GetName(), "name", req, "zastępstwo kierownika", func(old dir.Staff, _ *store.Document) (dir.Staff, error) {
		return core.AppointDeputy(old, d, head, actor(ctx), s.deps.Today())
	})
}

// headOf gives the head to be stood in for: the one named, or the only one that the centre has.
func (s *Server) headOf(ctx context.Context, gmina, named string) (dir.Staff, error) {
	id, err := idIn(named, gmina, name.Staff, "head")
	if err != nil {
		return dir.Staff{}, err
	}
	if id == "" && !access.GrantFrom(ctx).Employment.Deputy && access.GrantFrom(ctx).Has(access.Head) {
		id = access.GrantFrom(ctx).Employment.Staff
	}
	staff, err := s.reader.ListStaff(ctx, gmina, access.Head)
	if err != nil {
		return dir.Staff{}, err
	}
	var found []dir.Staff
	for _, h := range staff {
		if h.Body == "" && (id == h.ID || id == "" && core.StaffStateOn(h, s.deps.Today()) == core.StaffEmployed) {
			found = append(found, h)
		}
	}
	if len(found) != 1 {
		return dir.Staff{}, fault.Invalid("head", "HEAD", "wskaż kierownika ośrodka, którego osoba ma zastępować.")
	}
	return found[0], nil
}

// RevokeDeputy ends the standing in for the head at once.
func (s *Server) RevokeDeputy(ctx context.Context, req *directoryv1.RevokeDeputyRequest) (*directoryv1.StaffMember, error) {
	return s.changeStaff(ctx, req.GetName(), "name", req, "odwołanie zastępstwa", func(old dir.Staff, _ *store.Document) (dir.Staff, error) {
		return core.RevokeDeputy(old, req.GetDeputizingId(), actor(ctx), s.deps.Today())
	})
}

// period reads the days of an absence or a deputizing.
func period(req interface {
	GetFromDate() *date.Date
	GetUntilDate() *date.Date
}) (from, until calendar.Date, err error) {
	if from, err = rpc.DateFrom(req.GetFromDate(), "from_date"); err != nil {
		return from, until, err
	}
	if from.IsZero() {
		return from, until, fault.Invalid("from_date", "FROM_DATE", "podaj pierwszy dzień.")
	}
	until, err = rpc.DateFrom(req.GetUntilDate(), "until_date")
	return from, until, err
}

// ListUncoveredFamilies lists the families whose assistant is not there today.
func (s *Server) ListUncoveredFamilies(ctx context.Context, req *directoryv1.ListUncoveredFamiliesRequest) (*directoryv1.ListUncoveredFamiliesResponse, error) {
	n, err := parse(req.GetParent(), "", "parent")
	if err != nil {
		return nil, err
	}
	today := s.deps.Today()
	all, err := s.reader.Uncovered(unlogged(ctx), n.Gmina, today)
	if err != nil {
		return nil, err
	}
	return &directoryv1.ListUncoveredFamiliesResponse{UncoveredFamilies: uncoveredTo(ctx, all, today)}, nil
}

// leftAlone gives the families of an assistant in the time of a gap: to the head by name, to the administrator as a number.
func (s *Server) leftAlone(ctx context.Context, staff string, gap dir.Gap) ([]*directoryv1.UncoveredFamily, int32, error) {
	n, err := parse(staff, name.Staff, "name")
	if err != nil {
		return nil, 0, err
	}
	m, err := s.reader.Staff(ctx, n.Gmina, n.ID)
	if err != nil {
		return nil, 0, err
	}
	families, err := s.reader.Families(unlogged(ctx), n.Gmina, n.ID)
	if err != nil {
		return nil, 0, err
	}
	var all []dir.Uncovered
	for _, f := range families {
		if f.Cover.State != familyfile.Monitoring || gap.Reason != dir.GapAbsent {
			all = append(all, dir.Uncover(f, m, gap))
		}
	}
	return uncoveredTo(ctx, all, s.deps.Today()), int32(len(all)), nil
}

// uncoveredTo writes the families that the object rules let the caller see, and notes these for the access log.
func uncoveredTo(ctx context.Context, all []dir.Uncovered, today calendar.Date) []*directoryv1.UncoveredFamily {
	var out []*directoryv1.UncoveredFamily
	for _, u := range all {
		if _, err := rpc.Visible(access.GrantFrom(ctx), u.Cover.Parties()); err != nil {
			continue
		}
		noteFile(ctx, u.Family)
		file := name.In(u.Gmina, name.FamilyFiles, u.File)
		out = append(out, &directoryv1.UncoveredFamily{
			FamilyFile: file, Number: u.Cover.Number, FamilyName: u.Cover.Label.FamilyName,
			Assistant: rpc.StaffName(u.Gmina, u.Assistant.ID), AssistantDisplayName: u.Assistant.DisplayName,
			Reason:   rpc.Enum[directoryv1.UncoveredReason](u.Gap.Reason),
			FromDate: rpc.Date(u.Gap.From), UntilDate: rpc.Date(u.Gap.To),
			Deadline: rpc.Deadlines([]deadline.Deadline{u.Deadline}, u.Gmina, file, today)[0],
		})
	}
	return out
}
