// A client that keeps a fixed number of operations outstanding, in requests of a fixed size.
#pragma once

#include "core/client.hpp"
#include "micro/member.hpp"

namespace pbft::bench {

struct Load {
  std::size_t outstanding = 400;         ///< Operations of one client.
  std::size_t request_operations = 100;  ///< Under one signature.
  std::size_t operation_bytes = 0, result_bytes = 0;
  bool to_all = false;  ///< Each request goes to all replicas at once, not one in sixteen.
};

class ClientMember : public Member {
 public:
  ClientMember(World& world, ClientId id, const Load& load, const core::Crypto& crypto);
  void start() override;
  /// So many more operations, then it stops.
  void add(std::size_t operations) { left_ += operations; }
  std::uint64_t completed() const { return completed_; }
  std::uint64_t failed() const { return failed_; }  ///< Of them, not with a result.

 private:
  void on_frame(const core::Identity& from, BytesView frame) override;
  void end_turn() override;
  void perform_outputs();
  void perform(core::SendRequest& output);
  void perform(core::Completed& output);
  void perform(core::SetClientTimer&) {}
  void perform(core::CancelClientTimer&) {}

  const Load load_;
  core::Client core_;
  core::ClientOutputs outputs_;
  std::size_t left_ = 0;
  std::uint64_t submitted_ = 0, completed_ = 0, failed_ = 0;
};

}  // namespace pbft::bench
