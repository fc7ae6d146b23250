#include "bench/run/measure.hpp"

#include <algorithm>
#include <memory>
#include <thread>

#include "bench/load/recorder.hpp"
#include "bench/run/fault_player.hpp"
#include "bench/run/gather.hpp"
#include "bench/run/interrupt.hpp"
#include "bench/run/load_processes.hpp"
#include "bench/run/probe.hpp"
#include "check/named_order.hpp"

namespace bench {
namespace {

using pbft::Error;
using pbft::ErrorCode;
using pbft::Result;
using std::chrono::milliseconds;

constexpr milliseconds probe_period{100};
constexpr milliseconds short_interval{100}, long_interval{1000};
constexpr std::chrono::minutes long_run{3};  // from here on the series has the long interval
constexpr std::chrono::seconds agreement_limit{15};

double seconds(milliseconds ms) { return static_cast<double>(ms.count()) / 1000; }

Setting setting_of(const RunPlan& plan, std::uint32_t replicas) {
  const Workload& workload = plan.workload;
  Setting setting;
  setting.replicas = replicas;
  setting.clients = workload.clients;
  setting.outstanding = workload.outstanding;
  setting.rate = workload.rate;
  setting.request_bytes = workload.request_bytes;
  setting.reply_bytes = workload.reply_bytes;
  setting.reads_percent = workload.reads_percent;
  setting.auth = workload.auth;
  setting.durability = workload.durability;
  setting.seed = workload.seed;
  setting.load_processes = workload.load_processes;
  setting.warmup = seconds(workload.warmup);
  setting.duration = seconds(workload.duration);
  for (const Fault& fault : plan.timeline) setting.faults.push_back(to_text(fault));
  return setting;
}

/// A run while it goes on.
class Measurement {
 public:
  explicit Measurement(const RunPlan& plan) : plan_(plan), workload_(plan.workload) {}
  Result<Run> measure();

 private:
  Result<void> set_up();
  Result<void> watch();
  void await_agreement();
  void fill_figures(const LoadResult& load);
  void fill_checks(LoadResult& load);
  std::vector<std::uint32_t> correct_replicas() const;
  std::int64_t begin_ns() const { return start_ns_ + std::chrono::nanoseconds(workload_.warmup).count(); }
  milliseconds interval() const { return workload_.duration >= long_run ? long_interval : short_interval; }

