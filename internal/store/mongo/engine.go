package mongo

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/mongo/readpref"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"

	"asysta.example/internal/store"
)

// engine is one database of a MongoDB deployment. It is safe for concurrent use.
type engine struct {
	client    *mongo.Client
	db        *mongo.Database
	opts      store.EngineOptions
	elemMatch bool // the server knows $elemMatch over documents

	arrays sync.Map // "<collection>/<index>" → path of the array the index was seen to lead through
}

var _ store.Engine = (*engine)(nil)

// Open connects to the deployment at uri ("mongodb://…" or "mongodb+srv://…") and uses one database of it. It fails when the deployment does not answer while
// ctx lasts. Whatever the uri says, writes wait for the journal of a majority and reads are majority reads of the primary.
func Open(ctx context.Context, uri, database string, opts ...store.EngineOption) (store.Engine, error) {
	journal := true
	client, err := mongo.Connect(options.Client().ApplyURI(uri).SetAppName("asysta").
		SetWriteConcern(&writeconcern.WriteConcern{W: writeconcern.WCMajority, Journal: &journal}).
		SetReadConcern(readconcern.Majority()).
		SetReadPreference(readpref.Primary()))
	if err != nil {
		return nil, fmt.Errorf("mongo: connect: %w", err)
	}
	e := &engine{client: client, db: client.Database(database), opts: store.NewEngineOptions(opts)}
	if err := e.greet(ctx); err != nil {
		return nil, errors.Join(err, client.Disconnect(context.WithoutCancel(ctx)))
	}
	return e, nil
}

// greet asks the server what it is. FerretDB 1.x refuses $elemMatch over documents; filters are made wider for it, which changes what is looked at, not
// what is found.
func (e *engine) greet(ctx context.Context) error {
	info, err := e.client.Database("admin").RunCommand(ctx, bson.D{{Key: "buildInfo", Value: 1}}).Raw()
	if err != nil {
		return fmt.Errorf("mongo: greet server: %w", err)
	}
	_, err = info.LookupErr("ferretdbVersion")
	e.elemMatch = err != nil
	return nil
}

// Ping says whether the primary answers.
func (e *engine) Ping(ctx context.Context) error {
	if err := e.client.Ping(ctx, readpref.Primary()); err != nil {
		return fmt.Errorf("mongo: ping: %w", failed(ctx, err))
	}
	return nil
}

// closing bounds how long Close waits for a server that may have gone: without it the driver looks for one for half a minute, to end its sessions there.
const closing = 3 * time.Second

// Close waits for calls under way and gives the connections back.
func (e *engine) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closing)
	defer cancel()
	if err := e.client.Disconnect(ctx); err != nil && !errors.Is(err, mongo.ErrClientDisconnected) && ctx.Err() == nil {
		return fmt.Errorf("mongo: close: %w", err)
	}
	return nil
}

// Get gives a document by key.
func (e *engine) Get(ctx context.Context, collection, id string) (bson.Raw, error) {
	body, err := e.db.Collection(collection).FindOne(ctx, bson.D{{Key: "_id", Value: id}}).Raw()
	if errors.Is(err, mongo.ErrNoDocuments) {
		return nil, store.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("mongo: get from %s: %w", collection, failed(ctx, err))
	}
	return body, nil
}

// Migrate creates the indexes, each with the _id behind its fields so that the server can sort by it, and replaces one of the same name over other fields.
func (e *engine) Migrate(ctx context.Context, specs []store.CollectionSpec) error {
	for _, spec := range specs {
		if err := e.migrate(ctx, spec); err != nil {
			return fmt.Errorf("mongo: migrate %s: %w", spec.Name, err)
		}
	}
	return nil
}

func (e *engine) migrate(ctx context.Context, spec store.CollectionSpec) error {
	if len(spec.Indexes) == 0 {
		return nil
	}
	view := e.db.Collection(spec.Name).Indexes()
	stored, err := view.ListSpecifications(ctx)
	if err != nil {
		return err
	}
	existing := make(map[string]bson.Raw, len(stored))
	for _, s := range stored {
		existing[s.Name] = s.KeysDocument
	}
	var missing []mongo.IndexModel
	for _, index := range spec.Indexes {
		keys, found := existing[index.Name]
		if found && sameFields(keys, index.Fields) {
			continue
		}
		if found {
			if err := view.DropOne(ctx, index.Name); err != nil {
				return err
			}
		}
		missing = append(missing, mongo.IndexModel{Keys: indexKeys(index.Fields), Options: options.Index().SetName(index.Name)})
	}
	if len(missing) == 0 {
		return nil
	}
	_, err = view.CreateMany(ctx, missing)
	return err
}

func indexKeys(fields []string) bson.D {
	keys := make(bson.D, 0, len(fields)+1)
	for _, field := range append(fields[:len(fields):len(fields)], "_id") {
		keys = append(keys, bson.E{Key: field, Value: int32(1)})
	}
	return keys
}

// sameFields tells whether an index of the server has these fields and the _id, in this order.
func sameFields(keys bson.Raw, fields []string) bool {
	elements, err := keys.Elements()
	if err != nil || len(elements) != len(fields)+1 {
		return false
	}
	for i, field := range append(fields[:len(fields):len(fields)], "_id") {
		if elements[i].Key() != field {
			return false
		}
	}
	return true
}
