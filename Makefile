# Asysta's commands. Each works in a fresh clone with nothing but Go and git:
# the tools come pinned in tools/go.mod and are built on first use.
#
# Everything runs per module and outside the workspace, because that is how
# others build them: a client that imports ./proto never sees the root's go.mod.
export GOWORK := off

MODULES := . proto
TOOL    := go tool -modfile=tools/go.mod
BUF     := $(TOOL) buf

.DEFAULT_GOAL := help
.PHONY: help build run image check-deploy generate fmt test check-generated lint-proto breaking check-fmt check-tidy lint test-go test-readme vuln bench

help: ## say what each target does
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/\1\t\2/p' $(firstword $(MAKEFILE_LIST)) | while IFS="$$(printf '\t')" read -r t h; do printf '  %-16s %s\n' "$$t" "$$h"; done

build: ## build bin/asysta
	go build -trimpath -o bin/asysta ./cmd/asysta

image: ## build the container image into dist, without a container engine, and check what is in it
	go -C tools/deploy run ./image -out $(CURDIR)/dist

run: build ## build, then serve the demo county on this machine
	bin/asysta demo

generate: ## generate Go and OpenAPI from the contract into proto/gen
	tools/generate.sh

fmt: ## format Go and proto sources in place
	@git ls-files -z --cached --others --exclude-standard -- '*.go' ':!proto/gen' | xargs -0 -r ls -d 2>/dev/null | xargs -r gofmt -w
	$(BUF) format -w --path proto/asysta

test: check-generated lint-proto breaking check-fmt check-tidy lint check-deploy test-go test-readme ## everything that CI checks

check-generated: ## fail if proto/gen is not what the contract generates
	tools/generate.sh --check

lint-proto: ## lint the contract: naming, comments, format
	go -C tools run ./protodeps ../proto/third_party
	$(BUF) lint
	$(BUF) format --diff --exit-code --path proto/asysta

breaking: ## fail if the contract breaks what the newest contract/v* tag promised
	tools/breaking.sh

check-fmt: ## fail if a Go source is not gofmt-ed
	@bad=$$(git ls-files --cached --others --exclude-standard -- '*.go' ':!proto/gen' | xargs -r ls -d 2>/dev/null | xargs -r gofmt -l); \
	if [ -n "$$bad" ]; then echo "not gofmt-ed (make fmt):"; echo "$$bad"; exit 1; fi

check-deploy: ## check the image's builder and what is in deploy/ against the formats' own types
	go -C tools/deploy test ./...

check-tidy: ## fail if a go.mod is not tidy
	@for m in $(MODULES) tools tools/deploy; do echo "tidy $$m"; \
	go -C $$m mod tidy -diff >/dev/null || { echo "not tidy: GOWORK=off go -C $$m mod tidy"; exit 1; }; done

lint: ## vet and lint the Go code, arrows between packages included
	@for m in $(MODULES) tools tools/deploy; do echo "lint $$m"; (cd $$m && go tool -modfile=$(CURDIR)/tools/go.mod golangci-lint run --config=$(CURDIR)/.golangci.yml ./...) || exit 1; done

test-go: ## run the Go tests of every module with the race detector
	@for m in $(MODULES); do echo "test $$m"; go -C $$m test -race -timeout 40m ./... || exit 1; done

test-readme: ## run the commands that the README shows, if their check is there
	@if [ -f test/readme/main.go ]; then go run ./test/readme; else echo "readme: no test/readme, nothing to run"; fi

vuln: ## look for known vulnerabilities; needs the online database
	@for m in $(MODULES); do echo "vuln $$m"; (cd $$m && go tool -modfile=$(CURDIR)/tools/go.mod govulncheck ./...) || exit 1; done

bench: ## measure REST beside the disk: counties of 3,000 and 30,000 families, 16 clients; docs/PROOFS.md says what is aimed at
	go run ./test/load
