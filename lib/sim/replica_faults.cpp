// A replica whose words and ears are a Byzantine behaviour's.
#include <utility>

#include "core/check.hpp"
#include "sim/replica_process.hpp"

namespace pbft::sim {

void ReplicaProcess::corrupt(std::unique_ptr<adversary::Behaviour> behaviour) {
  correct_ = false;
  world_.history.doubt(id_);
  behaviour_ = std::move(behaviour);
  behaviour_wakes_.reset();
  wake_behaviour();
}

void ReplicaProcess::corrupt(std::string_view behaviour, std::uint64_t seed) {
  auto made = adversary::make_behaviour(behaviour, {id_, crypto_, world_.mail.limits(), seed});
  PBFT_CHECK(made.has_value());
  corrupt(*std::move(made));
}

void ReplicaProcess::carry(const adversary::Traffic& traffic) {
  for (const adversary::Letter& letter : traffic.out) {
    if (letter.message) {
      world_.network.send(id_, letter.to, letter.message, false);
    } else {
      world_.network.inject_bytes(id_, letter.to, *letter.frame);
    }
  }
  for (const adversary::Heard& heard : traffic.in) hear(heard.from, heard.message);
  wake_behaviour();
}

// A wake that was set for an earlier time finds out by itself.
void ReplicaProcess::wake_behaviour() {
  const std::optional<Instant> next = behaviour_->next();
  if (!next || (behaviour_wakes_ && *behaviour_wakes_ <= *next)) return;
  behaviour_wakes_ = *next;
  world_.scheduler.at(*next - monotonic_start, EventKind::timer, [this, when = *next] {
    if (behaviour_wakes_ != when) return;
    behaviour_wakes_.reset();
    adversary::Traffic traffic;
    behaviour_->on_time(now().monotonic, traffic);
    if (!life_ || paused_) traffic = {};
    carry(traffic);
  });
}

}  // namespace pbft::sim
