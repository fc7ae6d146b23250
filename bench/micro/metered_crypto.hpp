// Real cryptography whose share of a run is measured apart from who calls it.
#pragma once

#include "core/crypto.hpp"
#include "micro/meter.hpp"

namespace pbft::bench {

class MeteredCrypto : public core::Crypto {
 public:
  /// Both outlive it.
  MeteredCrypto(const core::Crypto& crypto, Meter& meter) : crypto_(crypto), meter_(meter) {}
  Digest hash(std::string_view domain, BytesView bytes) const override {
    return meter_.run<Stage::hash>([&] { return crypto_.hash(domain, bytes); });
  }
  core::Signature sign(core::Statement statement, BytesView image) const override {
    return meter_.run<Stage::sign>([&] { return crypto_.sign(statement, image); });
  }
  bool verify(core::Statement statement, const core::Identity& signer, BytesView image,
              const core::Signature& signature) const override {
    return meter_.run<Stage::verify>([&] { return crypto_.verify(statement, signer, image, signature); });
  }

 private:
  const core::Crypto& crypto_;
  Meter& meter_;
};

}  // namespace pbft::bench
