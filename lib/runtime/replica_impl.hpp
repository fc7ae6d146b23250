// A replica's parts, joined: links -> verifier -> core -> log, executor, keeper, links.
#pragma once

#include <array>
#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "core/replica.hpp"
#include "crypto/sodium.hpp"
#include "net/links.hpp"
#include "pbft/replica.hpp"
#include "runtime/data.hpp"
#include "runtime/executor.hpp"
#include "runtime/keeper.hpp"
#include "runtime/logger.hpp"
#include "runtime/loop.hpp"
#include "runtime/rejections.hpp"
#include "runtime/results.hpp"
#include "runtime/tamper.hpp"
#include "runtime/verifier.hpp"
#include "wire/codec.hpp"

namespace pbft {

/// Everything without a comment on its thread belongs to the loop.
class Replica::Impl : public std::enable_shared_from_this<Impl> {
 public:
  /// REQUIRES: `config` has no faults and `key` belongs to it. `tamper` may be null.
  static Result<std::shared_ptr<Impl>> start(const ClusterConfig& config, const ReplicaKey& key,
                                             StateMachine& machine, const ReplicaOptions& options,
                                             std::shared_ptr<runtime::Tamper> tamper);

  ReplicaStatus status() const;  ///< Any thread.
  void stop();                   ///< Any thread but the executor's.

 private:
  Impl(const ClusterConfig& config, const ReplicaKey& key, const ReplicaOptions& options,
       std::unique_ptr<runtime::Loop> loop);
  /// Everything that reads files or calls the state machine before the loop runs.
  Result<void> restore(const ClusterConfig& config, StateMachine& machine, const ReplicaOptions& options);
  core::ReplicaConfig core_config(const ClusterConfig& config, const StateMachine& machine,
                                  const ReplicaLimits& limits) const;
  net::LinksConfig links_config(const ClusterConfig& config, const ReplicaKey& key,
                                const ReplicaOptions& options);
  net::LinksEvents links_events();
  void let_in(std::shared_ptr<runtime::Tamper> tamper);
  void begin();
  void stop_threads();  ///< Any thread but theirs.
  void close();
  /// What the disk or the state machine refused is final: the replica stops by itself.
  void fail(const Error& error);

  // ---- What comes in ------------------------------------------------------------------------------------
  void on_up(const net::Peer& peer);
  void on_down(const net::Peer& peer);
  void on_frame(const net::Peer& from, BytesView frame);
  void on_results();
  void on_verdict(const net::Peer& from, runtime::Verdict verdict);
  void hear(const net::Peer& from, core::AuthenticMessage message);
  void refuse(const net::Peer& from, core::Rejection reason);
  bool dismiss(const net::Peer& from, const core::Message& message);
  void punish(const net::Peer& from, core::Rejection reason);
  /// Handles the event and all that its outputs cause, one step after the other.
  void feed(core::Event event);
  void drain();
  void perform_outputs();
  void on_turn();
  void publish();

  // ---- What the core wants done: replica_outputs.cpp ------------------------------------------------------
  void perform(core::Send& output);
  void perform(core::Broadcast& output);
  void perform(core::SendReply& output);
  void perform(core::Persist& output);
  void perform(core::Execute& output);
  void perform(core::AnswerQueries& output);
  void perform(core::TakeSnapshot& output);
  void perform(core::InstallState& output);
  void perform(core::DiscardSnapshots& output);
  void perform(core::ReadBlock& output);
  void perform(core::CollectState& output);
  void perform(core::KeepBlock& output);
  void perform(core::SetTimer& output);
  void perform(core::CancelTimer& output);
  void perform(core::Report& output);
  void send(const net::Peer& to, const core::Message& message);

  const ReplicaId id_;
  const core::Quorums quorums_;
  runtime::Logger log_;
  std::unique_ptr<runtime::Loop> loop_;
  const std::shared_ptr<const crypto::KeyRing> ring_;
  const crypto::SodiumCrypto crypto_;
  const wire::DecodeLimits wire_limits_;

  const wire::Sealer sealer_;

  std::mutex stop_mutex_;  ///< One thread at a time stops executor, keeper and verifier.
  std::atomic<bool> stopping_ = false;
  runtime::Results results_;
  runtime::Data data_;
  std::optional<runtime::Keeper> keeper_;
  std::optional<runtime::Executor> executor_;
  runtime::Verifier verifier_;
  Digest genesis_;
  std::optional<core::Replica> core_;
  std::unique_ptr<net::Links> links_;
  std::array<runtime::Timer*, core::timer_count> timers_{};
  std::shared_ptr<runtime::Tamper> tamper_;  ///< Null but in a test.
  bool closing_ = false;
  std::string failed_;  ///< Why it stopped by itself.

  std::deque<core::Event> waiting_;  ///< What outputs caused is handled after the step that they belong to.
  bool stepping_ = false;
  core::Outputs outputs_;  ///< Of the step that is running.

  std::set<net::Peer> up_;
  runtime::Rejections rejections_;
  core::LatencyHistogram replying_;  ///< Stage::reply.
  bool changed_ = true;              ///< Since the last publish().

  struct Published {
    core::ReplicaState core;
    std::uint32_t connected_replicas = 0;
    std::uint32_t connected_clients = 0;
    runtime::Rejections::Counts rejections{};
    std::string failed;
    Duration longest_turn{};
    core::StageTimes stages{};
    std::uint64_t fsyncs = 0, bytes_written = 0, bytes_received = 0, bytes_sent = 0;
  };
  mutable std::mutex published_mutex_;
  Published published_;
};

}  // namespace pbft
