#!/usr/bin/env bash
# Builds the programs of others that judge the journal: libraries and a witness written in Go, by tests/outside/go.mod.
# usage: outside.sh FOLDER. Where Go or its modules are missing, those tests skip; never asks, never fails.
set -uo pipefail
target=$(realpath -m "$1")
cd "$(dirname "$0")/../tests/outside" || exit 0
mkdir -p "$target"
touch "$target/.tried"
if ! command -v go >/dev/null; then
    echo "go is not installed, so some tests will skip" >&2
    exit 0
fi
echo "building the journal's judges into $target …"
export GOTOOLCHAIN=local GOFLAGS=-mod=readonly
timeout 600 go build -trimpath -buildvcs=false -o "$target/" . filippo.io/torchwood/cmd/litewitness </dev/null ||
    echo "the journal's judges cannot be built, so some tests will skip" >&2
exit 0
