// One client of the load: sends operations, checks the answers, remembers what was acknowledged.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>

#include "bench/load/load_plan.hpp"
#include "bench/load/recorder.hpp"
#include "bench/service/operation.hpp"
#include "pbft/client.hpp"

namespace bench {

class LoadClient;

/// Room for one operation under way.
struct Slot {
  LoadClient* client;
  std::int64_t due_ns = 0;   ///< When it was to be sent,
  std::int64_t sent_ns = 0;  ///< and when it was.
  std::uint64_t counter = 0;
  bool is_read = false;
};

/// All in one loop's thread.
class LoadClient {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void on_idle(Slot& slot) = 0;  ///< Its operation has ended, one way or the other.
  };
  /// Empty: no answer, or one that the service does not give; then `why` says more.
  using OnAudit = std::function<void(const std::optional<Audit>&, const std::string& why)>;

  /// `index` counts the clients of this process from 0.
  LoadClient(std::uint32_t index, const LoadPlan& plan, Recorder& recorder, Owner& owner);
  LoadClient(const LoadClient&) = delete;
  LoadClient& operator=(const LoadClient&) = delete;

  /// Connects, and asks the service where this client's counters begin. REQUIRES: first of all.
  pbft::Result<void> connect(const pbft::ClusterConfig& config, const pbft::ClientKey& key,
                             const pbft::ClientOptions& options,
                             std::function<void(const std::string& error)> done);
  std::deque<Slot>& slots() { return slots_; }
  void send(Slot& slot, std::int64_t due_ns);
  /// Compares what was acknowledged with what the service remembers, and records it.
  void audit(std::function<void()> done);
  void stop() { client_.reset(); }

 private:
  void ask(OnAudit done);
  void on_answer(Slot& slot, const pbft::Result<pbft::Bytes>& outcome);
  void compare(const Audit& audit);
  std::string name() const;
  std::uint64_t random();

  const std::uint32_t index_;
  const LoadPlan& plan_;
  Recorder& recorder_;
  Owner& owner_;
  std::optional<pbft::Client> client_;
  std::deque<Slot> slots_;  // addresses stay
  pbft::Bytes body_;
  std::uint64_t next_counter_ = 0;
  std::uint64_t first_counter_ = 0;
  std::uint64_t twice_before_ = 0;  // by earlier loads on this cluster
  IntervalSet acknowledged_;
  std::uint64_t random_state_;
};

}  // namespace bench
