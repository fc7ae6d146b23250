// Many frames and records that are almost right.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "unit/wire/record_samples.hpp"
#include "wire/record_codec.hpp"

namespace pbft::test {

using namespace core;

namespace {

/// splitmix64 (Steele et al. 2014).
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t x = state_ += 0x9e3779b97f4a7c15ULL;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
  }
  std::size_t below(std::size_t bound) { return next() % bound; }

 private:
  std::uint64_t state_;
};

std::uint64_t word_at(const Bytes& frame, std::size_t word) {
  std::uint64_t value;
  std::memcpy(&value, frame.data() + 8 * word, 8);
  return value;
}
void set_word(Bytes& frame, std::size_t word, std::uint64_t value) {
  std::memcpy(frame.data() + 8 * word, &value, 8);
}

/// A pointer to somewhere near, of any kind.
std::uint64_t some_pointer(Random& random) {
  const std::uint64_t offset = (random.below(24) - 4) & 0x3fffffff;
  const std::uint64_t kind = random.below(8) == 0 ? random.below(4) : random.below(2);
  if (kind == 0) return offset << 2 | random.below(5) << 32 | random.below(5) << 48;
  const std::uint64_t count = random.below(4) == 0 ? random.next() >> 35 : random.below(70);
  return kind | offset << 2 | random.below(8) << 32 | count << 35;
}

void flip_bits(Bytes& frame, Random& random) {
  for (std::size_t flips = 1 + random.below(4); flips > 0; --flips) {
    frame[random.below(frame.size())] ^= static_cast<std::uint8_t>(1U << random.below(8));
  }
}

void edit_word(Bytes& frame, Random& random) {
  const std::size_t words = frame.size() / 8, at = random.below(words);
  switch (random.below(6)) {
    case 0:
      return set_word(frame, at, some_pointer(random));
    case 1:
      return set_word(frame, at, word_at(frame, random.below(words)));
    case 2:
      return set_word(frame, at,
                      word_at(frame, at) + (random.below(2) != 0 ? 4 : -4ULL));  // pointer's offset
    case 3:
      return set_word(frame, at,
                      word_at(frame, at) + ((random.below(2) != 0 ? 1 : -1ULL) << 35));  // its count
    case 4:
      return set_word(frame, at, 0);
    default:
      return set_word(frame, at, random.below(2) != 0 ? random.next() : random.below(300));
  }
}

void resize(Bytes& frame, Random& random) {
  const std::size_t words = frame.size() / 8;
  frame.resize(random.below(4) == 0 ? 1 + random.below(frame.size()) : 8 * (1 + random.below(words + 8)));
}

void splice(Bytes& frame, const Bytes& other, Random& random) {
  frame.resize(8 * (1 + random.below(frame.size() / 8)));
  frame.insert(frame.end(), other.begin() + static_cast<std::ptrdiff_t>(8 * random.below(other.size() / 8)),
               other.end());
}

Bytes mutant(const std::vector<Bytes>& frames, Random& random) {
  Bytes frame = frames[random.below(frames.size())];
  for (std::size_t rounds = 1 + random.below(3); rounds > 0; --rounds) {
    if (frame.size() < 8) break;
    switch (random.below(8)) {
      case 0:
        resize(frame, random);
        break;
      case 1:
        splice(frame, frames[random.below(frames.size())], random);
        break;
      case 2:
      case 3:
        flip_bits(frame, random);
        break;
      default:
        edit_word(frame, random);
        break;
    }
  }
  return frame;
}

}  // namespace

TEST_CASE("wire: of 100,000 spoilt frames none does harm, and what decodes has one meaning") {
  std::vector<Bytes> frames;
  for (const Sample& sample : samples()) frames.push_back(wire::encode(sample.message));
  const wire::DecodeLimits limits;
  const ToyCrypto crypto;
  Random random(20240607);
  std::size_t decoded = 0, refused = 0;
  std::vector<std::size_t> of_kind(std::variant_size_v<Message>);

  for (int i = 0; i < 100000; ++i) {
    CAPTURE(i);
    const Bytes frame = mutant(frames, random);
    const auto first = wire::decode(frame, limits, crypto);
    const auto* message = std::get_if<Message>(&first);
    if (message == nullptr) {
      ++refused;
      continue;
    }
    ++decoded;
    ++of_kind[message->index()];
    const Bytes again = wire::encode(*message);
    const auto second = wire::decode(again, limits, crypto);
    REQUIRE(std::holds_alternative<Message>(second));
    REQUIRE(same(std::get<Message>(second), *message));
    REQUIRE(wire::encode(std::get<Message>(second)) == again);
  }
  CHECK(refused > 20000);
  CHECK(decoded > 20000);
  CHECK(*std::min_element(of_kind.begin(), of_kind.end()) > 500);
}

TEST_CASE("wire: of 20,000 spoilt records none does harm, and what decodes has one meaning") {
  std::vector<Bytes> records;
  for (const Record& record : some_records()) records.push_back(wire::encode_record(record));
  const wire::DecodeLimits limits;
  const ToyCrypto crypto;
  Random random(20240608);
  std::size_t decoded = 0, refused = 0;

  for (int i = 0; i < 20000; ++i) {
    CAPTURE(i);
    const auto first = wire::decode_record(mutant(records, random), limits, crypto);
    const auto* record = std::get_if<Record>(&first);
    if (record == nullptr) {
      ++refused;
      continue;
    }
    ++decoded;
    const auto second = wire::decode_record(wire::encode_record(*record), limits, crypto);
    REQUIRE(std::holds_alternative<Record>(second));
    REQUIRE(same_record(std::get<Record>(second), *record));
  }
  CHECK(refused > 4000);
  CHECK(decoded > 2000);
}

}  // namespace pbft::test
