#include "runtime/executor.hpp"
#include "local_cluster.hpp"

using namespace pbft;
using pbft::runtime::Executor;
using pbft::testing::Journal;

namespace {

/// Not secret, not safe, equal for equal bytes.
struct PlainCrypto : core::Crypto {
  Digest hash(std::string_view domain, BytesView bytes) const override {
    Digest digest;
    std::size_t at = 0;
    const auto mix = [&](std::uint8_t byte) {
      auto& cell = digest.bytes[at++ % digest.bytes.size()];
      cell = static_cast<std::uint8_t>(cell * 31 + byte + 1);
    };
    for (const char c : domain) mix(static_cast<std::uint8_t>(c));
    for (const std::uint8_t byte : bytes) mix(byte);
    return digest;
  }
  core::Signature sign(core::Statement, BytesView) const override { return {}; }
  bool verify(core::Statement, const core::Identity&, BytesView, const core::Signature&) const override {
    return false;
  }
};

struct Fixture {
  PlainCrypto crypto;
  Journal journal{"begin\n"};
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<core::Event> results;
  std::unique_ptr<Executor> executor;

  Fixture() {
    executor = std::make_unique<Executor>(journal, crypto, [this] {
      const std::lock_guard lock(mutex);
      for (core::Event& event : executor->take_results()) results.push_back(std::move(event));
      changed.notify_all();
    });
  }
  ~Fixture() { executor->stop(); }

  bool has_results(std::size_t count) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, testing::deadline, [&] { return results.size() >= count; });
  }
  core::Execute batch(std::uint64_t seq, const std::vector<std::pair<std::string, bool>>& operations) {
    auto request = std::make_shared<core::Request>();
    request->client = ClientId{7};
    for (const auto& [text, read_only] : operations) {
      request->payload.insert(request->payload.end(), text.begin(), text.end());
    }
    core::Execute execute{SeqNum{seq}, Timestamp{seq}, {}};
    std::size_t at = 0;
    for (const auto& [text, read_only] : operations) {
      execute.items.push_back({request, RequestNumber{at + 1},
                               BytesView(request->payload).subspan(at, text.size()), read_only, 0});
      at += text.size();
    }
    return execute;
  }
};

std::vector<std::string> texts(const core::Event& event) {
  std::vector<std::string> all;
  for (const Bytes& result : std::get<core::Executed>(event).results)
    all.push_back(to_text(BytesView(result)));
  return all;
}

}  // namespace

TEST_CASE_FIXTURE(Fixture, "executor: genesis is the digest of the state before the first batch") {
  CHECK(executor->genesis() == crypto.hash("snapshot", view_of("begin\n")));
}

TEST_CASE_FIXTURE(Fixture,
                  "executor: batches, reads and snapshots come back in order, a snapshot between two") {
  executor->push(batch(1, {{"a", false}, {"?", true}, {"b", false}}));
  executor->push(core::TakeSnapshot{SeqNum{1}, {}});
  executor->push(batch(2, {{"c", false}}));
  executor->push(core::DiscardSnapshots{SeqNum{1}});
  executor->push(batch(3, {}));
  REQUIRE(has_results(4));
  CHECK(texts(results[0]) == std::vector<std::string>{"1", "read 1", "2"});
  CHECK(std::get<core::SnapshotReady>(results[1]).seq == SeqNum{1});
  CHECK(std::get<core::SnapshotReady>(results[1]).application ==
        crypto.hash("snapshot", view_of("begin\na\nb\n")));
  CHECK(texts(results[2]) == std::vector<std::string>{"3"});
  CHECK(texts(results[3]).empty());
}

namespace {
struct OrdersReads : Journal {
  std::optional<Bytes> query(ClientId, BytesView) const override { return std::nullopt; }
};
}  // namespace

TEST_CASE("executor: a read that the state machine wants ordered is executed") {
  OrdersReads journal;
  PlainCrypto crypto;
  testing::Tally ready;
  Executor executor(journal, crypto, [&] { ready.add(); });
  auto request = std::make_shared<core::Request>();
  executor.push(core::Execute{SeqNum{1}, {}, {{request, RequestNumber{1}, {}, true, 0}}});
  REQUIRE(ready.reaches(1));
  CHECK(texts(executor.take_results().at(0)) == std::vector<std::string>{"1"});
}

TEST_CASE_FIXTURE(Fixture, "executor: after stop nothing is executed") {
  executor->genesis();
  executor->stop();
  executor->push(batch(1, {{"late", false}}));
  executor->stop();
  CHECK(journal.text() == "begin\n");
}
