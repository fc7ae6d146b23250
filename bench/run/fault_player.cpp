#include "bench/run/fault_player.hpp"

#include <algorithm>

namespace bench {
namespace {

double seconds(std::chrono::milliseconds ms) { return static_cast<double>(ms.count()) / 1000; }

}  // namespace

pbft::Result<void> FaultPlayer::play_until(std::chrono::milliseconds now) {
  while (next_ < timeline_.size() && timeline_[next_].at <= now) {
    if (auto played = play(timeline_[next_++]); !played) return played;
  }
  return {};
}

pbft::Result<void> FaultPlayer::play(const Fault& fault) {
  if (fault.target.kind == Target::Kind::client) return play_client(fault);
  if (is_remedy(fault.what)) return heal(fault);
  const bool is_primary = fault.target.kind == Target::Kind::primary;
  const std::uint32_t replica = is_primary ? cluster_.primary() : fault.target.replica;
  if (auto harmed = harm(fault, replica); !harmed) return harmed;
  const std::string name = fault.what + (is_primary ? " primary r" : " r") + std::to_string(replica);
  played_.push_back({seconds(fault.at), name, fault.what, replica});
  marks_.emplace_back(seconds(fault.at), name);
  return {};
}

pbft::Result<void> FaultPlayer::play_client(const Fault& fault) {
  const bool is_end = is_remedy(fault.what);
  if (auto told = cluster_.behave_client(is_end ? "idle" : fault.what); !told) return told;
  const std::string name = fault.what + " client";
  if (is_end) {
    end(fault.what, std::nullopt, seconds(fault.at));
  } else {
    played_.push_back({seconds(fault.at), name, fault.what, std::nullopt});
  }
  marks_.emplace_back(seconds(fault.at), name);
  return {};
}

pbft::Result<void> FaultPlayer::harm(const Fault& fault, std::uint32_t replica) {
  if (fault.what == "crash") {
    cluster_.kill(replica);
  } else if (fault.what == "pause") {
    cluster_.pause(replica);
  } else {
    return cluster_.behave(replica, fault.what);
  }
  return {};
}

std::set<std::uint32_t> FaultPlayer::in_need_of(const std::string& remedy) const {
  return remedy == "restart" ? cluster_.killed() : remedy == "resume" ? cluster_.paused() : cluster_.liars();
}

pbft::Result<void> FaultPlayer::heal(const Fault& fault) {
  std::set<std::uint32_t> healed = in_need_of(fault.what);
  if (fault.target.kind == Target::Kind::replica) {
    if (!healed.contains(fault.target.replica)) return {};  // nothing to mend
    healed = {fault.target.replica};
  }
  std::string name = fault.what;
  for (const std::uint32_t replica : healed) {
    name += " r" + std::to_string(replica);
    const auto done = heal(fault.what, replica);
    if (!done) return done;
    end(fault.what, replica, seconds(fault.at));
  }
  if (!healed.empty()) marks_.emplace_back(seconds(fault.at), name);
  return {};
}

pbft::Result<void> FaultPlayer::heal(const std::string& remedy, std::uint32_t replica) {
  if (remedy == "restart") return cluster_.restart(replica);
  if (remedy == "resume") {
    cluster_.resume(replica);
    return {};
  }
  if (cluster_.killed().contains(replica)) return {};  // nobody is there to be told
  return cluster_.behave(replica, remedy);
}

void FaultPlayer::end(const std::string& remedy, std::optional<std::uint32_t> replica, double at) {
  for (Played& played : played_) {
    if (played.replica == replica && played.ended < 0 && remedy_of(played.what) == remedy) played.ended = at;
  }
}

std::vector<Band> FaultPlayer::bands(double end) const {
  std::vector<Band> bands;
  for (const Played& played : played_)
    bands.push_back({played.name, played.at, played.ended < 0 ? end : played.ended});
  return bands;
}

std::vector<std::pair<double, std::string>> FaultPlayer::marks() const {
  std::vector<std::pair<double, std::string>> marks{{0, "fault-free"}};
  for (const auto& [at, name] : marks_) {
    if (at > marks.back().first) {
      marks.emplace_back(at, name);
    } else {  // at the same time as the one before, or from the beginning
      marks.back().second = marks.back().second == "fault-free" ? name : marks.back().second + ", " + name;
    }
  }
  return marks;
}

}  // namespace bench
