// The signed bytes of a request: one layout per value, one value per layout.
#include <doctest/doctest.h>

#include <algorithm>
#include <limits>

#include "core/images.hpp"
#include "unit/wire/samples.hpp"

namespace pbft::test {

using namespace core;

namespace {

RequestDraft draft_of(std::uint64_t first, const std::vector<std::string>& bodies) {
  RequestDraft draft{ClientId{2}, RequestKind::operations, RequestNumber{1}, RequestNumber{first}, {}};
  for (const std::string& body : bodies) draft.items.push_back({to_bytes(body), false});
  return draft;
}

RequestPtr decode(const Bytes& payload, const AgreedLimits& agreed = {}) {
  wire::DecodeLimits limits;
  limits.agreed = agreed;
  return wire::decode_request(payload, some_signature(1), limits, ToyCrypto());
}

/// The payload of `draft` with one byte changed.
Bytes with_byte(const RequestDraft& draft, std::size_t at, std::uint8_t value) {
  Bytes payload = wire::encode_request_payload(draft);
  payload.at(at) = value;
  return payload;
}

constexpr std::size_t kind_at = 24, count_at = 25, read_only_at = 29, length_at = 30, head = 29,
                      item_head = 5;

}  // namespace

TEST_CASE("request: its payload decodes to exactly its fields") {
  RequestDraft draft = draft_of(7, {"", "abc", std::string(1000, 'x')});
  draft.lowest_unanswered = RequestNumber{5};
  draft.items[1].read_only = true;
  const Bytes payload = wire::encode_request_payload(draft);
  CHECK(payload.size() == head + 3 * item_head + 1003);

  const RequestPtr request = decode(payload);
  REQUIRE(request);
  CHECK(request->client == ClientId{2});
  CHECK(request->kind == RequestKind::operations);
  CHECK(request->lowest_unanswered == RequestNumber{5});
  CHECK(request->first == RequestNumber{7});
  CHECK(request->last() == RequestNumber{9});
  REQUIRE(request->items.size() == 3);
  CHECK(to_text(request->items[0].body).empty());
  CHECK(to_text(request->items[1].body) == "abc");
  CHECK(request->items[1].read_only);
  CHECK_FALSE(request->items[2].read_only);
  CHECK(request->items[2].body.size() == 1000);
  CHECK(request->payload == payload);
  CHECK(request->signature == some_signature(1));
  CHECK(request->digest == request_digest(ToyCrypto(), payload));
}

TEST_CASE("request: an open carries no operations, and only an open does") {
  RequestDraft open = draft_of(1, {});
  CHECK_FALSE(decode(wire::encode_request_payload(open)));
  open.kind = RequestKind::open;
  CHECK(decode(wire::encode_request_payload(open)));
  open.items.push_back({});
  CHECK_FALSE(decode(wire::encode_request_payload(open)));
}

TEST_CASE("request: numbers start at 1 and do not wrap") {
  const std::uint64_t highest = std::numeric_limits<std::uint64_t>::max();
  CHECK_FALSE(decode(wire::encode_request_payload(draft_of(0, {"a"}))));
  CHECK(decode(wire::encode_request_payload(draft_of(1, {"a"}))));
  CHECK(decode(wire::encode_request_payload(draft_of(highest - 2, {"a", "b"}))));
  CHECK_FALSE(decode(wire::encode_request_payload(draft_of(highest - 1, {"a", "b"}))));
  CHECK_FALSE(decode(wire::encode_request_payload(draft_of(highest, {"a"}))));
}

TEST_CASE("request: a payload that is cut or continued anywhere is no payload") {
  const Bytes payload = wire::encode_request_payload(draft_of(3, {"abc", "", "de"}));
  REQUIRE(decode(payload));
  for (std::size_t size = 0; size < payload.size(); ++size) {
    CHECK_FALSE(decode(Bytes(payload.begin(), payload.begin() + static_cast<std::ptrdiff_t>(size))));
  }
  Bytes longer = payload;
  longer.push_back(0);
  CHECK_FALSE(decode(longer));
}

TEST_CASE("request: values that no encoder writes are refused") {
  const RequestDraft draft = draft_of(1, {"abc"});
  CHECK_FALSE(decode(with_byte(draft, kind_at, 2)));
  CHECK_FALSE(decode(with_byte(draft, count_at, 2)));
  CHECK_FALSE(decode(with_byte(draft, count_at + 3, 0x80)));  // two thousand million operations
  CHECK_FALSE(decode(with_byte(draft, read_only_at, 2)));
  CHECK_FALSE(decode(with_byte(draft, length_at, 2)));
  CHECK_FALSE(decode(with_byte(draft, length_at, 4)));
  CHECK_FALSE(decode(with_byte(draft, length_at + 3, 0xff)));
}

TEST_CASE("request: memory is taken for the operations that are there, not for those that are announced") {
  AgreedLimits limitless;
  limitless.max_request_operations = std::numeric_limits<std::uint32_t>::max();
  Bytes payload = wire::encode_request_payload(draft_of(1, {"a"}));
  REQUIRE(decode(payload, limitless));
  std::fill_n(payload.begin() + count_at, 4, std::uint8_t{0xff});
  CHECK_FALSE(decode(payload, limitless));  // it would take 100 GB
}

TEST_CASE("request: every agreed limit holds to the byte") {
  const Bytes payload = wire::encode_request_payload(draft_of(1, {"abcd", "ef"}));
  AgreedLimits exact;
  exact.max_operation_bytes = 4;
  exact.max_request_operations = 2;
  exact.max_request_bytes = payload.size();
  CHECK(decode(payload, exact));

  AgreedLimits short_operations = exact;
  short_operations.max_operation_bytes = 3;
  CHECK_FALSE(decode(payload, short_operations));
  AgreedLimits few_operations = exact;
  few_operations.max_request_operations = 1;
  CHECK_FALSE(decode(payload, few_operations));
  AgreedLimits short_requests = exact;
  short_requests.max_request_bytes = payload.size() - 1;
  CHECK_FALSE(decode(payload, short_requests));
}

TEST_CASE("request: sealing signs the payload as the client") {
  const ToyCrypto crypto(ClientId{2});
  const RequestPtr request = wire::Sealer(crypto, {}).seal(draft_of(1, {"abc"}));
  REQUIRE(request);
  CHECK(ToyCrypto().verify(Statement::request, ClientId{2}, request->payload, request->signature));
  AgreedLimits agreed;
  agreed.max_operation_bytes = 2;
  CHECK_FALSE(wire::Sealer(crypto, {4, agreed}).seal(draft_of(1, {"abc"})));
}

}  // namespace pbft::test
