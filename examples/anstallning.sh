#!/usr/bin/env bash
# anstallning.sh [FOLDER]: an employment contract, signed by the employee first and then by the employer.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:-tour-anstallning}
mkdir -p "$folder"
export SIGNKIT_HOME="$folder/home" SIGNKIT_LANG=${SIGNKIT_LANG:-sv}

signkit --quiet init --environment test --organisation "Björkviks kommun"
id=$(signkit --json envelope create "$here/anstallningsavtal.pdf" --template employment-contract \
    --meta position="bygglovshandläggare" --meta employment=tillsvidare --meta starts=2027-01-11 \
    --signatory "Berit Testsson <berit@mail.example>; role=arbetstagare; order=1" \
    --signatory "Tolvan Tolvansson <tolvan@bjorkvik.example>; role=arbetsgivare; order=2" |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["id"])')

signkit --quiet envelope send "$id"                              # only the employee is invited, and the letter
ls "$SIGNKIT_HOME/outbox"                                        # does not say what it is about
signkit --quiet sign "$id" --as "Berit Testsson" --provider rehearsal      # now the employer is invited
signkit --quiet sign "$id" --as "Tolvan Tolvansson" --provider rehearsal
signkit envelope export "$id" --output "$folder"
signkit verify "$folder"/*.pdf
