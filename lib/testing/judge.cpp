#include "testing/judge.hpp"

#include <algorithm>

#include "sim/describe.hpp"
#include "testing/printable.hpp"
#include "testing/snapshot.hpp"

namespace pbft::testing {

namespace {

using sim::History;

std::string name_of(ClientId client, BytesView body) {
  return printable(body) + " of client " + std::to_string(client.value);
}

std::ptrdiff_t first_difference(const Bytes& one, const Bytes& other) {
  return std::mismatch(one.begin(), one.end(), other.begin(), other.end()).first - one.begin();
}

/// Which of the states that a read may show give its result. They are known only when all have been seen:
/// what other reads have shown narrows the choice.
class Reads {
 public:
  explicit Reads(const History& history) : reads_(history.reads()), positions_(reads_.size()) {}

  /// `machine` is in the state after `position` operations.
  void look(std::uint64_t position, const StateMachine& machine) {
    for (std::size_t i = 0; i < reads_.size(); ++i) {
      const History::Read& read = reads_[i];
      if (position < read.after || position > read.before) continue;
      const std::optional<Bytes> answer = machine.query(read.client, read.body);
      if (answer && *answer == read.result) positions_[i].push_back(position);
    }
  }
  /// The operation at `position` was a read that the machine wants ordered, and this was its result.
  void ordered(std::uint64_t position, ClientId client, const Bytes& body, const Bytes& result) {
    for (std::size_t i = 0; i < reads_.size(); ++i) {
      const History::Read& read = reads_[i];
      if (position <= read.after || position > read.before) continue;
      if (read.client == client && read.body == body && read.result == result)
        positions_[i].push_back(position);
    }
  }

  /// Each read is given the earliest state that it can have shown: that leaves the others the most room.
  std::optional<Fault> judge() const {
    std::vector<std::uint64_t> newest(reads_.size() + 1);  // shown by the first so many reads
    for (std::size_t i = 0; i < reads_.size(); ++i) {
      const History::Read& read = reads_[i];
      const std::uint64_t least = std::max(read.after, newest[read.known]);
      const auto shown = std::lower_bound(positions_[i].begin(), positions_[i].end(), least);
      if (shown == positions_[i].end()) {
        return Fault{Invariant::reads, "the read " + name_of(read.client, read.body) + " shows " +
                                           printable(read.result) +
                                           ", which is what it should show after none of the operations " +
                                           std::to_string(least) + " to " + std::to_string(read.before)};
      }
      newest[i + 1] = std::max(newest[i], *shown);
    }
    return std::nullopt;
  }

 private:
  const std::vector<History::Read>& reads_;
  std::vector<std::vector<std::uint64_t>> positions_;  // ascending
};

}  // namespace

Run run_of(const History& history, std::uint64_t seed) {
  Run run{seed, {}};
  for (SeqNum seq{1}; seq <= history.last(); seq = seq.next()) {
    const History::Batch& batch = history.batch(seq);
    for (const History::Operation& operation : batch.operations) {
      run.operations.push_back({{seq, batch.time, operation.random},
                                operation.client,
                                operation.number,
                                operation.body,
                                operation.read_only,
                                operation.result});
    }
  }
  return run;
}

std::optional<Fault> check_results(StateMachine& alone, const History& history) {
  Reads reads(history);
  std::uint64_t position = 0;
  reads.look(position, alone);
  for (const Executed& each : run_of(history, 0).operations) {
    ++position;
    std::optional<Bytes> result;
    if (each.is_query) result = alone.query(each.client, each.body);
    if (!result) {
      result = alone.execute({each.client, each.number, each.body}, each.agreed);
      if (each.is_query) reads.ordered(position, each.client, each.body, *result);
    }
    if (*result != each.result) {
      return Fault{Invariant::results, "operation " + std::to_string(position) + " of the agreed order, " +
                                           name_of(each.client, each.body) + ", gave " +
                                           printable(each.result) + " in the cluster and gives " +
                                           printable(*result) + " alone"};
    }
    reads.look(position, alone);
  }
  return reads.judge();
}

std::optional<Fault> check_states(const StateMachine& alone, sim::Cluster& cluster) {
  const Bytes right = saved(alone);
  std::optional<std::pair<std::uint32_t, Bytes>> first;
  for (std::uint32_t i = 0; i < cluster.quorums().n(); ++i) {
    sim::ReplicaProcess& replica = cluster.replica(i);
    if (!replica.owes_progress() || !replica.state().answering ||
        cluster.history().executed_by(replica.id()) != cluster.history().last()) {
      continue;
    }
    const Bytes state = saved(replica.machine());
    if (!first) first.emplace(i, state);
    if (state != first->second) {
      return Fault{Invariant::agreement, "the states of replicas " + std::to_string(first->first) + " and " +
                                             std::to_string(i) + " at the end differ from byte " +
                                             std::to_string(first_difference(first->second, state)) + " on"};
    }
  }
  if (!first || first->second == right) return std::nullopt;
  return Fault{Invariant::results,
               "the state of the replicas at the end differs from that of a machine alone, from byte " +
                   std::to_string(first_difference(first->second, right)) + " on"};
}

}  // namespace pbft::testing
