#include "fuzz/core/play.hpp"
#include "fuzz/script.hpp"
#include "fuzz/seeds.hpp"

namespace pbft::fuzz {

namespace {

using Step = Play::Step;

// The first choices of a play.
constexpr unsigned seven = 3, tags = 4, disks = 8, progress = 16, calm = 32;

class PlayScript : public Script {
 public:
  PlayScript(unsigned flags, unsigned first_faulty) { octet(flags).octet(first_faulty); }

  PlayScript& flow(unsigned messages = 64) { return step(Step::flow, {messages - 1}); }
  PlayScript& ask(unsigned client = 0, unsigned what = 0) { return step(Step::ask, {client, what}); }
  PlayScript& wait(unsigned time) { return step(Step::wait, {time}); }
  PlayScript& silence(unsigned node, unsigned from) { return step(Step::silence, {node, from}); }
  PlayScript& restart(unsigned how, unsigned replica) { return step(Step::restart, {how, replica}); }
  PlayScript& cut(unsigned one, unsigned other) { return step(Step::cut, {one, other}); }
  /// The `by`th of the faulty says something of this kind to all.
  PlayScript& invent(unsigned kind, std::initializer_list<unsigned> choices = {}) {
    step(Step::invent, {0, 255, 1, kind});
    octets(choices);
    return *this;
  }
  PlayScript& step(Step step, std::initializer_list<unsigned> choices) {
    octet(static_cast<std::size_t>(step));
    octets(choices);
    return *this;
  }
  PlayScript& batch() { return ask().flow().flow(); }
};

constexpr unsigned ms_1 = 0, ms_100 = 4, ms_300 = 5, ms_1000 = 6;

void add_honest(const AddSeed& add) {
  PlayScript usual(calm | progress, 3);
  for (int i = 0; i < 6; ++i) usual.batch();
  add("core", "usual", usual);

  PlayScript on_disks(calm | progress | disks, 3);
  on_disks.batch().batch().restart(0, 1).batch().restart(1, 2).flow().batch().wait(ms_100).flow();
  add("core", "restarts", on_disks);

  PlayScript with_tags(calm | progress | tags, 2);
  with_tags.ask().ask(1, 8).ask(0, 3).flow().flow().flow().ask(1, 7).flow().flow();
  add("core", "tags-and-reads", with_tags);

  PlayScript view_change(calm | progress, 0);
  view_change.ask()
      .flow(4)
      .silence(0, 1)
      .wait(ms_300)
      .silence(0, 1)
      .flow()
      .silence(0, 1)
      .flow()
      .wait(ms_300)
      .flow();
  add("core", "silent-primary", view_change);

  PlayScript large(calm | progress | seven, 0);
  large.batch().ask().flow().silence(0, 1).wait(ms_1000).flow().flow().flow();
  add("core", "seven", large);

  PlayScript links(calm | progress, 1);
  links.cut(0, 1).batch().cut(2, 0).wait(ms_300).flow().cut(0, 1).batch();
  add("core", "links", links);
}

/// Each kind of message once, as the first choices make it, by a primary and by a backup.
void add_inventions(const AddSeed& add) {
  for (unsigned kind = 0; kind < 20; ++kind) {
    PlayScript script(calm | (kind % 2 == 0 ? progress : 0) | (kind % 3 == 0 ? disks : 0), kind % 4);
    script.batch().batch().ask().flow(8);
    script.invent(kind, {1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0});
    script.flow().wait(ms_100).flow();
    script.invent(kind, {2, 1, 3, 1, 0, 1, 0, 1, 0, 1, 0, 0});
    script.flow().wait(ms_1).batch();
    add("core", "kind-" + std::to_string(kind), script);
  }
}

}  // namespace

void add_core_seeds(const AddSeed& add) {
  add_honest(add);
  add_inventions(add);
  PlayScript odd(calm | progress, 3);
  odd.batch().step(Step::ask_oddly, {15, 0, 1, 1, 1, 0, 0, 0}).flow();
  odd.step(Step::ask_oddly, {15, 0, 1, 9, 0, 9, 1, 0, 0, 0, 0}).flow().flow();
  odd.step(Step::replay, {0, 15}).wide(3);
  odd.step(Step::junk, {0, 0}).piece(view_of("not a message"));
  odd.flow().batch();
  add("core", "odd-client", odd);
}

}  // namespace pbft::fuzz
