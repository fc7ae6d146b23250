// How long batches take on their way through a replica, stage by stage. Nothing in the protocol follows from
// it.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "core/io.hpp"

namespace pbft::core {

/// Each begins where the one before ended, so that what a batch took in all of them is what it took here.
/// A stage that a batch skipped, for instance because the others committed without us, has no sample of it.
enum class Stage : std::uint8_t {
  admission,    ///< Primary: the batch's oldest request is here -> proposed.
  pre_prepare,  ///< Primary: proposed -> first Prepare. Backup: first word of the batch -> accepted.
  prepare,      ///< -> prepared.
  persist,      ///< -> the certificate is durable, the Commit leaves. In memory about 0.
  commit,       ///< -> a quorum of Commits.
  execute,      ///< -> all before it are executed, and its own results are back from the state machine.
  reply,  ///< -> the replies are encoded, sealed and queued. Measured by who does that, not by the core.
};
inline constexpr std::size_t stage_count = 7;
const char* name_of(Stage stage);

/// Durations in buckets that grow with them: four to each doubling, so a quantile is off by an eighth at
/// most.
class LatencyHistogram {
 public:
  void add(Duration latency) {
    const auto us = static_cast<std::uint64_t>(latency.count() < 0 ? 0 : latency.count());
    ++buckets_[bucket_of(us)];
    ++count_;
    sum_ += us;
  }
  std::uint64_t count() const { return count_; }
  Duration sum() const { return Duration(static_cast<Duration::rep>(sum_)); }
  Duration mean() const;  ///< 0 of nothing.
  /// The middle of the bucket that the share `q` of all, 0 to 1, reaches; 0 of nothing.
  Duration quantile(double q) const;

 private:
  static constexpr std::size_t per_doubling = 4;
  static constexpr std::size_t bucket_count = 100;  ///< The last one holds all above 58 s.

  static std::size_t bucket_of(std::uint64_t us) {
    if (us < per_doubling) return us;
    const auto doublings = static_cast<std::size_t>(std::bit_width(us)) - 3;
    const std::size_t bucket = doublings * per_doubling + (us >> doublings);
    return bucket < bucket_count ? bucket : bucket_count - 1;
  }
  static std::uint64_t lowest_of(std::size_t bucket);

  std::array<std::uint64_t, bucket_count> buckets_{};
  std::uint64_t count_ = 0;
  std::uint64_t sum_ = 0;  ///< Microseconds.
};

using StageTimes = std::array<LatencyHistogram, stage_count>;

/// Where one batch stands.
struct StageClock {
  Stage next = Stage::pre_prepare;
  Instant since{};

  /// The batch has come to the end of `stage`, for the first time or again.
  void reach(Stage stage, Instant now, StageTimes& times) {
    if (stage < next) return;
    times[static_cast<std::size_t>(stage)].add(now - since);
    next = static_cast<Stage>(static_cast<std::uint8_t>(stage) + 1);
    since = now;
  }
};

}  // namespace pbft::core
