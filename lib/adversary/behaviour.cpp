// Names and what they stand for.
#include "adversary/behaviour.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <string>
#include <utility>

#include "adversary/kinds.hpp"
#include "adversary/spec.hpp"
#include "core/quorum.hpp"
#include "core/splitmix.hpp"

namespace pbft::adversary {

namespace {

struct Entry {
  const char* name;
  Kind kind;
  BehaviourPtr (*make)(Arguments& arguments, const Self& self);
};

constexpr auto default_delay = std::chrono::milliseconds(10);

constexpr std::array entries{
    Entry{"honest",
          {"honest", "does what is right"},
          [](Arguments&, const Self&) { return std::make_unique<Behaviour>(); }},
    Entry{"mute",
          {"mute[(1 2)]", "says nothing, or nothing to these replicas"},
          [](Arguments& a, const Self& self) { return mute(a.replicas(self.limits.replicas)); }},
    Entry{"partition",
          {"partition[(1 2)]", "says and hears nothing, or nothing of these replicas"},
          [](Arguments& a, const Self& self) { return partition(a.replicas(self.limits.replicas)); }},
    Entry{"drop",
          {"drop[(20%)]", "leaves out this share of what it would send"},
          [](Arguments& a, const Self& self) { return drop(a.share(0.2), self.seed); }},
    Entry{"delay",
          {"delay[(10ms)]", "sends everything so much later"},
          [](Arguments& a, const Self&) { return delay(a.duration(default_delay)); }},
    Entry{"slow",
          {"slow[(10ms)]", "as primary, proposes so much later"},
          [](Arguments& a, const Self& self) { return slow(a.duration(default_delay), self); }},
    Entry{"equivocate",
          {"equivocate[(1 2)]", "shows these replicas another history in all that it signs, or each its own"},
          [](Arguments& a, const Self& self) { return equivocate(a.replicas(self.limits.replicas), self); }},
    Entry{"bad-signature",
          {"bad-signature", "signs so that nothing verifies"},
          [](Arguments&, const Self& self) { return bad_signature(self.id); }},
    Entry{
        "withhold-body",
        {"withhold-body[(1 2)]", "proposes without the batch, and does not hand it out"},
        [](Arguments& a, const Self& self) { return withhold_body(a.replicas(self.limits.replicas), self); }},
    Entry{"starve",
          {"starve(client 2)", "as primary, never orders this client's requests"},
          [](Arguments& a, const Self&) { return starve(a.client()); }},
    Entry{"selective",
          {"selective(client 1[ 100ms])",
           "as primary, orders only this client's requests, or the others' so much later"},
          [](Arguments& a, const Self&) {
            const ClientId client = a.client();
            return selective(client, a.duration(Duration{}));
          }},
    Entry{"wrong-reply",
          {"wrong-reply", "gives clients wrong results"},
          [](Arguments&, const Self&) { return wrong_reply(); }},
    Entry{"no-reply",
          {"no-reply", "gives clients no results"},
          [](Arguments&, const Self&) { return no_reply(); }},
    Entry{"stale-view",
          {"stale-view[(20/s)]", "asks for view changes without end, and claims old and far views"},
          [](Arguments& a, const Self& self) { return stale_view(a.per_second(20), self); }},
    Entry{"junk-flood",
          {"junk-flood[(1MB/s)]", "sends every replica frames that are no messages"},
          [](Arguments& a, const Self& self) { return junk_flood(a.megabytes_per_second(1), self); }},
    Entry{"valid-flood",
          {"valid-flood[(1000/s)]", "sends every replica useless messages, properly signed"},
          [](Arguments& a, const Self& self) { return valid_flood(a.per_second(1000), self); }},
    Entry{"replay",
          {"replay[(30%)]", "sends anyone what it has once said or heard"},
          [](Arguments& a, const Self& self) { return replay(a.share(0.3), self); }},
    Entry{"mutate",
          {"mutate[(20%)]", "says something else, properly signed, in this share of its messages"},
          [](Arguments& a, const Self& self) { return mutate(a.share(0.2), self); }},
    Entry{"forge",
          {"forge[(50%)]",
           "shows false certificates, checkpoints and NewViews, made of what others have signed"},
          [](Arguments& a, const Self& self) { return forge(a.share(0.5), self); }},
    Entry{"invent",
          {"invent[(30%)]", "as primary, proposes operations that no client has asked for"},
          [](Arguments& a, const Self& self) { return invent(a.share(0.3), self); }},
    Entry{"wrong-time",
          {"wrong-time[(30%)]", "as primary, proposes at times an hour away"},
          [](Arguments& a, const Self& self) { return wrong_time(a.share(0.3), self); }},
    Entry{"eager",
          {"eager", "prepares and commits at once whatever is proposed, also by itself"},
          [](Arguments&, const Self& self) { return eager(self); }},
    Entry{"old-answers",
          {"old-answers", "answers reads with what it has answered before"},
          [](Arguments&, const Self& self) { return old_answers(self); }},
    Entry{"bad-donor",
          {"bad-donor[(50%)]", "serves spoilt blocks of state, or none"},
          [](Arguments& a, const Self& self) { return bad_donor(a.share(0.5), self); }},
};

/// A statement under this replica's own key.
class IsOwn {
 public:
  explicit IsOwn(const Self& self) : self_(self.id), quorums_(self.limits.replicas) {}
  bool operator()(const core::Prepare& m) const { return m.sender == self_; }
  bool operator()(const core::Commit& m) const { return m.sender == self_; }
  bool operator()(const core::Checkpoint& m) const { return m.sender == self_; }
  bool operator()(const core::ViewChangePtr& m) const { return m->sender == self_; }
  bool operator()(const core::PrePrepare& m) const { return quorums_.primary(m.header.view) == self_; }
  bool operator()(const core::NewViewPtr& m) const { return quorums_.primary(m->view) == self_; }
  template <class Other>
  bool operator()(const Other&) const {
    return false;
  }

