// Where the time of a run goes: each stage's own, without what runs inside it under another stage.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace pbft::bench {

enum class Stage : std::uint8_t {
  client_submit,
  client_replies,
  sign,
  verify,
  hash,
  encode,
  decode,
  authenticate,
  core_step,
  log,
  execute,
  checkpoint,
  link_seal,
  link_open,
};
inline constexpr std::size_t stage_count = 14;

struct StageName {
  const char* name;
  const char* what;
};
inline constexpr std::array<StageName, stage_count> stage_names{{
    {"client: submit", "the client numbers and gathers operations, and writes the request's payload"},
    {"client: replies", "the client counts what the replicas answer"},
    {"sign", "Ed25519: requests, the three phases"},
    {"verify", "the same; or a look into what verified before"},
    {"hash", "BLAKE2b: requests, batches, operations"},
    {"encode", "values to frames"},
    {"decode", "frames to values"},
    {"authenticate", "which bytes whose signature must cover"},
    {"core step", "admission, the three phases, client table, replies"},
    {"log", "in memory"},
    {"execute", "a state machine that does next to nothing"},
    {"checkpoint", "the state's tree of blocks, every 128 batches"},
    {"link: seal", "frames queued, records sealed with ChaCha20-Poly1305"},
    {"link: open", "records opened, frames cut out"},
}};

/// By stage, and at last what belongs to none.
using StageCosts = std::array<std::chrono::steady_clock::duration, stage_count + 1>;

/// One thread. Off, it costs a branch.
class Meter {
 public:
  using Clock = std::chrono::steady_clock;

  void start() {
    spent_ = {};
    on_ = true;
    since_ = Clock::now();
  }
  StageCosts stop() {
    on_ = false;
    return spent_;
  }
  template <Stage stage, class Work>
  auto run(Work&& work) {
    return on_ ? timed<stage>(std::forward<Work>(work)) : work();
  }

 private:
  /// A frame of its own in every profile: instructions.sh finds the stages' costs by this name.
  template <Stage stage, class Work>
  [[gnu::noinline]] auto timed(Work&& work) {
    const Switch back(*this, static_cast<std::size_t>(stage));
    return work();
  }
  struct Switch {
    Switch(Meter& meter, std::size_t to) : meter_(meter), from_(meter.change(to)) {}
    ~Switch() { meter_.change(from_); }
    Switch(const Switch&) = delete;
    Switch& operator=(const Switch&) = delete;
    Meter& meter_;
    std::size_t from_;
  };
  std::size_t change(std::size_t to) {
    const Clock::time_point now = Clock::now();
    spent_[current_] += now - since_;
    since_ = now;
    return std::exchange(current_, to);
  }

  bool on_ = false;
  std::size_t current_ = stage_count;  ///< None of them.
  Clock::time_point since_;
  StageCosts spent_{};
};

}  // namespace pbft::bench
