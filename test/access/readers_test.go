package access_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"asysta.example/internal/calendar"
	"asysta.example/internal/scenario"
	"asysta.example/internal/store"
	"asysta.example/internal/testkit/contract"
	"asysta.example/internal/testkit/county"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// reads are the methods that hand out data of families and change nothing.
func reads(t *testing.T) map[protoreflect.FullName]*contract.Method {
	t.Helper()
	all, err := contract.Methods()
	must(t, err)
	found := map[protoreflect.FullName]*contract.Method{}
	for _, m := range all {
		if m.Permission.GetReadsFamilyData() && !m.Permission.GetMutation() {
			found[m.FullName()] = m
		}
	}
	return found
}

var (
	fileName     = regexp.MustCompile(`gminas/(\d{7})/familyFiles/([0-9a-z]{26})`)
	referralName = regexp.MustCompile(`gminas/(\d{7})/referrals/([0-9a-z]{26})`)
)

// reading is one read that somebody made.
type reading struct {
	as     string
	method protoreflect.MethodDescriptor
	req    proto.Message
}

func (r reading) String() string { return r.as + " " + string(r.method.FullName()) }

// office is a county with the ways in.
type office struct {
	*county.County
	t      *testing.T
	ways   map[string]scenario.Transport
	people map[string]string // ids by login
}

func open(t *testing.T) *office {
	t.Helper()
	c, err := county.Start(t.Context(), t.TempDir(), io.Discard)
	must(t, err)
	t.Cleanup(func() { must(t, c.Close()) })
	token := func(_ context.Context, as string) (string, error) { return c.Token(as) }
	return &office{County: c, t: t, people: map[string]string{}, ways: map[string]scenario.Transport{
		"gRPC": scenario.GRPC{Conn: func(string) grpc.ClientConnInterface { return c.Suite.Conn }, Token: token},
		"REST": scenario.REST{Base: "http://" + c.Suite.Address(), Client: http.DefaultClient, Token: token},
	}}
}

// person gives the id of who logs in so.
func (o *office) person(as string) string {
	o.t.Helper()
	if id, ok := o.people[as]; ok {
		return id
	}
	p, err := o.Suite.Deps.Directory.Principal(o.t.Context(), as, calendar.In(county.Noon))
	must(o.t, err)
	o.people[as] = p.Person
	return p.Person
}

// log gives the access log of an aggregate.
func (o *office) log(gmina string, ref store.Ref) []store.Access {
	o.t.Helper()
	var all []store.Access
	for token := ""; ; {
		lines, next, err := o.Suite.Deps.Store.For(gmina).AccessLog(o.t.Context(), ref, 200, token)
		must(o.t, err)
		all = append(all, lines...)
		if token = next; token == "" {
			return all
		}
	}
}

// told are the families that an answer tells of: files, or referrals where it is about referrals.
func told(m protoreflect.MethodDescriptor, text string) map[string]store.Ref {
	names, kind := fileName, store.FamilyFiles
	if m.Parent().Name() == "ReferralService" {
		names, kind = referralName, store.Referrals
	}
	found := map[string]store.Ref{}
	for _, n := range names.FindAllStringSubmatch(text, -1) {
		found[n[0]] = store.Ref{Kind: kind, ID: n[2]}
	}
	return found
}

// TestWhoReadAFileLeavesNobodyOut makes every read of the contract over gRPC and REST as whoever may, and sees that each file that an answer tells of has
// one line more, with person, method and purpose.
func TestWhoReadAFileLeavesNobodyOut(t *testing.T) {
	t.Parallel()
	o := open(t)
	t.Run("the list is whole", o.listed)
	file, err := os.Open("testdata/reads.yaml")
	must(t, err)
	defer file.Close()
	f, err := scenario.Read(file)
	must(t, err)
	must(t, o.Play(t.Context(), f, 30))
	var all []reading
	covered := map[protoreflect.FullName]bool{}
	for _, s := range o.Sent {
		if p := contract.PermissionOf(s.Method); !s.Refused && p.GetReadsFamilyData() && !p.GetMutation() {
			all = append(all, reading{s.As, s.Method, s.Request})
		}
	}
	for way, transport := range o.ways {
		seen := map[string]bool{}
		lines := 0
		for _, r := range slices.Backward(all) {
			if seen[r.String()] {
				continue // of equal reads by one person the last, whose case is nearest to what it is now
			}
			seen[r.String()] = true
			lines += o.read(way, transport, r, covered)
		}
		t.Logf("%s: %d reads, %d lines seen", way, len(seen), lines)
	}
	for name := range reads(t) {
		if !covered[name] && name != "asysta.directory.v1.DirectoryService.ListCaseloads" { // it counts families and names none
			t.Errorf("no read by %s told of any family, so that nothing is known of its lines", name)
		}
	}
}

