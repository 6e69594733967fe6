package access_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	optionsv1 "asysta.example/proto/gen/asysta/options/v1"

	"asysta.example/internal/calendar"
	"asysta.example/internal/scenario"
	"asysta.example/internal/store"
	"asysta.example/internal/testkit/county"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// permission is what the contract says of a method.
func permission(m protoreflect.MethodDescriptor) *optionsv1.Permission {
	p, _ := proto.GetExtension(m.Options(), optionsv1.E_Permission).(*optionsv1.Permission)
	return p
}

// reads are the methods that hand out data of families and change nothing.
func reads() map[protoreflect.FullName]protoreflect.MethodDescriptor {
	found := map[protoreflect.FullName]protoreflect.MethodDescriptor{}
	protoregistry.GlobalFiles.RangeFiles(func(f protoreflect.FileDescriptor) bool {
		for i := range f.Services().Len() {
			for j := range f.Services().Get(i).Methods().Len() {
				if m := f.Services().Get(i).Methods().Get(j); permission(m).GetReadsFamilyData() && !permission(m).GetMutation() {
					found[m.FullName()] = m
				}
			}
		}
		return true
	})
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
	file, err := os.Open("testdata/reads.yaml")
	must(t, err)
	defer file.Close()
	f, err := scenario.Read(file)
	must(t, err)
	must(t, o.Play(t.Context(), f, 30))
	var all []reading
	covered := map[protoreflect.FullName]bool{}
	for _, s := range o.Sent {
		if p := permission(s.Method); !s.Refused && p.GetReadsFamilyData() && !p.GetMutation() {
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
	for name := range reads() {
		if !covered[name] && name != "asysta.directory.v1.DirectoryService.ListCaseloads" { // it counts families and names none
			t.Errorf("no read by %s told of any family, so that nothing is known of its lines", name)
		}
	}
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
