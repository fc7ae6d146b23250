#include "bench/run/timeline.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "bench/run/duration_text.hpp"

namespace bench {
namespace {

using pbft::Error;
using pbft::ErrorCode;
using pbft::Result;

constexpr std::string_view example =
    "write AT:WHAT[:WHO] or AT-UNTIL:WHAT[:WHO], such as 20s:crash:primary or 20s-30s:slow(10ms):r2";

Error wrong(std::string_view text, std::string_view what) {
  return {ErrorCode::invalid_argument,
          "fault \"" + std::string(text) + "\": " + std::string(what) + "; " + std::string(example)};
}

/// Split at colons.
std::vector<std::string_view> parts_of(std::string_view text) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto colon = text.find(':');
    parts.push_back(text.substr(0, colon));
    if (colon == std::string_view::npos) return parts;
    text.remove_prefix(colon + 1);
  }
}

std::optional<Target> target_from_text(std::string_view text) {
  if (text == "primary") return Target{};
  if (text == "client") return Target{Target::Kind::client, 0};
  if (text == "all") return Target{Target::Kind::all, 0};
  std::uint32_t id = 0;
  const char* const end = text.data() + text.size();
  if (!text.starts_with('r') || text.size() < 2 || text.size() > 4) return std::nullopt;
  const auto [rest, error] = std::from_chars(text.data() + 1, end, id);
  if (error != std::errc() || rest != end) return std::nullopt;
  return Target{Target::Kind::replica, id};
}

/// How many replicas are faulty at one time, at most.
class Census {
 public:
  void on_fault(const Fault& fault) {
    if (fault.target.kind == Target::Kind::client) return;
    if (is_remedy(fault.what)) return on_remedy(fault);
    const std::uint32_t who =
        fault.target.kind == Target::Kind::replica ? fault.target.replica : next_unknown_++;
    (is_signal_fault(fault.what) ? away_ : liars_).insert(who);
    std::set<std::uint32_t> all = liars_;
    all.insert(away_.begin(), away_.end());
    most_ = std::max(most_, all.size());
  }
  std::size_t most() const { return most_; }

 private:
  void on_remedy(const Fault& fault) {
    if (fault.what == "honest") return;
    if (fault.target.kind == Target::Kind::replica && away_.erase(fault.target.replica) != 0) return;
    if (fault.target.kind == Target::Kind::replica) {  // one of those whose number is not known
      const auto unknown = away_.lower_bound(first_unknown);
      if (unknown != away_.end()) away_.erase(unknown);
    } else {
      away_.clear();
    }
  }

  static constexpr std::uint32_t first_unknown = 1000;
  std::uint32_t next_unknown_ = first_unknown;
  std::set<std::uint32_t> liars_, away_;
  std::size_t most_ = 0;
};

}  // namespace

bool is_signal_fault(std::string_view what) {
  return what == "crash" || what == "pause" || what == "restart" || what == "resume";
}

bool is_remedy(std::string_view what) { return what == "restart" || what == "resume" || what == "honest"; }

std::string remedy_of(std::string_view what) {
  return what == "crash" ? "restart" : what == "pause" ? "resume" : "honest";
}

