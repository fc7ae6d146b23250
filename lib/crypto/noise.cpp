#include "crypto/noise.hpp"

#include <sodium.h>

#include <algorithm>

#include "core/check.hpp"
#include "crypto/sodium.hpp"

namespace pbft::crypto {

namespace {

constexpr std::size_t sealed_static_bytes = x25519_bytes + CipherState::tag_bytes;

X25519Public public_of(const X25519Secret& secret) {
  X25519Public image;
  crypto_scalarmult_base(image.data(), secret.data());
  return image;
}

X25519Secret random_secret() {
  X25519Secret secret;
  randombytes_buf(secret.data(), secret.bytes.size());
  return secret;
}

X25519Public take_public(BytesView& message) {
  X25519Public taken;
  std::copy_n(message.begin(), taken.size(), taken.begin());
  message = message.subspan(taken.size());
  return taken;
}

}  // namespace

NoiseIK NoiseIK::initiator(BytesView prologue, const X25519Secret& own_static,
                           const X25519Public& remote_static) {
  ensure_sodium();
  NoiseIK side(Step::write_first, prologue, own_static, remote_static);
  side.remote_static_ = remote_static;
  return side;
}

NoiseIK NoiseIK::responder(BytesView prologue, const X25519Secret& own_static) {
  ensure_sodium();
  return NoiseIK(Step::read_first, prologue, own_static, public_of(own_static));
}

NoiseIK::NoiseIK(Step step, BytesView prologue, const X25519Secret& own_static,
                 const X25519Public& responder_static)
    : step_(step),
      is_initiator_(step == Step::write_first),
      symmetric_("Noise_IK_25519_ChaChaPoly_BLAKE2b"),
      own_static_(own_static),
      own_static_public_(public_of(own_static)) {
  symmetric_.mix_hash(prologue);
  symmetric_.mix_hash(responder_static);  // pre-message: <- s
}

/// False if the shared secret is all zeros: the remote point has small order (RFC 7748, 6.1).
bool NoiseIK::mix_shared(const X25519Secret& own, const X25519Public& remote) {
  Wiped<crypto_scalarmult_BYTES> shared;
  if (crypto_scalarmult(shared.data(), own.data(), remote.data()) != 0) return false;
  symmetric_.mix_key(shared);
  return true;
}

Bytes NoiseIK::write_ephemeral(std::size_t overhead, BytesView payload) {
  PBFT_CHECK(payload.size() <= max_message_bytes - overhead);
  if (!ephemeral_) ephemeral_ = random_secret();
  const X25519Public image = public_of(*ephemeral_);
  symmetric_.mix_hash(image);
  Bytes message;
  message.reserve(overhead + payload.size());
  message.assign(image.begin(), image.end());
  return message;
}

Bytes NoiseIK::write_first(BytesView payload) {
  PBFT_CHECK(step_ == Step::write_first);
  step_ = Step::read_second;
  Bytes message = write_ephemeral(first_overhead, payload);  // e
  PBFT_CHECK(mix_shared(*ephemeral_, remote_static_));       // es
  symmetric_.encrypt_and_hash(own_static_public_, message);  // s
  PBFT_CHECK(mix_shared(own_static_, remote_static_));       // ss
  symmetric_.encrypt_and_hash(payload, message);
  return message;
}

std::optional<Bytes> NoiseIK::read_first(BytesView message) {
  if (!begin_read(message, Step::read_first, first_overhead)) return std::nullopt;
  const X25519Public remote_ephemeral = take_public(message);  // e
  symmetric_.mix_hash(remote_ephemeral);
  if (!mix_shared(own_static_, remote_ephemeral)) return std::nullopt;  // es
  Bytes opened;
  if (!symmetric_.decrypt_and_hash(message.first(sealed_static_bytes), opened)) return std::nullopt;  // s
  X25519Public caller;
  std::copy_n(opened.begin(), caller.size(), caller.begin());
  if (!mix_shared(own_static_, caller)) return std::nullopt;  // ss
  opened.clear();
  if (!symmetric_.decrypt_and_hash(message.subspan(sealed_static_bytes), opened)) return std::nullopt;
  remote_ephemeral_ = remote_ephemeral;
  remote_static_ = caller;
  step_ = Step::write_second;
  return opened;
}

Bytes NoiseIK::write_second(BytesView payload) {
  PBFT_CHECK(step_ == Step::write_second);
  step_ = Step::split;
  Bytes message = write_ephemeral(second_overhead, payload);  // e
  // Both points were of use to read_first, so their order is large and no product with them is zero.
  PBFT_CHECK(mix_shared(*ephemeral_, remote_ephemeral_));  // ee
  PBFT_CHECK(mix_shared(*ephemeral_, remote_static_));     // se
  symmetric_.encrypt_and_hash(payload, message);
  return message;
}

std::optional<Bytes> NoiseIK::read_second(BytesView message) {
  if (!begin_read(message, Step::read_second, second_overhead)) return std::nullopt;
  const X25519Public remote_ephemeral = take_public(message);  // e
  symmetric_.mix_hash(remote_ephemeral);
  if (!mix_shared(*ephemeral_, remote_ephemeral)) return std::nullopt;  // ee
  if (!mix_shared(own_static_, remote_ephemeral)) return std::nullopt;  // se
  Bytes payload;
  if (!symmetric_.decrypt_and_hash(message, payload)) return std::nullopt;
  step_ = Step::split;
  return payload;
}

/// A read that does not come to its end leaves the handshake failed.
bool NoiseIK::begin_read(BytesView message, Step expected, std::size_t overhead) {
  PBFT_CHECK(step_ == expected || step_ == Step::failed);
  if (step_ == Step::failed) return false;
  step_ = Step::failed;
  return message.size() >= overhead && message.size() <= max_message_bytes;
}

NoiseKeys NoiseIK::split() {
  PBFT_CHECK(step_ == Step::split);
  step_ = Step::over;
  auto [initiator_sends, responder_sends] = symmetric_.split();
  NoiseKeys keys;
  keys.send = std::move(is_initiator_ ? initiator_sends : responder_sends);
  keys.receive = std::move(is_initiator_ ? responder_sends : initiator_sends);
  keys.handshake_hash = symmetric_.handshake_hash();
  return keys;
}

}  // namespace pbft::crypto
