package rpc_test

import (
	"context"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	planningv1 "asysta.example/proto/gen/asysta/planning/v1"

	"asysta.example/internal/access"
	"asysta.example/internal/fault"
	"asysta.example/internal/name"
	"asysta.example/internal/rpc"
	"asysta.example/internal/store"
)

// TestCoordinatorsReachLinkedFilesOnly: a county role counts in every gmina of the county, and the scope holds the files with a linked child, each under the
// name of its own gmina.
func TestCoordinatorsReachLinkedFilesOnly(t *testing.T) {
	w := newWorld(t)
	for id, audience := range map[string][]string{"01linked": {"coordinator"}, "01unlinked": {}} {
		scope := w.deps.Store.For(gmina)
		_, _, err := scope.Commit(t.Context(), scope.New(store.Ref{Kind: store.FamilyFiles, ID: id}), store.Change{
			Actor: store.Actor{System: "test"}, Method: "test", RecordedAt: now, Audience: audience, Cover: bson.D{{Key: "state", Value: "COOPERATION"}, {Key: "opened_on", Value: "2026-01-01"}},
		})
		must(t, err)
	}
	listed := 0
	w.plans.slice = func(ctx context.Context, req *planningv1.GetFileSliceRequest) (*planningv1.FileSlice, error) {
		n, err := name.Parse(req.GetName())
		if err != nil {
			return nil, err
		}
		scope := w.deps.Scope(ctx)
		page, err := scope.List(ctx, store.FamilyFiles, store.Query{Index: "by_audience", Limit: 10})
		if err != nil {
			return nil, err
		}
		listed = len(page.Hits)
		_, err = scope.Load(ctx, store.Ref{Kind: store.FamilyFiles, ID: n.ID})
		return &planningv1.FileSlice{}, err
	}
	for label, tt := range map[string]struct {
		who, gmina, file string
		want             codes.Code
		listed           int
	}{
		"linked file":                     {"coordinator", gmina, "01linked", codes.OK, 1},
		"file without a linked child":     {"coordinator", gmina, "01unlinked", codes.PermissionDenied, 1},
		"linked file, another gmina said": {"coordinator", empty, "01linked", codes.PermissionDenied, 0},
		"gmina that there is not":         {"coordinator", "3024999", "01linked", codes.PermissionDenied, -1},
		"gmina of another county":         {"coordinator", foreign, "01linked", codes.PermissionDenied, -1},
		"coordinator of another county":   {"stranger", gmina, "01linked", codes.PermissionDenied, -1},
	} {
		t.Run(label, func(t *testing.T) {
			listed = -1
			_, err := planningv1.NewCoordinationServiceClient(w.conn).GetFileSlice(w.as(tt.who), &planningv1.GetFileSliceRequest{Name: name.In(tt.gmina, name.FamilyFiles, tt.file)})
			if status.Code(err) != tt.want || listed != tt.listed {
				t.Errorf("%v with %d files listed (-1: the handler did not run); want %v with %d", err, listed, tt.want, tt.listed)
			}
		})
	}
}

func TestWhoLearnsThatSomethingIsAbsent(t *testing.T) {
	for label, tt := range map[string]struct {
		g    access.Grant
		want error
	}{
		"head":                      {access.Grant{Gmina: gmina, Roles: []access.Role{access.Head}}, fault.NotFound()},
		"head of a contracted body": {access.Grant{Gmina: gmina, Roles: []access.Role{access.Head}, Employment: access.Employment{Body: "b1"}}, fault.Denied()},
		"head in the county's name": {access.Grant{Roles: []access.Role{access.Head}}, fault.Denied()},
		"assistant":                 {access.Grant{Gmina: gmina, Roles: []access.Role{access.Assistant}}, fault.Denied()},
		"administrator":             {access.Grant{Gmina: gmina, Roles: []access.Role{access.CountyAdministrator}}, fault.NotFound()},
		"another service":           {access.Grant{Gmina: gmina, Roles: []access.Role{access.System}}, fault.NotFound()},
		"nobody":                    {access.Grant{}, fault.Denied()},
	} {
		got, _ := fault.As(rpc.Absent(access.WithGrant(t.Context(), tt.g), store.ErrNotFound))
		if !got.Is(tt.want) {
			t.Errorf("%s: %v, want %v", label, got, tt.want)
		}
	}
	if err := rpc.Absent(t.Context(), store.ErrConflict); err != store.ErrConflict { //nolint:errorlint // the same error passes
		t.Errorf("another error became %v", err)
	}
}

func TestVisible(t *testing.T) {
	g := access.Grant{Principal: access.Principal{Person: "p1"}, Gmina: gmina, Roles: []access.Role{access.Assistant}, Employment: access.Employment{Staff: "s1"}}
	if r, err := rpc.Visible(g, access.Parties{Assistant: "s1"}); r != access.Assistant || err != nil {
		t.Errorf("own family: %v, %v", r, err)
	}
	for label, p := range map[string]access.Parties{"another's family": {Assistant: "s2"}, "locked out": {Assistant: "s1", LockedOut: []string{"p1"}}} {
		if _, err := rpc.Visible(g, p); !fault.IsReason(err, "DENIED") {
			t.Errorf("%s: %v", label, err)
		}
	}
}
