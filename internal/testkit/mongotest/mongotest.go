package mongotest

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"asysta.example/internal/testkit/ferret"
)

// EnvURI names the variable with the URI of a real server. Its user must be allowed to make and drop databases called "asysta_test_…".
const EnvURI = "ASYSTA_TEST_MONGODB_URI"

var databases atomic.Int64

// Database gives an empty database: the URI of its server and its name. It is gone after the test, which fails where it sent a query that no index serves.
func Database(tb testing.TB) (uri, database string) {
	tb.Helper()
	uri, database = Unrecorded(tb)
	return recorded(tb, uri), database
}

// Unrecorded gives an empty database as Database does, for a test that asks an engine for what the store never asks: its queries need no index.
func Unrecorded(tb testing.TB) (uri, database string) {
	tb.Helper()
	database = fmt.Sprintf("asysta_test_%d_%d_%d", os.Getpid(), time.Now().UnixMilli(), databases.Add(1)) //nolint:forbidigo // a name no other run has
	uri = os.Getenv(EnvURI)
	if uri == "" {
		return ferret.Start(tb).URI, database
	}
	tb.Cleanup(func() {
		if err := drop(uri, database); err != nil {
			tb.Errorf("mongotest: drop %s: %v", database, err)
		}
	})
	return uri, database
}

// recorded gives the URI of a recorder before the server of a URI, or the URI itself where a driver would not stay with the one address in it.
func recorded(tb testing.TB, uri string) string {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "mongodb" || strings.Contains(u.Host, ",") || u.Query().Get("tls") == "true" || (Real() && u.Query().Get("directConnection") != "true") {
		tb.Log("mongotest: queries are not recorded: the server is not at one address in the clear (directConnection=true says that it is)")
		return uri
	}
	if u.Port() == "" {
		u.Host += ":27017"
	}
	u.Host = Record(tb, u.Host)
	return u.String()
}

// Real tells whether databases are on a real server.
func Real() bool { return os.Getenv(EnvURI) != "" }

func drop(uri, database string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	client, err := mongo.Connect(options.Client().ApplyURI(uri))
	if err != nil {
		return err
	}
	defer func() { _ = client.Disconnect(ctx) }()
	return client.Database(database).Drop(ctx)
}
