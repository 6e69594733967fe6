package server_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	directoryv1 "asysta.example/proto/gen/asysta/directory/v1"

	"asysta.example/internal/access"
	"asysta.example/internal/calendar"
	"asysta.example/internal/directory"
	"asysta.example/internal/fault"
	"asysta.example/internal/rpc"
	"asysta.example/internal/store"
	"asysta.example/internal/store/sqlite"
	"asysta.example/services/casefile/directory/server"
)

const (
	county, gminaA, gminaB = "2004", "2004042", "2004052"
	rootLogin              = "admin@powiat"
)

var monday = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// world is a county with its server, as clients meet it.
type world struct {
	t      *testing.T
	store  store.Store
	client directoryv1.DirectoryServiceClient
	admin  string // resource name of the first administrator
	at     atomic.Pointer[time.Time]
	seq    atomic.Int64
}

// logins resolves "Bearer <subject>" through the directory.
type logins struct{ w *world }

func (l logins) Authenticate(ctx context.Context, token string) (access.Principal, error) {
	p, err := directory.NewReader(l.w.store).Principal(ctx, token, calendar.In(l.w.now()))
	if err != nil {
		return p, fault.Unauthenticated("TOKEN")
	}
	return p, nil
}

func (w *world) now() time.Time { return *w.at.Load() }

func (w *world) set(at time.Time) { w.at.Store(&at) }

func newWorld(t *testing.T) *world {
	t.Helper()
	engine, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "asysta.db"))
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, store: store.Open(engine)}
	t.Cleanup(func() { w.store.Close() })
	w.set(monday)
	if err := w.store.System().Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if w.admin, err = w.bootstrap(county, gminaA, rootLogin); err != nil {
		t.Fatal(err)
	}
	deps := rpc.Deps{Store: w.store, Directory: directory.NewReader(w.store), Clock: w.now, Log: slog.New(slog.DiscardHandler)}
	srv, err := rpc.NewServer(deps, logins{w})
	if err != nil {
		t.Fatal(err)
	}
	server.New(deps).Register(srv)
	pipe := rpc.NewPipe()
	served := make(chan error, 1)
	go func() { served <- srv.Serve(pipe) }()
	conn, err := pipe.Dial()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		conn.Close()
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		srv.Shutdown(ctx)
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	w.client = directoryv1.NewDirectoryServiceClient(conn)
	return w
}

func (w *world) bootstrap(county, gmina, login string) (string, error) {
	office := directory.Office{Name: "Gminny Ośrodek Pomocy Społecznej w Radziłowie", Place: "19-213 Radziłów", Phone: "86 273 71 10"}
	return server.Bootstrap(w.t.Context(), w.store, w.now, directory.County{Digits: county, DisplayName: "powiat grajewski"},
		directory.Gmina{TERYT: gmina, DisplayName: "gmina Radziłów", Office: office}, server.Admin{Name: "Anna Pierwsza", Subject: login})
}

// as is the context of a call by a login.
func (w *world) as(login string) context.Context {
	return metadata.AppendToOutgoingContext(w.t.Context(), "authorization", "Bearer "+login)
}

// rid gives a new request id.
func (w *world) rid() string { return "request-" + strconv.FormatInt(w.seq.Add(1)+10000, 10) }

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
	m := must[*directoryv1.StaffMember](w.t)(w.client.CreateStaffMember(w.as(rootLogin), &directoryv1.CreateStaffMemberRequest{
		Parent: "gminas/" + gmina, RequestId: w.rid(), StaffMember: worker("Jan "+login, roles...)}))
	w.link(m.GetPerson(), login)
	return m
}

func (w *world) link(person, login string) *directoryv1.Person {
	w.t.Helper()
	p := must[*directoryv1.Person](w.t)(w.client.GetPerson(w.as(rootLogin), &directoryv1.GetPersonRequest{Name: person}))
	return must[*directoryv1.Person](w.t)(w.client.LinkSubject(w.as(rootLogin), &directoryv1.LinkSubjectRequest{Name: person, Subject: login, Etag: p.GetEtag(), RequestId: w.rid()}))
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
