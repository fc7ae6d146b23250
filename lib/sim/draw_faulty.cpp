// The swarm's draw of faulty replicas: who they are, and what they do for ever.
#include <memory>

#include "sim/describe.hpp"
#include "sim/swarm_plan.hpp"

namespace pbft::sim {

namespace {

class Faulty {
 public:
  Faulty(SwarmPlan& plan, Random random) : plan_(plan), random_(random) {}
  void draw(std::optional<std::uint32_t> byzantine);

 private:
  void draw_crash(ReplicaId replica);
  void draw_twins(ReplicaId replica);
  void draw_denial(ReplicaId replica);
  void draw_old_copy(ReplicaId replica);
  void draw_byzantine(ReplicaId replica);
  void behave(ReplicaId replica, Duration from);
  std::string draw_two_faces();
  std::string draw_behaviour();
  std::string share(std::uint64_t low, std::uint64_t high) {
    return "(" + std::to_string(random_.between(low, high)) + "%)";
  }
  std::string time(std::uint64_t most_ms) { return std::to_string(random_.between(1, most_ms)) + "ms"; }
  std::string any_id() { return std::to_string(plan_.any_replica(random_).value); }
  std::string some_replicas() {
    return random_.chance(0.5) ? std::string() : "(" + any_id() + " " + any_id() + ")";
  }
  /// One more than there are correct ones: the faulty one.
  std::string any_client() {
    return "client " + std::to_string(random_.between(1, plan_.options.clients + 1));
  }

