#include "testing/trial.hpp"

#include <unistd.h>
#include <cstring>

#include "testing/performance.hpp"

namespace pbft::testing {

namespace {

using Answer = Outcome::Answer;

// What a child says, one byte each.
enum Say : std::uint8_t {
  doing = 'd',
  executed = 'e',
  queried = 'q',
  skipped = 's',
  snapshot = 't',
  failed = 'f'
};

std::string text_of_exit(const Nursery::Exit& exit) {
  if (exit.signal == 0) return "ended the process with exit code " + std::to_string(exit.code);
  const char* name = strsignal(exit.signal);  // NOLINT(concurrency-mt-unsafe): one thread asks
  return "ended the process by signal " + std::to_string(exit.signal) +
         (name ? std::string(", ") + name : "");
}

/// Reports to the parent what the performance does.
class Reporter : public Stage {
 public:
  explicit Reporter(Channel& parent) : parent_(parent) {}
  void begins(const std::string& call) override { say(doing, view_of(call)); }
  void answers(Answer::Kind kind, BytesView bytes) override {
    say(kind == Answer::Kind::executed ? executed : kind == Answer::Kind::queried ? queried : skipped, bytes);
  }
  void saves(std::uint32_t after, BytesView bytes) override {
    Bytes both(4);
    std::memcpy(both.data(), &after, 4);
    both.insert(both.end(), bytes.begin(), bytes.end());
    say(snapshot, both);
  }
  void fails(const std::string& how) override { say(failed, view_of(how)); }

 private:
  void say(std::uint8_t kind, BytesView bytes) {
    if (!parent_.send(kind, bytes)) _exit(1);  // nobody listens
  }
  Channel& parent_;
};

// ---- A trial as bytes, on its way to the process that runs it --------------------------------------------

class Writer {
 public:
  void number(std::uint64_t value) {
    for (int i = 0; i < 8; ++i) bytes.push_back(static_cast<std::uint8_t>(value >> 8 * i));
  }
  Bytes bytes;
};

class Reader {
 public:
  explicit Reader(BytesView bytes) : left_(bytes) {}
  std::uint64_t number() {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < 8; ++i) value |= std::uint64_t{left_[i]} << 8 * i;
    left_ = left_.subspan(8);
    return value;
  }
  bool flag() { return number() != 0; }
  Bytes rest() const { return Bytes(left_.begin(), left_.end()); }

 private:
  BytesView left_;
};

Bytes encode(const Trial& trial) {
  Writer to;
  const Environment& around = trial.environment;
  for (const bool flag : {around.other_time, around.other_seeds, around.other_memory, around.other_locale,
                          around.other_rounding, trial.asks_more, trial.restore.has_value()}) {
    to.number(flag);
  }
  to.number(trial.snapshots.size());
  for (const std::uint32_t moment : trial.snapshots) to.number(moment);
  to.number(trial.skip.size());
  for (const bool skipped : trial.skip) to.number(skipped);
  if (trial.restore) {
    to.number(trial.restore->after);
    to.number(trial.restore->used);
    to.number(trial.restore->pieces);
    to.number(trial.restore->failing);
    to.bytes.insert(to.bytes.end(), trial.restore->snapshot.begin(), trial.restore->snapshot.end());
  }
  return std::move(to.bytes);
}

Trial decode(BytesView bytes) {
  Reader from(bytes);
  Trial trial;
  Environment& around = trial.environment;
  for (bool* flag : {&around.other_time, &around.other_seeds, &around.other_memory, &around.other_locale,
                     &around.other_rounding, &trial.asks_more}) {
    *flag = from.flag();
  }
  const bool restores = from.flag();
  trial.snapshots.resize(from.number());
  for (std::uint32_t& moment : trial.snapshots) moment = static_cast<std::uint32_t>(from.number());
  trial.skip.resize(from.number());
  for (std::size_t i = 0; i < trial.skip.size(); ++i) trial.skip[i] = from.flag();
  if (restores) {
    Trial::Restore& restore = *(trial.restore = Trial::Restore());
    restore.after = static_cast<std::uint32_t>(from.number());
    restore.used = from.flag();
    restore.pieces = from.flag();
    restore.failing = from.flag();
    restore.snapshot = from.rest();
  }
  return trial;
}

}  // namespace

Trials::Trials(const MachineFactory& make, const Script& script)
    : nursery_([&make, &script](BytesView task, Channel& parent) {
        Reporter reporter(parent);
        perform(make, script, decode(task), reporter);
        reporter.begins("");
      }) {}

Outcome Trials::run(const Trial& trial) {
  Outcome outcome;
  outcome.first = trial.restore ? trial.restore->after : 0;
  std::string last = "the factory";
  bool ended = false;
  const auto hear = [&](std::uint8_t kind, BytesView bytes) {
    switch (kind) {
      case doing:
        last = to_text(bytes);
        ended = last.empty();
        break;
      case executed:
        outcome.answers.push_back({Answer::Kind::executed, Bytes(bytes.begin(), bytes.end())});
        break;
      case queried:
        outcome.answers.push_back({Answer::Kind::queried, Bytes(bytes.begin(), bytes.end())});
        break;
      case skipped:
        outcome.answers.push_back({});
        break;
      case snapshot: {
        std::uint32_t after = 0;
        std::memcpy(&after, bytes.data(), 4);
        outcome.snapshots[after] = Bytes(bytes.begin() + 4, bytes.end());
        break;
      }
      case failed:
        if (outcome.failure.empty()) outcome.failure = last + " " + to_text(bytes);
        break;
      default:
        break;
    }
  };
  const Nursery::Exit exit = nursery_.raise(encode(trial), hear);
  if (outcome.failure.empty() && !ended) outcome.failure = last + " " + text_of_exit(exit);
  return outcome;
}

}  // namespace pbft::testing