 private:
  ReplicaId self_;
  core::Quorums quorums_;
};

/// What one lets pass goes through the next. The honest core is not shown what was said in its name behind
/// its back: it would take itself for an old copy, and fall silent.
class Chain : public Behaviour {
 public:
  Chain(std::vector<BehaviourPtr> members, const Self& self) : members_(std::move(members)), is_own_(self) {}

  void on_send(Instant now, Letter letter, Traffic& traffic) override {
    Traffic mine;
    mine.out.push_back(std::move(letter));
    pass(now, 0, std::move(mine), traffic);
  }
  void on_receive(Instant now, Heard heard, Traffic& traffic) override {
    if (std::visit(is_own_, heard.message.get())) return;
    Traffic mine;
    mine.in.push_back(std::move(heard));
    pass(now, 0, std::move(mine), traffic);
  }
  void on_time(Instant now, Traffic& traffic) override {
    for (std::size_t i = 0; i < members_.size(); ++i) {
      Traffic mine;
      members_[i]->on_time(now, mine);
      pass(now, i + 1, std::move(mine), traffic);
    }
  }
  std::optional<Instant> next() const override {
    std::optional<Instant> earliest;
    for (const BehaviourPtr& member : members_) {
      const std::optional<Instant> next = member->next();
      if (next && (!earliest || *next < *earliest)) earliest = next;
    }
    return earliest;
  }

 private:
  void pass(Instant now, std::size_t first, Traffic mine, Traffic& result) {
    for (std::size_t i = first; i < members_.size(); ++i) {
      Traffic passed;
      for (Letter& letter : mine.out) members_[i]->on_send(now, std::move(letter), passed);
      for (Heard& heard : mine.in) members_[i]->on_receive(now, std::move(heard), passed);
      mine = std::move(passed);
    }
    std::move(mine.out.begin(), mine.out.end(), std::back_inserter(result.out));
    std::move(mine.in.begin(), mine.in.end(), std::back_inserter(result.in));
  }

  const std::vector<BehaviourPtr> members_;
  const IsOwn is_own_;
};

Result<BehaviourPtr> make(const Term& term, const Self& self) {
  const auto* const entry = std::find_if(entries.begin(), entries.end(),
                                         [&](const Entry& candidate) { return candidate.name == term.name; });
  if (entry == entries.end()) {
    std::vector<std::string> names;
    for (const Entry& known : entries) names.emplace_back(known.name);
    return Error{ErrorCode::invalid_argument, "there is no behaviour \"" + term.name + "\"; there are " +
                                                  list_of(names) + ", joined with \"+\""};
  }
  Arguments arguments(term);
  BehaviourPtr made = entry->make(arguments, self);
  if (Result<void> finished = arguments.finish(); !finished) {
    return Error{ErrorCode::invalid_argument,
                 finished.error().message + "; write it as " + entry->kind.usage};
  }
  return made;
}

}  // namespace

Result<BehaviourPtr> make_behaviour(std::string_view spec, const Self& self) {
  Result<std::vector<Term>> terms = parse(spec);
  if (!terms) return terms.error();
  std::vector<BehaviourPtr> members;
  core::Random seeds(self.seed);
  for (const Term& term : *terms) {
    Self member = self;
    member.seed = seeds.next();  // what one draws does not shift what another draws
    Result<BehaviourPtr> made = make(term, member);
    if (!made) return made.error();
    members.push_back(*std::move(made));
  }
  return BehaviourPtr(std::make_unique<Chain>(std::move(members), self));
}

std::vector<Kind> behaviours() {
  std::vector<Kind> kinds;
  for (const Entry& entry : entries) kinds.push_back(entry.kind);
  return kinds;
}

}  // namespace pbft::adversary
