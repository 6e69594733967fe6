// Package server is the gRPC shell of the work card: it loads and commits on the family-file aggregate, converts between contract and core, and serves the office's
// lists over files (search, deadlines) and the printed card.
//
// It writes the section "workcard", the cover facts that the core moves and the records of visits, contacts, interventions and court matters; it reads the
// lifecycle's section for members and court orders. Lists are filtered by the object rules hit by hit, and only what leaves is noted for the access log. It must
// not import another service or an engine of the store.
package server
