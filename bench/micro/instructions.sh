#!/usr/bin/env bash
# usage: instructions.sh ORDERED_OPERATION [ARGUMENTS]
# Prints the table of docs/performance.md: what one ordered operation costs, all replicas and clients together,
# by stage. Runs the program by itself for the time, and under callgrind for the instructions.
#
# Callgrind counts for a function all that runs below it, so for a stage also the signatures and digests that it
# asks for, which are stages of their own. A second run counts those alone; the difference is the stage's own.
set -euo pipefail

program=${1:?usage: instructions.sh ORDERED_OPERATION [ARGUMENTS]}
arguments=("${@:2}")
clients=4 operations=5000

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
fail() {
  printf 'instructions.sh: %s\n' "$*" >&2
  exit 1
}
command -v valgrind >/dev/null || fail "valgrind is missing"

# count NAME [VALGRIND OPTIONS]: instructions of each function and all below it, into $dir/NAME.
count() {
  local name=$1
  shift
  valgrind --tool=callgrind --callgrind-out-file="$dir/$name.profile" "$@" "$program" --profiled --repeat 1 \
    --clients "$clients" --operations "$operations" --warm-up 400 "${arguments[@]}" >"$dir/$name.log" 2>&1 ||
    fail "callgrind: $(cat "$dir/$name.log")"
  callgrind_annotate --inclusive=yes --threshold=100 "$dir/$name.profile" >"$dir/$name"
}

"$program" --tabs --clients "$clients" "${arguments[@]}" >"$dir/times"
count all &
count crypto "--toggle-collect=*Meter::timed<*MeteredCrypto::*" &
wait %1 && wait %2

awk -F'\t' -v operations="$((clients * operations))" -v all="$dir/all" -v nested="$dir/crypto" '
  # Of every function that stands for a stage, and of the measured part as a whole.
  function read(file, into,   line, count, stage) {
    while ((getline line < file) > 0) {
      count = line
      sub(/ *\(.*/, "", count)
      gsub(/[ ,]/, "", count)
      if (line ~ /Meter::timed<\(pbft::bench::Stage\)[0-9]+,/) {
        stage = line
        sub(/.*Meter::timed<\(pbft::bench::Stage\)/, "", stage)
        sub(/,.*/, "", stage)
        into[stage + 0] += count
      } else if (line ~ /Cluster::order_metered\(/) {
        into["whole"] += count
      }
    }
  }
  function row(name, us, instructions, what) {
    printf "| %s | %.2f | %d | %s |\n", name, us, instructions / operations, what
  }
  BEGIN {
    read(all, own)
    read(nested, below)
  }
  NR == 1 { print $0 ".\n\n| stage | us | instructions | |\n|---|---|---|---|"; next }
  $1 == "sum" { row("**sum**", $2, sum, $3); next }
  $1 == "whole" { row("**whole**", $2, own["whole"], $3); next }
  {
    stage = NR - 2
    instructions = own[stage] - ($1 ~ /^(sign|verify|hash)$/ ? 0 : below[stage])
    sum += instructions
    row($1, $2, instructions, $3)
  }' "$dir/times"
