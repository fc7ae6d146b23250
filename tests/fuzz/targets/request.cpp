// The bytes that a client signs.
#include "fuzz/crypto.hpp"
#include "fuzz/input.hpp"
#include "fuzz/target.hpp"
#include "wire/codec.hpp"

namespace pbft::fuzz {

namespace {

void fuzz_request(BytesView payload) {
  const wire::DecodeLimits limits;
  const core::RequestPtr request = wire::decode_request(payload, {}, limits, toy_crypto);
  if (!request) return;
  core::RequestDraft draft{request->client, request->kind, request->lowest_unanswered, request->first, {}};
  for (const core::Request::Item& item : request->items) {
    FUZZ_CHECK(item.body.data() >= request->payload.data() &&
               item.body.data() + item.body.size() <= request->payload.data() + request->payload.size());
    draft.items.push_back({copy_of(item.body), item.read_only});
  }
  FUZZ_CHECK(wire::encode_request_payload(draft) == request->payload);  // one meaning, one encoding
  FUZZ_CHECK(request->payload == copy_of(payload));
  FUZZ_CHECK(request->kind == core::RequestKind::open || request->last() >= request->first);
}

const Target target("request", fuzz_request);

}  // namespace

}  // namespace pbft::fuzz
