package server_test

import (
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	directoryv1 "asysta.example/proto/gen/asysta/directory/v1"

	"asysta.example/internal/directory"
	"asysta.example/internal/testkit/office"
	"asysta.example/services/casefile/directory/server"
)

const (
	county, gminaA, gminaB = office.County, office.Gmina, office.Nearby
	rootLogin              = "admin@powiat"
)

var monday = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// world is a county that its first administrator founded, with its server, as clients meet it.
type world struct {
	*office.Office
	t      *testing.T
	client directoryv1.DirectoryServiceClient
	admin  string // resource name of the first administrator
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{Office: office.New(t, office.At(monday), office.Bare()), t: t}
	var err error
	w.admin, err = w.bootstrap(county, gminaA, rootLogin)
	office.Must(t, err)
	w.client = directoryv1.NewDirectoryServiceClient(w.Connect(w.Run(server.New(w.Deps))))
	return w
}

func (w *world) bootstrap(county, gmina, login string) (string, error) {
	office := directory.Office{Name: "Gminny Ośrodek Pomocy Społecznej w Radziłowie", Place: "19-213 Radziłów", Phone: "86 273 71 10"}
	return server.Bootstrap(w.t.Context(), w.Deps.Store, w.Now, directory.County{Digits: county, DisplayName: "powiat grajewski"},
		directory.Gmina{TERYT: gmina, DisplayName: "gmina Radziłów", Office: office}, server.Admin{Name: "Anna Pierwsza", Subject: login})
}

// must fails the test on an error of a call.
func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatalf("%v %v", err, status.Convert(err).Details())
		}
		return v
	}
}

// employ records an employee of a gmina and gives them a login.
func (w *world) employ(gmina, login string, roles ...directoryv1.GminaRole) *directoryv1.StaffMember {
	w.t.Helper()
	m := must[*directoryv1.StaffMember](w.t)(w.client.CreateStaffMember(w.As(rootLogin), &directoryv1.CreateStaffMemberRequest{
		Parent: "gminas/" + gmina, RequestId: w.RequestID(), StaffMember: worker("Jan "+login, roles...)}))
	w.link(m.GetPerson(), login)
	return m
}

func (w *world) link(person, login string) *directoryv1.Person {
	w.t.Helper()
	p := must[*directoryv1.Person](w.t)(w.client.GetPerson(w.As(rootLogin), &directoryv1.GetPersonRequest{Name: person}))
	return must[*directoryv1.Person](w.t)(w.client.LinkSubject(w.As(rootLogin), &directoryv1.LinkSubjectRequest{Name: person, Subject: login, Etag: p.GetEtag(), RequestId: w.RequestID()}))
}

func worker(display string, roles ...directoryv1.GminaRole) *directoryv1.StaffMember {
	return &directoryv1.StaffMember{DisplayName: display, Roles: roles, Contract: directoryv1.ContractKind_CONTRACT_KIND_EMPLOYMENT, FteHundredths: 100, ActiveFromDate: day(2026, 1, 1)}
}

func day(y, m, d int32) *date.Date { return &date.Date{Year: y, Month: m, Day: d} }

// reasonOf gives code and reason of a refusal, "OK" for none.
func reasonOf(err error) string {
	st := status.Convert(err)
	if st.Code() == codes.OK {
		return "OK"
	}
	for _, d := range st.Details() {
		if info, ok := d.(*errdetails.ErrorInfo); ok {
			return st.Code().String() + " " + info.GetReason()
		}
	}
	return st.Code().String()
}

// polishOf gives what the person at the desk reads.
func polishOf(err error) string {
	for _, d := range status.Convert(err).Details() {
		if m, ok := d.(*errdetails.LocalizedMessage); ok {
			return m.GetMessage()
		}
	}
	return ""
}

func lastStep(resource string) string { return resource[strings.LastIndexByte(resource, '/')+1:] }

const (
	headRole      = directoryv1.GminaRole_GMINA_ROLE_HEAD
	workerRole    = directoryv1.GminaRole_GMINA_ROLE_SOCIAL_WORKER
	assistantRole = directoryv1.GminaRole_GMINA_ROLE_ASSISTANT
)
