#!/usr/bin/env bash
# Programs that only tests ask: other PDF readers, OpenSSL, xmlsec, a terminal. Where they are missing, those tests skip.
# Does nothing without root or apt-get; never asks; a machine without network goes on without them.
set -uo pipefail
packages=(qpdf:qpdf pdfsig:poppler-utils xmlsec1:xmlsec1 openssl:openssl tmux:tmux)
missing=()
for pair in "${packages[@]}"; do
    command -v "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
done
compgen -G "/usr/lib/postgresql/*/bin/initdb" >/dev/null || missing+=(postgresql)
fonts=/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf
[ -e "$fonts" ] || missing+=(fonts-noto-core)
[ ${#missing[@]} -eq 0 ] && exit 0
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "not installed, so some tests will skip: ${missing[*]}" >&2
    exit 0
fi
export DEBIAN_FRONTEND=noninteractive
echo "installing for the tests: ${missing[*]}"
install() { apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null 2>&1 </dev/null; }
install || { apt-get update -qq >/dev/null 2>&1 </dev/null && install; } || echo "apt-get failed, so some tests will skip" >&2
exit 0
