#!/usr/bin/env bash
# usage: check_scenarios.sh ROOT
# docs/verification.md numbers what must be survived, 1 to 40 and a to r; every number has tests that are named
# after it, in the files that its row names and in no others.
set -euo pipefail
cd "${1:?usage: check_scenarios.sh ROOT}"

faults=0
fault() {
  printf '%s\n' "$*"
  faults=1
}

# "12 scenario/view_change", once for each number and file that has tests of it.
tested=$(grep -roE '"scenario ([0-9]+|[a-z]): ' --include='*.cpp' tests |
  sed -E 's,^tests/(.*)\.cpp:"scenario (.*): $,\2 \1,' | sort -u)
# The same from the table.
listed=$(awk -F ' *[|] *' '
  /^## / { inside = /^## Scenarios$/ }
  inside && $2 ~ /^([0-9]+|[a-z])$/ {
    count = split($4, files, /`[, ]*`|`/)
    for (i = 1; i <= count; ++i) if (files[i] != "") print $2, files[i]
  }' docs/verification.md | sort -u)

while read -r number file; do
  fault "docs/verification.md: $number has no test in tests/$file.cpp: none is named \"scenario $number: ...\""
done < <(comm -23 <(echo "$listed") <(echo "$tested"))
while read -r number file; do
  fault "docs/verification.md: the row of $number does not name tests/$file.cpp, which has a test of it"
done < <(comm -13 <(echo "$listed") <(echo "$tested"))
for number in {1..40} {a..r}; do
  grep -q "^$number " <<<"$tested" || fault "no test is named \"scenario $number: ...\""
done

exit "$faults"
