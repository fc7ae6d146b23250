#include "adversary/client_behaviour.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <set>
#include <string>
#include <utility>

#include "adversary/forger.hpp"
#include "adversary/pace.hpp"
#include "adversary/spec.hpp"
#include "core/splitmix.hpp"

namespace pbft::adversary {

namespace {

using Letters = std::vector<Letter>;
using ClientBehaviourPtr = std::unique_ptr<ClientBehaviour>;

/// Opens as a client process does, then sends at an even pace what the kind of stream makes.
class Stream : public ClientBehaviour {
 public:
  Stream(double per_second, const FaultyClientSelf& self)
      : self_(self), sealer_(self.crypto, self.limits), random_(self.seed), pace_(per_second) {}

  void on_time(Instant now, Letters& out) final {
    open(now, out);
    for (std::uint64_t due = pace_.due(now); due > 0; --due) make(out);
  }
  Instant next() const final { return pace_.next(); }

 protected:
  virtual void make(Letters& out) = 0;

  std::uint32_t replicas() const { return self_.limits.replicas; }
  RequestNumber next_number() { return RequestNumber{self_.first.value + made_++}; }
  Bytes next_operation() { return self_.operation(operations_++); }
  /// Null if it cannot be encoded.
  core::RequestPtr request(RequestNumber number, RequestNumber lowest_unanswered) {
    return sealer_.seal(
        {self_.id, core::RequestKind::operations, lowest_unanswered, number, {{next_operation(), false}}});
  }
  template <class Condition>
  void send(const core::RequestPtr& request, Letters& out, Condition is_for) const {
    if (!request) return;
    const core::MessagePtr message = share(core::RequestMessage{request, 0});
    for (std::uint32_t id = 0; id < replicas(); ++id) {
      if (is_for(ReplicaId{id})) out.push_back({ReplicaId{id}, message, nullptr});
    }
  }
  void send(const core::RequestPtr& request, Letters& out) const {
    send(request, out, [](ReplicaId) { return true; });
  }

  const FaultyClientSelf self_;
  const wire::Sealer sealer_;
  core::Random random_;

 private:
  /// Three times within the first seconds, in case that links are not up yet.
  void open(Instant now, Letters& out) {
    const RequestNumber incarnation{self_.first.value - 1};
    if (incarnation.value == 0 || opens_ == 3 || now < next_open_) return;
    ++opens_;
    next_open_ = now + std::chrono::seconds(1);
    send(sealer_.seal({self_.id, core::RequestKind::open, incarnation, incarnation, {}}), out);
  }

  Pace pace_;
  std::uint64_t made_ = 0, operations_ = 0;
  int opens_ = 0;
  Instant next_open_{};
};

/// Two operations under each number, one for each half of the replicas.
class Conflict : public Stream {
 public:
  using Stream::Stream;

 private:
  void make(Letters& out) override {
    const RequestNumber number = next_number();
    send(request(number, number), out, [](ReplicaId to) { return to.value % 2 == 0; });
    send(request(number, number), out, [](ReplicaId to) { return to.value % 2 == 1; });
  }
};

/// Numbers ahead in the window and far above it, long settled, nought, and the highest there is.
class Jump : public Stream {
 public:
  using Stream::Stream;

 private:
  void make(Letters& out) override {
    constexpr std::uint64_t highest = std::numeric_limits<std::uint64_t>::max();
    const std::uint64_t here = next_number().value;
    const std::array<std::uint64_t, 7> numbers{here,
                                               here + random_.below(self_.limits.agreed.client_window),
                                               here + self_.limits.agreed.client_window + random_.below(1000),
                                               here + (highest - here) / 2,
                                               highest - random_.below(2),
                                               random_.below(here + 1),
                                               0};
    const RequestNumber number{numbers[random_.below(numbers.size())]};
    const RequestNumber lowest{random_.chance(0.8) ? std::min(here, number.value)
                                                   : numbers[random_.below(numbers.size())]};
    send(request(number, lowest), out);
  }
};

/// One request, again and again, to everybody.
class Storm : public Stream {
 public:
  using Stream::Stream;

 private:
  void make(Letters& out) override {
    if (!request_) request_ = request(self_.first, self_.first);
    send(request_, out);
  }
  core::RequestPtr request_;
};

/// What is right, to some replicas alone.
class Subset : public Stream {
 public:
  Subset(double per_second, std::set<ReplicaId> to, const FaultyClientSelf& self)
      : Stream(per_second, self), to_(std::move(to)) {
    if (to_.empty()) to_.insert(ReplicaId{replicas() - 1});
  }

 private:
  void make(Letters& out) override {
    const RequestNumber number = next_number();
    send(request(number, number), out, [this](ReplicaId to) { return to_.contains(to); });
  }
  std::set<ReplicaId> to_;
};

/// Requests with a MAC for each replica, of which some, drawn anew each time, are wrong.
class BadTags : public Stream {
 public:
  using Stream::Stream;

