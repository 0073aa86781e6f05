#!/usr/bin/env bash
# protokoll.sh [FOLDER]: minutes, adjusted by the chair and two adjusters, proved, and announced on the board.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:-tour-protokoll}
mkdir -p "$folder"
export SIGNKIT_HOME="$folder/home" SIGNKIT_LANG=${SIGNKIT_LANG:-sv}

signkit --quiet init --environment test --organisation "Björkviks kommun"

# The template knows that minutes have a chair and adjusters, and that they are due 14 days after the meeting.
meeting=$(date +%F)
id=$(signkit --json envelope create "$here/protokoll.pdf" --template protocol \
    --title "Protokoll, gemensamma nämnden för miljö och byggande" \
    --meta body="Gemensamma nämnden för miljö och byggande" --meta meeting="$meeting" \
    --meta paragraph="§§ 41–48" --meta case="GN 2026/118" --meta available_at="kommunkansliet, Storgatan 1" \
    --signatory "Tolvan Tolvansson <tolvan@bjorkvik.example>; role=ordförande" \
    --signatory "Berit Testsson <berit@bjorkvik.example>; role=justerare; paragraphs=41-45" \
    --signatory "Karim Provberg <karim@bjorkvik.example>; role=justerare; paragraphs=46-48" |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["id"])')

signkit --quiet envelope send "$id"        # the invitations are in $SIGNKIT_HOME/outbox
for person in "Berit Testsson" "Tolvan Tolvansson" "Karim Provberg"; do
    signkit --quiet sign "$id" --as "$person" --provider rehearsal
done

signkit envelope export "$id" --output "$folder"
signkit verify "$folder"/*.pdf --original "$here/protokoll.pdf" --evidence "$folder"/*evidence*
signkit notice "$id" --output "$folder"
