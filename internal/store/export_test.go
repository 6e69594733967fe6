package store

// SmallSegments gives the access log of a store that nobody uses yet segments of so many lines, and has so many postings written at once.
func SmallSegments(s Store, lines int64, batch int) {
	x := &s.(*core).indexer
	x.size, x.batch = lines, batch
}
