#!/usr/bin/env bash
# make-venv.sh FOLDER [PYTHON]: a virtual environment with pip in FOLDER, made by PYTHON or by the first Python that is new
# enough. Debian keeps a part of venv in a package of its own; where that is missing, every other way is tried first.
set -euo pipefail
folder=$1
enough='import sys; raise SystemExit(sys.version_info < (3, 11))'
python=${2:-}
if [ -z "$python" ]; then
    for name in python3 python3.13 python3.12 python3.14 python3.11; do
        if command -v "$name" >/dev/null && "$name" -c "$enough" 2>/dev/null; then
            python=$name
            break
        fi
    done
fi
if [ -z "$python" ] || ! "$python" -c "$enough" 2>/dev/null; then
    echo "signkit needs Python 3.11 or later, and found none; if you have one: make PYTHON=/path/to/python" >&2
    exit 1
fi
whole() { "$python" -c 'import ensurepip, venv' 2>/dev/null; }
if ! whole && "$python" -m pip --version >/dev/null 2>&1; then
    "$python" -m venv --without-pip "$folder"
    exec "$python" -m pip --disable-pip-version-check --quiet --python "$folder/bin/python" install pip
fi
if ! whole && command -v virtualenv >/dev/null; then
    exec virtualenv --quiet --python "$python" "$folder"
fi
if ! whole && [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    echo "this Python cannot make a virtual environment: installing python3-venv"
    export DEBIAN_FRONTEND=noninteractive
    { apt-get install -y -qq python3-venv || { apt-get update -qq && apt-get install -y -qq python3-venv; }; } >/dev/null 2>&1 </dev/null || true
fi
if ! whole; then
    echo "this Python cannot make a virtual environment: install python3-venv, or: make PYTHON=/path/to/python" >&2
    exit 1
fi
"$python" -m venv "$folder"
