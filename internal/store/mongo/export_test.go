package mongo

import (
	"go.mongodb.org/mongo-driver/v2/bson"

	"asysta.example/internal/store"
)

// Forget makes an engine one that has never met an array, as another process would be.
func Forget(e store.Engine) { e.(*engine).arrays.Clear() }

// ListFilter and CandidateFilter are the filters that the server gets.
var (
	ListFilter      func(store.EngineQuery) bson.D               = listFilter
	CandidateFilter func(store.EngineQuery, string, bool) bson.D = candidateFilter
)
