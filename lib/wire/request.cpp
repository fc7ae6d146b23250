// The signed bytes of a request. Little-endian, nothing optional, no padding: each value has one layout and
// each layout one value, so the payload may stand for the request in signatures and digests.
//
//   u64 client, u64 lowest unanswered, u64 first, u8 kind, u32 count, then per operation: u8 read-only, u32
//   length, body.
#include "wire/request.hpp"

#include <limits>
#include <memory>
#include <utility>

#include "core/images.hpp"

namespace pbft::wire {

namespace {

constexpr std::size_t head_bytes = 3 * 8 + 1 + 4;
constexpr std::size_t item_head_bytes = 1 + 4;

template <class Number>
void put(Bytes& to, Number number) {
  for (std::size_t i = 0; i < sizeof number; ++i) to.push_back(static_cast<std::uint8_t>(number >> (8 * i)));
}

/// Takes fields from the front; after the first that is missing everything fails.
class FieldReader {
 public:
  explicit FieldReader(BytesView bytes) : left_(bytes) {}

  BytesView take(std::size_t count) {
    if (count > left_.size()) {
      failed_ = true;
      return {};
    }
    const BytesView taken = left_.first(count);
    left_ = left_.subspan(count);
    return taken;
  }
  template <class Number>
  Number take() {
    Number number = 0;
    const BytesView bytes = take(sizeof number);
    for (std::size_t i = 0; i < bytes.size(); ++i) number |= static_cast<Number>(Number{bytes[i]} << (8 * i));
    return number;
  }
  bool failed() const { return failed_; }
  bool at_end() const { return left_.empty(); }
  std::size_t left() const { return left_.size(); }

 private:
  BytesView left_;
  bool failed_ = false;
};

}  // namespace

Bytes encode_request_payload(const core::RequestDraft& draft) {
  std::size_t size = head_bytes;
  for (const auto& item : draft.items) size += item_head_bytes + item.body.size();
  Bytes payload;
  payload.reserve(size);
  put(payload, draft.client.value);
  put(payload, draft.lowest_unanswered.value);
  put(payload, draft.first.value);
  put(payload, static_cast<std::uint8_t>(draft.kind));
  put(payload, static_cast<std::uint32_t>(draft.items.size()));
  for (const auto& item : draft.items) {
    put(payload, static_cast<std::uint8_t>(item.read_only));
    put(payload, static_cast<std::uint32_t>(item.body.size()));
    payload.insert(payload.end(), item.body.begin(), item.body.end());
  }
  return payload;
}

std::variant<std::shared_ptr<core::Request>, core::Rejection> parse_request(BytesView payload,
                                                                            const AgreedLimits& agreed,
                                                                            const core::Crypto& crypto) {
  using core::Rejection;
  if (payload.size() > agreed.max_request_bytes) return Rejection::too_large;
  auto request = std::make_shared<core::Request>();
  request->payload.assign(payload.begin(), payload.end());
  FieldReader fields(request->payload);

  request->client = ClientId{fields.take<std::uint64_t>()};
  request->lowest_unanswered = RequestNumber{fields.take<std::uint64_t>()};
  request->first = RequestNumber{fields.take<std::uint64_t>()};
  const auto kind = fields.take<std::uint8_t>();
  const auto count = fields.take<std::uint32_t>();
  if (fields.failed() || kind > static_cast<std::uint8_t>(core::RequestKind::open))
    return Rejection::malformed;
  request->kind = static_cast<core::RequestKind>(kind);

  if ((request->kind == core::RequestKind::open) != (count == 0)) return Rejection::malformed;
  if (count > agreed.max_request_operations) return Rejection::too_large;
  const std::uint64_t first = request->first.value;
  if (first == 0 || count > std::numeric_limits<std::uint64_t>::max() - first) return Rejection::malformed;

  if (count > fields.left() / item_head_bytes) return Rejection::malformed;  // memory only for what is there
  request->items.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto read_only = fields.take<std::uint8_t>();
    const auto length = fields.take<std::uint32_t>();
    if (length > agreed.max_operation_bytes) return Rejection::too_large;
    const BytesView body = fields.take(length);
    if (fields.failed() || read_only > 1) return Rejection::malformed;
    request->items.push_back({body, read_only == 1});
  }
  if (!fields.at_end()) return Rejection::malformed;

  request->proof = core::Proof::none;
  request->digest = core::request_digest(crypto, request->payload);
  return request;
}

namespace {
std::shared_ptr<core::Request> request_of(BytesView payload, const DecodeLimits& limits,
                                          const core::Crypto& crypto) {
  auto parsed = parse_request(payload, limits.agreed, crypto);
  auto* request = std::get_if<std::shared_ptr<core::Request>>(&parsed);
  return request != nullptr ? std::move(*request) : nullptr;
}
}  // namespace

core::RequestPtr decode_request(BytesView payload, const core::Signature& signature,
                                const DecodeLimits& limits, const core::Crypto& crypto) {
  const auto request = request_of(payload, limits, crypto);
  if (request == nullptr) return nullptr;
  request->proof = core::Proof::signature;
  request->signature = signature;
  return request;
}

core::RequestPtr Sealer::seal(const core::RequestDraft& draft) const {
  const Bytes payload = encode_request_payload(draft);
  return decode_request(payload, crypto_.sign(core::Statement::request, payload), limits_, crypto_);
}

core::RequestPtr Sealer::sign(const core::Request& request) const {
  return decode_request(request.payload, crypto_.sign(core::Statement::request, request.payload), limits_,
                        crypto_);
}

core::RequestPtr Sealer::seal_with_tags(const core::RequestDraft& draft) const {
  const auto request = request_of(encode_request_payload(draft), limits_, crypto_);
  if (request == nullptr) return nullptr;
  request->proof = core::Proof::tags;
  for (std::uint32_t id = 0; id < limits_.replicas; ++id) {
    request->tags.push_back(crypto_.tag(ReplicaId{id}, request->digest));
  }
  return request;
}

}  // namespace pbft::wire