  SwarmPlan& plan_;
  Random random_;
  std::string two_faces_;  // one plan for all of them
};

void Faulty::draw(std::optional<std::uint32_t> byzantine) {
  const std::uint64_t count = byzantine.value_or(static_cast<std::uint32_t>(random_.below(plan_.f() + 1)));
  while (plan_.faulty.size() < count) plan_.faulty.insert(plan_.any_replica(random_));
  two_faces_ = draw_two_faces();
  for (ReplicaId replica : plan_.faulty) {
    const double kind = random_.fraction();
    if (!byzantine && kind < 0.3) {
      draw_crash(replica);
    } else if (kind > 0.92) {
      draw_twins(replica);
    } else if (kind > 0.88) {
      draw_denial(replica);
    } else if (kind > 0.84 && plan_.options.storage == Storage::disk) {
      draw_old_copy(replica);
    } else {
      draw_byzantine(replica);
    }
  }
}

void Faulty::draw_crash(ReplicaId replica) {
  const Duration at = random_.between(Duration{}, plan_.storm);
  plan_.note(describe(Node(replica)) + " crashes at " + millis(at));
  plan_.at(at, [replica](Cluster& cluster) { cluster.replica(replica.value).stop(); });
}

// One identity, two processes. Each of the others talks to one of them or to both.
void Faulty::draw_twins(ReplicaId replica) {
  std::string not_first, not_second;
  for (std::uint32_t i = 0; i < plan_.n(); ++i) {
    const std::uint64_t side = random_.below(3);
    if (side == 0) not_first += " " + std::to_string(i);
    if (side == 1) not_second += " " + std::to_string(i);
  }
  const auto part = [](ReplicaProcess& process, const std::string& from) {
    if (!from.empty()) process.corrupt("partition(" + from + ")");
  };
  plan_.note(describe(Node(replica)) + " is Byzantine: twins, of which the first does not know" +
             (not_first.empty() ? " nobody" : not_first) + " and the second" +
             (not_second.empty() ? " nobody" : not_second));
  plan_.setup.push_back([=](Cluster& cluster) {
    part(cluster.add_twin(replica), not_second);
    part(cluster.replica(replica.value), not_first);
  });
}

// It has forgotten all that it ever signed, and does not say so.
void Faulty::draw_denial(ReplicaId replica) {
  const Duration at = random_.between(Duration{}, plan_.storm);
  plan_.note(describe(Node(replica)) + " is Byzantine: loses its data at " + millis(at) + " and denies it");
  plan_.at(at, [replica](Cluster& cluster) {
    ReplicaProcess& process = cluster.replica(replica.value);
    process.stop();
    process.restart_in_denial();
  });
}

// It has forgotten what it signed since, as after a restored backup.
void Faulty::draw_old_copy(ReplicaId replica) {
  const Duration copied = random_.between(Duration{}, plan_.storm);
  const Duration put_back = random_.between(copied, plan_.storm);
  plan_.note(describe(Node(replica)) + " is Byzantine: goes back at " + millis(put_back) +
             " to its data of " + millis(copied));
  const auto copy = std::make_shared<DataDisk::Copy>();
  plan_.at(copied,
           [replica, copy](Cluster& cluster) { *copy = cluster.replica(replica.value).disk().copy(); });
  plan_.at(put_back, [replica, copy](Cluster& cluster) {
    ReplicaProcess& process = cluster.replica(replica.value);
    process.distrust();
    process.stop();
    process.disk().put_back(*copy);
    process.restart();  // or it refuses what was copied in the middle of a write
  });
}

void Faulty::draw_byzantine(ReplicaId replica) {
  behave(replica, Duration{});
  if (random_.chance(0.2)) behave(replica, random_.between(Duration{}, plan_.storm));
}

void Faulty::behave(ReplicaId replica, Duration from) {
  std::string behaviour = draw_behaviour();
  if (random_.chance(0.2)) behaviour += "+" + draw_behaviour();
  plan_.note(describe(Node(replica)) + " is Byzantine: " + behaviour +
             (from > Duration{} ? " from " + millis(from) + " on" : ""));
  const auto corrupt = [replica, behaviour, seed = random_.next()](Cluster& cluster) {
    cluster.replica(replica.value).corrupt(behaviour, seed);
  };
  from > Duration{} ? plan_.at(from, corrupt) : plan_.setup.push_back(corrupt);
}

// What both halves of the correct replicas are shown is decided once, for all accomplices.
std::string Faulty::draw_two_faces() {
  std::string deceived;
  for (ReplicaId replica : plan_.honest()) {
    if (random_.chance(0.5)) deceived += " " + std::to_string(replica.value);
  }
  return deceived.empty() ? "equivocate" : "equivocate(" + deceived + ")";  // alone: each sees another
}

std::string Faulty::draw_behaviour() {
  switch (random_.below(34)) {
    case 14:
    case 15:
    case 16:
    case 17:
      return "forge" + share(20, 100);
    case 18:
    case 19:
      return "invent" + share(10, 80);
    case 20:
      return "wrong-time" + share(10, 80);
    case 21:
      return "eager";
    case 22:
    case 23:
      return two_faces_ + "+eager";
    case 24:
    case 25:
    case 26:
      return two_faces_ + "+forge" + share(20, 100);
    case 27:
      return "old-answers";
    case 28:
      return "bad-donor" + share(10, 100);
    case 29:
      return "forge" + share(20, 100) + "+withhold-body";
    case 0:
      return "drop" + share(10, 100);
    case 1:
      return "replay" + share(5, 50);
    case 2:
    case 3:
      return "mutate" + share(5, 45);
    case 4:
      return "slow(" + time(600) + ")";
    case 5:
      return "delay(" + time(600) + ")";
    case 6:
      return "withhold-body" + some_replicas();
    case 7:
      return "starve(" + any_client() + ")";
    case 8:
      return "selective(" + any_client() + (random_.chance(0.5) ? "" : " " + time(400)) + ")";
    case 9:
      return "stale-view(" + std::to_string(random_.between(1, 50)) + "/s)";
    case 10:
      return "valid-flood(" + std::to_string(random_.between(1, 100)) + "/s)";
    case 11:
      return random_.chance(0.5) ? "bad-signature" : "junk-flood(0.02MB/s)";
    case 12:
      return random_.chance(0.5) ? "wrong-reply" : "no-reply";
    case 13:
      return (random_.chance(0.5) ? "mute" : "partition") + some_replicas();
    default:
      return two_faces_;
  }
}

}  // namespace

void draw_faulty(SwarmPlan& plan, std::optional<std::uint32_t> byzantine, Random random) {
  Faulty(plan, random).draw(byzantine);
  plan.clearing.push_back([faulty = plan.faulty](Cluster& cluster) {
    for (ReplicaId replica : faulty) {
      if (cluster.replica(replica.value).is_correct()) cluster.replica(replica.value).stop();
    }
  });
}

}  // namespace pbft::sim
