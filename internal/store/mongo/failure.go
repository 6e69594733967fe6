package mongo

import (
	"context"
	"errors"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/mongo"

	"asysta.example/internal/store"
)

// notNow are codes of a server that cannot do its work now: no space on its disk, or no primary.
var notNow = []int{14031, 12501, 189, 91, 11600, 11602, 10107, 13435, 13436}

// failed marks what is the server's or the network's doing as store.ErrUnavailable. Other errors, and a caller who has gone, pass.
func failed(ctx context.Context, err error) error {
	if err == nil || ctx.Err() != nil {
		return err
	}
	unavailable := mongo.IsNetworkError(err) || mongo.IsTimeout(err)
	var server mongo.ServerError
	if errors.As(err, &server) {
		for _, code := range notNow {
			unavailable = unavailable || server.HasErrorCode(code)
		}
	}
	if !unavailable {
		return err
	}
	return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
}
