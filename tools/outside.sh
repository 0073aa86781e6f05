#!/usr/bin/env bash
# Programs of others that tests ask: a BankID client in Java, by tests/bankid/java/pom.xml, and what judges the journal,
# libraries and a witness in Go, by tests/outside/go.mod.
# usage: outside.sh FOLDER. Where Maven, Go or what they fetch is missing, those tests skip; never asks, never fails.
set -uo pipefail
target=$(realpath -m "$1")
cd "$(dirname "$0")/../tests/outside" || exit 0
mkdir -p "$target"
touch "$target/.tried"
if command -v mvn >/dev/null && ! compgen -G "$target/bankid-java/bankid-rp-api-*.jar" >/dev/null; then
    echo "fetching a BankID client in Java …"
    timeout 120 mvn -q -B -f ../bankid/java/pom.xml dependency:copy-dependencies -DoutputDirectory="$target/bankid-java" \
        </dev/null >/dev/null 2>&1 || echo "it cannot be fetched, so a test will skip" >&2
fi
if ! command -v go >/dev/null; then
    echo "go is not installed, so some tests will skip" >&2
    exit 0
fi
echo "building the journal's judges into $target …"
export GOTOOLCHAIN=local GOFLAGS=-mod=readonly
timeout 600 go build -trimpath -buildvcs=false -o "$target/" . filippo.io/torchwood/cmd/litewitness </dev/null ||
    echo "the journal's judges cannot be built, so some tests will skip" >&2
exit 0
