#include "sim/cluster.hpp"

#include <algorithm>

#include "sim/append_log.hpp"
#include "sim/describe.hpp"
#include "sim/violation.hpp"

namespace pbft::sim {

ClientLimits ClusterOptions::patient() {
  ClientLimits limits;
  limits.operation_timeout = std::chrono::hours(10);
  limits.broadcast_share = 0;
  return limits;
}

// ---- ReplicaGroup ---------------------------------------------------------------------------------------

namespace {
template <class Members, class Condition>
bool all_of(const Members& members, Condition condition) {
  return std::all_of(members.begin(), members.end(), [&](const auto* member) { return condition(*member); });
}
}  // namespace

bool ReplicaGroup::have_prepared(SeqNum seq) const {
  return all_of(members_, [&](const ReplicaProcess& r) { return r.has_prepared(seq); });
}
bool ReplicaGroup::have_committed(SeqNum seq) const {
  return all_of(members_, [&](const ReplicaProcess& r) { return r.has_committed(seq); });
}
bool ReplicaGroup::have_executed(SeqNum seq) const {
  return all_of(members_, [&](const ReplicaProcess& r) { return r.state().executed >= seq; });
}
bool ReplicaGroup::none_has_prepared(SeqNum seq) const {
  return all_of(members_, [&](const ReplicaProcess& r) { return !r.has_prepared(seq); });
}
std::string ReplicaGroup::executed_at(SeqNum seq) const {
  if (!all_of(members_, [&](const ReplicaProcess& r) { return history_.executed_by(r.id()) >= seq; }))
    return "?";
  std::string result;
  for (const History::Operation& operation : history_.batch(seq).operations) {
    result += (result.empty() ? "" : ",") + to_text(operation.body);
  }
  return result;
}
bool ReplicaGroup::are_in_view(View view) const {
  return all_of(members_, [&](const ReplicaProcess& r) {
    const core::ReplicaState state = r.state();
    return state.view >= view && state.pending == state.view;
  });
}
bool ReplicaGroup::are_exactly_in_view(View view) const {
  return are_in_view(view) &&
         all_of(members_, [&](const ReplicaProcess& r) { return r.state().view == view; });
}
std::uint64_t ReplicaGroup::rejections(core::Rejection reason) const {
  std::uint64_t sum = 0;
  for (const ReplicaProcess* member : members_) sum += member->rejections(reason);
  return sum;
}
std::size_t ReplicaGroup::view_changes_started() const {
  std::size_t sum = 0;
  for (const ReplicaProcess* member : members_) sum += member->view_changes_started();
  return sum;
}

// ---- Cluster --------------------------------------------------------------------------------------------

Cluster::Cluster(ClusterOptions options)
    : options_(std::move(options)),
      quorums_(options_.replicas),
      trace_(scheduler_),
      random_(options_.seed),
      keys_(options_.signatures, options_.seed, options_.replicas, options_.clients + options_.rogue_clients,
            options_.realm),
      mail_(keys_, options_.replicas, options_.agreed),
      network_(scheduler_, trace_, mail_, random_.fork()),
      history_(options_.reads, options_.replicas),
      forger_(keys_, mail_.limits()) {
  trace_.print_to(options_.trace);
  if (!options_.machine) options_.machine = [] { return std::make_unique<AppendLog>(); };
  network_.quality = options_.quality;
  network_.deliver_with(
      [this](const Node& from, const Node& to, const FramePtr& frame) { deliver(from, to, frame); });

  for (std::uint32_t i = 0; i < options_.rogue_clients; ++i) history_.distrust(rogue(i));
  for (std::uint32_t i = 0; i < options_.replicas; ++i) replicas_.push_back(make_replica(ReplicaId{i}));
  for (auto& replica : replicas_) replica->start();
  for (std::size_t i = 0; i < options_.clients; ++i) {
    clients_.push_back(make_client(i));
    clients_.back()->start();
  }
  if (options_.settle_at_start) settle();
}

std::unique_ptr<ReplicaProcess> Cluster::make_replica(ReplicaId id) {
  core::ReplicaConfig config;
  config.id = id;
  config.replicas = options_.replicas;
  config.agreed = options_.agreed;
  config.limits = options_.limits;
  const std::uint32_t admitted = options_.clients + options_.rogue_clients;
  for (std::uint32_t i = 1; i <= admitted; ++i) config.clients.insert(ClientId{i});
  if (options_.configure) options_.configure(config);
  return std::make_unique<ReplicaProcess>(
      world(),
      ReplicaParts{std::move(config), keys_.of(id), options_.machine, options_.tempo, options_.storage});
}

ReplicaProcess& Cluster::add_twin(ReplicaId id) {
  replica(id.value).distrust();
  twins_.push_back(make_replica(id));
  twins_.back()->distrust();
  twins_.back()->start();
  return *twins_.back();
}

std::unique_ptr<ClientProcess> Cluster::make_client(std::size_t index) {
  core::ClientConfig config;
  config.id = ClientId{index + 1};
  config.replicas = options_.replicas;
  config.agreed = options_.agreed;
  config.limits = options_.client_limits;
  config.use_tags = options_.use_tags;
  config.seed = random_.next();
  config.incarnation = RequestNumber{wall().unix_us + processes_started_};
  const std::uint64_t first_ticket = processes_started_++ << 32;
  const core::Crypto& crypto = keys_.of(config.id);
  return std::make_unique<ClientProcess>(world(), std::move(config), crypto, first_ticket);
}

ClientProcess& Cluster::restart_client(std::size_t index) {
  client(index).kill();
  more_clients_.push_back(std::move(clients_[index]));
  clients_[index] = make_client(index);
  clients_[index]->start();
  return *clients_[index];
}

ClientProcess& Cluster::add_client_process(std::size_t index) {
  more_clients_.push_back(make_client(index));
  more_clients_.back()->start();
  return *more_clients_.back();
}

void Cluster::let_loose(std::size_t rogue_index, std::string_view behaviour, std::uint64_t seed) {
  const ClientId id = rogue(rogue_index);
  rogues_.push_back(std::make_unique<RogueClient>(world(), id, keys_.of(id), behaviour, seed));
}

ReplicaGroup Cluster::all() const {
  std::vector<const ReplicaProcess*> members;
  for (const auto& replica : replicas_) members.push_back(replica.get());
  return ReplicaGroup(std::move(members), history_);
}

// A reply reaches every process with that client's key: none may be fooled by another's.
void Cluster::deliver(const Node& from, const Node& to, const FramePtr& frame) {
  if (const auto* replica = std::get_if<ReplicaId>(&to)) {
    replicas_[replica->value]->deliver(from, frame);
    for (auto& twin : twins_) {
      if (twin->id() == *replica) twin->deliver(from, frame);
    }
    return;
  }
  for (auto& client : clients_) {
    if (Node(client->id()) == to) client->deliver(from, frame);
  }
  for (auto& client : more_clients_) {
    if (Node(client->id()) == to) client->deliver(from, frame);
  }
}

void Cluster::run_next() {
  if (++events_ > max_events) stuck("the run has more than " + std::to_string(max_events) + " events");
  scheduler_.run_next();
}

void Cluster::run_for(Duration time) {
  const Instant end = scheduler_.now() + time;
  while (!scheduler_.empty() && scheduler_.next() <= end) run_next();
  scheduler_.advance_to(end);
}

void Cluster::settle() {
  const Instant end = scheduler_.now() + patience;
  while (scheduler_.pending_work() > 0) {
    if (scheduler_.next() > end) stuck("the cluster does not come to rest: " + summary());
    run_next();
  }
}

bool Cluster::runs_until(const std::function<bool()>& condition, Duration limit) {
  const Instant end = scheduler_.now() + limit;
  while (!condition()) {
    if (scheduler_.empty() || scheduler_.next() > end) return false;
    run_next();
  }
  return true;
}

void Cluster::run_until(const std::string& what, const std::function<bool()>& condition, Duration limit) {
  const Instant began = now();
  if (!runs_until(condition, limit)) {
    stuck("waiting in vain from " + std::to_string(began.count() / 1000) + " ms for " +
          std::to_string(limit.count() / 1000) + " ms until " + what + ": " + summary());
  }
}

void Cluster::run_until_view(View view, Duration limit) {
  run_until(
      "view " + std::to_string(view.value) + " is entered",
      [&] {
        return std::all_of(replicas_.begin(), replicas_.end(), [&](const auto& replica) {
          if (!replica->owes_progress()) return true;
          const core::ReplicaState state = replica->state();
          return state.view >= view && state.pending == state.view;
        });
      },
      limit);
}

bool Cluster::all_answered() const {
  auto idle = [](const auto& client) { return client->waiting() == 0; };
  return std::all_of(clients_.begin(), clients_.end(), idle) &&
         std::all_of(more_clients_.begin(), more_clients_.end(), idle);
}

void Cluster::run_until_answered(Duration limit) {
  run_until("every operation is answered", [&] { return all_answered(); }, limit);
}

void Cluster::heal() {
  trace_.note(Trace::Kind::fault, ReplicaId{}, 4,
              [] { return std::string("and all others: the network heals"); });
  network_.heal();
  for (auto& replica : replicas_) replica->resume();
}

void Cluster::lose_power(std::uint64_t seed) {
  for (auto& replica : replicas_) replica->lose_power(mix(seed ^ replica->id().value));
}

bool Cluster::restart_all() {
  bool all = true;
  for (auto& replica : replicas_) {
    if (replica->is_stopped()) all = replica->restart() && all;
  }
  return all;
}

void Cluster::finish(Duration limit) {
  heal();
  if (progress_expected_) run_until_finished(limit);
  undecided_ = !history_.judge_clients();
}

void Cluster::run_until_finished(Duration limit) {
  run_until_answered(limit);
  // Faulty clients go on: what comes from here on may be under way at any moment.
  const SeqNum last = history_.last();
  run_until(
      "every correct replica has executed everything, answers and votes",
      [&] {
        return std::all_of(replicas_.begin(), replicas_.end(), [&](const auto& replica) {
          return !replica->owes_progress() ||
                 (history_.executed_by(replica->id()) >= last && replica->state().answering);
        });
      },
      limit);
}

std::string Cluster::summary() const {
  std::string text;
  for (const auto& replica : replicas_) {
    const core::ReplicaState state = replica->state();
    text += describe(Node(replica->id())) +
            (replica->is_stopped()  ? " stopped"
             : replica->is_paused() ? " paused"
                                    : "") +
            (replica->is_correct() ? "" : " Byzantine") + (state.observing ? " observes" : "") +
            (state.answering ? "" : " mute") + (state.collecting ? " collects" : "") + " view " +
            std::to_string(state.view.value) + "/" + std::to_string(state.pending.value) + " stable " +
            std::to_string(state.stable.value) + " executed " + std::to_string(state.executed.value) + "; ";
  }
  std::size_t waiting = 0;
  for (const auto& client : clients_) waiting += client->waiting();
  return text + std::to_string(waiting) + " operations wait; " + std::to_string(history_.operations()) +
         " executed";
}

}  // namespace pbft::sim
