// Package mongotest gives each test a MongoDB database of its own: on the server named by ASYSTA_TEST_MONGODB_URI when it is set, else on a FerretDB in this
// process. Only tests may import it.
package mongotest

import (
	"context"
	"fmt"
	"os"
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

// Database gives an empty database: the URI of its server and its name. It is gone after the test.
func Database(tb testing.TB) (uri, database string) {
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
