// Package contract enumerates the methods of the contract from its descriptors, with what they say of each: who may call it, what it names, how it goes over REST.
// A harness that asks "every method" asks those, so that a method which is added is asked too.
//
// It knows the methods of the services that the program links, and reads descriptors alone: it must not import what decides.
//
// It is for tests and harnesses alone.
package contract