// listed: page by page, over gRPC and REST, the head of the gmina and the auditor see every line that there is of a file and of the referral it came from,
// each once, newest first: of people, of services on behalf of people, of refused calls.
func (o *office) listed(t *testing.T) {
	file, _ := o.Answers["zatwierdzenie"].(map[string]any)["familyFile"].(string)
	names := fileName.FindStringSubmatch(file)
	referral := referralName.FindStringSubmatch(fmt.Sprint(o.Answers["zgloszenie"]))
	if names == nil || referral == nil {
		t.Fatalf("the scenario has no file %q or no referral", file)
	}
	// Somebody of the gmina, and somebody of another, try to look at it.
	get := reads(t)["asysta.casefile.v1.CasefileService.GetFamilyFile"]
	for _, neighbour := range []string{"kierownik.pyzdry", "asystent1.pyzdry", "socjalny2.kolaczkowo", "asystent1.kolaczkowo"} {
		_, err := o.ways["REST"].Call(t.Context(), neighbour, get, request(t, get, `{"name": "`+file+`"}`), 1)
		if err == nil {
			t.Fatalf("%s read the file", neighbour)
		}
	}
	want := map[string]bool{}
	for _, ref := range []store.Ref{{Kind: store.FamilyFiles, ID: names[2]}, {Kind: store.Referrals, ID: referral[2]}} {
		for _, a := range o.log(names[1], ref) {
			want[a.ID] = true
		}
	}
	list := reads(t)["asysta.casefile.v1.CasefileService.ListAccesses"]
	for way, transport := range o.ways {
		for _, who := range []string{"kierownik.kolaczkowo", "audytor"} {
			got, pages, before, methods := 0, 0, "9999", map[string]int{}
			for token := ""; ; {
				page, err := transport.Call(t.Context(), who, list, request(t, list, `{"parent": "`+file+`", "pageSize": 7, "pageToken": "`+token+`", "purpose": "READ_PURPOSE_AUDIT"}`), 1)
				must(t, err)
				answer, _ := page[0].(map[string]any)
				lines, _ := answer["accesses"].([]any)
				for _, l := range lines {
					line, _ := l.(map[string]any)
					at, _ := line["accessTime"].(string)
					if at > before {
						t.Errorf("%s, %s: a line of %s after one of %s", way, who, at, before)
					}
					before = at
					actor, _ := line["actor"].(map[string]any)
					methods[fmt.Sprint(line["method"], " ", actor["role"], " ", actor["system"], " ", line["denied"])]++
					got++
				}
				pages++
				if token, _ = answer["nextPageToken"].(string); token == "" {
					break
				}
			}
			// Each page of the list is itself a read of the file. The county's clock stands still, so that its line may show on a page that follows.
			if got < len(want) || got > len(want)+pages {
				t.Errorf("%s, %s: %d lines on %d pages, want %d", way, who, got, pages, len(want))
			}
			for _, line := range []string{"CreateReferral HEAD  false", "ApproveReferral HEAD  false", "OpenFamilyFile HEAD referral false", "GetFamilyFile  ", "GetFileSlice COORDINATOR  false",
				"SyncPlans COORDINATOR  false", "PrintWorkCard ", "ListIndicatorFiles HEAD  false"} {
				if !slices.ContainsFunc(slices.Collect(maps.Keys(methods)), func(m string) bool { return strings.HasPrefix(m, strings.TrimSpace(line)) }) {
					t.Errorf("%s, %s: no line %q among %v", way, who, line, methods)
				}
			}
			want = map[string]bool{}
			for _, ref := range []store.Ref{{Kind: store.FamilyFiles, ID: names[2]}, {Kind: store.Referrals, ID: referral[2]}} {
				for _, a := range o.log(names[1], ref) {
					want[a.ID] = true
				}
			}
		}
	}
}

// request makes a request from JSON.
func request(t *testing.T, m *contract.Method, text string) proto.Message {
	t.Helper()
	req := m.In.New().Interface()
	must(t, protojson.Unmarshal([]byte(text), req))
	return req
}

// read makes a read twice, first to learn which families it tells of, and sees the lines of the second; it gives their number.
func (o *office) read(way string, transport scenario.Transport, r reading, covered map[protoreflect.FullName]bool) int {
	families := func() map[string]store.Ref {
		answers, err := transport.Call(o.t.Context(), r.as, r.method, r.req, 1000)
		if err != nil {
			return nil // the case has moved on since somebody could read it
		}
		text, err := json.Marshal(answers)
		must(o.t, err)
		return told(r.method, fmt.Sprint(r.req)+tombstone.ReplaceAllString(string(text), ""))
	}
	before := map[string]int{}
	for name, ref := range families() {
		before[name] = o.lines(name, ref, r)
	}
	found := 0
	for name, ref := range families() {
		n := o.lines(name, ref, r) - before[name]
		if n < 1 || (n > 1 && !r.method.IsStreamingServer()) {
			o.t.Errorf("%s, %s: %d new lines in the access log of %s, want one", way, r, n, name)
		}
		found += n
		covered[r.method.FullName()] = true
	}
	return found
}

// tombstone is what a coordinator is told of a file that is not theirs: nothing but that.
var tombstone = regexp.MustCompile(`"tombstone":\{[^}]*\}`)

// lines counts the lines that a family's access log has of a reading.
func (o *office) lines(name string, ref store.Ref, r reading) int {
	n, who, purpose := 0, o.person(r.as), ""
	if f := r.req.ProtoReflect().Descriptor().Fields().ByName("purpose"); f != nil && f.Enum() != nil {
		purpose = strings.TrimPrefix(string(f.Enum().Values().ByNumber(r.req.ProtoReflect().Get(f).Enum()).Name()), "READ_PURPOSE_")
	}
	for _, a := range o.log(strings.Split(name, "/")[1], ref) {
		stated, _, _ := strings.Cut(a.Purpose, ": ")
		if a.Denied == "" && strings.HasSuffix(a.Method, "/"+string(r.method.Name())) && a.Actor.Person == who && a.Actor.Role != "" && (purpose == "" || purpose == "UNSPECIFIED" || stated == purpose) {
			n++
		}
	}
	return n
}
