#include "crypto/cipher_state.hpp"

#include <doctest/doctest.h>
#include <sodium.h>

#include <limits>
#include <utility>

#include "testing.hpp"

using namespace pbft;
using namespace pbft::crypto;
using namespace pbft::testing;

namespace {

constexpr std::array<std::uint8_t, 32> key = {1, 2, 3};
const Bytes plaintext = to_bytes("plaintext");

Bytes sealed(CipherState& cipher) {
  Bytes out;
  cipher.seal(plaintext, out);
  return out;
}

bool opens(CipherState& cipher, BytesView ciphertext) {
  Bytes out;
  return cipher.open(ciphertext, out) && out == plaintext;
}

/// What a sender that does not stop before the last nonce would send.
Bytes sealed_with_last_nonce(const std::array<std::uint8_t, 32>& any_key) {
  const std::array<std::uint8_t, 12> nonce = {0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
  Bytes out(plaintext.size() + CipherState::tag_bytes);
  crypto_aead_chacha20poly1305_ietf_encrypt(out.data(), nullptr, plaintext.data(), plaintext.size(), nullptr,
                                            0, nullptr, nonce.data(), any_key.data());
  return out;
}

}  // namespace

TEST_CASE("cipher: a record opens once, and only in its turn") {
  CipherState sender(key), receiver(key);
  const Bytes first = sealed(sender), second = sealed(sender);
  CHECK(first != second);
  CHECK_FALSE(opens(receiver, second));
  CHECK(opens(receiver, first));
  CHECK_FALSE(opens(receiver, first));
  CHECK(opens(receiver, second));
}

TEST_CASE("cipher: a record with a byte changed, cut short or grown does not open") {
  CipherState sender(key), receiver(key);
  const Bytes genuine = sealed(sender);
  for (std::size_t at = 0; at < genuine.size(); ++at) {
    Bytes spoilt = genuine;
    spoilt[at] ^= 0x10;
    CHECK_FALSE(opens(receiver, spoilt));
    CHECK_FALSE(opens(receiver, BytesView(genuine).first(at)));
  }
  Bytes grown = genuine;
  grown.push_back(0);
  CHECK_FALSE(opens(receiver, grown));
  CHECK(opens(receiver, genuine));
}

TEST_CASE("cipher: output is appended, and left alone by what does not open") {
  CipherState sender(key), receiver(key);
  Bytes out = to_bytes("before");
  sender.seal({}, out);
  CHECK(out.size() == 6 + CipherState::tag_bytes);
  CHECK(to_text(BytesView(out).first(6)) == "before");

  const Bytes record(out.begin() + 6, out.end());
  Bytes text = to_bytes("kept");
  CHECK_FALSE(receiver.open(Bytes(record.size() + 10), text));
  CHECK(to_text(text) == "kept");
  CHECK(receiver.open(record, text));
  CHECK(to_text(text) == "kept");
}

TEST_CASE("cipher: associated data is part of what is genuine") {
  CipherState sender(key), receiver(key);
  Bytes record, text;
  sender.seal(plaintext, record, to_bytes("here"));
  CHECK_FALSE(receiver.open(record, text));
  CHECK_FALSE(receiver.open(record, text, to_bytes("there")));
  CHECK(receiver.open(record, text, to_bytes("here")));
}

TEST_CASE("cipher: the last nonce is never used") {
  constexpr std::uint64_t last_record = std::numeric_limits<std::uint64_t>::max() - 1;
  CipherState sender(key, last_record), receiver(key, last_record);
  CHECK(opens(receiver, sealed(sender)));
  CHECK(sender.is_exhausted());
  CHECK(receiver.is_exhausted());
  CHECK_FALSE(opens(receiver, sealed_with_last_nonce(key)));
  CHECK(breaks_an_invariant([&] { sealed(sender); }));
}

TEST_CASE("cipher: all eight bytes of the counter reach the nonce") {
  for (int bit = 0; bit < 64; ++bit) {
    CipherState sender(key, std::uint64_t{1} << bit), receiver(key);
    CHECK_FALSE(opens(receiver, sealed(sender)));
  }
}

TEST_CASE("cipher: one without a key, or whose key was moved on, works no more") {
  CipherState unset;
  CHECK_FALSE(opens(unset, sealed_with_last_nonce({})));
  CHECK(breaks_an_invariant([&] { sealed(unset); }));

  CipherState sender(key);
  CipherState heir = std::move(sender);
  CHECK(sender.is_exhausted());  // NOLINT(bugprone-use-after-move): what this test is about
  CipherState receiver(key);
  CHECK(opens(receiver, sealed(heir)));
  unset = std::move(heir);
  CHECK(heir.is_exhausted());  // NOLINT(bugprone-use-after-move)
  CHECK(opens(receiver, sealed(unset)));
}
