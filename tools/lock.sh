#!/usr/bin/env bash
# lock.sh PYTHON UV: write requirements/run.txt and test.txt anew. Hashes for every file, no addresses.
set -euo pipefail
cd "$(dirname "$0")/.."
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
"$1" -m venv "$place"
"$place/bin/python" -m pip --disable-pip-version-check --quiet install "$2"
compile() {
    "$place/bin/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-emit-find-links --no-annotate --no-header ${UPGRADE:+--upgrade} "$@"
}
compile pyproject.toml requirements/build.in --output-file requirements/run.txt
compile pyproject.toml requirements/build.in requirements/test.in --constraints requirements/run.txt \
    --output-file requirements/test.txt
