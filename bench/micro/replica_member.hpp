// A replica as runtime::Replica joins it, without threads, sockets and clock.
#pragma once

#include <array>
#include <deque>
#include <optional>

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
  /// The timer that fires next; none is fired by itself.
  std::optional<core::Instant> due() const;
  void fire_due();  ///< Those whose time has come.
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
  void perform(core::SetTimer& output) { timers_[static_cast<std::size_t>(output.timer)] = output.at; }
  void perform(core::CancelTimer& output) { timers_[static_cast<std::size_t>(output.timer)].reset(); }
  template <class Other>
  void perform(Other&) {}  // nothing is ever fetched

  core::Replica core_;
  const core::Authenticator authenticator_;
  storage::MemoryLog log_;
  const std::size_t result_bytes_;
  std::deque<core::Event> waiting_;
  core::Outputs outputs_;
  std::array<std::optional<core::Instant>, core::timer_count> timers_;
  bool stepping_ = false;
  std::uint64_t executed_ = 0;  ///< The state machine's state.
  std::uint64_t rejections_ = 0;
};

}  // namespace pbft::bench
