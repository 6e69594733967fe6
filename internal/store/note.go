package store

import "context"

// Note adds a document to the read set of the context. It is for lists whose hits are filtered before they leave: such a list is read under a read set of its
// own (WithReadSet), and only what passes the filter is noted in the call's.
func Note(ctx context.Context, d *Document) { note(ctx, d.Ref(), d.Gmina) }
