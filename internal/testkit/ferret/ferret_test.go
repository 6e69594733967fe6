package ferret_test

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"asysta.example/internal/testkit/ferret"
)

func things(t *testing.T, uri string) (things *mongo.Collection, disconnect func()) {
	t.Helper()
	client, err := mongo.Connect(options.Client().ApplyURI(uri))
	if err != nil {
		t.Fatal(err)
	}
	return client.Database("asysta").Collection("things"), func() { _ = client.Disconnect(context.Background()) }
}

// Stopped and started again over its directory, a server has what was written.
func TestRestart(t *testing.T) {
	dir := t.TempDir()
	first, err := ferret.Listen(dir)
	if err != nil {
		t.Fatal(err)
	}
	c, disconnect := things(t, first.URI)
	if _, err := c.InsertOne(t.Context(), bson.D{{Key: "_id", Value: "kept"}}); err != nil {
		t.Fatal(err)
	}
	disconnect()
	first.Stop()

	second, err := ferret.Listen(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Stop()
	c, disconnect = things(t, second.URI)
	defer disconnect()
	if n, err := c.CountDocuments(t.Context(), bson.D{{Key: "_id", Value: "kept"}}); err != nil || n != 1 {
		t.Errorf("%d documents after the restart, %v", n, err)
	}
}

const envURI = "FERRET_TEST_CHILD_URI"

// Another process of the machine reaches the server by its URI.
func TestAnotherProcess(t *testing.T) {
	if uri := os.Getenv(envURI); uri != "" {
		c, disconnect := things(t, uri)
		defer disconnect()
		if _, err := c.InsertOne(t.Context(), bson.D{{Key: "_id", Value: "from the child"}}); err != nil {
			t.Fatal(err)
		}
		return
	}
	s := ferret.Start(t)
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestAnotherProcess$")
	child.Env = append(os.Environ(), envURI+"="+s.URI)
	if out, err := child.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	c, disconnect := things(t, s.URI)
	defer disconnect()
	if n, err := c.CountDocuments(t.Context(), bson.D{}); err != nil || n != 1 {
		t.Errorf("%d documents, %v", n, err)
	}
}

// No package outside of testkit depends on FerretDB, unless it is a test or a proof harness under test/.
func TestNotLinkedIntoThePrograms(t *testing.T) {
	list := exec.CommandContext(t.Context(), "go", "list", "-e", "-f", `{{.ImportPath}} {{join .Deps " "}}`, "asysta.example/...")
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for line := range strings.Lines(string(out)) {
		pkg, deps, _ := strings.Cut(line, " ")
		checked++
		proof := strings.HasPrefix(pkg, "asysta.example/internal/testkit/") || strings.HasPrefix(pkg, "asysta.example/test/")
		if !proof && strings.Contains(deps, "github.com/FerretDB/") {
			t.Errorf("%s depends on FerretDB", pkg)
		}
	}
	if checked < 10 {
		t.Fatalf("only %d packages looked at", checked)
	}
}
