// A client on virtual time: the real core client, and what it got for each operation.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/client.hpp"
#include "sim/replica_process.hpp"
#include "wire/codec.hpp"

namespace pbft::sim {

class ClientProcess {
 public:
  struct Operation {
    std::string body;
    bool is_read = false;
    std::optional<core::Completion> completion;  ///< Empty: still waiting.
    std::string result;
    core::Outcome outcome = core::Outcome::executed;
    Instant submitted{}, completed{};
    bool is_ok() const { return completion == core::Completion::ok; }
    Duration latency() const { return completed - submitted; }
  };

  /// `first_ticket` keeps the tickets of several processes with one key apart.
  ClientProcess(const World& world, core::ClientConfig config, const core::Crypto& crypto,
                std::uint64_t first_ticket = 0);
  ClientProcess(const ClientProcess&) = delete;
  ClientProcess& operator=(const ClientProcess&) = delete;

  void start();
  void deliver(const Node& from, const FramePtr& frame);

  /// Submits one operation; the index of its record.
  std::size_t send(const std::string& body) { return send_together({body}); }
  /// Submits several at once, to travel under as few signatures as fit; the index of the first.
  std::size_t send_together(const std::vector<std::string>& bodies) { return submit(bodies, false); }
  /// Submits one read, or several at once.
  std::size_t read(const std::string& body = "read") { return submit({body}, true); }
  std::size_t read_together(const std::vector<std::string>& bodies) { return submit(bodies, true); }
  /// The process ends without a word.
  void kill() { killed_ = true; }

  ClientId id() const { return id_; }
  const std::vector<Operation>& operations() const { return operations_; }
  const Operation& last() const { return operations_.back(); }
  /// Submitted and without an answer; 0 for a killed process.
  std::size_t waiting() const { return killed_ ? 0 : waiting_; }
  View believed_view() const { return core_.believed_view(); }
  /// Reads that had to be ordered.
  std::uint64_t ordered_queries() const { return core_.ordered_queries(); }

 private:
  std::size_t submit(const std::vector<std::string>& bodies, bool read_only);
  void step(core::ClientEvent event);
  void perform(core::ClientOutput& output);
  void complete(core::Completed&& done);
  core::Now now() const;

  const World world_;
  ClientId id_;
  wire::Sealer sealer_;
  core::Client core_;
  std::uint64_t first_ticket_;
  std::vector<Operation> operations_;
  std::size_t waiting_ = 0;
  std::uint64_t timer_generation_ = 0;
  bool killed_ = false;
};

}  // namespace pbft::sim
