// A replica as runtime::Replica joins it, without threads, sockets and clock.
#pragma once

#include <deque>

#include "core/authenticator.hpp"
#include "core/replica.hpp"
#include "micro/member.hpp"
#include "storage/memory_log.hpp"

namespace pbft::bench {

class ReplicaMember : public Member {
 public:
  ReplicaMember(World& world, ReplicaId id, const std::set<ClientId>& clients, std::size_t result_bytes,
                const core::Crypto& crypto);
  void start() override;
  core::ReplicaState state() const { return core_.state(); }
  /// Of what it was sent: a run in which anything is refused measures something else.
  std::uint64_t rejections() const { return rejections_; }

 private:
  void on_frame(const core::Identity& from, BytesView frame) override;
  void feed(core::Event event);
  void perform_outputs();
  void perform(core::Send& output);
  void perform(core::Broadcast& output);
  void perform(core::SendReply& output);
  void perform(core::Persist& output);
  void perform(core::Execute& output);
  void perform(core::TakeSnapshot& output);
  void perform(core::Report& output);
  template <class Other>
  void perform(Other&) {}  // no timer fires, and nothing is ever fetched

  core::Replica core_;
  const core::Authenticator authenticator_;
  storage::MemoryLog log_;
  const std::size_t result_bytes_;
  std::deque<core::Event> waiting_;
  core::Outputs outputs_;
  bool stepping_ = false;
  std::uint64_t executed_ = 0;  ///< The state machine's state.
  std::uint64_t rejections_ = 0;
};

}  // namespace pbft::bench
