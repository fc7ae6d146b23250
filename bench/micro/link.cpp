// Records of a link: frames queued and sealed here, opened and cut there.
#include "crypto/cipher_state.hpp"
#include "micro/samples.hpp"
#include "net/inbox.hpp"
#include "net/outbox.hpp"

namespace pbft::bench {

namespace {

constexpr std::array<std::uint8_t, 32> key{1, 2, 3};
constexpr std::size_t queue_bytes = 16 << 20;

void seal(benchmark::State& state) {
  const Bytes frame(static_cast<std::size_t>(state.range(0)));
  crypto::CipherState cipher(key);
  net::Outbox outbox(queue_bytes);
  Bytes wire;
  for (auto _ : state) {
    wire.clear();
    outbox.push(frame, net::Priority::normal);
    while (!outbox.empty()) outbox.seal_next(cipher, wire);
    benchmark::DoNotOptimize(wire.data());
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(seal)->Name("net/seal")->ArgName("bytes")->Arg(200)->Arg(4096)->Arg(60'000);

void open(benchmark::State& state) {
  constexpr std::size_t count = 64;
  const Bytes frame(static_cast<std::size_t>(state.range(0)));
  net::ReadScratch scratch;
  std::vector<Bytes> records(count);
  for (auto _ : state) {
    state.PauseTiming();
    crypto::CipherState cipher(key);
    net::Outbox outbox(queue_bytes);
    net::Inbox inbox(crypto::CipherState(key), queue_bytes, scratch);
    for (Bytes& record : records) {
      record.clear();
      outbox.push(frame, net::Priority::normal);
      while (!outbox.empty()) outbox.seal_next(cipher, record);
    }
    std::size_t frames = 0;
    state.ResumeTiming();
    for (const Bytes& record : records) {
      std::copy(record.begin(), record.end(), inbox.room().begin());
      inbox.received(record.size(), [&frames](BytesView) {
        ++frames;
        return true;
      });
    }
    if (frames != count) state.SkipWithError("frames are missing");
  }
  per_operation(state, count);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(count) * state.range(0));
}
BENCHMARK(open)->Name("net/open")->ArgName("bytes")->Arg(200)->Arg(4096)->Arg(60'000);

}  // namespace

}  // namespace pbft::bench
