#!/usr/bin/env bash
# Fails if the contract breaks what the newest released one promised. A release
# of the contract is a tag contract/vX.Y.Z.
set -euo pipefail
cd "$(dirname "$0")/.."
export GOWORK=off

newest=$(git tag --list 'contract/v*' --sort=-v:refname | head -n 1)
if [ -z "$newest" ]; then
	echo "breaking: no contract/v* tag yet, nothing to compare with"
	exit 0
fi

go -C tools run ./protodeps ../proto/third_party

# The tag is unpacked rather than read by buf from git, because what the
# contract imports from others is not committed and is laid beside it here.
released=$(mktemp -d)
trap 'rm -rf "$released"' EXIT
git archive "$newest" buf.yaml proto/asysta | tar -x -C "$released"
cp -r proto/third_party "$released/proto/third_party"
go tool -modfile=tools/go.mod buf breaking --against "$released"
echo "breaking: compatible with $newest"
