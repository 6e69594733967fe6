package server_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"

	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"
	familyv1 "asysta.example/proto/gen/asysta/family/v1"
	referralv1 "asysta.example/proto/gen/asysta/referral/v1"

	"asysta.example/internal/access"
	"asysta.example/internal/directory"
	"asysta.example/internal/fault"
	"asysta.example/internal/store"
	"asysta.example/internal/testkit/office"
	"asysta.example/services/referral/server"
)

const (
	gmina = office.Gmina
	other = office.Nearby
	asa   = "gminas/" + gmina + "/staff/as-1"
)

var (
	must = office.Must
	on   = office.Day
)

// world is a county with one running referral service and a casefile service.
type world struct {
	*office.Office
	t        *testing.T
	service  *server.Server
	client   referralv1.ReferralServiceClient
	casefile *casefile
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{Office: office.New(t, office.At(time.Date(2026, 3, 31, 10, 0, 0, 0, time.UTC))), t: t}
	w.casefile = &casefile{places: map[string]string{}, files: map[string]*casefilev1.OpenFamilyFileRequest{}, fenced: map[string]bool{}, room: 15}
	w.service = server.New(w.Deps, casefilev1.NewCaseworkInternalServiceClient(w.Serve(w.casefile)))
	w.client = referralv1.NewReferralServiceClient(w.Serve(w.service))
	w.people()
	return w
}

// people fills the directory.
func (w *world) people() {
	for staff, role := range map[string]access.Role{"sw-1": access.SocialWorker, "sw-2": access.SocialWorker, "head": access.Head, "as-1": access.Assistant} {
		w.Employ(gmina, staff, role)
	}
	w.Employ(gmina, "dep", access.Assistant, func(s *directory.Staff) { s.DeputyFor = []directory.Deputy{{ID: "d1", From: office.EmployedSince}} })
	w.Employ(gmina, "body", access.ContractedBody, func(s *directory.Staff) { s.Body = "ngo" })
	also := func(s *directory.Staff) { s.Roles = append(s.Roles, access.SocialWorker) }
	w.Employ(gmina, "both", access.Head, also)
	w.Employ(other, "far", access.Head, also)
	w.Appoint(office.County, "admin", access.CountyAdministrator, access.CountyReporting, access.Auditor)
	w.Write(w.Deps.Store.For(gmina), store.Institutions, "school", directory.Institution{DisplayName: "SP", Kind: directory.InstitutionSchool})
	w.settle(directory.Organiser{})
}

// settle writes the gmina with an organiser of family work.
func (w *world) settle(o directory.Organiser) {
	w.t.Helper()
	w.Settle(gmina, directory.Settings{Organiser: o, Areas: []directory.Area{
		{ID: "a1", SocialWorker: "sw-1", Places: []string{"Radziłów"}}, {ID: "a2", SocialWorker: "sw-2", Places: []string{"Słucz"}}, {ID: "a3", SocialWorker: "both", Places: []string{"Karwowo"}}}})
}

func family() *referralv1.Referral {
	return &referralv1.Referral{
		ReceivedOn: on("2026-03-02"), Source: familyv1.Source_SOURCE_OWN_DIAGNOSIS, DescribedReason: "trudności w opiece",
		Members: []*familyv1.FamilyMember{
			{Role: familyv1.MemberRole_MEMBER_ROLE_MOTHER, GivenName: "Anna", FamilyName: "Świątek", Pesel: "44051401359", ParentalAuthority: true},
			{Role: familyv1.MemberRole_MEMBER_ROLE_CHILD, GivenName: "Ola", FamilyName: "Świątek", BirthDate: on("2020-01-31")}},
		Address: &familyv1.Address{Place: "Radziłów", Street: "ul. Polna 4/2"},
	}
}

// casefile is the casefile service's side of the contract, with as much state as its promises need: places, files, fences.
type casefile struct {
	casefilev1.UnsafeCaseworkInternalServiceServer
	mu     sync.Mutex
	room   int
	places map[string]string // file -> assistant
	files  map[string]*casefilev1.OpenFamilyFileRequest
	fenced map[string]bool
	down   bool
	refuse error // of OpenFamilyFile
	racing bool  // OpenFamilyFile refuses only after another finisher's opening has come through
	opened int
	agents []string // who asked, on whose behalf
}

// Register implements rpc.Service.
func (c *casefile) Register(r grpc.ServiceRegistrar) {
	casefilev1.RegisterCaseworkInternalServiceServer(r, c)
}

func (c *casefile) enter(ctx context.Context) error {
	g := access.GrantFrom(ctx)
	c.agents = append(c.agents, g.System+" for "+g.Person+" as "+string(g.ActingRole))
	if c.down {
		return fault.Unavailable("DOWN")
	}
	return nil
}

// ReservePlace implements the contract.
func (c *casefile) ReservePlace(ctx context.Context, req *casefilev1.ReservePlaceRequest) (*casefilev1.ReservePlaceResponse, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.enter(ctx); err != nil {
		return nil, err
	}
	if c.fenced[req.GetFamilyFile()] {
		return nil, fault.Precondition("FILE_FENCED", "", "Numer wycofano.")
	}
	if _, held := c.places[req.GetFamilyFile()]; !held && len(c.places) >= c.room {
		return nil, fault.Precondition("CASELOAD_FULL", "art. 15(4)", "Asystent ma komplet rodzin.")
	}
	c.places[req.GetFamilyFile()] = req.GetAssistant()
	return &casefilev1.ReservePlaceResponse{}, nil
}

// ReleasePlace implements the contract.
func (c *casefile) ReleasePlace(ctx context.Context, req *casefilev1.ReleasePlaceRequest) (*casefilev1.ReleasePlaceResponse, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.enter(ctx); err != nil {
		return nil, err
	}
	if c.files[req.GetFamilyFile()] != nil {
		return nil, fault.Precondition("FILE_ACTIVE", "", "Teczka jest prowadzona.")
	}
	c.fenced[req.GetFamilyFile()] = true
	delete(c.places, req.GetFamilyFile())
	return &casefilev1.ReleasePlaceResponse{}, nil
}

// OpenFamilyFile implements the contract.
func (c *casefile) OpenFamilyFile(ctx context.Context, req *casefilev1.OpenFamilyFileRequest) (*casefilev1.FamilyFile, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.enter(ctx); err != nil {
		return nil, err
	}
	if c.fenced[req.GetFamilyFile()] {
		return nil, fault.Precondition("FILE_FENCED", "", "Numer wycofano.")
	}
	if c.refuse != nil && !c.racing {
		return nil, c.refuse
	}
	if c.files[req.GetFamilyFile()] == nil {
		c.files[req.GetFamilyFile()] = req
		c.opened++
	}
	if c.refuse != nil {
		return nil, c.refuse
	}
	return &casefilev1.FamilyFile{Name: req.GetFamilyFile()}, nil
}
