// Requests and a stand-in for cryptography, for tests of what clients ask and are answered.
#pragma once

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "core/client.hpp"
#include "core/images.hpp"

namespace pbft::core::test {

/// Digests by mixing alone: equal for equal input and unequal for all input that a test thinks of.
class TestCrypto : public Crypto {
 public:
  Digest hash(std::string_view domain, BytesView bytes) const override {
    Digest digest;
    for (std::uint64_t lane = 0; lane < 4; ++lane) {
      std::uint64_t state = 0x9e3779b97f4a7c15U * (lane + 1);
      auto mix = [&state](std::uint64_t octet) {
        state = (state ^ octet) * 0xff51afd7ed558ccdU;
        state ^= state >> 32;
      };
      for (char c : domain) mix(static_cast<std::uint8_t>(c));
      mix(256);
      for (std::uint8_t octet : bytes) mix(octet);
      for (std::size_t i = 0; i < 8; ++i)
        digest.bytes[lane * 8 + i] = static_cast<std::uint8_t>(state >> (8 * i));
    }
    return digest;
  }
  Signature sign(Statement, BytesView) const override { return {}; }
  bool verify(Statement, const Identity&, BytesView, const Signature&) const override { return true; }
};

inline const TestCrypto& crypto() {
  static const TestCrypto instance;
  return instance;
}

class TestSealer : public RequestSealer {
 public:
  RequestPtr seal(const RequestDraft& draft) const override {
    Bytes payload;
    auto append = [&payload](std::uint64_t value) {
      for (int shift = 0; shift < 64; shift += 8)
        payload.push_back(static_cast<std::uint8_t>(value >> shift));
    };
    append(draft.client.value);
    append(static_cast<std::uint64_t>(draft.kind));
    append(draft.lowest_unanswered.value);
    append(draft.first.value);
    std::vector<std::size_t> offsets;
    for (const RequestDraft::Item& item : draft.items) {
      append(item.body.size());
      append(item.read_only ? 1 : 0);
      offsets.push_back(payload.size());
      payload.insert(payload.end(), item.body.begin(), item.body.end());
    }
    auto request = std::make_shared<Request>();
    request->client = draft.client;
    request->kind = draft.kind;
    request->lowest_unanswered = draft.lowest_unanswered;
    request->first = draft.first;
    request->payload = std::move(payload);
    for (std::size_t i = 0; i < offsets.size(); ++i) {
      const BytesView body = BytesView(request->payload).subspan(offsets[i], draft.items[i].body.size());
      request->items.push_back({body, draft.items[i].read_only});
    }
    request->digest = request_digest(crypto(), request->payload);
    return request;
  }
  RequestPtr seal_with_tags(const RequestDraft& draft) const override {
    return copy_of(*seal(draft), Proof::tags);
  }
  RequestPtr sign(const Request& request) const override { return copy_of(request, Proof::signature); }

 private:
  static RequestPtr copy_of(const Request& request, Proof proof) {
    auto copy = std::make_shared<Request>();
    copy->client = request.client;
    copy->kind = request.kind;
    copy->lowest_unanswered = request.lowest_unanswered;
    copy->first = request.first;
    copy->payload = request.payload;
    for (const Request::Item& item : request.items) {
      const auto offset = static_cast<std::size_t>(item.body.data() - request.payload.data());
      copy->items.push_back({BytesView(copy->payload).subspan(offset, item.body.size()), item.read_only});
    }
    copy->digest = request.digest;
    copy->proof = proof;
    return copy;
  }
};

inline const TestSealer& sealer() {
  static const TestSealer instance;
  return instance;
}

/// Operations `bodies` under the numbers from `first` on.
inline RequestPtr operations(std::uint64_t client, std::uint64_t lowest_unanswered, std::uint64_t first,
                             std::vector<std::string> bodies) {
  RequestDraft draft{
      ClientId{client}, RequestKind::operations, RequestNumber{lowest_unanswered}, RequestNumber{first}, {}};
  for (const std::string& body : bodies) draft.items.push_back({to_bytes(body), false});
  return sealer().seal(draft);
}

inline RequestPtr open(std::uint64_t client, std::uint64_t incarnation) {
  return sealer().seal(
      {ClientId{client}, RequestKind::open, RequestNumber{incarnation}, RequestNumber{incarnation}, {}});
}

/// splitmix64.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
  }
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }
  bool one_in(std::uint64_t bound) { return below(bound) == 0; }

 private:
  std::uint64_t state_;
};

}  // namespace pbft::core::test
