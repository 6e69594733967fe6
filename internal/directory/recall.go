package directory

import (
	"context"
	"sync"
)

// recalled keeps answers of the directory until anything in it changes, in whichever process: every call asks who may make it, and a directory changes a few times a
// day. The store is asked each time whether it has (store.Revision); where it cannot tell, nothing is kept.
type recalled struct {
	mu       sync.Mutex
	revision int64
	answers  map[string]any
}

// maxRecalled bounds how many answers are kept.
const maxRecalled = 10_000

// recall gives the answer to a question, which the key names together with the type of the answer. Errors are not kept. What an answer holds is shared with other
// callers and must not be changed.
func recall[T any](ctx context.Context, r *Reader, key string, ask func() (T, error)) (T, error) {
	now, known, err := r.store.Revision(ctx) // before the question: what is read afterwards is at least as new
	if err != nil {
		var none T
		return none, err
	}
	if !known {
		return ask()
	}
	k := &r.kept
	k.mu.Lock()
	kept, ok := k.answers[key].(T)
	ok = ok && k.revision == now
	k.mu.Unlock()
	if ok {
		return kept, nil
	}
	answer, err := ask()
	if err != nil {
		return answer, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.revision < now || k.answers == nil || len(k.answers) >= maxRecalled {
		k.revision, k.answers = now, map[string]any{}
	}
	if k.revision == now {
		k.answers[key] = answer
	}
	return answer, nil
}
