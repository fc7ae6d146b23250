#include "sim/rogue_client.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/check.hpp"

namespace pbft::sim {

RogueClient::RogueClient(const World& world, ClientId id, const core::Crypto& crypto,
                         std::string_view behaviour, std::uint64_t seed)
    : world_(world), id_(id) {
  adversary::FaultyClientSelf self{id, crypto, world.mail.limits(), seed, RequestNumber{1}, nullptr};
  self.operation = [id](std::uint64_t i) {
    return to_bytes("rogue" + std::to_string(id.value) + "-" + std::to_string(i));
  };
  auto made = adversary::make_client_behaviour(behaviour, self);
  PBFT_CHECK(made.has_value());
  behaviour_ = *std::move(made);
  wake();
}

void RogueClient::on_time() {
  std::vector<adversary::Letter> letters;
  behaviour_->on_time(monotonic_start + world_.scheduler.now(), letters);
  for (const adversary::Letter& letter : letters) {
    world_.network.send(id_, letter.to, letter.message, false);
  }
  wake();
}

void RogueClient::wake() {
  if (behaviour_->next() == Instant::max()) return;
  world_.scheduler.at(behaviour_->next() - monotonic_start, EventKind::timer, [this] { on_time(); });
}

}  // namespace pbft::sim
