package suite

import (
	"context"
	"fmt"
	"slices"
	"time"

	"google.golang.org/grpc"

	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"

	"asysta.example/internal/rpc"

	"asysta.example/services/casefile/caseload/keeper"
	directory "asysta.example/services/casefile/directory/server"
	casefile "asysta.example/services/casefile/server"
	workcard "asysta.example/services/casefile/workcard/server"
	planning "asysta.example/services/planning/server"
	referral "asysta.example/services/referral/server"
	reporting "asysta.example/services/reporting/server"
)

// Names of the services, as the command line has them.
const (
	Referral  = "referral"
	Casefile  = "casefile"
	Planning  = "planning"
	Reporting = "reporting"
)

// Services are all services, in the order in which they start.
var Services = []string{Casefile, Referral, Planning, Reporting}

// Known tells whether there is a service of a name.
func Known(name string) bool { return slices.Contains(Services, name) }

// conns are the connections on which services ask one another; errors come as faults.
type conns struct {
	casefile grpc.ClientConnInterface
}

// part is one service as built: what its server registers, and what it does by itself.
type part struct {
	servers []rpc.Service
	works   []Work
}

// builders make the services by name. The casefile process serves the directory and the work card too.
var builders = map[string]func(rpc.Deps, conns) part{
	Referral: func(d rpc.Deps, c conns) part {
		s := referral.New(d, casefilev1.NewCaseworkInternalServiceClient(c.casefile))
		return part{servers: []rpc.Service{s}, works: []Work{{Name: "referral/sweep", Every: settleEvery, Round: counted(s.Sweep)}}}
	},
	Casefile: func(d rpc.Deps, _ conns) part {
		s := casefile.New(d, d.Vault, keeper.New(d.Store, d.Clock))
		return part{
			servers: []rpc.Service{s, workcard.New(d), directory.New(d)},
			works: []Work{
				{Name: "casefile/sweep", Every: settleEvery, Round: counted(s.Sweep)},
				{Name: "casefile/reconcile", Every: reconcileEvery, Round: counted(s.ReconcileAll)},
				{Name: "casefile/settings", Every: settleEvery, Round: counted(s.FollowSettings)},
			},
		}
	},
	Planning: func(d rpc.Deps, _ conns) part {
		s := planning.New(d)
		return part{servers: []rpc.Service{s}, works: []Work{{Name: "planning/sweep", Every: settleEvery, Round: counted(s.Sweep)}}}
	},
	Reporting: func(d rpc.Deps, _ conns) part { return part{servers: []rpc.Service{reporting.New(d)}} },
}

// reconcileEvery is how often every caseload is compared with the family files.
const reconcileEvery = 24 * time.Hour

// settleEvery is how often what a crash left between two aggregates is finished.
const settleEvery = 20 * time.Second

// counted makes a round of a sweep that counts what it mended.
func counted(sweep func(context.Context) (int, error)) func(context.Context) error {
	return func(ctx context.Context) error {
		n, err := sweep(ctx)
		mended(ctx, n)
		return err
	}
}

// build makes services by name.
func build(deps rpc.Deps, peers conns, names ...string) (part, error) {
	var all part
	for _, name := range names {
		b, ok := builders[name]
		if !ok {
			return part{}, fmt.Errorf("suite: there is no service %q", name)
		}
		p := b(deps, peers)
		all.servers, all.works = append(all.servers, p.servers...), append(all.works, p.works...)
	}
	return all, nil
}
