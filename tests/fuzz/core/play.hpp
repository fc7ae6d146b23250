// A cluster whose every step is the input's choice: who hears what and when, and what the faulty say.
#pragma once

#include <deque>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "fuzz/core/heard.hpp"
#include "fuzz/core/inventor.hpp"
#include "fuzz/input.hpp"
#include "sim/cluster.hpp"

namespace pbft::fuzz {

/// The choices that stand first in an input.
struct Setting {
  std::uint32_t replicas = 4;
  std::vector<ReplicaId> faulty;  ///< f of them.
  bool disks = false;             ///< Then processes end and start again.
  bool tags = false;              ///< The clients' requests carry tags.
  bool demands_progress = false;  ///< At the end everything that was asked for must be done.
  bool begins_calm = false;       ///< The clients are known before the first step.

  explicit Setting(Input& input);
};

/// Throws sim::Violation when a promise is broken. A correct replica's broken invariant ends the process.
class Play {
 public:
  Play(Setting setting, Input& input);
  void run();

  /// What a step is, for those who write inputs.
  enum class Step : std::uint8_t {
    flow,       ///< The next so many messages arrive, in the order in which they were sent.
    arrive,     ///< One of those that are on their way, whichever.
    lose,       ///< One of them never arrives.
    repeat,     ///< One of them arrives, and will again.
    wait,       ///< Time passes.
    ask,        ///< A client asks for something.
    invent,     ///< A faulty replica says something to some.
    ask_oddly,  ///< The client whose key is the adversary's says something to some.
    restart,    ///< A replica's process ends and another one begins.
    cut,        ///< A link goes down, or comes up again.
    silence,    ///< All that is on its way to one, or from one, is lost.
    replay,     ///< A faulty replica says what anybody has said before.
    junk,       ///< A faulty replica sends bytes.
    count
  };

 private:
  struct Parcel {
    sim::Node from, to;
    sim::FramePtr frame;
  };

  void step();
  void deliver(const Parcel& parcel);
  void deliver_some(std::size_t count);
  std::optional<Parcel> pick(bool keep);
  void wait();
  void ask();
  void invent();
  void ask_oddly();
  void restart();
  void cut();
  void silence();
  void replay();
  void junk();
  void say(const sim::Node& from, const core::Message& message, std::uint64_t to);
  void check_bounds() const;
  void demand_progress();

  sim::Node any_node();
  ReplicaId any_faulty() { return setting_.faulty[input_.below(setting_.faulty.size())]; }
  ReplicaId any_correct();
  bool is_faulty(ReplicaId replica) const;

  static constexpr std::uint32_t clients = 2;
  static constexpr std::size_t max_steps = 200;
  static constexpr std::size_t max_on_their_way = 512;
  static constexpr Duration max_time = std::chrono::seconds(30);  ///< Virtual.

  const Setting setting_;
  Input& input_;
  sim::Cluster cluster_;
  const sim::Mail mail_;
  Heard heard_;
  std::deque<Parcel> on_their_way_;
  std::set<std::pair<ReplicaId, ReplicaId>> down_;
  std::uint64_t asked_ = 0;
};

}  // namespace pbft::fuzz
