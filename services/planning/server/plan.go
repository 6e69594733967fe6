package server

import (
	"context"
	"errors"
	"strconv"

	planningv1 "asysta.example/proto/gen/asysta/planning/v1"

	"asysta.example/internal/catalogue"
	"asysta.example/internal/fault"
	"asysta.example/internal/name"
	"asysta.example/internal/rpc"
	"asysta.example/internal/store"
	"asysta.example/services/planning"
	"google.golang.org/genproto/googleapis/type/date"
)

var catalogues = map[planningv1.Catalogue]catalogue.List{
	planningv1.Catalogue_CATALOGUE_TASKS: catalogue.Tasks, planningv1.Catalogue_CATALOGUE_AIMS: catalogue.Aims,
	planningv1.Catalogue_CATALOGUE_SUPPORT_FORMS: catalogue.SupportForms, planningv1.Catalogue_CATALOGUE_WORK_FORMS: catalogue.WorkForms,
	planningv1.Catalogue_CATALOGUE_HELP_SOURCES: catalogue.HelpSources, planningv1.Catalogue_CATALOGUE_CLOSURE_REASONS: catalogue.ClosureReasons,
	planningv1.Catalogue_CATALOGUE_LIFE_AREAS: catalogue.LifeAreas, planningv1.Catalogue_CATALOGUE_VISIT_KINDS: catalogue.VisitKinds,
}

// ListCatalogueEntries implements PlanningService.
func (s *planningServer) ListCatalogueEntries(_ context.Context, req *planningv1.ListCatalogueEntriesRequest) (*planningv1.ListCatalogueEntriesResponse, error) {
	on, err := rpc.DateFrom(req.GetOnDate(), "on_date")
	if err != nil {
		return nil, err
	}
	if on.IsZero() {
		on = s.deps.Today()
	}
	return &planningv1.ListCatalogueEntriesResponse{Entries: mapped(catalogues[req.GetCatalogue()].On(on), func(e catalogue.Entry) *planningv1.CatalogueEntry {
		return &planningv1.CatalogueEntry{Code: e.Code, Title: e.Title, Source: e.Source, ValidFromDate: rpc.Date(e.From), ValidToDate: rpc.Date(e.To)}
	})}, nil
}

const planPurpose = "plan pracy z rodziną"

// planName reads the name of a version.
func planName(s string) (name.Name, int, error) {
	n, err := fileName(s, name.Plans)
	if err != nil {
		return n, 0, err
	}
	v, err := strconv.Atoi(n.SubID)
	if err != nil || strconv.Itoa(v) != n.SubID {
		return n, 0, fault.Denied()
	}
	return n, v, nil
}

func idsOf(ctx context.Context) func(string, int) string {
	return func(list string, i int) string { return rpc.DerivedID(ctx, list, strconv.Itoa(i)) }
}

// act carries a command on a version out and answers with the version.
func (s *planningServer) act(ctx context.Context, resource, etag string, try bool, command func(version int) func(planning.File) (planning.Command, error)) (*planningv1.Plan, error) {
	n, version, err := planName(resource)
	if err != nil {
		return nil, err
	}
	o, _, err := s.commit(ctx, change{file: n, etag: etag, validateOnly: try, purpose: planPurpose, command: command(version)})
	if err != nil {
		return nil, err
	}
	return s.plan(ctx, o, version)
}

// CreatePlanDraft implements PlanningService.
func (s *planningServer) CreatePlanDraft(ctx context.Context, req *planningv1.CreatePlanDraftRequest) (*planningv1.Plan, error) {
	n, err := fileName(req.GetParent())
	if err != nil {
		return nil, err
	}
	cmd := planning.CreateDraft{}
	if req.GetContent() != nil {
		content, err := contentFrom(req.GetContent(), idsOf(ctx))
		if err != nil {
			return nil, err
		}
		cmd.Content = &content
	}
	o, replayed, err := s.commit(ctx, change{file: n, validateOnly: req.GetValidateOnly(), purpose: planPurpose, command: always(cmd)})
	if err != nil {
		return nil, err
	}
	version := o.file.Cover.PlanVersion
	if o.file.Section.Draft != nil {
		version = o.file.Section.Draft.Version
	}
	if version == 0 && replayed { // begun and discarded since
		return nil, fault.Precondition("PLAN_DRAFT_DISCARDED", "step 12", "Projekt założony tym żądaniem został już odrzucony. Zacznij nowy projekt.")
	}
	return s.plan(ctx, o, version)
}

