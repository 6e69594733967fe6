// Package server is the gRPC shell of planning: PlanningService (plan of work, periodic assessment) and CoordinationService (child's help plan,
// coordination, the coordinators' feed).
//
// Every method loads the family file through the scope of the call's grant, asks the object rule, runs the core and commits cover facts, planning's section,
// deadlines and audience in one commit. A coordinator reaches files through store.ForCoordinator and is answered with the slice alone. What spans the
// county's child plan and the gmina's family file commits the intent first (ChildPlan.Told lags), then an idempotent second step, which Sweep repeats after
// a crash. The one place that reads gmina feeds for a coordinator is feedReader, which filters by audience before anything else sees an entry.
//
// It must not import other services or drivers.
package server
