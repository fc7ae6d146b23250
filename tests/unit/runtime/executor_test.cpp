#include "runtime/executor.hpp"
#include "core/replica.hpp"
#include "core/state_tree.hpp"
#include "local_cluster.hpp"

using namespace pbft;
using pbft::runtime::Executor;
using pbft::runtime::Keeper;
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
  std::vector<core::Event> events;
  std::unique_ptr<storage::CheckpointStore> checkpoints = storage::CheckpointStore::in_memory(crypto);
  runtime::Results results{[this] {
    const std::lock_guard lock(mutex);
    for (core::Event& event : results.take()) events.push_back(std::move(event));
    changed.notify_all();
  }};
  Keeper keeper{*checkpoints, results};
  Executor executor{journal, crypto, *checkpoints, keeper, results};

  ~Fixture() {
    executor.stop();
    keeper.stop();
  }

  Digest digest(const std::string& application) const {
    return core::state_digest(crypto, core::genesis_core_state(), view_of(application));
  }
  bool has_events(std::size_t count) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, testing::deadline,
                            [&] { return events.size() >= count || results.failure(); });
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
  const auto beginning = executor.begin();
  REQUIRE(beginning.has_value());
  CHECK(beginning->genesis == digest("begin\n"));
  CHECK_FALSE(beginning->checkpoint.has_value());
  CHECK(runtime::genesis_of(journal, crypto) == digest("begin\n"));
}

TEST_CASE_FIXTURE(Fixture,
                  "executor: batches and reads come back in order, a snapshot is taken between two") {
  executor.push(batch(1, {{"a", false}, {"?", true}, {"b", false}}));
  executor.push(core::TakeSnapshot{SeqNum{1}, core::genesis_core_state()});
  executor.push(batch(2, {{"c", false}}));
  executor.push(batch(3, {}));
  REQUIRE(has_events(4));
  std::vector<std::vector<std::string>> executed;
  for (const core::Event& event : events) {
    if (const auto* ready = std::get_if<core::SnapshotReady>(&event)) {
      CHECK(ready->seq == SeqNum{1});
      CHECK(ready->state == digest("begin\na\nb\n"));
    } else {
      executed.push_back(texts(event));
    }
  }
  CHECK(executed == std::vector<std::vector<std::string>>{{"1", "read 1", "2"}, {"3"}, {}});
}

TEST_CASE_FIXTURE(Fixture, "executor: queries are answered from the state of the batches before them") {
  executor.push(batch(1, {{"a", false}}));
  executor.push(core::AnswerQueries{ClientId{7}, {{core::QueryNumber{5}, {}}, {core::QueryNumber{6}, {}}}});
  executor.push(batch(2, {{"b", false}}));
  REQUIRE(has_events(3));
  const auto& answered = std::get<core::QueriesAnswered>(events[1]);
  CHECK(answered.client == ClientId{7});
  REQUIRE(answered.items.size() == 2);
  CHECK(answered.items[1].number == core::QueryNumber{6});
  for (const auto& item : answered.items) CHECK(item.result == to_bytes("read 1"));
}

TEST_CASE_FIXTURE(Fixture, "executor: begins with the newest checkpoint") {
  executor.push(batch(1, {{"a", false}}));
  executor.push(core::TakeSnapshot{SeqNum{1}, core::genesis_core_state()});
  REQUIRE(has_events(2));
  Journal fresh;
  Executor second{fresh, crypto, *checkpoints, keeper, results};
  const auto beginning = second.begin();
  REQUIRE(beginning.has_value());
  CHECK(beginning->genesis == digest(""));
  REQUIRE(beginning->checkpoint.has_value());
  CHECK(beginning->checkpoint->seq == SeqNum{1});
  CHECK(beginning->checkpoint->core_state == core::genesis_core_state());
  CHECK(fresh.text() == "begin\na\n");
}

TEST_CASE_FIXTURE(Fixture,
                  "executor: a collected state takes the place of ours, and says where they differ") {
  executor.push(batch(1, {{"a", false}}));
  executor.push(core::TakeSnapshot{SeqNum{1}, core::genesis_core_state()});
  REQUIRE(has_events(2));
  std::map<Digest, core::BlockPtr> theirs;
  const Digest agreed = core::state_digest(
      crypto, core::genesis_core_state(), view_of("begin\nA\n"), [&](const Digest& name, BytesView block) {
        theirs[name] = std::make_shared<const Bytes>(block.begin(), block.end());
      });
  keeper.push(core::CollectState{SeqNum{1}, agreed});
  std::size_t seen = 2;
  for (bool collected = false; !collected; ++seen) {
    REQUIRE(has_events(seen + 1));
    const std::lock_guard lock(mutex);
    if (const auto* wanted = std::get_if<core::StateWanted>(&events[seen])) {
      keeper.push(core::KeepBlock{theirs.at(wanted->blocks.front())});
    } else {
      CHECK(std::get<core::StateCollected>(events[seen]).core_state == core::genesis_core_state());
      collected = true;
    }
  }
  executor.push(core::InstallState{SeqNum{1}, agreed});
  REQUIRE(has_events(seen + 1));
  const auto& installed = std::get<core::StateInstalled>(events.back());
  CHECK(installed.state == agreed);
  REQUIRE(installed.difference.has_value());
  CHECK(installed.difference->chunk == 0);
  CHECK(journal.text() == "begin\nA\n");
}

TEST_CASE_FIXTURE(Fixture,
                  "executor: what the state machine does not load is a failure, and nothing follows") {
  journal.execute({ClientId{7}, RequestNumber{1}, view_of(std::string(Journal::unloadable))}, {});
  executor.push(core::TakeSnapshot{SeqNum{1}, core::genesis_core_state()});
  REQUIRE(has_events(1));
  const Digest state = std::get<core::SnapshotReady>(events[0]).state;
  executor.push(core::InstallState{SeqNum{1}, state});
  executor.push(batch(2, {{"late", false}}));
  REQUIRE(has_events(2));
  REQUIRE(results.failure().has_value());
  CHECK(results.failure()->message.find("the checkpoint at sequence number 1") != std::string::npos);
  executor.stop();
  CHECK(journal.text().find("late") == std::string::npos);
}

namespace {
struct OrdersReads : Journal {
  std::optional<Bytes> query(ClientId, BytesView) const override { return std::nullopt; }
};
}  // namespace

TEST_CASE_FIXTURE(Fixture, "executor: a read that the state machine wants ordered is executed") {
  OrdersReads ordering;
  Executor other{ordering, crypto, *checkpoints, keeper, results};
  auto request = std::make_shared<core::Request>();
  other.push(core::Execute{SeqNum{1}, {}, {{request, RequestNumber{1}, {}, true, 0}}});
  REQUIRE(has_events(1));
  CHECK(texts(events[0]) == std::vector<std::string>{"1"});
}

TEST_CASE_FIXTURE(Fixture, "executor: after stop nothing is executed") {
  REQUIRE(executor.begin().has_value());
  executor.stop();
  executor.push(batch(1, {{"late", false}}));
  executor.stop();
  CHECK(journal.text() == "begin\n");
}
