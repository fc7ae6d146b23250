#!/usr/bin/env bash
# usage: check_includes.sh ROOT
# Holds every #include of ROOT against the table of docs/architecture.md; names file and line of each breach.
set -euo pipefail
cd "${1:?usage: check_includes.sh ROOT}"

std='<[a-z_]+>' # no <format>, no <ranges>: see below
posix='<(arpa|net|netinet|sys)/[a-z_]+\.h>|<(unistd|fcntl|poll|signal|pthread|errno|dirent|pwd|spawn|termios|time)\.h>'
values='"pbft/(types|limits|result)\.hpp"'
public='"pbft/[a-z_]+\.hpp"'
testing='"pbft/testing/[a-z_]+\.hpp"' # never in what replicas run
layers() { printf '"(%s)/[a-z0-9_.]+"' "$1"; }

breaches=0
# allow FOLDER PATTERN: an include in FOLDER must match PATTERN whole.
allow() {
  [[ -d $1 ]] || return 0
  local found
  # shellcheck disable=SC2016 # the dollars are awk's
  found=$(find "$1" \( -name '*.hpp' -o -name '*.cpp' \) -print0 | sort -z |
    FOLDER=$1 ALLOWED="^($2)\$" FORBIDDEN="^(${3:-<(format|ranges)>})\$" xargs -0 -r awk '
      /^[ \t]*#[ \t]*include[ \t]/ {
        header = $0
        sub(/^[ \t]*#[ \t]*include[ \t]*/, "", header)
        sub(/[ \t]*(\/\/.*)?$/, "", header)
        if (header !~ ENVIRON["ALLOWED"] || header ~ ENVIRON["FORBIDDEN"])
          printf "%s:%d: %s may not include %s\n", FILENAME, FNR, ENVIRON["FOLDER"], header
      }')
  if [[ -n $found ]]; then
    printf '%s\n' "$found"
    breaches=1
  fi
}

# The core knows no clock, file, thread or random source, and repeats itself exactly.
impure='<(format|ranges|iostream|fstream|filesystem|random|thread|mutex|shared_mutex|condition_variable|future|atomic|ctime)>'

allow include/pbft "$std|$public|$testing"
allow lib/core "$std|$values|$(layers core)" "$impure"
allow lib/crypto "$std|$public|$(layers 'core|crypto')|<sodium\.h>|<arpa/inet\.h>"
allow lib/wire "$std|$public|$(layers 'core|wire')|<(capnp|kj)/[a-z.+-]+>"
allow lib/net "$std|$posix|$public|$(layers 'core|crypto|net')|<uv\.h>"
allow lib/storage "$std|$posix|$public|$(layers 'core|storage')"
allow lib/runtime "$std|$posix|$public|$(layers 'core|crypto|wire|storage|net|runtime')|<uv\.h>"
allow lib/sim "$std|$public|$(layers 'core|crypto|wire|storage|adversary|check|sim')"
allow lib/explore "$std|$public|$(layers 'core|crypto|wire|storage|sim|explore')"
allow lib/check "$std|\"core/splitmix\.hpp\"|$(layers check)"
allow lib/adversary "$std|$public|$(layers 'core|crypto|wire|adversary')"
allow lib/testing "$std|$posix|$public|$testing|$(layers 'core|crypto|wire|storage|adversary|sim|testing')|<(elf|link|malloc|cxxabi)\.h>"
allow lib/faulty "$std|$public|$(layers 'core|crypto|wire|storage|net|runtime|adversary|faulty')"
# bench/micro measures the parts; the rest of bench sees a replica from outside, or a faulty one by its handle.
for folder in faulty load report run service; do
  allow "bench/$folder" '.*' '<(format|ranges)>|"(core|crypto|wire|storage|net|runtime|sim)/.*'
done
# The simulator's program; it takes from apps what every program shares.
allow swarm "$std|$posix|<malloc\.h>|<(CLI|nlohmann)/[A-Za-z.]+>|$(layers 'swarm|sim|crypto|config')|$public"
# Programs are written as any user would write them.
inside='"(core|crypto|wire|storage|net|runtime|adversary|check|faulty)/.*|<(uv|sodium)\.h>|<(capnp|kj)/.*'
allow apps '.*' "<(format|ranges)>|\"(sim|explore)/.*|$inside"
allow tests/consumer "$std|$posix|$public|\"[a-z_]+\.hpp\"|<pbft/[a-z_/]+\.hpp>"

exit "$breaches"
