// What the core makes of its past: records and a checkpoint, each well-formed, that need not fit together.
#include <array>
#include <memory>

#include "core/client_table.hpp"
#include "core/images.hpp"
#include "core/replica.hpp"
#include "fuzz/input.hpp"
#include "fuzz/target.hpp"
#include "sim/forger.hpp"
#include "storage/live_records.hpp"

namespace pbft::fuzz {

namespace {

constexpr std::uint32_t replicas = 4;

wire::DecodeLimits limits() {
  wire::DecodeLimits limits;
  limits.agreed.checkpoint_interval = 2;
  return limits;
}

/// Records whose signatures hold, but for some.
class Past {
 public:
  Past(Input& input, const sim::Keys& keys) : input_(input), forge_(keys, limits()) {}

  core::Restored make() {
    storage::LiveRecords live;
    for (std::size_t records = input_.below(10); records > 0; --records) live.keep(record());
    core::Restored past{live.all(), std::nullopt};
    if (input_.flag()) {
      Bytes core_state = core::genesis_core_state();
      if (input_.flag()) core_state = copy_of(input_.piece());
      past.checkpoint = core::RestoredCheckpoint{seq(), Digest{{input_.octet()}}, std::move(core_state)};
    }
    return past;
  }

 private:
  View view() { return View{input_.octet() % 8 == 7 ? input_.number() : input_.octet() % 6}; }
  SeqNum seq() { return SeqNum{input_.octet() % 8 == 7 ? input_.number() : input_.octet() % 12}; }

  core::Record record() {
    switch (input_.octet() % 6) {
      case 0:
        return prepared();
      case 1:
        return view_change(view(), ReplicaId{0});
      case 2:
        return new_view();
      case 3:
        return proof();
      case 4:
        return core::StartRecord{};
      default: {
        const std::uint8_t flags = input_.octet();
        return core::Restraint{seq(), (flags & 1) != 0, (flags & 2) != 0};
      }
    }
  }

  core::BodyPtr body() {
    const std::uint64_t number = 1 + input_.below(4);
    if (number == 1) return forge_.null_body();
    return forge_.body(Timestamp{number}, {forge_.request(ClientId{1}, number, {"x"})});
  }
  core::PreparedRecord prepared() {
    const core::BodyPtr body = this->body();
    core::PreparedCertificate certificate = forge_.certificate({view(), seq(), body->digest});
    if (input_.octet() % 8 == 7) certificate.pre_prepare = {};
    if (input_.octet() % 8 == 7) certificate.prepares.resize(input_.below(3));
    return {std::move(certificate), body};
  }
  core::CheckpointProof proof() {
    core::CheckpointProof made{seq(), Digest{{input_.octet()}}, {}};
    for (std::uint32_t id = 0; id < 3; ++id) {
      made.votes.push_back({ReplicaId{id}, forge_.checkpoint(ReplicaId{id}, made.seq, made.state).signature});
    }
    return made;
  }
  core::ViewChangePtr view_change(View to, ReplicaId sender) {
    core::ViewChange made;
    made.new_view = to;
    made.sender = sender;
    if (input_.octet() % 4 == 3) made.stable = proof();
    if (input_.flag()) made.prepared.push_back(prepared().certificate);
    return forge_.view_change(std::move(made));
  }
  core::NewViewRecord new_view() {
    core::NewView made;
    made.view = view();
    made.first = seq();
    core::NewViewRecord record;
    for (std::uint32_t id = 0; id < 3; ++id) {
      record.sources.push_back(view_change(made.view, ReplicaId{id}));
      made.sources.push_back({ReplicaId{id}, record.sources.back()->digest});
    }
    for (std::size_t headers = input_.below(4); headers > 0; --headers)
      made.headers.push_back({body()->digest, {}});
    if (made.first.value > UINT64_MAX - 4) made.first = SeqNum{1};
    record.new_view = forge_.new_view(std::move(made));
    return record;
  }

  Input& input_;
  sim::Forger forge_;
};

/// Answers what the core asks of its own parts, some rounds long, and lets time pass.
void live(core::Replica& replica) {
  core::Now now{std::chrono::hours(1), Timestamp{1'700'000'000'000'000}};
  core::Outputs out;
  replica.start(now, out);
  replica.invariants();
  for (int round = 0; round < 12; ++round) {
    core::Outputs done;
    done.swap(out);
    for (const core::Output& output : done) {
      if (const auto* persist = std::get_if<core::Persist>(&output)) {
        replica.step({now, core::Persisted{persist->token}}, out);
      } else if (const auto* execute = std::get_if<core::Execute>(&output)) {
        replica.step({now, core::Executed{execute->seq, std::vector<Bytes>(execute->items.size())}}, out);
      } else if (const auto* snapshot = std::get_if<core::TakeSnapshot>(&output)) {
        replica.step({now, core::SnapshotReady{snapshot->seq, Digest{{1}}}}, out);
      }
      replica.invariants();
    }
    now.monotonic += std::chrono::milliseconds(100);
    for (const core::Timer timer : {core::Timer::status, core::Timer::request, core::Timer::new_view}) {
      replica.step({now, core::TimerFired{timer}}, out);
      replica.invariants();
    }
  }
}

void fuzz_restore(BytesView bytes) {
  static const sim::Keys keys(sim::Signatures::ideal, 1, replicas, 2);
  const core::Crypto& crypto = keys.of(ReplicaId{0});
  const wire::Sealer sealer(crypto, limits());
  Input input(bytes);
  core::ReplicaConfig config;
  config.clients = {ClientId{1}, ClientId{2}};
  config.agreed = limits().agreed;
  config.incarnation = input.octet() % 4 == 3 ? input.number() : 0;
  core::Replica replica(config, crypto, sealer);
  const auto restored = replica.restore(Past(input, keys).make());
  FUZZ_CHECK(restored || !restored.error().message.empty());
  if (restored) live(replica);
}

const Target target("restore", fuzz_restore);

}  // namespace

}  // namespace pbft::fuzz
