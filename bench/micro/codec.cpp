// Frames: batches of several sizes, a vote, a reply.
#include "core/images.hpp"
#include "micro/samples.hpp"
#include "wire/record_codec.hpp"

namespace pbft::bench {

namespace {

core::Message batch(const benchmark::State& state) {
  const auto size = [&](std::size_t i) { return static_cast<std::size_t>(state.range(i)); };
  return pre_prepare_of(1, body_of(size(0), size(1), size(2)), sim::Signatures::ed25519);
}

core::Message vote() {
  return core::Prepare{vote_of(core::Statement::prepare, ReplicaId{1}, {View{0}, SeqNum{1}, Digest{}},
                               sim::Signatures::ed25519)};
}

core::Message reply(std::size_t operations, std::size_t bytes) {
  core::Reply reply{Epoch{}, View{0}, ClientId{1}, {}};
  for (std::uint64_t i = 1; i <= operations; ++i)
    reply.items.push_back({RequestNumber{i}, Digest{}, core::Outcome::executed, Bytes(bytes)});
  return reply;
}

void encode(benchmark::State& state, const core::Message& message, std::size_t operations) {
  std::size_t bytes = 0;
  for (auto _ : state) bytes = wire::encode(message).size();
  state.counters["bytes"] = static_cast<double>(bytes);
  per_operation(state, operations);
}

void decode(benchmark::State& state, const core::Message& message, std::size_t operations) {
  const Bytes frame = wire::encode(message);
  const core::Crypto& crypto = keys().of(ReplicaId{1});
  for (auto _ : state) benchmark::DoNotOptimize(wire::decode(frame, limits(), crypto));
  state.counters["bytes"] = static_cast<double>(frame.size());
  per_operation(state, operations);
}

std::size_t operations_of(const benchmark::State& state) {
  return static_cast<std::size_t>(state.range(0) * state.range(1));
}
void encode_batch(benchmark::State& state) { encode(state, batch(state), operations_of(state)); }
void decode_batch(benchmark::State& state) { decode(state, batch(state), operations_of(state)); }

void sizes(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"requests", "operations", "bytes"});
  benchmark->Args({1, 1, 0})->Args({64, 1, 0})->Args({16, 100, 0})->Args({4, 100, 1024});
}
BENCHMARK(encode_batch)->Name("wire/encode_batch")->Apply(sizes);
BENCHMARK(decode_batch)->Name("wire/decode_batch")->Apply(sizes);

BENCHMARK_CAPTURE(encode, vote, vote(), 1)->Name("wire/encode_vote");
BENCHMARK_CAPTURE(decode, vote, vote(), 1)->Name("wire/decode_vote");
BENCHMARK_CAPTURE(encode, reply, reply(100, 8), 100)->Name("wire/encode_reply_of_100");
BENCHMARK_CAPTURE(decode, reply, reply(100, 8), 100)->Name("wire/decode_reply_of_100");

void encode_record(benchmark::State& state) {
  auto message = std::get<core::PrePrepare>(batch(state));
  core::PreparedRecord record{{message.header, message.signature, {}}, message.body};
  for (std::uint32_t id : {1U, 2U}) record.certificate.prepares.push_back({ReplicaId{id}, message.signature});
  for (auto _ : state) benchmark::DoNotOptimize(wire::encode_record(record));
  per_operation(state, operations_of(state));
}
BENCHMARK(encode_record)->Name("wire/encode_prepared_record")->Apply(sizes);

}  // namespace

}  // namespace pbft::bench
