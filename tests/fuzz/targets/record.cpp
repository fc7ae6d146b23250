// The payload of a log record: what a replica reads of its own past, whoever has been at the file meanwhile.
#include "fuzz/crypto.hpp"
#include "fuzz/target.hpp"
#include "wire/record_codec.hpp"

namespace pbft::fuzz {

namespace {

void fuzz_record(BytesView payload) {
  const wire::DecodeLimits limits;
  const auto decoded = wire::decode_record(payload, limits, toy_crypto);
  const auto* record = std::get_if<core::Record>(&decoded);
  if (!record) return;
  const Bytes encoded = wire::encode_record(*record);
  const auto again = wire::decode_record(encoded, limits, toy_crypto);
  FUZZ_CHECK(std::holds_alternative<core::Record>(again));
  FUZZ_CHECK(std::get<core::Record>(again).index() == record->index());
  FUZZ_CHECK(wire::encode_record(std::get<core::Record>(again)) == encoded);
}

const Target target("record", fuzz_record);

}  // namespace

}  // namespace pbft::fuzz
