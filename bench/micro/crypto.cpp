// Signatures and digests.
#include "core/images.hpp"
#include "crypto/sodium.hpp"
#include "micro/samples.hpp"

namespace pbft::bench {

namespace {

constexpr std::size_t image_bytes = 48;  // of a vote

void sign(benchmark::State& state) {
  Bytes image(static_cast<std::size_t>(state.range(0)));
  const core::Crypto& crypto = keys().of(ReplicaId{0});
  for (auto _ : state) benchmark::DoNotOptimize(crypto.sign(core::Statement::prepare, image));
}
BENCHMARK(sign)->Name("crypto/sign")->Arg(image_bytes)->Arg(4096);

// Each signature is seen for the first time.
void verify(benchmark::State& state) {
  constexpr std::size_t count = 512;
  static std::uint64_t next = 0;
  std::vector<std::pair<Bytes, core::Signature>> signed_images(count);
  std::size_t at = count;
  for (auto _ : state) {
    if (at == count) {
      state.PauseTiming();
      for (auto& [image, signature] : signed_images) {
        image = core::checkpoint_image(SeqNum{++next}, {});
        signature = keys().of(ReplicaId{0}).sign(core::Statement::checkpoint, image);
      }
      at = 0;
      state.ResumeTiming();
    }
    const auto& [image, signature] = signed_images[at++];
    if (!keys().of(ReplicaId{1}).verify(core::Statement::checkpoint, ReplicaId{0}, image, signature))
      state.SkipWithError("does not verify");
  }
}
BENCHMARK(verify)->Name("crypto/verify");

void verify_again(benchmark::State& state) {
  const Bytes image(image_bytes);
  const core::Signature signature = keys().of(ReplicaId{0}).sign(core::Statement::prepare, image);
  const core::Crypto& crypto = keys().of(ReplicaId{1});
  for (auto _ : state)
    benchmark::DoNotOptimize(crypto.verify(core::Statement::prepare, ReplicaId{0}, image, signature));
}
BENCHMARK(verify_again)->Name("crypto/verify_known");

void hash(benchmark::State& state) {
  const Bytes bytes(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(crypto::hash("bench", bytes));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(hash)->Name("crypto/hash")->Arg(64)->Arg(1024)->Arg(64 * 1024);

void operation_digest(benchmark::State& state) {
  const core::Crypto& crypto = keys().of(ReplicaId{0});
  for (auto _ : state)
    benchmark::DoNotOptimize(core::operation_digest(crypto, ClientId{1}, RequestNumber{1}, false, {}));
}
BENCHMARK(operation_digest)->Name("crypto/operation_digest");

void request_digest(benchmark::State& state) {
  const auto request = request_of(ClientId{1}, 1, static_cast<std::size_t>(state.range(0)), 0);
  for (auto _ : state)
    benchmark::DoNotOptimize(core::request_digest(keys().of(ReplicaId{0}), request->payload));
  per_operation(state, request->items.size());
}
BENCHMARK(request_digest)->Name("crypto/request_digest")->ArgName("operations")->Arg(1)->Arg(100);

void seal_request(benchmark::State& state) {
  const auto operations = static_cast<std::size_t>(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(request_of(ClientId{1}, 1, operations, 0));
  per_operation(state, operations);
}
BENCHMARK(seal_request)->Name("crypto/seal_request")->ArgName("operations")->Arg(1)->Arg(100);

}  // namespace

}  // namespace pbft::bench
