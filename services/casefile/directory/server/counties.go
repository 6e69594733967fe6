package server

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	directoryv1 "asysta.example/proto/gen/asysta/directory/v1"

	"asysta.example/internal/name"
	"asysta.example/internal/rpc"
	"asysta.example/internal/store"

	dir "asysta.example/internal/directory"
)

// GetCounty gives the county with its settings.
func (s *Server) GetCounty(ctx context.Context, req *directoryv1.GetCountyRequest) (*directoryv1.County, error) {
	n, err := parse(req.GetName(), "", "name")
	if err != nil {
		return nil, err
	}
	doc, err := s.deps.Scope(ctx).Load(ctx, store.Ref{Kind: store.Counties, ID: n.County})
	if err != nil {
		return nil, rpc.Absent(ctx, err)
	}
	c, err := dir.CountyOf(doc)
	return countyTo(ctx, c, doc), err
}

// UpdateCounty changes the settings of the county. Caseloads follow: at once where a step meets them, the others within a minute, by the casefile service.
func (s *Server) UpdateCounty(ctx context.Context, req *directoryv1.UpdateCountyRequest) (*directoryv1.County, error) {
	n, err := parse(req.GetCounty().GetName(), "", "county.name")
	if err != nil {
		return nil, err
	}
	doc, _, err := s.deps.Mutate(ctx, rpc.Mutation{
		Scope: s.deps.Scope(ctx), Ref: store.Ref{Kind: store.Counties, ID: n.County}, Etag: req.GetEtag(), ValidateOnly: req.GetValidateOnly(),
		Apply: func(doc *store.Document) (store.Change, error) {
			c, err := dir.CountyOf(doc)
			if err != nil {
				return store.Change{}, err
			}
			merged, err := rpc.Merge(countyTo(ctx, c, doc), req.GetCounty(), req.GetUpdateMask(), "settings")
			c.Settings = dir.CountySettings{MonitoringCounts: merged.GetSettings().GetMonitoringCounts()}
			return store.Change{Cover: c, Purpose: "ustawienia powiatu"}, err
		},
	})
	if err != nil {
		return nil, err
	}
	c, err := dir.CountyOf(doc)
	return countyTo(ctx, c, doc), err
}

func countyTo(ctx context.Context, c dir.County, doc *store.Document) *directoryv1.County {
	out := &directoryv1.County{
		Name: name.Name{County: c.Digits}.String(), DisplayName: c.DisplayName, Office: officeTo(c.Office),
		Settings: &directoryv1.CountySettings{MonitoringCounts: c.Settings.MonitoringCounts},
		Etag:     rpc.Etag(doc.Version), CreateTime: timestamppb.New(doc.Created), UpdateTime: timestamppb.New(doc.Updated),
	}
	if actor(ctx).Administrator {
		out.AllowedActions = []string{"UpdateCounty"}
	}
	return out
}