// UpdatePlan implements PlanningService.
func (s *planningServer) UpdatePlan(ctx context.Context, req *planningv1.UpdatePlanRequest) (*planningv1.Plan, error) {
	return s.act(ctx, req.GetPlan().GetName(), req.GetEtag(), req.GetValidateOnly(), func(v int) func(planning.File) (planning.Command, error) {
		return func(f planning.File) (planning.Command, error) {
			if f.Section.Draft == nil || f.Section.Draft.Version != v {
				return planning.UpdatePlan{Version: v}, nil // refused by the core
			}
			merged, err := rpc.MergeAll(&planningv1.Plan{Content: contentOf(f.Section.Draft.Content)}, req.GetPlan(), req.GetUpdateMask(), "content")
			if err != nil {
				return nil, err
			}
			content, err := contentFrom(merged.GetContent(), idsOf(ctx))
			return planning.UpdatePlan{Version: v, Content: content}, err
		}
	})
}

// DiscardPlanDraft implements PlanningService.
func (s *planningServer) DiscardPlanDraft(ctx context.Context, req *planningv1.DiscardPlanDraftRequest) (*planningv1.Plan, error) {
	n, version, err := planName(req.GetName())
	if err != nil {
		return nil, err
	}
	var was *planning.Draft
	o, _, err := s.commit(ctx, change{file: n, etag: req.GetEtag(), purpose: planPurpose, command: func(f planning.File) (planning.Command, error) {
		was = f.Section.Draft
		return planning.DiscardDraft{Version: version}, nil
	}})
	if err != nil {
		return nil, err
	}
	out := &planningv1.Plan{Name: req.GetName(), Version: int32(version), State: planningv1.PlanState_PLAN_STATE_DRAFT, Etag: o.etag()}
	if was != nil { // a repeated request meets the file without the draft
		out.Content, out.ContentHash = contentOf(was.Content), was.Hash
	}
	return out, nil
}

// mark puts a mark on a draft.
func (s *planningServer) mark(ctx context.Context, kind planning.SignOffKind, resource, etag, hash, note string, on *date.Date, field string) (*planningv1.Plan, error) {
	day, err := rpc.PastDate(on, field, s.deps.Today())
	if err != nil {
		return nil, err
	}
	return s.act(ctx, resource, etag, false, func(v int) func(planning.File) (planning.Command, error) {
		return always(planning.Marking{Kind: kind, Version: v, Hash: hash, On: day, Note: note})
	})
}

// RecordConsultation implements PlanningService.
func (s *planningServer) RecordConsultation(ctx context.Context, req *planningv1.RecordConsultationRequest) (*planningv1.Plan, error) {
	return s.mark(ctx, planning.Consultation, req.GetName(), req.GetEtag(), req.GetContentHash(), req.GetNote(), req.GetConsultedOn(), "consulted_on")
}

// AgreeAsCoordinator implements PlanningService.
func (s *planningServer) AgreeAsCoordinator(ctx context.Context, req *planningv1.AgreeAsCoordinatorRequest) (*planningv1.Plan, error) {
	return s.mark(ctx, planning.Agreement, req.GetName(), req.GetEtag(), req.GetContentHash(), req.GetNote(), req.GetAgreedOn(), "agreed_on")
}

// ApprovePlan implements PlanningService.
func (s *planningServer) ApprovePlan(ctx context.Context, req *planningv1.ApprovePlanRequest) (*planningv1.Plan, error) {
	return s.mark(ctx, planning.HeadApproval, req.GetName(), req.GetEtag(), req.GetContentHash(), req.GetNote(), req.GetApprovedOn(), "approved_on")
}

