package gateway

import (
	"context"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"

	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"
	directoryv1 "asysta.example/proto/gen/asysta/directory/v1"
	planningv1 "asysta.example/proto/gen/asysta/planning/v1"
	referralv1 "asysta.example/proto/gen/asysta/referral/v1"
	reportingv1 "asysta.example/proto/gen/asysta/reporting/v1"
)

// route is one service of the contract and the connection that reaches it.
type route struct {
	register func(context.Context, *runtime.ServeMux, grpc.ClientConnInterface) error
	conn     grpc.ClientConnInterface
}

// streamSuffix ends the paths of methods that stream their answer.
const streamSuffix = ":syncPlans"

// routes has every service with REST paths; the directory is served by the casefile service.
func routes(c Conns) []route {
	return []route{
		{via(referralv1.NewReferralServiceClient, referralv1.RegisterReferralServiceHandlerClient), c.Referral},
		{via(casefilev1.NewCasefileServiceClient, casefilev1.RegisterCasefileServiceHandlerClient), c.Casefile},
		{via(casefilev1.NewWorkCardServiceClient, casefilev1.RegisterWorkCardServiceHandlerClient), c.Casefile},
		{via(directoryv1.NewDirectoryServiceClient, directoryv1.RegisterDirectoryServiceHandlerClient), c.Casefile},
		{via(planningv1.NewPlanningServiceClient, planningv1.RegisterPlanningServiceHandlerClient), c.Planning},
		{via(planningv1.NewCoordinationServiceClient, planningv1.RegisterCoordinationServiceHandlerClient), c.Planning},
		{via(reportingv1.NewReportingServiceClient, reportingv1.RegisterReportingServiceHandlerClient), c.Reporting},
	}
}

// via joins a generated client and the handlers that call it.
func via[C any](client func(grpc.ClientConnInterface) C, register func(context.Context, *runtime.ServeMux, C) error) func(context.Context, *runtime.ServeMux, grpc.ClientConnInterface) error {
	return func(ctx context.Context, mux *runtime.ServeMux, conn grpc.ClientConnInterface) error {
		return register(ctx, mux, client(conn))
	}
}
