// Package dump reads everything that a MongoDB database holds, as mongodump does.
//
// It is for tests and harnesses alone.
package dump

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// Mongo gives all documents of all collections of a database.
func Mongo(ctx context.Context, uri, database string) (all []bson.Raw, err error) {
	client, err := mongo.Connect(options.Client().ApplyURI(uri))
	if err != nil {
		return nil, fmt.Errorf("dump: %w", err)
	}
	defer func() { err = errors.Join(err, client.Disconnect(context.WithoutCancel(ctx))) }()
	db := client.Database(database)
	names, err := db.ListCollectionNames(ctx, bson.D{})
	if err != nil {
		return nil, fmt.Errorf("dump: %w", err)
	}
	for _, name := range names {
		cursor, err := db.Collection(name).Find(ctx, bson.D{})
		if err != nil {
			return nil, fmt.Errorf("dump: %s: %w", name, err)
		}
		for cursor.Next(ctx) {
			all = append(all, slices.Clone(cursor.Current))
		}
		if err := errors.Join(cursor.Err(), cursor.Close(ctx)); err != nil {
			return nil, fmt.Errorf("dump: %s: %w", name, err)
		}
	}
	return all, nil
}
