#!/usr/bin/env bash
# nattkontroll.sh ARCHIVE [TRUST]: for cron: do what time brings, then check the home and every file of the archive.
#
# ARCHIVE is the folder of exported files, TRUST a file made by `signkit trust export`, kept with the archive.
# One line per file that does not pass; ends with 0 only if everything holds.
set -uo pipefail
archive=$1
trust=${2:-}
result=0

signkit --quiet tick || { echo "tick: $?" >&2; result=1; }       # expire, complete, remind, carry letters
signkit --quiet doctor || { echo "doctor: $?" >&2; result=1; }

words=(--json verify "$archive" --recursive)
[ -z "$trust" ] || words+=(--trust "$trust")
signkit "${words[@]}" >"$archive/.kontroll.jsonl"
case $? in
0) ;;
5) echo "$archive: nothing to verify" >&2; result=1 ;;
*) result=1 ;;
esac
python3 - "$archive/.kontroll.jsonl" <<'PYTHON'
import json
import sys

reports = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
for report in reports:
    if report["verdict"] != "PASSED":
        print(f"{report['input']['path']}: {report['verdict']}")
print(f"{sum(report['verdict'] == 'PASSED' for report in reports)} of {len(reports)} files pass")
PYTHON
exit "$result"
