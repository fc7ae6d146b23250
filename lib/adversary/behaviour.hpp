// Byzantine behaviours: what a faulty replica makes of what its honest core says and hears. The same code
// runs in the simulator and in a real process; whoever applies it carries the messages and keeps the time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "core/io.hpp"
#include "pbft/result.hpp"
#include "wire/codec.hpp"

namespace pbft::adversary {

using core::Instant;
using Node = core::Identity;

/// What leaves: a message, or bytes that may be no message at all.
struct Letter {
  Node to;
  core::MessagePtr message;            ///< Null: `frame` leaves instead.
  std::shared_ptr<const Bytes> frame;  ///< Null if `message` is not.
};
/// What the honest core is to hear.
struct Heard {
  Node from;
  core::AuthenticMessage message;
};
struct Traffic {
  std::vector<Letter> out;
  std::vector<Heard> in;
};

/// One way to misbehave. Unless overridden, everything passes. Deterministic: the same calls, the same
/// traffic.
class Behaviour {
 public:
  virtual ~Behaviour() = default;
  /// The core wants this to leave; what is appended to `traffic` happens instead.
  virtual void on_send(Instant, Letter letter, Traffic& traffic) { traffic.out.push_back(std::move(letter)); }
  /// This has arrived; what is appended to `traffic` happens instead.
  virtual void on_receive(Instant, Heard heard, Traffic& traffic) { traffic.in.push_back(std::move(heard)); }
  /// Time has passed: appends what was held until now, and what it says unasked. A call too early does
  /// nothing.
  virtual void on_time(Instant, Traffic&) {}
  /// When on_time() is to be called; asked again after every call.
  virtual std::optional<Instant> next() const { return std::nullopt; }
};

/// Who misbehaves.
struct Self {
  ReplicaId id;
  const core::Crypto& crypto;  ///< Signs as `id`; outlives the behaviour.
  wire::DecodeLimits limits;
  std::uint64_t seed = 1;  ///< Of all that it leaves to chance.
};

/// Of a text such as "mute", "slow(10ms)", "drop(20%)+no-reply": several are joined with "+", what one lets
/// pass goes through the next. Error::message names what is wrong, and the remedy: for an unknown name the
/// known ones.
Result<std::unique_ptr<Behaviour>> make_behaviour(std::string_view spec, const Self& self);

/// One name that make_behaviour() knows, for a help text.
struct Kind {
  const char* usage;    ///< "slow(10ms)"; what stands in brackets may be left out: "mute[(1 2)]".
  const char* summary;  ///< "a primary that delays each proposal"
};
std::vector<Kind> behaviours();

}  // namespace pbft::adversary
