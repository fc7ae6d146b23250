// A load process: its clients on one loop, from the first connection to the audit at the end.
#pragma once

#include <uv.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "bench/load/load_client.hpp"
#include "config/cluster_file.hpp"

namespace bench {

/// Connects all clients, says "ready" on stdout, and waits for "go NANOSECONDS" (of the steady clock) on
/// stdin. Sends from then on for the plan's duration, waits for what is under way, audits each client, and
/// writes the result. The end of stdin before "go" ends it.
class Load final : public LoadClient::Owner {
 public:
  explicit Load(const LoadPlan& plan);
  ~Load() override;
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  /// Errors: of the files; timed_out if a client does not reach the cluster.
  pbft::Result<void> run();

 private:
  void connect_next();
  void on_connected(const std::string& error);
  void await_go();
  void on_input();
  void begin(std::int64_t start_ns);
  void send_due();  // open loop
  void on_idle(Slot& slot) override;
  void end();
  void audit();
  void audit_next();
  void finish();
  void fail(pbft::Error error);
  bool is_open_loop() const { return plan_.rate > 0; }
  std::int64_t due_ns(std::uint64_t operation) const;
  void start_timer(uv_timer_t& timer, std::chrono::milliseconds after, std::chrono::milliseconds repeat,
                   uv_timer_cb callback);

  const LoadPlan plan_;
  pbft::Result<app::ClusterFile> cluster_;
  Recorder recorder_;
  uv_loop_t loop_{};
  uv_poll_t input_{};
  uv_timer_t due_timer_{}, end_timer_{};
  std::string line_;  // read from stdin so far
  std::vector<std::unique_ptr<LoadClient>> clients_;
  std::uint32_t connected_ = 0;
  std::uint32_t audits_begun_ = 0, audits_ended_ = 0;
  bool auditing_ = false;

  std::int64_t start_ns_ = 0, end_ns_ = 0;
  bool sending_ = false;
  std::size_t under_way_ = 0;
  std::deque<Slot*> idle_;        // open loop: in the order in which they became idle
  std::uint64_t operations_ = 0;  // open loop: sent so far
  pbft::Result<void> outcome_;
};

}  // namespace bench
