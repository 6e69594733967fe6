package gateway

import (
	"context"
	"net/http"
	"time"

	"github.com/swaggest/swgui"
	"github.com/swaggest/swgui/v5emb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health/grpc_health_v1"

	contract "asysta.example/proto"
)

// docs is the interactive page over the OpenAPI document; its scripts and styles come with the program.
func docs() http.Handler {
	return v5emb.NewHandlerWithConfig(swgui.Config{
		Title:       "Asysta – opis interfejsu REST",
		SwaggerJSON: "/openapi.json",
		BasePath:    "/docs/",
		SettingsUI:  map[string]string{"docExpansion": `"none"`, "persistAuthorization": "false", "validatorUrl": "null", "showExtensions": "false"},
	})
}

func openAPI(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_, _ = w.Write(contract.OpenAPI) // the client went away: nobody is left to tell
}

// live says that the gateway itself answers.
func live(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	writeJSON(w, map[string]string{"status": "SERVING"})
}

// ready says whether every service, and so the store behind it, answers.
func ready(conns Conns) http.Handler {
	services := map[string]grpc.ClientConnInterface{"referral": conns.Referral, "casefile": conns.Casefile, "planning": conns.Planning, "reporting": conns.Reporting}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
		defer cancel()
		states, status := map[string]string{}, http.StatusOK
		for name, conn := range services {
			res, err := grpc_health_v1.NewHealthClient(conn).Check(ctx, &grpc_health_v1.HealthCheckRequest{})
			states[name] = res.GetStatus().String()
			if err != nil || res.GetStatus() != grpc_health_v1.HealthCheckResponse_SERVING {
				states[name], status = "NOT_SERVING", http.StatusServiceUnavailable
			}
		}
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.WriteHeader(status)
		writeJSON(w, states)
	})
}
