#include "bench/run/probe.hpp"

#include <filesystem>
#include <system_error>

#include "config/cluster_folder.hpp"

namespace bench {
namespace {

constexpr double mb = 1e6;
constexpr std::int64_t data_period_ns = 1'000'000'000;

/// Of the files in a folder that others write and remove meanwhile; 0 if it is not there.
std::uint64_t bytes_in(const std::filesystem::path& folder) {
  std::uint64_t bytes = 0;
  std::error_code gone;
  for (auto entry = std::filesystem::directory_iterator(folder, gone);
       entry != std::filesystem::directory_iterator(); entry.increment(gone)) {
    const auto size = entry->is_regular_file(gone) ? entry->file_size(gone) : 0;
    if (!gone) bytes += size;
  }
  return bytes;
}

}  // namespace

void Probe::begin(std::int64_t now_ns) {
  begin_ns_ = now_ns;
  look(now_ns);
  look_at_data();
  for (auto& [name, watched] : watched_) {
    watched.total = {};
    watched.rss.begin(watched.last.resident_bytes);
    watched.descriptors.begin(watched.last.descriptors);
    watched.data.begin(watched.data.max);
    for (Counter* counter : {&watched.fsyncs, &watched.written, &watched.received, &watched.sent})
      counter->begin();
  }
}

void Probe::look(std::int64_t now_ns) {
  std::uint64_t view = views_.empty() ? 0 : views_.back().second;
  for (std::uint32_t id = 0; id < cluster_.size(); ++id) {
    const auto status = cluster_.status(id);
    if (status) {
      look_at_status(id, *status);
      if (!cluster_.liars().contains(id)) view = std::max(view, status->view);
    }
    const pid_t pid = cluster_.is_ours() ? cluster_.pid(id) : status ? static_cast<pid_t>(status->pid) : -1;
    const std::string name = "replica " + std::to_string(id);
    look_at_process(name, pid);
    if (!status) continue;
    watched_[name].fsyncs.see(status->fsyncs);
    watched_[name].written.see(status->bytes_written);
    watched_[name].received.see(status->bytes_received);
    watched_[name].sent.see(status->bytes_sent);
  }
  for (const auto& [name, pid] : others_) look_at_process(name, pid);
  if (now_ns - data_seen_ns_ >= data_period_ns) {
    look_at_data();
    data_seen_ns_ = now_ns;
  }
  if (views_.empty() || view != views_.back().second) views_.emplace_back(now_ns, view);
}

void Probe::look_at_process(const std::string& name, pid_t pid) {
  const auto counters = read_process_counters(pid);
  if (!counters) return;
  Watched& watched = watched_[name];
  if (watched.pid != pid) watched.last = {};
  watched.pid = pid;
  watched.total.cpu_seconds += counters->cpu_seconds - watched.last.cpu_seconds;
  watched.last = *counters;
  watched.rss.see(counters->resident_bytes);
  watched.descriptors.see(counters->descriptors);
}

void Probe::look_at_data() {
  for (std::uint32_t id = 0; id < cluster_.size(); ++id)
    watched_["replica " + std::to_string(id)].data.see(bytes_in(app::data_path(cluster_.folder(), id)));
}

void Probe::look_at_status(std::uint32_t replica, const app::StatusReport& status) {
  if (status.checkpoint == 0 || cluster_.liars().contains(replica)) return;
  const auto [at, fresh] =
      checkpoints_.try_emplace(status.checkpoint, State{status.checkpoint_state, replica, false});
  State& known = at->second;
  if (fresh || known.replica == replica) return;
  if (known.digest != status.checkpoint_state) {
    violations_.push_back("replicas " + std::to_string(known.replica) + " and " + std::to_string(replica) +
                          " have different states at checkpoint " + std::to_string(status.checkpoint));
  }
  known.confirmed = true;
}

std::uint64_t Probe::view_at(std::int64_t ns) const {
  std::uint64_t view = views_.empty() ? 0 : views_.front().second;
  for (const auto& [when, entered] : views_) {
    if (when <= ns) view = entered;
  }
  return view;
}

std::vector<ProcessUse> Probe::uses(std::int64_t until_ns) const {
  const double seconds = static_cast<double>(until_ns - begin_ns_) / 1e9;
  std::vector<ProcessUse> uses;
  for (const auto& [name, watched] : watched_) {
    ProcessUse use;
    use.name = name;
    use.cpu_percent = 100 * watched.total.cpu_seconds / seconds;
    use.first_rss_mb = static_cast<double>(watched.rss.first) / mb;
    use.max_rss_mb = static_cast<double>(watched.rss.max) / mb;
    use.first_descriptors = watched.descriptors.first;
    use.max_descriptors = watched.descriptors.max;
    use.first_data_mb = static_cast<double>(watched.data.first) / mb;
    use.max_data_mb = static_cast<double>(watched.data.max) / mb;
    use.disk_mb_per_second = watched.written.rate(seconds) / mb;
    use.syncs_per_second = watched.fsyncs.rate(seconds);
    use.received_mb_per_second = watched.received.rate(seconds) / mb;
    use.sent_mb_per_second = watched.sent.rate(seconds) / mb;
    uses.push_back(use);
  }
  // "load 0" before "replica 0", but "replica 2" before "replica 10".
  const auto place = [](const ProcessUse& use) { return std::pair(use.name.size(), use.name); };
  std::sort(uses.begin(), uses.end(),
            [&](const ProcessUse& a, const ProcessUse& b) { return place(a) < place(b); });
  return uses;
}

std::vector<Stage> Probe::stages() const {
  const std::vector<std::string> order{"admission", "pre_prepare", "prepare", "persist",
                                       "commit",    "execute",     "reply"};
  const auto status = cluster_.status(cluster_.primary());
  std::vector<Stage> stages;
  if (!status) return stages;
  for (const auto& told : status->stages) {
    stages.push_back({told.name, static_cast<double>(told.p50_us), static_cast<double>(told.p99_us)});
  }
  const auto place = [&](const Stage& stage) {
    return std::pair(std::find(order.begin(), order.end(), stage.name), stage.name);
  };
  std::sort(stages.begin(), stages.end(),
            [&](const Stage& a, const Stage& b) { return place(a) < place(b); });
  return stages;
}

std::uint64_t Probe::compared_checkpoints() const {
  return static_cast<std::uint64_t>(std::count_if(checkpoints_.begin(), checkpoints_.end(),
                                                  [](const auto& entry) { return entry.second.confirmed; }));
}

}  // namespace bench
