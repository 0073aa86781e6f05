#!/usr/bin/env bash
# samverkansgrupp.sh [FOLDER] [PEOPLE]: a group of 20 signs five governing documents, each person in one ceremony.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:-tour-samverkansgrupp}
people=${2:-20}
mkdir -p "$folder"
export SIGNKIT_HOME="$folder/home" SIGNKIT_LANG=${SIGNKIT_LANG:-sv}

signkit --quiet init --environment test --organisation "Björkviks kommun"

# The group is written down once, from a list such as a spreadsheet saves.
{
    echo "name;email;role"
    for number in $(seq "$people"); do
        role=$([ "$number" = 1 ] && echo arbetsgivare || echo "facklig organisation")
        echo "Ledamot Nummer$number;ledamot$number@bjorkvik.example;$role"
    done
} >"$folder/csg.csv"
signkit --quiet group add csg --members "$folder/csg.csv"

# One envelope per document: each has its own case, its own validity and its own day of review.
ids=()
while IFS='|' read -r file type case decision review; do
    ids+=("$(signkit --json envelope create "$here/$file.pdf" --template governing-document --group csg \
        --meta case="$case" --meta decision="$decision" --meta document_type="$type" \
        --meta valid_from=2027-01-01 --meta review_by="$review" |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["id"])')")
done <<'DOCUMENTS'
reglemente|reglemente|KS 2026/231|KF 2026-09-28 § 112|2030-12-31
delegationsordning|delegationsordning|KS 2026/236|KF 2026-09-28 § 113|2028-12-31
informationssakerhetspolicy|policy|KS 2026/238|KF 2026-09-28 § 115|2029-12-31
resepolicy|policy|KS 2026/240|KF 2026-09-28 § 114|2029-12-31
arbetsordning|arbetsordning|KS 2026/255|KS 2026-10-13 § 131|2028-12-31
DOCUMENTS

signkit --quiet envelope send "${ids[@]}"
signkit --quiet sign "${ids[@]}" --as all --provider rehearsal      # one ceremony per person, five documents each
signkit --quiet envelope export "${ids[@]}" --output "$folder"
signkit verify "$folder"/*.pdf
signkit envelope list --review-due 2028-12-31                       # what to look at before the end of 2028
