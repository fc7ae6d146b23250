#include "crypto/verified_cache.hpp"

#include <sodium.h>

#include "crypto/sodium.hpp"

namespace pbft::crypto {

VerifiedCache::VerifiedCache(std::size_t generation) : capacity_(generation) {
  ensure_sodium();
  randombytes_buf(key_.data(), key_.bytes.size());
}

Digest VerifiedCache::name_of(BytesView signed_bytes_and_signature) const {
  Digest name;
  crypto_generichash(name.bytes.data(), name.bytes.size(), signed_bytes_and_signature.data(),
                     signed_bytes_and_signature.size(), key_.data(), key_.bytes.size());
  return name;
}

bool VerifiedCache::contains(const Digest& name) {
  const std::lock_guard lock(mutex_);
  if (young_.contains(name)) return true;
  if (!old_.contains(name)) return false;
  insert_locked(name);
  return true;
}

void VerifiedCache::insert(const Digest& name) {
  const std::lock_guard lock(mutex_);
  insert_locked(name);
}

void VerifiedCache::insert_locked(const Digest& name) {
  young_.insert(name);
  if (young_.size() < capacity_) return;
  old_.swap(young_);
  young_.clear();
}

}  // namespace pbft::crypto
