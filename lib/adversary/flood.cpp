// Behaviours that cost the others work.
#include <cstring>
#include <utility>

#include "adversary/forger.hpp"
#include "adversary/kinds.hpp"
#include "adversary/pace.hpp"
#include "adversary/watch.hpp"
#include "core/splitmix.hpp"

namespace pbft::adversary {

namespace {

constexpr std::size_t junk_bytes = 4096;

/// Frames of the right form on the link that are no messages: noise, and what we have said with bits turned.
class JunkFlood : public Behaviour {
 public:
  JunkFlood(double megabytes_per_second, const Self& self)
      : self_(self.id),
        replicas_(self.limits.replicas),
        random_(self.seed),
        pace_(megabytes_per_second * 1e6 / junk_bytes) {}

  void on_send(Instant, Letter letter, Traffic& traffic) override {
    if (letter.message) last_said_ = letter.message;
    traffic.out.push_back(std::move(letter));
  }
  void on_time(Instant now, Traffic& traffic) override {
    for (std::uint64_t due = pace_.due(now); due > 0; --due) {
      const auto frame = std::make_shared<const Bytes>(random_.chance(0.5) ? noise() : spoilt());
      for (std::uint32_t id = 0; id < replicas_; ++id) {
        if (id != self_.value) traffic.out.push_back({ReplicaId{id}, nullptr, frame});
      }
    }
  }
  std::optional<Instant> next() const override { return pace_.next(); }

 private:
  Bytes noise() {
    Bytes frame(junk_bytes);
    for (std::size_t at = 0; at < frame.size(); at += sizeof(std::uint64_t)) {
      const std::uint64_t word = random_.next();
      std::memcpy(frame.data() + at, &word, sizeof word);
    }
    return frame;
  }
  Bytes spoilt() {
    Bytes frame = last_said_ ? wire::encode(*last_said_) : noise();
    if (frame.size() > junk_bytes) frame.resize(junk_bytes);
    for (int i = 0; i < 8; ++i) {
      const auto bit = static_cast<std::uint8_t>(1U << random_.below(8));
      std::uint8_t& byte = frame[random_.below(frame.size())];
      byte = static_cast<std::uint8_t>(byte ^ bit);
    }
    frame.resize(junk_bytes);  // the rate is one of bytes
    return frame;
  }

  const ReplicaId self_;
  const std::uint32_t replicas_;
  core::Random random_;
  Pace pace_;
  core::MessagePtr last_said_;
};

/// Messages that every check of form and signature passes, and that help nobody.
class ValidFlood : public Behaviour {
 public:
  ValidFlood(double per_second, const Self& self)
      : self_(self.id),
        limits_(self.limits),
        forger_(self.id, self.crypto),
        random_(self.seed),
        pace_(per_second) {}

  void on_send(Instant, Letter letter, Traffic& traffic) override {
    if (letter.message) watch_.on_send(*letter.message);
    traffic.out.push_back(std::move(letter));
  }
  void on_time(Instant now, Traffic& traffic) override {
    for (std::uint64_t due = pace_.due(now); due > 0; --due) {
      broadcast(share(useless()), self_, limits_.replicas, traffic.out);
    }
  }
  std::optional<Instant> next() const override { return pace_.next(); }

 private:
  core::Message useless() {
    switch (random_.below(7)) {
      case 0:
        return forger_.prepare(header());
      case 1:
        return forger_.commit(header());
      case 2:
        return forger_.checkpoint(far(limits_.agreed.checkpoint_interval), digest());
      case 3:  // it lacks everything: what is resent is the others' work
        return core::Status{watch_.view, watch_.view, true, false, {}, {}, 0, {}, {}};
      case 4:
        return core::FetchBody{far(1), digest()};
      case 5:
        return core::FetchViewChange{self_, digest()};
      default:
        return core::FetchState{watch_.stable.seq, {digest()}};
    }
  }
  core::BatchHeader header() { return {View{watch_.view.value + random_.below(3)}, far(1), digest()}; }
  /// Mostly in the window, at times far above it.
  SeqNum far(std::uint64_t multiple_of) {
    const std::uint64_t ahead =
        random_.chance(0.8) ? random_.below(2 * limits_.agreed.window()) : random_.next() >> 2;
    return SeqNum{(watch_.seq.value + ahead) / multiple_of * multiple_of};
  }
  Digest digest() {
    Digest digest;
    const std::uint64_t word = random_.next();
    std::memcpy(digest.bytes.data(), &word, sizeof word);
    return digest;
  }

  const ReplicaId self_;
  const wire::DecodeLimits limits_;
  const Forger forger_;
  core::Random random_;
  Pace pace_;
  Watch watch_;
};

}  // namespace

BehaviourPtr junk_flood(double megabytes_per_second, const Self& self) {
  return std::make_unique<JunkFlood>(megabytes_per_second, self);
}
BehaviourPtr valid_flood(double per_second, const Self& self) {
  return std::make_unique<ValidFlood>(per_second, self);
}

}  // namespace pbft::adversary
