#include "crypto/verified_cache.hpp"

#include <doctest/doctest.h>

#include <thread>
#include <vector>

#include "testing.hpp"

using namespace pbft;
using namespace pbft::crypto;

namespace {
Digest name(std::uint64_t number) {
  Digest digest;
  for (std::size_t i = 0; i < 8; ++i) digest.bytes[i] = static_cast<std::uint8_t>(number >> (8 * i));
  return digest;
}
}  // namespace

TEST_CASE("cache: what was inserted is known, nothing else") {
  VerifiedCache cache(4);
  cache.insert(name(1));
  CHECK(cache.contains(name(1)));
  CHECK_FALSE(cache.contains(name(2)));
}

TEST_CASE("cache: the latest generation is known, and never more than two") {
  constexpr std::uint64_t generation = 8;
  VerifiedCache cache(generation);
  for (std::uint64_t i = 0; i < 1000; ++i) cache.insert(name(i));
  std::uint64_t known = 0;
  for (std::uint64_t i = 1000; i-- > 0;) {
    const bool is_known = cache.contains(name(i));
    if (i >= 1000 - generation) CHECK(is_known);
    if (is_known) ++known;
  }
  CHECK(known <= 2 * generation);
}

TEST_CASE("cache: what is asked for again outlives its generation") {
  VerifiedCache cache(8);
  cache.insert(name(0));
  for (std::uint64_t i = 1; i < 100; ++i) {
    cache.insert(name(i));
    CHECK(cache.contains(name(0)));
  }
}

TEST_CASE("cache: names differ with each byte, and between caches") {
  VerifiedCache cache(4), other(4);
  Bytes bytes = to_bytes("statement and signature");
  const Digest original = cache.name_of(bytes);
  CHECK(cache.name_of(bytes) == original);
  CHECK(other.name_of(bytes) != original);
  for (std::uint8_t& byte : bytes) {
    byte ^= 1;
    CHECK(cache.name_of(bytes) != original);
    byte ^= 1;
  }
}

TEST_CASE("cache: threads may share one") {
  VerifiedCache cache(64);
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < 4; ++t) {
    threads.emplace_back([&cache, t] {
      for (std::uint64_t i = 0; i < 2000; ++i) {
        cache.insert(name(t * 2000 + i));
        cache.contains(name(i));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  cache.insert(name(0));
  CHECK(cache.contains(name(0)));
}
