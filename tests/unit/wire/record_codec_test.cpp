// The records of a log come back as they were, or not at all.
#include "wire/record_codec.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <utility>

#include "unit/wire/record_samples.hpp"

namespace pbft::test {

using namespace core;

namespace {

std::variant<Record, Rejection> decode(BytesView bytes, const wire::DecodeLimits& limits = {}) {
  return wire::decode_record(bytes, limits, ToyCrypto());
}
Record must_decode_record(BytesView bytes) {
  auto decoded = decode(bytes);
  REQUIRE(std::holds_alternative<Record>(decoded));
  return std::get<Record>(std::move(decoded));
}
bool is_malformed(BytesView bytes) {
  const auto decoded = decode(bytes);
  const auto* refused = std::get_if<Rejection>(&decoded);
  return refused != nullptr && *refused == Rejection::malformed;
}

Bytes number(std::uint64_t value) {
  Bytes bytes;
  for (int i = 0; i < 8; ++i) bytes.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  return bytes;
}
Bytes joined(const std::vector<Bytes>& parts) {
  Bytes bytes;
  for (const Bytes& part : parts) bytes.insert(bytes.end(), part.begin(), part.end());
  return bytes;
}
/// A frame as a record has it.
Bytes framed(const Message& message) {
  const Bytes frame = wire::encode(message);
  return joined({number(frame.size()), frame});
}

Bytes prepare_part(std::uint64_t replica) {
  const Signature signature = some_signature(static_cast<std::uint8_t>(100 + replica));
  return joined({number(replica), Bytes(signature.bytes.begin(), signature.bytes.end())});
}

/// The parts of some_prepared(), each of them to be replaced.
struct PreparedParts {
  PreparedRecord record = some_prepared();
  Bytes pre_prepare =
      framed(PrePrepare{record.certificate.header, record.certificate.pre_prepare, record.body});
  Bytes count = number(2), first = prepare_part(1), second = prepare_part(3);
  Bytes all() const { return joined({number(1), pre_prepare, count, first, second}); }
};
Bytes prepared_with(const std::function<void(PreparedParts&)>& change) {
  PreparedParts parts;
  change(parts);
  return parts.all();
}

}  // namespace

TEST_CASE("records: one of every kind comes back with every field, digests of view changes too") {
  std::vector<bool> seen(std::variant_size_v<Record>);
  for (const Record& record : some_records()) {
    CAPTURE(record.index());
    seen[record.index()] = true;
    const Bytes bytes = wire::encode_record(record);
    CHECK(bytes.size() % 8 == 0);
    const Record decoded = must_decode_record(bytes);
    CHECK(same_record(decoded, record));
    CHECK(wire::encode_record(decoded) == bytes);
  }
  CHECK(seen == std::vector<bool>(seen.size(), true));
}

TEST_CASE("records: the bytes of each kind are the documented ones, for logs outlive programs") {
  const NewViewRecord new_view = some_new_view_record();
  CHECK(wire::encode_record(some_prepared()) == PreparedParts().all());
  CHECK(wire::encode_record(complete_view_change()) == joined({number(2), framed(complete_view_change())}));
  CHECK(wire::encode_record(new_view) ==
        joined({number(3), framed(new_view.new_view), framed(new_view.sources[0]),
                framed(new_view.sources[1]), framed(new_view.sources[2])}));
  CHECK(wire::encode_record(some_proof()) == joined({number(4), framed(some_proof())}));
  CHECK(wire::encode_record(StartRecord{}) == number(5));
  CHECK(wire::encode_record(Restraint{SeqNum{9}, true, false}) == joined({number(6), number(9), number(1)}));
}

TEST_CASE("records: a record decodes wherever it lies in memory") {
  for (const Record& record : some_records()) {
    const Bytes bytes = wire::encode_record(record);
    for (std::size_t offset = 1; offset < 8; ++offset) {
      const Bytes buffer = joined({Bytes(offset), bytes});
      CHECK(same_record(must_decode_record(BytesView(buffer).subspan(offset)), record));
    }
  }
}

TEST_CASE("records: whether a body's requests are authentic is not recorded") {
  auto body = std::make_shared<Body>(*some_body({some_request(ClientId{1}, RequestNumber{1}, {"x"})}));
  body->requests_authentic = true;
  const Record decoded = must_decode_record(wire::encode_record(some_prepared(body)));
  CHECK_FALSE(std::get<PreparedRecord>(decoded).body->requests_authentic);
}

TEST_CASE("records: whatever is cut off or hung on is refused") {
  for (const Record& record : some_records()) {
    CAPTURE(record.index());
    const Bytes whole = wire::encode_record(record);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      CHECK(is_malformed(BytesView(whole).first(size)));
    }
    Bytes longer = whole;
    for (int i = 0; i < 17; ++i) {
      longer.push_back(0);
      CHECK(is_malformed(longer));
    }
    CHECK(is_malformed(joined({whole, whole})));
  }
}