  const RunPlan& plan_;
  const Workload& workload_;
  std::unique_ptr<Cluster> cluster_;
  std::optional<LoadProcesses> load_;
  std::optional<FaultPlayer> faults_;
  std::optional<Probe> probe_;
  std::int64_t start_ns_ = 0;  // of the load: the measurement begins after the warm-up
  Run run_;
};

Result<void> Measurement::set_up() {
  Cluster::Plan plan;
  plan.replicas = workload_.replicas;
  plan.clients = workload_.clients;
  plan.reply_bytes = workload_.reply_bytes;
  plan.in_memory = workload_.in_memory();
  plan.faulty_client = needs_faulty_client(plan_.timeline);
  plan.liars = liars_of(plan_.timeline, workload_.replicas);
  plan.folder = workload_.folder;
  plan.seed = workload_.seed;
  auto cluster = workload_.cluster.empty() ? Cluster::start(plan) : Cluster::join(workload_.cluster);
  if (!cluster) return cluster.error();
  cluster_ = *std::move(cluster);
  auto load = LoadProcesses::start(workload_, cluster_->folder(), interval());
  if (!load) return load.error();
  load_ = *std::move(load);
  faults_.emplace(*cluster_, plan_.timeline);
  probe_.emplace(*cluster_, load_->pids());
  return {};
}

Result<void> Measurement::watch() {
  const auto whole = workload_.warmup + workload_.duration;
  start_ns_ = now_ns();
  load_->go(start_ns_);
  bool begun = false;
  auto next_look = std::chrono::steady_clock::now();
  while (true) {
    const milliseconds passed((now_ns() - start_ns_) / 1'000'000);
    if (passed >= whole) return {};
    if (is_interrupted()) return interrupted_error();
    if (auto well = load_->check(); !well) return well;
    if (passed >= workload_.warmup) {
      if (!std::exchange(begun, true)) probe_->begin(now_ns());
      if (auto played = faults_->play_until(passed - workload_.warmup); !played) return played;
    }
    if (std::chrono::steady_clock::now() >= next_look) {
      probe_->look(now_ns());
      next_look += probe_period;
      if (const auto casualty = cluster_->find_casualty()) return Error{ErrorCode::io, *casualty};
    }
    std::this_thread::sleep_for(milliseconds(5));
  }
}

std::vector<std::uint32_t> Measurement::correct_replicas() const {
  std::vector<std::uint32_t> correct;
  for (std::uint32_t id = 0; id < cluster_->size(); ++id) {
    if (cluster_->is_running(id) && !cluster_->liars().contains(id) && cluster_->status(id))
      correct.push_back(id);
  }
  return correct;
}

/// All correct replicas reach one place now that nothing is sent; the probe compares their states.
void Measurement::await_agreement() {
  const auto correct = correct_replicas();
  const bool level = app::await(agreement_limit, [&] {
    probe_->look(now_ns());
    if (is_interrupted() || correct.empty()) return true;
    const auto first = cluster_->status(correct.front());
    return first && std::all_of(correct.begin(), correct.end(), [&](std::uint32_t id) {
             const auto status = cluster_->status(id);
             return status && status->answering && status->executed == first->executed &&
                    status->checkpoint == first->checkpoint;
           });
  });
  if (!level)
    run_.checks.notes.push_back("not every correct replica had caught up " +
                                std::to_string(agreement_limit.count()) + " s after the load");
}

void Measurement::fill_figures(const LoadResult& load) {
  const Gather gather{load, seconds(interval()), seconds(workload_.warmup)};
  const double duration = seconds(workload_.duration);
  const auto add_views = [&](Phase phase) {
    const auto ns = [&](double at) { return begin_ns() + static_cast<std::int64_t>(at * 1e9); };
    phase.view_changes = probe_->view_at(ns(phase.to)) - probe_->view_at(ns(phase.from));
    return phase;
  };
  run_.whole = add_views(gather.phase("whole", 0, duration));
  const auto marks = faults_->marks();
  for (std::size_t i = 0; i < marks.size(); ++i) {
    const double to = i + 1 < marks.size() ? marks[i + 1].first : duration;
    run_.phases.push_back(add_views(gather.phase(marks[i].second, marks[i].first, to)));
  }
  run_.series = gather.series(duration);
  run_.bands = faults_->bands(duration);
}

void Measurement::fill_checks(LoadResult& load) {
  Checks& checks = run_.checks;
  checks.acknowledged = load.acknowledged;
  checks.audited = load.audited;
  checks.observed = load.observations.size();
  checks.checkpoints = probe_->compared_checkpoints();
  checks.violations = load.violations;
  checks.violations.insert(checks.violations.end(), probe_->violations().begin(), probe_->violations().end());
  if (auto contradiction = pbft::check::find_contradiction(std::move(load.observations)))
    checks.violations.push_back("not linearizable: " + *contradiction);
  if (load.unaudited_clients != 0)
    checks.notes.push_back(std::to_string(load.unaudited_clients) + " clients got no answer to the audit");
  for (const auto& error : load.first_errors) checks.notes.push_back("failed: " + error);
}

Result<Run> Measurement::measure() {
  run_.name = plan_.name;
  if (auto ready = set_up(); !ready) return ready.error();
  if (auto watched = watch(); !watched) return watched.error();
  run_.processes = probe_->uses(now_ns());
  run_.stages = probe_->stages();
  auto load = load_->collect();
  if (!load) return load.error();
  await_agreement();
  if (is_interrupted()) return interrupted_error();
  cluster_->stop();
  run_.setting = setting_of(plan_, cluster_->size());
  fill_figures(*load);
  fill_checks(*load);
  return run_;
}

}  // namespace

Result<Run> measure(const RunPlan& plan) { return Measurement(plan).measure(); }

}  // namespace bench
