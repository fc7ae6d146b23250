// Simulated links between replicas and clients: delays, losses, duplicates, partitions, and rules that single
// out messages. Links keep no order: a delay is drawn for each message.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <list>
#include <set>
#include <type_traits>
#include <utility>
#include <vector>

#include "sim/frame.hpp"
#include "sim/random.hpp"
#include "sim/scheduler.hpp"
#include "sim/trace.hpp"

namespace pbft::sim {

using Node = core::Identity;

constexpr Node as_node(int replica) { return ReplicaId{static_cast<std::uint32_t>(replica)}; }
constexpr Node as_node(Node node) { return node; }

/// The member of core::Message that carries a T: T itself, or a pointer to one.
template <class T>
struct Carried {
  static const T* in(const core::Message& message) { return std::get_if<T>(&message); }
  static core::Message wrap(T value) { return value; }
};
template <>
struct Carried<core::ViewChange> {
  static const core::ViewChange* in(const core::Message& message) {
    auto* pointer = std::get_if<core::ViewChangePtr>(&message);
    return pointer ? pointer->get() : nullptr;
  }
  static core::Message wrap(core::ViewChange value) {
    return std::make_shared<const core::ViewChange>(std::move(value));
  }
};
template <>
struct Carried<core::NewView> {
  static const core::NewView* in(const core::Message& message) {
    auto* pointer = std::get_if<core::NewViewPtr>(&message);
    return pointer ? pointer->get() : nullptr;
  }
  static core::Message wrap(core::NewView value) {
    return std::make_shared<const core::NewView>(std::move(value));
  }
};

/// What happens to the messages that it matches. Narrow it with from(), to(), only(); it holds until
/// Network::lift() or heal().
class Rule {
 public:
  enum class Action : std::uint8_t { drop, hold, delay, alter };
  using Match = std::function<bool(const core::Message&)>;
  using Alter = std::function<core::MessagePtr(const core::Message&)>;

  Rule(Action action, Match match) : action_(action), match_(std::move(match)) {}
  template <class... Nodes>
  Rule& from(Nodes... nodes) {
    (from_.insert(as_node(nodes)), ...);
    return *this;
  }
  template <class... Nodes>
  Rule& to(Nodes... nodes) {
    (to_.insert(as_node(nodes)), ...);
    return *this;
  }
  /// Matches `count` messages, then nothing more.
  Rule& only(std::size_t count) {
    left_ = count;
    return *this;
  }
  /// Messages matched so far.
  std::size_t hits() const { return hits_; }

 private:
  friend class Network;
  bool applies(const Node& from, const Node& to, const core::Message& message) const {
    return left_ > 0 && (from_.empty() || from_.contains(from)) && (to_.empty() || to_.contains(to)) &&
           match_(message);
  }

  Action action_;
  Match match_;
  Duration extra_{};
  Alter alter_;
  std::set<Node> from_, to_;
  std::size_t left_ = std::numeric_limits<std::size_t>::max();
  std::size_t hits_ = 0;
};

struct LinkQuality {
  Duration delay_min = ms(1), delay_max = ms(1);
  double loss = 0;         ///< Probability that a message disappears.
  double duplication = 0;  ///< Probability that it comes twice.
};

class Network {
 public:
  using Deliver = std::function<void(const Node& from, const Node& to, const FramePtr& frame)>;

  Network(Scheduler& scheduler, Trace& trace, const Mail& mail, Random random)
      : scheduler_(scheduler), trace_(trace), mail_(mail), random_(random) {}
  void deliver_with(Deliver deliver) { deliver_ = std::move(deliver); }

  // ---- The weather --------------------------------------------------------------------------------------
  LinkQuality quality;
  /// One way: nothing that `from` sends reaches `to`.
  void cut(const Node& from, const Node& to) { cut_.emplace(from, to); }
  /// Both ways between the replicas of `group` and all replicas outside.
  void isolate(const std::set<ReplicaId>& group, std::uint32_t replicas);
  void mend() { cut_.clear(); }
  /// No rules, no cuts, no losses, delays of a millisecond; what was held is delivered.
  void heal();

  // ---- Rules: the latest that matches decides; alterations and delays add up
  // -------------------------------
  template <class T>
  Rule& drop() {
    return add(Rule(Rule::Action::drop, is<T>()));
  }
  Rule& drop() { return add(Rule(Rule::Action::drop, everything)); }
  template <class T>
  Rule& drop_if(std::function<bool(const T&)> condition) {
    return add(Rule(Rule::Action::drop, is<T>(std::move(condition))));
  }
  /// Keeps the messages until release() or heal().
  template <class T>
  Rule& hold() {
    return add(Rule(Rule::Action::hold, is<T>()));
  }
  Rule& hold() { return add(Rule(Rule::Action::hold, everything)); }
  template <class T>
  Rule& delay(Duration extra) {
    Rule& rule = add(Rule(Rule::Action::delay, is<T>()));
    rule.extra_ = extra;
    return rule;
  }
  /// The receiver sees what `change` made of it. Signatures stay as they were unless `change` renews them.
  template <class T>
  Rule& alter(std::function<void(T&)> change) {
    Rule& rule = add(Rule(Rule::Action::alter, is<T>()));
    rule.alter_ = [change = std::move(change)](const core::Message& message) {
      T copy = *Carried<T>::in(message);
      change(copy);
      return std::make_shared<const core::Message>(Carried<T>::wrap(std::move(copy)));
    };
    return rule;
  }
  /// Shows what is sent to `look`, and changes nothing.
  template <class T>
  Rule& watch(std::function<void(const T&)> look) {
    return add(Rule(Rule::Action::drop, is<T>([look = std::move(look)](const T& message) {
                      look(message);
                      return false;
                    })));
  }
  void lift(Rule& rule);
  /// Delivers what was held, in the order in which it was sent.
  void release();

  // ---- Traffic ------------------------------------------------------------------------------------------
  void send(const Node& from, const Node& to, const core::MessagePtr& message, bool genuine);
  /// Arrives after the usual delay as if `from` had sent it, past all rules and losses.
  void inject(const Node& from, const Node& to, core::Message message);
  void inject_bytes(const Node& from, const Node& to, Bytes frame);
  std::uint64_t sent() const { return sent_; }

 private:
  struct Held {
    Node from, to;
    core::MessagePtr message;
    bool genuine;
  };
  static bool everything(const core::Message&) { return true; }
  template <class T>
  static Rule::Match is(std::function<bool(const T&)> condition = nullptr) {
    return [condition = std::move(condition)](const core::Message& message) {
      const T* found = Carried<T>::in(message);
      return found && (!condition || condition(*found));
    };
  }
  Rule& add(Rule rule) { return rules_.emplace_front(std::move(rule)); }
  const FramePtr& seal(const core::MessagePtr& message, bool genuine);
  void carry(const Node& from, const Node& to, const FramePtr& frame, Duration extra);

  Scheduler& scheduler_;
  Trace& trace_;
  const Mail& mail_;
  Random random_;
  Deliver deliver_;
  std::list<Rule> rules_;
  std::set<std::pair<Node, Node>> cut_;
  std::vector<Held> held_;
  std::uint64_t sent_ = 0;
  core::MessagePtr sealed_message_;  // a broadcast is encoded once
  FramePtr sealed_;
};

}  // namespace pbft::sim
