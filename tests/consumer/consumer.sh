#!/usr/bin/env bash
# usage: consumer.sh installed|sources SOURCE BUILD WORK
#   installed  what BUILD installs serves users of find_package and of pkg-config
#   sources    add_subdirectory serves, as a shared library here, and what that installs serves users, too
# In WORK, which is emptied first. CXX and CC name the compilers.
set -euo pipefail

: "${CXX:=c++}"
way=$1 source=$2 build=$3 work=$4
project=$source/tests/consumer/project
rm -rf "$work"
mkdir -p "$work"

step() { printf '== %s\n' "$*"; }
fail() {
  printf 'FAILED: %s\n' "$*"
  exit 1
}

# runs PROGRAM: four replicas start, agree and answer; stopped and started again they answer the same.
runs() {
  local output
  output=$("$1" "$1.data") || fail "$1 ended with $?"
  [[ $output == $'three replicas outvote one\nthree replicas outvote one' ]] || fail "$1 printed: $output"
}

# tests PROGRAM: the service passes its own tests.
tests() {
  "$1" || fail "$1 ended with $?"
}

# serves PREFIX [PKG_CONFIG_FLAGS]: what was installed there serves CMake users and others.
serves() {
  local prefix=$1 flags=${2:-} header
  step "find_package"
  cmake -G Ninja -S "$project" -B "$prefix.cmake" -DCMAKE_BUILD_TYPE=Debug -DCMAKE_PREFIX_PATH="$prefix" --log-level=WARNING
  cmake --build "$prefix.cmake"
  runs "$prefix.cmake/journal"
  tests "$prefix.cmake/journal_test"

  step "pkg-config"
  local pkgconfig
  pkgconfig=$(dirname "$(find "$prefix" -name pbft.pc)")
  # shellcheck disable=SC2046 # several flags are meant
  "$CXX" -std=c++20 "$project"/*.cpp -o "$prefix.journal" -Wl,-rpath,"$(dirname "$pkgconfig")" \
    $(PKG_CONFIG_PATH=$pkgconfig pkg-config ${flags:+"$flags"} --cflags --libs pbft)
  runs "$prefix.journal"
  # shellcheck disable=SC2046
  "$CXX" -std=c++20 -I "$project" "$project"/test/*.cpp -o "$prefix.test" -Wl,-rpath,"$(dirname "$pkgconfig")" \
    $(PKG_CONFIG_PATH=$pkgconfig pkg-config ${flags:+"$flags"} --cflags --libs pbft-testing)
  tests "$prefix.test"

  step "each header stands alone"
  while read -r header; do
    "$CXX" -std=c++20 -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror -fsyntax-only -I "$prefix/include" \
      -x c++ - <<<"#include <$header>" || fail "$header"
  done < <(cd "$prefix/include" && find pbft -name '*.hpp')
}

# shows_only NAMESPACE LIBRARY EXAMPLE: what else it would show could clash with what its user has.
shows_only() {
  step "symbols of $(basename "$2")"
  local names
  names=$(nm -D --defined-only --demangle "$2" | cut -d ' ' -f 3-)
  grep -qF "$3" <<<"$names" || fail "$3 is not visible"
  if grep -vE "^((typeinfo|typeinfo name|vtable) for )?$1::[A-Za-z_]+(::|\(|\[|$)" <<<"$names"; then
    fail "visible, though not of $1"
  fi
  if grep -E 'pbft::(core|crypto|wire|net|storage|runtime|sim|check|adversary)::' <<<"$names"; then
    fail "visible, though of an inner layer"
  fi
}

# holds_no_adversary LIBRARY: what replicas run cannot misbehave on purpose.
holds_no_adversary() {
  if nm --demangle "$1" 2>/dev/null | grep -E 'pbft::(adversary|check|sim|testing)::'; then
    fail "$1 holds what belongs into tests"
  fi
}

case $way in
  installed)
    step "install"
    for component in library testing; do
      cmake --install "$build" --component "$component" --prefix "$work/static" >/dev/null
    done
    holds_no_adversary "$(find "$work/static" -name libpbft.a)"
    serves "$work/static" --static
    ;;
  sources)
    step "add_subdirectory"
    cmake -G Ninja -S "$project" -B "$work/sources" -DPBFT_SOURCE="$source" -DBUILD_SHARED_LIBS=ON -DPBFT_INSTALL=ON \
      -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG=-O0 --log-level=WARNING
    cmake --build "$work/sources"
    runs "$work/sources/journal"
    tests "$work/sources/journal_test"
    grep -E '^PBFT_BUILD_(TESTS|APPS|BENCH):BOOL=ON' "$work/sources/CMakeCache.txt" &&
      fail "a user's project builds more than the library"
    for component in library testing; do
      cmake --install "$work/sources/pbft" --component "$component" --prefix "$work/shared" >/dev/null
    done
    shows_only pbft "$(find "$work/shared" -name libpbft.so)" 'pbft::Replica::start('
    shows_only pbft::testing "$(find "$work/shared" -name libpbft-testing.so)" 'pbft::testing::check_determinism('
    holds_no_adversary "$(find "$work/shared" -name libpbft.so)"
    serves "$work/shared"
    ;;
  *) fail "no such way: $way" ;;
esac
