// What a replica and a client of the one-threaded cluster have in common: keys, time, links.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "core/io.hpp"
#include "micro/metered_crypto.hpp"
#include "net/inbox.hpp"
#include "net/outbox.hpp"
#include "wire/codec.hpp"

namespace pbft::bench {

/// One direction of a link, from the sender's queue to the receiver's frames, without the socket between.
class Pipe {
 public:
  Pipe(std::uint8_t key, const wire::DecodeLimits& limits, net::ReadScratch& scratch);
  void send(BytesView frame, net::Priority priority) { outbox_.push(frame, priority); }
  bool has_queued() const { return !outbox_.empty(); }
  void seal();  ///< All that is queued.
  /// What was sealed since the last call arrives then, and what was sealed before not earlier.
  void arrive_at(core::Instant when);
  bool is_under_way() const { return !wire_.empty(); }
  core::Instant arrives() const { return arrives_; }
  /// What was sealed, opened, frame by frame.
  void receive(const net::Inbox::Sink& sink);

 private:
  crypto::CipherState sealing_;
  net::Outbox outbox_;
  net::Inbox inbox_;
  Bytes wire_, arriving_;
  core::Instant arrives_{};
  bool sealed_ = false;
};

/// What all members share.
struct World {
  std::uint32_t replicas = 4;
  wire::DecodeLimits limits;
  Meter meter{};
  net::ReadScratch scratch{};
  core::Now now{std::chrono::hours(1), Timestamp{1'700'000'000'000'000}};
  std::map<std::pair<core::Identity, core::Identity>, std::unique_ptr<Pipe>> pipes{};  ///< From, to.

  /// What is never sent, as if it were lost to all.
  std::function<bool(const core::Message&)> is_lost = [](const core::Message&) { return false; };

  /// A microsecond goes by with each input.
  core::Now tick();
  Pipe& pipe(const core::Identity& from, const core::Identity& to);
};

class Member {
 public:
  Member(World& world, core::Identity self, const core::Crypto& crypto)
      : world_(world), self_(self), crypto_(crypto, world.meter), sealer_(crypto_, world.limits) {}
  virtual ~Member() = default;
  Member(const Member&) = delete;
  Member& operator=(const Member&) = delete;

  virtual void start() = 0;
  /// As a turn of the loop: handles what has arrived, then seals what is to leave. False: there was nothing.
  bool turn();
  const core::Identity& self() const { return self_; }

 protected:
  virtual void on_frame(const core::Identity& from, BytesView frame) = 0;
  virtual void end_turn() {}
  Bytes encode(const core::Message& message);
  std::variant<core::Message, core::Rejection> decode(BytesView frame);
  void send(const core::Identity& to, BytesView frame, net::Priority priority = net::Priority::normal);

  World& world_;
  const core::Identity self_;
  const MeteredCrypto crypto_;
  const wire::Sealer sealer_;
};

}  // namespace pbft::bench