Result<Fault> parse_fault(std::string_view text) {
  const auto parts = parts_of(text);
  if (parts.size() < 2 || parts.size() > 3 || parts[1].empty())
    return wrong(text, "has not two or three parts");
  Fault fault;
  const auto dash = parts[0].find('-');
  const auto at = duration_from_text(parts[0].substr(0, dash));
  if (!at) return wrong(text, "the time is not like 20s, 1.5s or 500ms");
  fault.at = *at;
  if (dash != std::string_view::npos) {
    fault.until = duration_from_text(parts[0].substr(dash + 1));
    if (!fault.until || *fault.until <= fault.at) return wrong(text, "it ends before it begins");
  }
  fault.what = parts[1];
  if (is_remedy(fault.what)) {
    fault.target.kind = Target::Kind::all;
    if (fault.until) return wrong(text, fault.what + " has no end");
  }
  if (parts.size() == 3) {
    const auto target = target_from_text(parts[2]);
    if (!target) return wrong(text, "WHO is primary, client, all or a replica such as r2");
    fault.target = *target;
  }
  if (fault.target.kind == Target::Kind::all && !is_remedy(fault.what))
    return wrong(text, "a fault meets one replica");
  if (fault.target.kind == Target::Kind::primary && is_remedy(fault.what) && fault.what != "honest")
    return wrong(text, "a primary is neither crashed nor paused; name the replica, or nobody for all");
  if (fault.target.kind == Target::Kind::client && is_signal_fault(fault.what))
    return wrong(text, "a client is not crashed or paused");
  return fault;
}

std::string to_text(const Target& target) {
  switch (target.kind) {
    case Target::Kind::primary:
      return "primary";
    case Target::Kind::replica:
      return "r" + std::to_string(target.replica);
    case Target::Kind::client:
      return "client";
    case Target::Kind::all:
      return "all";
  }
  return {};
}

std::string to_text(const Fault& fault) {
  return to_text(fault.at) + (fault.until ? "-" + to_text(*fault.until) : "") + ":" + fault.what + ":" +
         to_text(fault.target);
}

Result<std::vector<Fault>> make_timeline(std::vector<Fault> faults, std::uint32_t replicas,
                                         std::chrono::milliseconds duration, bool allow_unsafe) {
  std::vector<Fault> timeline;
  const auto insert = [&](const Fault& fault) {  // behind those before it, remedies first at equal times
    const auto place = [](const Fault& other) { return std::pair(other.at, !is_remedy(other.what)); };
    timeline.insert(std::upper_bound(timeline.begin(), timeline.end(), fault,
                                     [&](const Fault& a, const Fault& b) { return place(a) < place(b); }),
                    fault);
  };
  for (const Fault& fault : faults) {
    if (fault.target.kind == Target::Kind::replica && fault.target.replica >= replicas)
      return wrong(to_text(fault), "there are " + std::to_string(replicas) + " replicas, the first is r0");
    if (fault.at >= duration) return wrong(to_text(fault), "the measurement ends at " + to_text(duration));
    insert(fault);
    if (!fault.until || *fault.until >= duration) continue;
    Fault remedy{*fault.until, std::nullopt, remedy_of(fault.what), fault.target};
    if (remedy.target.kind == Target::Kind::primary) remedy.target.kind = Target::Kind::all;
    insert(remedy);
  }
  Census census;
  for (const Fault& fault : timeline) census.on_fault(fault);
  const std::size_t tolerated = (replicas - 1) / 3;
  if (census.most() > tolerated && !allow_unsafe) {
    return Error{
        ErrorCode::invalid_argument,
        "the faults can make " + std::to_string(census.most()) + " of " + std::to_string(replicas) +
            " replicas faulty at once (a primary may be another one each time), and " +
            std::to_string(tolerated) +
            " are tolerated; name replicas, let restart or resume come before the next fault, or say "
            "--allow-unsafe"};
  }
  return timeline;
}

std::set<std::uint32_t> liars_of(const std::vector<Fault>& timeline, std::uint32_t replicas) {
  std::set<std::uint32_t> liars;
  for (const Fault& fault : timeline) {
    if (is_remedy(fault.what) || is_signal_fault(fault.what)) continue;
    if (fault.target.kind == Target::Kind::replica) liars.insert(fault.target.replica);
    if (fault.target.kind != Target::Kind::primary) continue;
    for (std::uint32_t id = 0; id < replicas; ++id) liars.insert(id);
  }
  return liars;
}

bool needs_faulty_client(const std::vector<Fault>& timeline) {
  return std::any_of(timeline.begin(), timeline.end(),
                     [](const Fault& fault) { return fault.target.kind == Target::Kind::client; });
}

}  // namespace bench
