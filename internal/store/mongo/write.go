package mongo

import (
	"context"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"asysta.example/internal/store"
)

// Write performs the steps one after the other; each is acknowledged by a majority before the next begins.
func (e *engine) Write(ctx context.Context, steps []store.Step) error {
	for i, step := range steps {
		if err := e.opts.FailPoint(step.Point); err != nil {
			return err
		}
		taken, err := e.perform(ctx, step)
		if err != nil {
			return fmt.Errorf("mongo: write to %s: %w", step.Collection, failed(ctx, err))
		}
		if taken && i == 0 {
			return store.ErrExists
		}
	}
	return nil
}

// perform does one step; taken says that an Insert met its key.
func (e *engine) perform(ctx context.Context, step store.Step) (taken bool, err error) {
	collection := e.db.Collection(step.Collection)
	switch step.Op {
	case store.Insert:
		_, err = collection.InsertOne(ctx, step.Body)
		if mongo.IsDuplicateKeyError(err) {
			return true, nil
		}
		return false, err
	case store.Replace:
		return false, replace(ctx, collection, step)
	case store.Delete:
		_, err = collection.DeleteOne(ctx, bson.D{{Key: "_id", Value: step.ID}})
		return false, err
	}
	return false, fmt.Errorf("unknown step %d", step.Op)
}

// replace puts a document over an older version of itself, or where there is none. The filter leaves an equal or newer version alone; the upsert then meets
// its key. So does one that races with the first insert of an older version, hence the second, plain attempt: the document exists by now, and
// either is older or there is nothing to do.
func replace(ctx context.Context, collection *mongo.Collection, step store.Step) error {
	older := bson.D{{Key: "_id", Value: step.ID}, {Key: "version", Value: bson.D{{Key: "$lt", Value: step.Version}}}}
	_, err := collection.ReplaceOne(ctx, older, step.Body, options.Replace().SetUpsert(true))
	if mongo.IsDuplicateKeyError(err) {
		_, err = collection.ReplaceOne(ctx, older, step.Body)
	}
	return err
}
