#!/usr/bin/env bash
# usage: run.sh BUILD [--seconds N] [--jobs N] [TARGET...]
# Runs the libFuzzer programs of BUILD, `--jobs` at a time and each for `--seconds`, on their seeds in
# tests/fuzz/corpus and on what earlier runs found new (BUILD/corpus). Exit code 1 if an input breaks a promise: it is
# then in BUILD/findings.
set -euo pipefail
inputs=$(dirname "$(readlink -f "$0")")
build=$(readlink -f "$1")
shift

seconds=60 jobs=1 targets=()
while (($#)); do
  case $1 in
    --seconds) seconds=${2:?--seconds needs a number} && shift 2 ;;
    --jobs) jobs=${2:?--jobs needs a number} && shift 2 ;;
    -*) printf 'there is no option %s\n' "$1" >&2 && exit 2 ;;
    *) targets+=("$1") && shift ;;
  esac
done
[[ $seconds =~ ^[0-9]+$ && $jobs =~ ^[1-9][0-9]*$ ]] || { printf -- '--seconds and --jobs need numbers\n' >&2 && exit 2; }

known=()
for program in "$build"/bin/fuzz-*; do known+=("${program##*/fuzz-}"); done
((${#targets[@]})) || targets=("${known[@]}")
for target in "${targets[@]}"; do
  [[ -x $build/bin/fuzz-$target ]] || { printf 'no target %s; there are: %s\n' "$target" "${known[*]}" >&2 && exit 2; }
done

symbolizer=$(command -v llvm-symbolizer-19 || true)
# -timeout is of wall-clock time and catches what never ends; what is slow the program itself finds, in processor time.
options=(-max_total_time="$seconds" -timeout=900 -rss_limit_mb=2560 -print_final_stats=1 -print_funcs=0)

# number PATTERN FILE: what stands behind the last occurrence.
number() { grep -oE "$1[0-9]+" "$2" | tail -n 1 | grep -oE '[0-9]+$' || printf 0; }

fuzz() {
  local target=$1 corpus=$build/corpus/$1 log=$build/fuzz-$1.log found=$build/findings/$1
  local seeds=("$inputs/corpus/$target") status=0 sizes=(-max_len=4096)
  # A play's interest lies in how its steps follow each other, from the start.
  [[ $target != core ]] || sizes=(-max_len=512 -len_control=0)
  [[ ! -d $inputs/regressions/$target ]] || seeds+=("$inputs/regressions/$target")
  mkdir -p "$corpus" "$found"
  local TIMEFORMAT='%U %S' times
  times=$({ time ASAN_SYMBOLIZER_PATH=$symbolizer "$build/bin/fuzz-$target" "${options[@]}" "${sizes[@]}" \
    -artifact_prefix="$found/" "$corpus" "${seeds[@]}" >"$log" 2>&1; } 2>&1) || status=$?
  local cpu executions
  cpu=$(awk '{ printf "%.0f", $1 + $2 }' <<<"$times")
  executions=$(number 'number_of_executed_units: *' "$log")
  printf '%-16s %8d s %12d %10d/s %8d %8d   %s\n' "$target" "$cpu" "$executions" $((executions / (cpu > 0 ? cpu : 1))) \
    "$(number 'cov: ' "$log")" "$(number 'ft: ' "$log")" "$( ((status)) && printf FOUND || printf none)"
  ((status)) || return 0
  local input
  input=$(grep -oE 'Test unit written to .*' "$log" | tail -n 1 | cut -d ' ' -f 5-)
  printf '\n%s: an input breaks a promise\n' "$target"
  grep -m 3 -E 'broken (promise|invariant)|ERROR:|SUMMARY:|runtime error:' "$log" | sed 's/^/  /' || true
  printf '  input   %s\n  replay  %s %s\n  log     %s\n\n' "${input:-none was written}" "$build/bin/fuzz-$target" "$input" "$log"
  return 1
}

printf '%-16s %10s %12s %12s %8s %8s   %s\n' target 'processor' executions 'per second' edges features findings
failed=$(mktemp)
trap 'rm -f "$failed"' EXIT
for target in "${targets[@]}"; do
  while (($(jobs -rp | wc -l) >= jobs)); do wait -n || true; done
  { fuzz "$target" || printf '%s\n' "$target" >>"$failed"; } &
done
wait
[[ ! -s $failed ]]
