#include "micro/member.hpp"

#include <algorithm>
#include <utility>

#include "core/check.hpp"

namespace pbft::bench {

Pipe::Pipe(std::uint8_t key, const wire::DecodeLimits& limits, net::ReadScratch& scratch)
    : sealing_(std::array<std::uint8_t, 32>{key}),
      outbox_(std::size_t{1} << 30),
      inbox_(crypto::CipherState(std::array<std::uint8_t, 32>{key}), limits.max_frame_bytes(), scratch) {}

void Pipe::seal() {
  while (!outbox_.empty()) outbox_.seal_next(sealing_, wire_);
  sealed_ = true;
}

void Pipe::arrive_at(core::Instant when) {
  if (std::exchange(sealed_, false)) arrives_ = when;
}

void Pipe::receive(const net::Inbox::Sink& sink) {
  arriving_.swap(wire_);  // what the receiver answers is for its next turn
  for (BytesView left = arriving_; !left.empty();) {
    const std::span<std::uint8_t> room = inbox_.room();
    const std::size_t size = std::min(room.size(), left.size());
    std::copy_n(left.begin(), size, room.begin());
    left = left.subspan(size);
    PBFT_CHECK(inbox_.received(size, sink) == net::Inbox::Verdict::ok);
  }
  arriving_.clear();
}

core::Now World::tick() {
  now.monotonic += Duration(1);
  ++now.wall.unix_us;
  return now;
}

Pipe& World::pipe(const core::Identity& from, const core::Identity& to) {
  auto& made = pipes[{from, to}];
  if (!made) made = std::make_unique<Pipe>(static_cast<std::uint8_t>(pipes.size()), limits, scratch);
  return *made;
}

bool Member::turn() {
  bool anything = false;
  for (auto& [ends, pipe] : world_.pipes) {
    if (ends.second != self_ || !pipe->is_under_way() || pipe->arrives() > world_.now.monotonic) continue;
    anything = true;
    // Frames are handled after the record that brought them, so that neither stage holds the other.
    std::vector<Bytes> frames;
    world_.meter.run<Stage::link_open>([&] {
      pipe->receive([&frames](BytesView frame) {
        frames.emplace_back(frame.begin(), frame.end());
        return true;
      });
    });
    for (const Bytes& frame : frames) on_frame(ends.first, frame);
  }
  end_turn();
  for (auto& [ends, pipe] : world_.pipes) {
    if (ends.first != self_ || !pipe->has_queued()) continue;
    anything = true;
    world_.meter.run<Stage::link_seal>([&] { pipe->seal(); });
  }
  return anything;
}

Bytes Member::encode(const core::Message& message) {
  return world_.meter.run<Stage::encode>([&] { return wire::encode(message); });
}

std::variant<core::Message, core::Rejection> Member::decode(BytesView frame) {
  return world_.meter.run<Stage::decode>([&] { return wire::decode(frame, world_.limits, crypto_); });
}

void Member::send(const core::Identity& to, BytesView frame, net::Priority priority) {
  Pipe& pipe = world_.pipe(self_, to);
  world_.meter.run<Stage::link_seal>([&] { pipe.send(frame, priority); });
}

}  // namespace pbft::bench