 private:
  void make(Letters& out) override {
    const RequestNumber number = next_number();
    const auto request = std::const_pointer_cast<core::Request>(sealer_.seal_with_tags(
        {self_.id, core::RequestKind::operations, number, number, {{next_operation(), false}}}));
    if (!request) return;  // it is nobody else's yet
    for (core::Tag& tag : request->tags) {
      if (random_.chance(0.5)) tag.bytes[0] ^= 1;
    }
    send(request, out);
  }
};

/// Bytes that are no request, signed as one.
class Garbage : public Stream {
 public:
  using Stream::Stream;

 private:
  void make(Letters& out) override {
    auto request = std::make_shared<core::Request>();
    request->client = self_.id;
    request->payload.resize(1 + random_.below(300));
    for (std::uint8_t& byte : request->payload) byte = static_cast<std::uint8_t>(random_.next());
    request->signature = self_.crypto.sign(core::Statement::request, request->payload);
    send(request, out);
  }
};

class Idle : public ClientBehaviour {
 public:
  void on_time(Instant, Letters&) override {}
  Instant next() const override { return Instant::max(); }
};

class Chorus : public ClientBehaviour {
 public:
  explicit Chorus(std::vector<ClientBehaviourPtr> members) : members_(std::move(members)) {}
  void on_time(Instant now, Letters& out) override {
    for (const ClientBehaviourPtr& member : members_) member->on_time(now, out);
  }
  Instant next() const override {
    Instant earliest = Instant::max();
    for (const ClientBehaviourPtr& member : members_) earliest = std::min(earliest, member->next());
    return earliest;
  }

 private:
  const std::vector<ClientBehaviourPtr> members_;
};

struct Entry {
  const char* name;
  Kind kind;
  ClientBehaviourPtr (*make)(Arguments& arguments, const FaultyClientSelf& self);
};

template <class Kind>
ClientBehaviourPtr stream(double per_second, const FaultyClientSelf& self) {
  return std::make_unique<Kind>(per_second, self);
}

constexpr std::array entries{
    Entry{"idle",
          {"idle", "sends nothing"},
          [](Arguments&, const FaultyClientSelf&) -> ClientBehaviourPtr { return std::make_unique<Idle>(); }},
    Entry{
        "conflict",
        {"conflict[(100/s)]", "two operations under one number, each to half of the replicas"},
        [](Arguments& a, const FaultyClientSelf& self) { return stream<Conflict>(a.per_second(100), self); }},
    Entry{"jump",
          {"jump[(100/s)]", "numbers that jump: far ahead, back, nought, the highest there is"},
          [](Arguments& a, const FaultyClientSelf& self) { return stream<Jump>(a.per_second(100), self); }},
    Entry{"storm",
          {"storm[(1000/s)]", "one request again and again, to everybody"},
          [](Arguments& a, const FaultyClientSelf& self) { return stream<Storm>(a.per_second(1000), self); }},
    Entry{"subset",
          {"subset[(100/s 2 3)]", "correct requests, to these replicas alone"},
          [](Arguments& a, const FaultyClientSelf& self) -> ClientBehaviourPtr {
            const double rate = a.is_rate_next() ? a.per_second(100) : 100;
            return std::make_unique<Subset>(rate, a.replicas(self.limits.replicas), self);
          }},
    Entry{
        "bad-tags",
        {"bad-tags[(100/s)]", "requests whose MACs are right for some replicas and wrong for others"},
        [](Arguments& a, const FaultyClientSelf& self) { return stream<BadTags>(a.per_second(100), self); }},
    Entry{
        "garbage",
        {"garbage[(100/s)]", "bytes that are no request, properly signed"},
        [](Arguments& a, const FaultyClientSelf& self) { return stream<Garbage>(a.per_second(100), self); }},
};

Result<ClientBehaviourPtr> make(const Term& term, const FaultyClientSelf& self) {
  const auto* const entry = std::find_if(entries.begin(), entries.end(),
                                         [&](const Entry& candidate) { return candidate.name == term.name; });
  if (entry == entries.end()) {
    std::vector<std::string> names;
    for (const Entry& known : entries) names.emplace_back(known.name);
    return Error{ErrorCode::invalid_argument, "there is no behaviour of clients \"" + term.name +
                                                  "\"; there are " + list_of(names) + ", joined with \"+\""};
  }
  Arguments arguments(term);
  ClientBehaviourPtr made = entry->make(arguments, self);
  if (Result<void> finished = arguments.finish(); !finished) {
    return Error{ErrorCode::invalid_argument,
                 finished.error().message + "; write it as " + entry->kind.usage};
  }
  return made;
}

}  // namespace

Result<ClientBehaviourPtr> make_client_behaviour(std::string_view spec, const FaultyClientSelf& self) {
  Result<std::vector<Term>> terms = parse(spec);
  if (!terms) return terms.error();
  std::vector<ClientBehaviourPtr> members;
  for (const Term& term : *terms) {
    Result<ClientBehaviourPtr> made = make(term, self);
    if (!made) return made.error();
    members.push_back(*std::move(made));
  }
  return ClientBehaviourPtr(std::make_unique<Chorus>(std::move(members)));
}

std::vector<Kind> client_behaviours() {
  std::vector<Kind> kinds;
  for (const Entry& entry : entries) kinds.push_back(entry.kind);
  return kinds;
}

}  // namespace pbft::adversary
