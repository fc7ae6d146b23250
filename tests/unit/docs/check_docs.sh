#!/usr/bin/env bash
# usage: check_docs.sh ROOT
# The documents keep up with the sources: every option is in its table, every link leads somewhere, and the
# C++ of the documents is that of tests, which compile and run.
set -euo pipefail
cd "${1:?usage: check_docs.sh ROOT}"

faults=0
fault() {
  printf '%s\n' "$*"
  faults=1
}

# fields HEADER STRUCT: its data members.
fields() {
  awk -v struct="$2" '
    $1 == "struct" && $2 == struct { inside = 1; next }
    inside && /^};/ { exit }
    inside { sub(/\/\/.*/, ""); text = text " " $0 }
    END {
      count = split(text, statements, ";")
      for (i = 1; i <= count; ++i) {
        sub(/ =.*/, "", statements[i])
        if (statements[i] !~ /\(|operator/ && match(statements[i], /[a-z_]+ *$/)) {
          name = substr(statements[i], RSTART)
          sub(/ *$/, "", name)
          print name
        }
      }
    }' "$1"
}

for struct in AgreedLimits ReplicaLimits ClientLimits ReplicaOptions ClientOptions; do
  header=include/pbft/limits.hpp
  [[ $struct == *Options ]] && header=include/pbft/options.hpp
  section=$(awk -v name="\`$struct\`" '/^## /{ inside = index($0, name) } inside' docs/options.md)
  names=$(fields "$header" "$struct")
  [[ -n $names ]] || fault "$header: no members of $struct found"
  for name in $names; do
    grep -q "^| \`$name\` |" <<<"$section" || fault "docs/options.md: $struct has no row for $name"
  done
  while read -r name; do
    grep -qx "$name" <<<"$names" || fault "docs/options.md: $struct has no member $name"
  done < <(awk -F '`' '/^\| `/ { print $2 }' <<<"$section")
done

for source in lib/adversary/behaviour.cpp lib/adversary/client_behaviour.cpp; do
  while read -r name; do
    grep -qE "^\| \`$name(\[?\(|\`)" docs/adversary.md || fault "docs/adversary.md: no row for $name of $source"
  done < <(tr -d '\n' <"$source" | grep -oE 'Entry\{ *"[a-z-]+"' | grep -oE '[a-z]+-?[a-z]+"' | tr -d '"')
done

for document in README.md CHANGELOG.md docs/*.md; do
  while read -r target; do
    [[ -e $(dirname "$document")/${target%%#*} ]] || fault "$document: nothing at $target"
  done < <(grep -oE '\]\([^)]+\)' "$document" | sed -E 's/^\]\((.*)\)$/\1/' | grep -v '^https\?:' || true)
done

# stands_in DOCUMENT SOURCES...: every block of C++ in the document stands in the sources, line for line.
stands_in() {
  local document=$1 sources block
  shift
  sources=$(cat "$@")
  while IFS= read -r -d '' block; do
    [[ $sources == *"$block"* ]] || fault "$document: not in $*:"$'\n'"$block"
  done < <(awk '/^```cpp$/ { inside = 1; block = ""; next }
                /^```$/ && inside { inside = 0; printf "%s%c", block, 0; next }
                inside { block = block (block == "" ? "" : "\n") $0 }' "$document")
}
stands_in README.md tests/consumer/project/*.[ch]pp tests/consumer/project/test/*.cpp
stands_in docs/testing-your-service.md apps/counter/counter_simulation_test.cpp

exit "$faults"
