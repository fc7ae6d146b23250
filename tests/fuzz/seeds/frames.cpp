#include "core/client_table.hpp"
#include "fuzz/seeds.hpp"
#include "unit/wire/record_samples.hpp"
#include "unit/wire/samples.hpp"
#include "wire/record_codec.hpp"

namespace pbft::fuzz {

namespace {

std::string file_name(std::string name) {
  for (char& letter : name) letter = letter == ' ' ? '-' : letter;
  return name;
}

/// With the limits of targets/client_table.cpp.
Bytes some_table(bool all) {
  AgreedLimits limits;
  limits.client_window = 8;
  limits.max_result_bytes = 64;
  limits.client_cache_bytes = 128;
  core::ClientTable table(limits, {ClientId{1}, ClientId{2}, ClientId{3}, core::client_of(ReplicaId{1})});
  const test::ToyCrypto crypto;
  const core::Moment at{SeqNum{3}, Timestamp{77}};
  for (const core::RequestPtr& request :
       {test::some_request(ClientId{1}, RequestNumber{5}, {}),
        test::some_request(ClientId{2}, RequestNumber{1}, {"a", "bc"}),
        test::some_request(ClientId{3}, RequestNumber{2}, {"x", std::string(9, 'y')})}) {
    for (const auto& verdict : table.begin(*request, at, crypto)) {
      table.finish(request->client, verdict.number, Bytes(all ? 40 * verdict.item : 3, 1));
    }
    if (!all) break;
  }
  return table.encode();
}

}  // namespace

void add_frame_seeds(const AddSeed& add) {
  for (const test::Sample& sample : test::samples()) {
    add("message", file_name(sample.name), wire::encode(sample.message));
    const auto* request = std::get_if<core::RequestMessage>(&sample.message);
    if (request) add("request", file_name(sample.name), request->request->payload);
  }
  std::size_t number = 0;
  for (const core::Record& record : test::some_records()) {
    add("record", std::to_string(++number), wire::encode_record(record));
  }
  add("client-table", "empty", Bytes(8));
  add("client-table", "open", some_table(false));
  add("client-table", "all", some_table(true));
}

}  // namespace pbft::fuzz
