// From frames to authentic messages: in place, or on workers that keep each peer's order.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "core/authenticator.hpp"
#include "wire/codec.hpp"

namespace pbft::runtime {

using Verdict = std::variant<core::AuthenticMessage, core::Rejection>;

class Verifier {
 public:
  /// On the loop; in each peer's order of frames.
  using Deliver = std::function<void(const core::Identity& from, Verdict verdict)>;
  /// On the loop. True: the message is dealt with, its signatures need no check.
  using Dismiss = std::function<bool(const core::Identity& from, const core::Message& message)>;

  /// `workers` 0: submit() delivers before it returns. `verdicts_ready` is called on a worker when
  /// deliver_finished() has something again. `crypto` outlives this object.
  Verifier(const core::Crypto& crypto, const wire::DecodeLimits& limits, unsigned workers, Deliver deliver,
           std::function<void()> verdicts_ready);
  ~Verifier();  ///< stop()

  /// Asked about every message before its signatures are checked. Without workers only: they do not know the
  /// state that the answer depends on. Before the first submit().
  void dismiss_with(Dismiss dismiss) { dismiss_ = std::move(dismiss); }

  /// On the loop. False: this peer has too much waiting here already, the frame is dropped. What takes no
  /// signature to check is delivered before it returns, if nothing of the peer's waits.
  bool submit(const core::Identity& from, BytesView frame);
  /// On the loop.
  void deliver_finished();
  /// Joins the workers. Idempotent, one thread at a time, not from a worker.
  void stop();

  /// Of one peer, waiting for a worker. Twice the largest frame fits always.
  static constexpr std::size_t max_waiting_frames = 1024;

 private:
  struct Job {
    Bytes frame;
    std::optional<Verdict> verdict;  ///< Written by the worker that claimed the job.
    bool finished = false;           ///< On the loop: the worker is done with it.
  };
  /// What one peer has sent and nobody has handled yet.
  struct Lane {
    const core::Identity from;                        ///< Workers read it while the loop looks the lane up.
    std::deque<std::shared_ptr<Job>> in_order = {};   ///< On the loop: not delivered yet.
    std::size_t bytes = 0;                            ///< Of in_order.
    std::deque<std::shared_ptr<Job>> unclaimed = {};  ///< Under mutex_.
  };

  Verdict judge(const core::Identity& from, BytesView frame) const;
  void judge_in_place(const core::Identity& from, BytesView frame);
  void work() noexcept;
  Lane& lane_of(const core::Identity& from);

  const core::Crypto& crypto_;
  const wire::DecodeLimits limits_;
  const core::Authenticator authenticator_;
  const std::size_t max_waiting_bytes_;
  Deliver deliver_;
  Dismiss dismiss_;
  std::function<void()> verdicts_ready_;
  std::map<core::Identity, Lane> lanes_;  ///< Grown on the loop; a lane stays where it is.

  std::mutex mutex_;  ///< Of what follows.
  std::condition_variable changed_;
  std::deque<Lane*> turns_;  ///< Lanes with unclaimed jobs, each once: one frame a turn.
  std::vector<std::pair<Lane*, std::shared_ptr<Job>>> finished_;
  bool stopping_ = false;

  std::vector<std::thread> workers_;
};

}  // namespace pbft::runtime
