package server

import (
	"context"

	"google.golang.org/genproto/googleapis/api/httpbody"
	"google.golang.org/grpc"

	"asysta.example/internal/access"
	"asysta.example/internal/fault"
	"asysta.example/internal/name"
	"asysta.example/internal/rpc"
	reportingv1 "asysta.example/proto/gen/asysta/reporting/v1"
	"asysta.example/services/reporting"
	date "google.golang.org/genproto/googleapis/type/date"
)

// Server serves ReportingService.
type Server struct {
	deps rpc.Deps
}

var _ reportingv1.ReportingServiceServer = (*Server)(nil)

// New gives the service over what every shell works with.
func New(deps rpc.Deps) *Server { return &Server{deps: deps} }

// Register implements rpc.Service.
func (s *Server) Register(r grpc.ServiceRegistrar) { reportingv1.RegisterReportingServiceServer(r, s) }

// maxYears bounds a period.
const maxYears = 10

// period reads a period. One that has begun may end on a day to come; of one that has not, nothing is known yet.
func (s *Server) period(from, to *date.Date) (reporting.Period, error) {
	f, err := rpc.DateFrom(from, "from_date")
	if err != nil {
		return reporting.Period{}, err
	}
	t, err := rpc.DateFrom(to, "to_date")
	if err != nil {
		return reporting.Period{}, err
	}
	var bad fault.Fields
	bad.Check(!f.IsZero(), "from_date", "podaj pierwszy dzień okresu.")
	today := s.deps.Today()
	bad.Check(!f.After(today), "from_date", "okres jeszcze się nie zaczął (dziś jest "+today.Polish()+"). Podaj okres, który trwa albo minął.")
	bad.Check(!t.IsZero() && !t.Before(f), "to_date", "okres nie może kończyć się przed swoim początkiem.")
	bad.Check(!t.After(f.AddMonths(12*maxYears)), "to_date", "okres może mieć najwyżej 10 lat.")
	return reporting.Period{From: f, To: t}, bad.Err()
}

// wholeMonths holds the county to calendar months, so that two periods a day apart do not give away one family.
func wholeMonths(p reporting.Period) error {
	var bad fault.Fields
	bad.Check(p.From.Day() == 1, "from_date", "okres powiatu zaczyna się pierwszego dnia miesiąca.")
	bad.Check(p.To.AddDays(1).Day() == 1, "to_date", "okres powiatu kończy się ostatniego dnia miesiąca.")
	return bad.Err()
}

// GetGminaIndicators implements the contract.
func (s *Server) GetGminaIndicators(ctx context.Context, req *reportingv1.GetGminaIndicatorsRequest) (*reportingv1.Indicators, error) {
	p, err := s.period(req.GetFromDate(), req.GetToDate())
	if err != nil {
		return nil, err
	}
	in, staff, err := s.gmina(ctx, p)
	if err != nil {
		return nil, err
	}
	return toPB(req.GetParent(), access.GrantFrom(ctx).Gmina, in, staff), nil
}

// ExportGminaIndicators implements the contract.
func (s *Server) ExportGminaIndicators(ctx context.Context, req *reportingv1.ExportGminaIndicatorsRequest) (*httpbody.HttpBody, error) {
	p, err := s.period(req.GetFromDate(), req.GetToDate())
	if err != nil {
		return nil, err
	}
	in, staff, err := s.gmina(ctx, p)
	if err != nil {
		return nil, err
	}
	return csvBody(in, staff)
}

// GetCountyIndicators implements the contract.
func (s *Server) GetCountyIndicators(ctx context.Context, req *reportingv1.GetCountyIndicatorsRequest) (*reportingv1.Indicators, error) {
	in, err := s.county(ctx, req.GetFromDate(), req.GetToDate())
	if err != nil {
		return nil, err
	}
	return toPB(req.GetParent(), "", in, nil), nil
}

// ExportCountyIndicators implements the contract.
func (s *Server) ExportCountyIndicators(ctx context.Context, req *reportingv1.ExportCountyIndicatorsRequest) (*httpbody.HttpBody, error) {
	in, err := s.county(ctx, req.GetFromDate(), req.GetToDate())
	if err != nil {
		return nil, err
	}
	return csvBody(in, nil)
}

func (s *Server) county(ctx context.Context, from, to *date.Date) (reporting.Indicators, error) {
	p, err := s.period(from, to)
	if err != nil {
		return reporting.Indicators{}, err
	}
	if err := wholeMonths(p); err != nil {
		return reporting.Indicators{}, err
	}
	files, visits, err := s.readCounty(ctx, access.GrantFrom(ctx).County)
	if err != nil {
		return reporting.Indicators{}, err
	}
	return reporting.CountCounty(p, files, visits), nil
}

// ListIndicatorFiles implements the contract.
func (s *Server) ListIndicatorFiles(ctx context.Context, req *reportingv1.ListIndicatorFilesRequest) (*reportingv1.ListIndicatorFilesResponse, error) {
	p, err := s.period(req.GetFromDate(), req.GetToDate())
	if err != nil {
		return nil, err
	}
	counts, known := reporting.Behind(req.GetRow(), p)
	if !known {
		return nil, fault.Invalid("row", "NO_FILES_BEHIND_ROW", "za tym wierszem nie stoi lista rodzin; wybierz wiersz, przy którym wskaźniki ją zapowiadają (hasFiles).")
	}
	refs, next, err := s.behind(ctx, counts, rpc.PageSize(req.GetPageSize()), req.GetPageToken())
	if err != nil {
		return nil, err
	}
	res := &reportingv1.ListIndicatorFilesResponse{NextPageToken: next}
	for _, ref := range refs {
		f, err := s.load(ctx, ref)
		if err != nil {
			return nil, err
		}
		res.Files = append(res.Files, &reportingv1.IndicatorFile{
			FamilyFile: name.In(access.GrantFrom(ctx).Gmina, name.FamilyFiles, ref), Number: f.Number, FamilyName: f.Label.FamilyName})
	}
	return res, nil
}
