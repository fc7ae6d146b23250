// How a link begins, as a function of bytes: no socket, no clock. What travels:
//
//   caller   hello     "PBFTcall", role, lowest and highest version, first 8 bytes of the cluster id     21
//   bytes
//            Noise IK message 1, empty payload                                                           96
//            bytes
//   callee   answer    "PBFTansw", 0 or Refusal, lowest and highest version                              13
//   bytes
//            if 0: Noise IK message 2 (version chosen, genesis digest)                                   82
//            bytes
//   caller   confirm   the first record: genesis digest                                                  50
//   bytes
//
// Prologue: protocol name, cluster id, both roles, the hello as sent (so nobody can talk the two into an
// older version). Anybody who has recorded message 1 can send it again: it carries nothing and nothing
// follows from it. The link is up for the callee when the confirm opens, which needs the secrets of this very
// handshake.
#pragma once

#include <optional>
#include <utility>

#include "crypto/noise.hpp"
#include "net/links.hpp"
#include "net/refusal.hpp"

namespace pbft::net {

enum class Role : std::uint8_t { replica = 0, client = 1 };
Role role_of(const Peer& peer);

inline constexpr std::size_t hello_bytes = 8 + 1 + 4 + 8;
inline constexpr std::size_t first_bytes = crypto::NoiseIK::first_overhead;
inline constexpr std::size_t answer_bytes = 8 + 1 + 4;
inline constexpr std::size_t second_bytes = crypto::NoiseIK::second_overhead + 2 + 32;
inline constexpr std::size_t confirm_bytes = 2 + 32 + crypto::CipherState::tag_bytes;
/// The longest of the above: what an unauthenticated connection may make us keep.
inline constexpr std::size_t max_step_bytes = first_bytes;

/// The side that dials. Call in this order: first_flight, on_answer, on_second, confirm.
class Caller {
 public:
  /// `config` outlives this object.
  Caller(const LinksConfig& config, const crypto::X25519Public& callee);
  Bytes first_flight();  ///< Hello and message 1.
  std::optional<Refusal> on_answer(BytesView answer);
  /// other_genesis: confirm all the same, so that the callee learns it too; then leave.
  std::optional<Refusal> on_second(BytesView message);
  Bytes confirm();
  crypto::NoiseKeys take_keys() { return std::move(keys_); }  ///< After confirm.

 private:
  const LinksConfig& config_;
  Bytes hello_;
  crypto::NoiseIK noise_;
  crypto::NoiseKeys keys_;
};

/// The side that listens. Call in this order: on_hello, on_first, accept, on_confirm; refuse instead of any.
class Callee {
 public:
  /// `config` outlives this object.
  explicit Callee(const LinksConfig& config) : config_(config) {}
  std::optional<Refusal> on_hello(BytesView hello);
  std::optional<Refusal> on_first(BytesView message);
  Role caller_role() const { return caller_role_; }  ///< After on_hello; only claimed.
  const crypto::X25519Public& caller() const {
    return noise_->remote_static();
  }  ///< After on_first; proven later.
  Bytes accept();  ///< Answer and message 2.
  /// wrong_key: not genuine.
  std::optional<Refusal> on_confirm(BytesView record);
  crypto::NoiseKeys take_keys() { return std::move(keys_); }  ///< After on_confirm.
  Bytes refuse(Refusal reason) const;

 private:
  const LinksConfig& config_;
  Role caller_role_{};
  std::uint16_t version_ = 0;
  std::optional<crypto::NoiseIK> noise_;
  crypto::NoiseKeys keys_;
};

}  // namespace pbft::net
