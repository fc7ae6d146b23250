#include <doctest/doctest.h>
#include <sodium.h>

#include "crypto/sodium.hpp"
#include "testing.hpp"

using namespace pbft;
using namespace pbft::crypto;
using namespace pbft::testing;

TEST_CASE("keys: the public key of a seed is that of RFC 8032, 7.1, test 1") {
  const auto seed = array_from_hex<32>("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
  CHECK(to_text(SecretKey::from_seed(seed).public_key()) ==
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
}

TEST_CASE("keys: generated keys differ and are strong") {
  const SecretKey one = SecretKey::generate(), other = SecretKey::generate();
  CHECK(one.seed() != other.seed());
  CHECK(is_strong(one.public_key()));
}

TEST_CASE("keys: text and key stand for each other") {
  const PublicKey key = secret_key(1).public_key();
  CHECK(public_key_from_text(to_text(key)).value() == key);
  std::string upper = to_text(key);
  for (char& digit : upper) digit = static_cast<char>(std::toupper(digit));
  CHECK(public_key_from_text(upper).value() == key);
}

TEST_CASE("keys: what is wrong with a key's text is named") {
  const std::string good = to_text(secret_key(1).public_key());
  const auto message = [](const std::string& text) { return public_key_from_text(text).error().message; };
  CHECK(message("") == "a public key is 64 hexadecimal digits, not 0 characters");
  CHECK(message(good + "0") == "a public key is 64 hexadecimal digits, not 65 characters");
  CHECK(message("g" + good.substr(1)) == "character 1 is not a hexadecimal digit");
  CHECK(message(good.substr(0, 63) + " ") == "character 64 is not a hexadecimal digit");
  CHECK(message(std::string(64, '0')) == "not a sound Ed25519 public key: make one with `pbft keygen`");
  CHECK(public_key_from_text("").error().code == ErrorCode::invalid_argument);
}

TEST_CASE("keys: secret and public key have X25519 images that belong together") {
  const SecretKey key = secret_key(1);
  X25519Public image;
  crypto_scalarmult_base(image.data(), x25519_of(key).data());
  CHECK(x25519_of(key.public_key()) == image);
  CHECK_FALSE(x25519_of(PublicKey{}));
}

TEST_CASE("hash: BLAKE2b-256 of domain, 0 and bytes, as another implementation has it") {
  CHECK(to_hex(hash("request", to_bytes("abc")).bytes) ==
        "387354032256db5cf52cca25c6c1ee84917264c2c831fcd54ab522e7d55585f1");
  CHECK(to_hex(hash("", {}).bytes) == "03170a2e7597b7b7e3d84c05391d139a62b157e78786d8c082f29dcf4c111314");
}

TEST_CASE("hash: what stands in the domain cannot stand in the bytes") {
  CHECK(hash("a", to_bytes("bc")) != hash("ab", to_bytes("c")));
  CHECK(breaks_an_invariant([] { hash(std::string_view("a\0b", 3), {}); }));
}