// RecordFamilySignatures implements PlanningService.
func (s *planningServer) RecordFamilySignatures(ctx context.Context, req *planningv1.RecordFamilySignaturesRequest) (*planningv1.Plan, error) {
	cmd := planning.Sign{Hash: req.GetContentHash()}
	for _, sig := range req.GetSignatures() {
		on, err := rpc.PastDate(sig.GetSignedOn(), "signatures.signed_on", s.deps.Today())
		if err != nil {
			return nil, err
		}
		cmd.Signatures = append(cmd.Signatures, planning.SignOff{By: sig.GetSigner(), On: on, OriginalAt: sig.GetOriginalAt(), Refused: sig.GetRefused()})
	}
	return s.act(ctx, req.GetName(), req.GetEtag(), false, func(v int) func(planning.File) (planning.Command, error) {
		cmd.Version = v
		return always(cmd)
	})
}

// AdoptPlan implements PlanningService.
func (s *planningServer) AdoptPlan(ctx context.Context, req *planningv1.AdoptPlanRequest) (*planningv1.Plan, error) {
	on, err := rpc.PastDate(req.GetAdoptedOn(), "adopted_on", s.deps.Today())
	if err != nil {
		return nil, err
	}
	return s.act(ctx, req.GetName(), req.GetEtag(), req.GetValidateOnly(), func(v int) func(planning.File) (planning.Command, error) {
		return always(planning.Adopt{Version: v, Hash: req.GetContentHash(), On: on})
	})
}

// RecordProgress implements PlanningService.
func (s *planningServer) RecordProgress(ctx context.Context, req *planningv1.RecordProgressRequest) (*planningv1.Plan, error) {
	marks, err := marksFrom(req.GetProgress(), "progress.noted_on")
	if err != nil {
		return nil, err
	}
	return s.act(ctx, req.GetName(), req.GetEtag(), false, func(v int) func(planning.File) (planning.Command, error) {
		return always(planning.RecordProgress{Version: v, Marks: marks})
	})
}

// GetPlan implements PlanningService.
func (s *planningServer) GetPlan(ctx context.Context, req *planningv1.GetPlanRequest) (*planningv1.Plan, error) {
	n, version, err := planName(req.GetName())
	if err != nil {
		return nil, err
	}
	o, err := s.read(ctx, n)
	if err != nil {
		return nil, err
	}
	return s.plan(ctx, o, version)
}

// ListPlanVersions implements PlanningService.
func (s *planningServer) ListPlanVersions(ctx context.Context, req *planningv1.ListPlanVersionsRequest) (*planningv1.ListPlanVersionsResponse, error) {
	o, page, err := s.records(ctx, store.PlanVersions, req)
	if err != nil {
		return nil, err
	}
	out := &planningv1.ListPlanVersionsResponse{NextPageToken: page.Next}
	if d := o.file.Section.Draft; d != nil && req.GetPageToken() == "" {
		out.Plans = append(out.Plans, o.draftPlan(*d))
	}
	for _, r := range page.Records {
		v, err := rpc.Decode[planning.VersionRecord](r.Body)
		if err != nil {
			return nil, err
		}
		plan, err := s.plan(ctx, o, v.Version.Version)
		if err != nil {
			return nil, err
		}
		out.Plans = append(out.Plans, plan)
	}
	return out, nil
}

// list is what every request for a file's records carries.
type list interface {
	GetParent() string
	GetPageSize() int32
	GetPageToken() string
}

// records gives a file and a page of its records of one type, the newest first.
func (s *planningServer) records(ctx context.Context, kind store.RecordType, req list) (opened, store.RecordPage, error) {
	o, err := s.find(ctx, req.GetParent())
	if err != nil {
		return o, store.RecordPage{}, err
	}
	page, err := s.deps.Scope(ctx).Records(ctx, store.RecordQuery{Type: kind, File: o.doc.ID, Desc: true, Limit: rpc.PageSize(req.GetPageSize()), Token: req.GetPageToken()})
	if err != nil {
		return o, page, pageFault(err)
	}
	return o, page, nil
}

// pageFault tells a caller that a page token is of another list.
func pageFault(err error) error {
	if errors.Is(err, store.ErrPageToken) {
		return fault.Invalid("page_token", "PAGE_TOKEN", "znacznik strony nie należy do tej listy; zacznij od pierwszej strony.")
	}
	return err
}
