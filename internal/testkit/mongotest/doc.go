// Package mongotest gives each test a MongoDB database of its own: on the server named by ASYSTA_TEST_MONGODB_URI when it is set, else on a FerretDB in this
// process.
//
// Whatever is sent to such a database, by this process or by others that a test starts, passes through a recorder. Each filter and sort must be one that an index
// serves which the same database was given by createIndexes (see Plan); a test that sends another one fails. That holds for the whole run of all tests,
// without a list of queries that somebody would have to keep. A cluster that a driver reaches at addresses of its own (a replica set without directConnection, TLS)
// cannot be recorded so, and the test's log says that it was not.
//
// Only tests may import it.
package mongotest
