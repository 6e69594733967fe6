#!/usr/bin/env bash
# Generates Go and OpenAPI from the contract into proto/gen.
#
#   tools/generate.sh           brings proto/gen up to date
#   tools/generate.sh --check   changes nothing there, fails if proto/gen is stale
#
# Output goes to a folder of its own first and only what differs is copied, so
# that whoever compiles meanwhile never meets a half-empty proto/gen, and the
# check does not mind what else is changed in the work tree.
#
# The OpenAPI document then gets its examples from deploy/demo/scenario.yaml, so
# that it is stale too when the scenario has changed.
set -euo pipefail
cd "$(dirname "$0")/.."
export GOWORK=off

go -C tools run ./protodeps ../proto/third_party

fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
go tool -modfile=tools/go.mod buf generate --output "$fresh"
mkdir -p "$fresh/proto/gen" proto/gen
go tool -modfile=tools/go.mod buf build --path proto/asysta --output "$fresh/contract.binpb"
go run ./internal/apidoc/complete -document "$fresh/proto/gen/openapi/asysta.swagger.json" \
	-image "$fresh/contract.binpb" -scenario deploy/demo/scenario.yaml

if [ "${1:-}" = --check ]; then
	if ! diff -r -q proto/gen "$fresh/proto/gen"; then
		echo "proto/gen is stale: run 'make generate' and commit the result" >&2
		exit 1
	fi
	exit 0
fi

(cd "$fresh/proto/gen" && find . -type f) | while read -r file; do
	if ! cmp -s "$fresh/proto/gen/$file" "proto/gen/$file"; then
		mkdir -p "proto/gen/$(dirname "$file")"
		cp "$fresh/proto/gen/$file" "proto/gen/$file.new"
		mv "proto/gen/$file.new" "proto/gen/$file"
		echo "generated proto/gen/${file#./}"
	fi
done
(cd proto/gen && find . -type f) | while read -r file; do
	if [ ! -e "$fresh/proto/gen/$file" ]; then
		rm "proto/gen/$file"
		echo "removed   proto/gen/${file#./}"
	fi
done
find proto/gen -type d -empty -delete