TEST_CASE("records: an unknown kind is refused, and no kind passes for another") {
  for (const Record& record : some_records()) {
    const Bytes whole = wire::encode_record(record);
    for (const std::uint64_t kind : {0ULL, 1ULL, 2ULL, 3ULL, 4ULL, 5ULL, 6ULL, 7ULL, 1ULL << 32, ~0ULL}) {
      CAPTURE(record.index());
      CAPTURE(kind);
      const Bytes posing = joined({number(kind), Bytes(whole.begin() + 8, whole.end())});
      if (posing != whole) CHECK(is_malformed(posing));
    }
  }
}

TEST_CASE("records: a frame's length that lies is refused") {
  for (const Record& record : some_records()) {
    const Bytes whole = wire::encode_record(record);
    if (record.index() >= 4) continue;  // without frames
    for (const unsigned lie : {0x00U, 0x01U, 0x7fU, 0xffU}) {
      for (std::size_t at = 8; at < 16; ++at) {
        Bytes wrong = whole;
        wrong[at] = static_cast<std::uint8_t>(lie);
        if (wrong != whole) CHECK(is_malformed(wrong));
      }
    }
  }
}

TEST_CASE("records: a prepared record has the body that its header names") {
  REQUIRE_FALSE(is_malformed(prepared_with([](PreparedParts&) {})));
  const auto with_body = [](BodyPtr body) {
    return prepared_with([&](PreparedParts& parts) {
      parts.pre_prepare = framed(PrePrepare{parts.record.certificate.header, some_signature(9), body});
    });
  };
  CHECK(is_malformed(with_body(nullptr)));
  CHECK(is_malformed(with_body(some_body({}, {}))));
}

TEST_CASE("records: prepares are of members, ascending, and as many as is said") {
  const auto of = [](std::uint64_t first, std::uint64_t second) {
    return prepared_with([&](PreparedParts& parts) {
      parts.first = prepare_part(first);
      parts.second = prepare_part(second);
    });
  };
  CHECK_FALSE(is_malformed(of(0, 3)));
  CHECK(is_malformed(of(1, 1)));
  CHECK(is_malformed(of(3, 1)));
  CHECK(is_malformed(of(1, 4)));
  CHECK(is_malformed(of(1, (1ULL << 32) + 2)));
  for (const std::uint64_t count : {0ULL, 1ULL, 3ULL, 1ULL << 32, ~0ULL}) {
    CHECK(is_malformed(prepared_with([&](PreparedParts& parts) { parts.count = number(count); })));
  }
  CHECK(is_malformed(prepared_with([](PreparedParts& parts) {  // all four: one of them is the primary
    parts.count = number(4);
    parts.first = joined({prepare_part(0), parts.first, prepare_part(2)});
  })));
}

TEST_CASE("records: a NewView has exactly the view changes that it names, in their order") {
  const NewViewRecord record = some_new_view_record();
  const auto with_sources = [&](const std::vector<ViewChangePtr>& sources) {
    Bytes bytes = joined({number(3), framed(record.new_view)});
    for (const ViewChangePtr& source : sources) bytes = joined({bytes, framed(source)});
    return bytes;
  };
  const auto& from = record.sources;
  REQUIRE_FALSE(is_malformed(with_sources(from)));
  CHECK(is_malformed(with_sources({from[1], from[0], from[2]})));
  CHECK(is_malformed(with_sources({from[0], from[1]})));
  CHECK(is_malformed(with_sources({from[0], from[1], from[2], from[2]})));
  CHECK(is_malformed(with_sources({from[0], from[1], complete_view_change(2)})));

  auto later = std::make_shared<ViewChange>(*from[2]);
  later->incarnation += 1;
  CHECK(is_malformed(with_sources({from[0], from[1], later})));  // its digest is another

  NewViewRecord renamed = record;
  auto new_view = std::make_shared<NewView>(*record.new_view);
  new_view->sources[2].replica = ReplicaId{2};
  renamed.new_view = std::move(new_view);
  CHECK(is_malformed(wire::encode_record(renamed)));  // the right digest, by someone else
}

TEST_CASE("records: a message that is no record is refused") {
  for (const Sample& sample : samples()) {
    CAPTURE(sample.name);
    const bool is_view_change = std::holds_alternative<ViewChangePtr>(sample.message);
    const bool is_proof = std::holds_alternative<CheckpointProof>(sample.message);
    CHECK(is_malformed(joined({number(1), framed(sample.message)})));
    CHECK(is_malformed(joined({number(2), framed(sample.message)})) == !is_view_change);
    CHECK(is_malformed(joined({number(3), framed(sample.message)})));
    CHECK(is_malformed(joined({number(4), framed(sample.message)})) == !is_proof);
  }
}

TEST_CASE("records: a body over the limits is refused as what it is") {
  wire::DecodeLimits limits;
  limits.agreed.max_batch_requests = 1;
  CHECK(std::get<Rejection>(decode(wire::encode_record(some_prepared()), limits)) == Rejection::too_large);
}

}  // namespace pbft::test
