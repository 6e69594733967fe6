package suite

import (
	"fmt"
	"slices"

	"google.golang.org/grpc"

	"asysta.example/internal/rpc"
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

// conns are the connections on which services ask one another; errors come as faults.
type conns struct {
	casefile grpc.ClientConnInterface
}

// part is one service as built: what its server registers, and what it does by itself.
type part struct {
	servers []rpc.Service
	works   []Work
}

// builders make the services.
var builders = map[string]func(rpc.Deps, conns) (part, error){}

// build makes services by name.
func build(deps rpc.Deps, peers conns, names ...string) (part, error) {
	var all part
	for _, name := range names {
		b, ok := builders[name]
		if !ok {
			continue
		}
		p, err := b(deps, peers)
		if err != nil {
			return part{}, fmt.Errorf("suite: %s: %w", name, err)
		}
		all.servers, all.works = append(all.servers, p.servers...), append(all.works, p.works...)
	}
	return all, nil
}

// Known tells whether there is a service of a name.
func Known(name string) bool { return slices.Contains(Services, name) }
