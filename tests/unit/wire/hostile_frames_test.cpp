// Frames whose pointers lie (faults.md 37: far pointers, cycles, huge lists, deep nesting, wrong sizes).
#include <doctest/doctest.h>

#include <chrono>
#include <cstring>
#include <initializer_list>
#include <variant>
#include <vector>

#include "unit/wire/samples.hpp"

namespace pbft::test {

using namespace core;

namespace {

using Words = std::vector<std::uint64_t>;

BytesView bytes_of(const Words& words) {
  return {reinterpret_cast<const std::uint8_t*>(words.data()), words.size() * 8};
}
Words words_of(const Bytes& frame) {
  Words words(frame.size() / 8);
  std::memcpy(words.data(), frame.data(), frame.size());
  return words;
}
Words words_of(const Message& message) { return words_of(wire::encode(message)); }

// Pointers as the encoding defines them; `offset` counts words from behind the pointer.
constexpr std::uint64_t struct_pointer(std::int32_t offset, std::uint64_t data, std::uint64_t pointers) {
  return (std::uint64_t{static_cast<std::uint32_t>(offset)} << 2 & 0xffffffff) | data << 32 | pointers << 48;
}
enum ElementSize : std::uint64_t { none = 0, bit = 1, byte = 2, eight_bytes = 5, pointer = 6, composite = 7 };
constexpr std::uint64_t list_pointer(std::int32_t offset, ElementSize size, std::uint64_t count) {
  return 1 | (std::uint64_t{static_cast<std::uint32_t>(offset)} << 2 & 0xffffffff) |
         std::uint64_t{size} << 32 | count << 35;
}
constexpr std::uint64_t far_pointer(bool two_words, std::uint64_t at, std::uint64_t segment) {
  return 2 | std::uint64_t{two_words} << 2 | at << 3 | segment << 32;
}
constexpr std::uint64_t capability_pointer = 3;

/// A FetchBody, word by word: the smallest frame with a blob.
constexpr std::size_t root = 0, fetch_pointer = 2, fetch_seq = 3, digest_pointer = 4;
Words fetch_frame() { return words_of(Message(FetchBody{SeqNum{9}, some_digest(1)})); }

/// How much work a decoder had done before it gave up.
struct CountingCrypto : ToyCrypto {
  mutable std::size_t hashed_bytes = 0;
  Digest hash(std::string_view domain, BytesView bytes) const override {
    hashed_bytes += bytes.size();
    return ToyCrypto::hash(domain, bytes);
  }
};

Words with(Words words, std::size_t at, std::uint64_t value) {
  words.at(at) = value;
  return words;
}

}  // namespace

TEST_CASE("scenario 37: hostile frames: the layout that these tests edit is the real one") {
  const Words words = fetch_frame();
  REQUIRE(words.size() == 9);
  CHECK(words[root] == struct_pointer(0, 1, 1));
  CHECK(words[fetch_pointer] == struct_pointer(0, 1, 1));
  CHECK(words[fetch_seq] == 9);
  CHECK(words[digest_pointer] == list_pointer(0, byte, 32));
  CHECK(same(must_decode(bytes_of(words)), FetchBody{SeqNum{9}, some_digest(1)}));
}

TEST_CASE("scenario 37: hostile frames: nothing, not whole words, or zeros") {
  CHECK(must_refuse({}) == Rejection::malformed);
  const Bytes frame = wire::encode(FetchBody{SeqNum{9}, some_digest(1)});
  for (std::size_t size = 1; size < frame.size(); ++size) {
    CHECK(must_refuse(BytesView(frame).first(size)) == Rejection::malformed);
  }
  for (std::size_t words = 1; words < 20; ++words)
    CHECK(must_refuse(bytes_of(Words(words))) == Rejection::malformed);
}

TEST_CASE("scenario 37: hostile frames: a segment table is not part of a frame") {
  Words words = fetch_frame();
  words.insert(words.begin(), std::uint64_t{words.size()} << 32);
  CHECK(must_refuse(bytes_of(words)) == Rejection::malformed);
}

TEST_CASE("scenario 37: hostile frames: an unknown kind of message") {
  for (const std::uint64_t kind :
       {std::uint64_t{std::variant_size_v<Message>}, std::uint64_t{255}, std::uint64_t{65535}}) {
    CHECK(must_refuse(bytes_of(with(fetch_frame(), 1, kind))) == Rejection::malformed);
  }
}

TEST_CASE("scenario 37: hostile frames: words or bytes that belong to nothing") {
  for (const Sample& sample : samples()) {
    CAPTURE(sample.name);
    Bytes frame = wire::encode(sample.message);
    for (int extra = 1; extra <= 24; ++extra) {
      frame.push_back(0);
      CHECK(must_refuse(frame) == Rejection::malformed);
    }
  }
}

TEST_CASE("scenario 37: hostile frames: a blob of the wrong length or type") {
  for (const std::uint64_t size : {0ULL, 1ULL, 25ULL, 31ULL, (1ULL << 29) - 1}) {
    CHECK(must_refuse(bytes_of(with(fetch_frame(), digest_pointer, list_pointer(0, byte, size)))) ==
          Rejection::malformed);
  }
  for (const ElementSize size : {none, bit, eight_bytes, pointer, composite}) {
    CHECK(must_refuse(bytes_of(with(fetch_frame(), digest_pointer, list_pointer(0, size, 4)))) ==
          Rejection::malformed);
  }
  CHECK(must_refuse(bytes_of(with(fetch_frame(), digest_pointer, 0))) == Rejection::malformed);
  CHECK(must_refuse(bytes_of(with(fetch_frame(), digest_pointer, struct_pointer(0, 4, 0)))) ==
        Rejection::malformed);
}

TEST_CASE("scenario 37: hostile frames: a digest with something behind it") {
  // The proof of genesis: its digest takes the word that an absent list of votes leaves free.
  Words words = words_of(Message(CheckpointProof{SeqNum{0}, some_digest(1), {}}));
  const std::size_t state_pointer = 4, votes_pointer = 5;
  REQUIRE(words[state_pointer] == list_pointer(1, byte, 32));
  words[votes_pointer] = 0;
  for (const std::uint64_t size : {33ULL, 40ULL}) {
    CHECK(must_refuse(bytes_of(with(words, state_pointer, list_pointer(1, byte, size)))) ==
          Rejection::malformed);
  }
}

TEST_CASE("scenario 37: hostile frames: pointers out of the frame, before or behind") {
  for (const std::size_t at : {root, fetch_pointer}) {
    for (const std::int32_t offset :
         {-1000, -2 - static_cast<std::int32_t>(at), 9, 1000, 0x1fffffff, -0x20000000}) {
      CHECK(must_refuse(bytes_of(with(fetch_frame(), at, struct_pointer(offset, 1, 1)))) ==
            Rejection::malformed);
    }
  }
  for (const std::int32_t offset : {-6, 1, 5, 0x1fffffff, -0x20000000}) {
    CHECK(must_refuse(bytes_of(with(fetch_frame(), digest_pointer, list_pointer(offset, byte, 32)))) ==
          Rejection::malformed);
  }
}

TEST_CASE("scenario 37: hostile frames: far pointers and capabilities") {
  for (const std::size_t at : {root, fetch_pointer, digest_pointer}) {
    for (const std::uint64_t segment : {0ULL, 1ULL, 0xffffffffULL}) {
      for (const std::uint64_t target : {0ULL, 2ULL, 1000ULL, 0x1fffffffULL}) {
        for (const bool two_words : {false, true}) {
          const Words words = with(fetch_frame(), at, far_pointer(two_words, target, segment));
          // Into this very segment it is an odd way of writing a pointer: harmless if it holds, else refused.
          const auto decoded = wire::decode(bytes_of(words), {}, ToyCrypto());
          if (segment != 0) CHECK(std::holds_alternative<Rejection>(decoded));
        }
      }
    }
    CHECK(must_refuse(bytes_of(with(fetch_frame(), at, capability_pointer))) == Rejection::malformed);
  }
}

TEST_CASE("scenario 37: hostile frames: a struct that contains itself") {
  // Each pointer of the ViewChange leads back to the ViewChange.
  Words words = words_of(Message(std::make_shared<const ViewChange>(some_view_change())));
  const auto at = static_cast<std::int32_t>(3);
  REQUIRE(words[2] == struct_pointer(0, 3, 3));
  for (std::int32_t i = 6; i < 9; ++i) {
    words[static_cast<std::size_t>(i)] = struct_pointer(at - i - 1, 3, 3);
    CHECK(must_refuse(bytes_of(words)) == Rejection::malformed);
  }
}

TEST_CASE("scenario 37: hostile frames: lists that claim more than there is") {
  const Words reply = words_of(Message(some_reply()));
  // Frame: root, tag, pointer; Reply: three numbers, then the pointer to its items.
  const std::size_t items = 6;
  REQUIRE((reply[items] & 3) == 1);
  for (const ElementSize size : {none, bit, byte, eight_bytes, pointer, composite}) {
    for (const std::uint64_t count : {1ULL, 100ULL, 4096ULL, 1ULL << 20, (1ULL << 29) - 1}) {
      CAPTURE(size);
      CAPTURE(count);
      CHECK(must_refuse(bytes_of(with(reply, items, list_pointer(0, size, count)))) == Rejection::malformed);
    }
  }
  // The tag of a list of structs lies: elements without size, or too many.
  const std::size_t tag = items + 1;
  for (const std::uint64_t count : {4ULL, 1000ULL, 0x0fffffffULL}) {
    CHECK(must_refuse(bytes_of(with(reply, tag, struct_pointer(static_cast<std::int32_t>(count), 0, 0)))) ==
          Rejection::malformed);
    CHECK(must_refuse(bytes_of(with(reply, tag, struct_pointer(static_cast<std::int32_t>(count), 2, 2)))) ==
          Rejection::malformed);
  }
}

TEST_CASE("scenario 37: hostile frames: many elements that share one blob do not unfold") {
  // A batch of requests that all point at the payload and signature of the first.
  const RequestPtr request = some_request(ClientId{1}, RequestNumber{1}, {std::string(500, 'x')});
  const std::size_t count = 1000;
  std::vector<RequestPtr> tiny(count, some_request(ClientId{1}, RequestNumber{1}, {""}));
  tiny[0] = request;
  Words words = words_of(Message(BodyMessage{SeqNum{1}, some_body(tiny)}));
  // Root, tag and pointer of Frame; number and pointer of BodyMessage; time and pointer of Body; tag of the
  // list.
  const std::size_t first = 8;
  REQUIRE(words[first - 1] == struct_pointer(static_cast<std::int32_t>(count), 1, 2));
  for (std::size_t i = 1; i < count; ++i) {
    for (const std::size_t blob : {std::size_t{1}, std::size_t{2}}) {  // behind which proof it is
      words[first + 3 * i + blob] = words[first + blob] - (12 * i);    // the offset, moved by 3i words
    }
  }
  const CountingCrypto crypto;
  CHECK(std::holds_alternative<Rejection>(wire::decode(bytes_of(words), {}, crypto)));
  CHECK(crypto.hashed_bytes <= words.size() * 8);
}

TEST_CASE(
    "scenario 37: hostile frames: a list of digests that is something else, claims too many, or lacks one") {
  const Words fetch = words_of(Message(FetchState{SeqNum{1}, {some_digest(1), some_digest(2)}}));
  // Root, tag and pointer of Frame; number and pointer of FetchState; pointers of the list, then the digests.
  const std::size_t list = 4, first = 5;
  REQUIRE(fetch.size() == 15);
  REQUIRE(fetch[list] == list_pointer(0, pointer, 2));
  REQUIRE(fetch[first] == list_pointer(1, byte, 32));
  for (const ElementSize size : {none, bit, byte, eight_bytes, pointer, composite}) {
    for (const std::uint64_t count : {0ULL, 1ULL, 2ULL, 3ULL, 64ULL, 65ULL, (1ULL << 29) - 1}) {
      if (size == pointer && count == 2) continue;
      CAPTURE(size);
      CAPTURE(count);
      CHECK(must_refuse(bytes_of(with(fetch, list, list_pointer(0, size, count)))) == Rejection::malformed);
    }
  }
  for (const std::size_t at : {first, first + 1}) {
    CHECK(must_refuse(bytes_of(with(fetch, at, 0))) == Rejection::malformed);
    CHECK(must_refuse(bytes_of(with(fetch, at, list_pointer(1, byte, 31)))) == Rejection::malformed);
    CHECK(must_refuse(bytes_of(with(fetch, at, struct_pointer(1, 4, 0)))) == Rejection::malformed);
  }
}

TEST_CASE("scenario 37: hostile frames: many digests that share one do not unfold") {
  // As many pointers as the frame has room for, all to its one digest.
  const std::uint64_t count = FetchState::max_blocks;
  Words words = words_of(Message(FetchState{SeqNum{1}, {some_digest(1)}}));
  words[4] = list_pointer(0, pointer, count);
  words.insert(words.begin() + 5, count - 1, 0);
  for (std::size_t i = 0; i < count; ++i) {
    words[5 + i] = list_pointer(static_cast<std::int32_t>(count - 1 - i), byte, 32);
  }
  CHECK(must_refuse(bytes_of(words)) == Rejection::malformed);
}

TEST_CASE("scenario 37: hostile frames: a block of state that is no blob, or not where the frame ends") {
  const Words block = words_of(Message(some_block(20)));
  const std::size_t blob = 3;
  REQUIRE(block.size() == 7);
  REQUIRE(block[blob] == list_pointer(0, byte, 20));
  for (const std::uint64_t size : {0ULL, 16ULL, 25ULL, (1ULL << 29) - 1}) {
    CHECK(must_refuse(bytes_of(with(block, blob, list_pointer(0, byte, size)))) == Rejection::malformed);
  }
  for (const ElementSize size : {none, bit, eight_bytes, pointer, composite}) {
    CHECK(must_refuse(bytes_of(with(block, blob, list_pointer(0, size, 3)))) == Rejection::malformed);
  }
  for (const std::uint64_t other : {std::uint64_t{0}, struct_pointer(0, 3, 0), capability_pointer}) {
    CHECK(must_refuse(bytes_of(with(block, blob, other))) == Rejection::malformed);
  }
}

TEST_CASE("scenario 37: hostile frames: deep nesting where a blob is expected") {
  Words words = fetch_frame();
  words[digest_pointer] = struct_pointer(static_cast<std::int32_t>(words.size() - digest_pointer - 1), 0, 1);
  for (int depth = 0; depth < 10000; ++depth) words.push_back(struct_pointer(0, 0, 1));
  words.push_back(0);
  CHECK(must_refuse(bytes_of(words)) == Rejection::malformed);
}

TEST_CASE("scenario 37: hostile frames: garbage of every size costs little") {
  std::uint64_t state = 1;
  const auto begun = std::chrono::steady_clock::now();
  for (std::size_t size = 1; size < 512; ++size) {
    Words words(size);
    for (std::uint64_t& word : words) word = state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    must_refuse(bytes_of(words));
  }
  CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds(10));
}

}  // namespace pbft::test
