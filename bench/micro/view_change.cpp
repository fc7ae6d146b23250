// How long a view change takes when the window is full: the primary falls silent, and every other replica
// goes on with a core of its own. The replicas are run in one thread; what each of them does is timed, and
// counts from when it could begin: when the replica was free and what it waited for had been sent. Messages
// take no time on the way. So this is what the protocol and its signatures cost, without network and disk.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <optional>
#include <vector>

#include "micro/cluster.hpp"

namespace pbft::bench {

namespace {

using core::Instant;

/// Of this thread: whatever else runs on the machine does not count.
Duration processor_time() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + Duration(time.tv_nsec / 1000);
}

/// A member with its processor.
struct Lane {
  Member* member = nullptr;
  ReplicaMember* replica = nullptr;  ///< Null for a client.
  Instant free_at{};
};

class Parallel {
 public:
  explicit Parallel(Cluster& cluster) : cluster_(cluster) {
    const Instant now = cluster.world.now.monotonic;
    for (std::size_t i = 1; i < cluster.replicas.size(); ++i) {  // the first is the primary of view 0
      ReplicaMember* replica = cluster.replicas[i].get();
      lanes_.push_back({replica, replica, now});
    }
    for (auto& client : cluster.clients) lanes_.push_back({client.get(), nullptr, now});
  }

  /// The next thing that happens, and when it begins. None: nothing does any more.
  std::optional<Instant> step() {
    Lane* next = nullptr;
    std::optional<Instant> earliest;
    for (Lane& lane : lanes_) {
      const std::optional<Instant> start = start_of(lane);
      if (!start || (earliest && *earliest <= *start)) continue;
      next = &lane;
      earliest = start;
    }
    if (next != nullptr) run(*next, *earliest);
    return earliest;
  }
  Instant now() const { return now_; }  ///< When the last of the steps so far ended.

 private:
  std::optional<Instant> start_of(const Lane& lane) const {
    std::optional<Instant> waited;
    if (lane.replica != nullptr) waited = lane.replica->due();
    for (const auto& [ends, pipe] : cluster_.world.pipes) {
      if (ends.second != lane.member->self() || !pipe->is_under_way()) continue;
      if (!waited || pipe->arrives() < *waited) waited = pipe->arrives();
    }
    return waited ? std::optional(std::max(*waited, lane.free_at)) : std::nullopt;
  }

  void run(Lane& lane, Instant start) {
    core::Now& now = cluster_.world.now;
    now.wall.unix_us += static_cast<std::uint64_t>(std::max(Duration::zero(), start - now.monotonic).count());
    now.monotonic = start;
    const Duration before = processor_time();
    if (lane.replica != nullptr) lane.replica->fire_due();
    lane.member->turn();
    const Duration spent = processor_time() - before + Duration(1);
    lane.free_at = std::max(start + spent, now.monotonic);
    now_ = std::max(now_, lane.free_at);
    for (auto& [ends, pipe] : cluster_.world.pipes) {
      if (ends.first == lane.member->self()) pipe->arrive_at(lane.free_at);
    }
  }

  Cluster& cluster_;
  std::vector<Lane> lanes_;
  Instant now_{};
};

template <class Property>
bool all_backups(const Cluster& cluster, Property has) {
  return std::all_of(cluster.replicas.begin() + 1, cluster.replicas.end(),
                     [&has](const auto& replica) { return has(replica->state()); });
}

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "view_change: %s\n", what);
  std::exit(1);
}

}  // namespace

}  // namespace pbft::bench

int main(int argc, char** argv) {
  using namespace pbft;
  using namespace pbft::bench;
  std::uint32_t replicas = 31;
  CLI::App cli("How long a view change with a full window takes, each replica with a core of its own.");
  cli.add_option("--n", replicas, "replicas")->capture_default_str()->check(CLI::Range(4, 64));
  CLI11_PARSE(cli, argc, argv);

  Cluster cluster(replicas, 1, {.outstanding = 1, .request_operations = 1, .to_all = true});
  // No checkpoint becomes stable, so that all batches stay in the window. One place is left: who has none
  // cannot blame the primary.
  cluster.world.is_lost = [](const core::Message& message) {
    return std::holds_alternative<core::Checkpoint>(message);
  };
  const std::uint64_t full = cluster.world.limits.agreed.window() - 1;
  while (cluster.replicas.front()->state().executed.value < full) cluster.order(1);
  if (!all_backups(cluster,
                   [full](const auto& s) { return s.executed.value == full && s.stable.value == 0; }))
    fail("the window is not full");

  // One more operation, which only the next primary can order.
  Parallel parallel(cluster);
  cluster.clients.front()->add(1);
  cluster.clients.front()->turn();
  const View next{1};
  core::Instant begin{};
  while (all_backups(cluster, [next](const auto& s) { return s.pending != next; })) {
    const std::optional<core::Instant> begins = parallel.step();
    if (!begins) fail("nobody leaves the view");
    begin = *begins;
  }
  core::Instant entered{};
  while (!all_backups(cluster, [full](const auto& s) { return s.executed.value > full; })) {
    if (!parallel.step()) fail("nothing happens any more");
    if (entered == core::Instant{} && all_backups(cluster, [next](const auto& s) { return s.view == next; }))
      entered = parallel.now();
  }
  if (!all_backups(cluster, [next](const auto& s) { return s.view == next; }))
    fail("one view was not enough");
  const auto ms = [](Duration time) { return static_cast<double>(time.count()) / 1000; };
  std::printf("n = %u, %llu batches in the window\n", replicas, static_cast<unsigned long long>(full));
  std::printf("all have entered the new view   %8.0f ms after the first has left the old one\n",
              ms(entered - begin));
  std::printf("all have executed the next      %8.0f ms\n", ms(parallel.now() - begin));
  return 0;
}
