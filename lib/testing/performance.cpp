#include "testing/performance.hpp"

#include <algorithm>
#include <array>
#include <memory>

#include "testing/snapshot.hpp"
#include "testing/thrown.hpp"

namespace pbft::testing {

namespace {

class Performance {
 public:
  Performance(const MachineFactory& make, const Script& script, const Trial& trial, Stage& stage)
      : script_(script), trial_(trial), stage_(stage) {
    enter(trial.environment);
    call("the factory", [&] { machine_ = make(); });
  }

  void go() {
    if (trial_.restore) {
      if (trial_.restore->used || trial_.restore->failing) execute_all();
      if (trial_.restore->failing) return load_parts();
      load(trial_.restore->snapshot, "the snapshot after " + operations(trial_.restore->after));
    }
    const std::uint32_t first = trial_.restore ? trial_.restore->after : 0;
    for (std::uint32_t i = first; i <= script_.size(); ++i) {
      if (std::binary_search(trial_.snapshots.begin(), trial_.snapshots.end(), i)) stage_.saves(i, save(i));
      if (i < script_.size()) step(i);
    }
  }

 private:
  static std::string operations(std::uint32_t count) { return "operation " + std::to_string(count); }

  template <class Call>
  void call(const std::string& what, Call&& call) {
    stage_.begins(what);
    soil_stack(trial_.environment);
    call();
  }

  void step(std::uint32_t i) {
    const Step& step = script_[i];
    if (i < trial_.skip.size() && trial_.skip[i]) return stage_.answers(Outcome::Answer::Kind::skipped, {});
    if (trial_.asks_more) ask(i);
    if (step.call.is_query) {
      std::optional<Bytes> answer;
      call("query() of " + operations(i + 1), [&] { answer = machine_->query(step.client, step.call.body); });
      if (answer) return stage_.answers(Outcome::Answer::Kind::queried, *answer);
    }
    stage_.answers(Outcome::Answer::Kind::executed, execute(i));
  }

  Bytes execute(std::uint32_t i) {
    Bytes result;
    call("execute() of " + operations(i + 1),
         [&] { result = machine_->execute(script_[i].operation(), script_[i].agreed); });
    return result;
  }

  // A machine that does everything there is to do, unseen.
  void execute_all() {
    for (std::uint32_t i = 0; i < script_.size(); ++i) {
      if (script_[i].call.is_query && machine_->query(script_[i].client, script_[i].call.body)) continue;
      execute(i);
    }
  }

  void ask(std::uint32_t i) {
    const Step& step = script_[i];
    call("valid() of " + operations(i + 1), [&] { (void)machine_->valid(step.client, step.call.body); });
    call("query() of " + operations(i + 1), [&] { (void)machine_->query(step.client, step.call.body); });
  }

  Bytes save(std::uint32_t after) {
    Bytes bytes;
    call("save() after " + operations(after), [&] { bytes = saved(*machine_); });
    return bytes;
  }

  void load(const Bytes& snapshot, const std::string& what) {
    Result<void> result;
    call("load() of " + what, [&] {
      BytesReader reader(snapshot, trial_.restore->pieces);
      result = machine_->load(reader);
    });
    if (!result) stage_.fails("gave an error: " + result.error().message);
  }

  // A load of less than the whole may succeed, where nobody can tell; if it fails it has changed nothing.
  void load_parts() {
    const auto end = static_cast<std::uint32_t>(script_.size());
    const Bytes before = save(end);
    const std::size_t whole = trial_.restore->snapshot.size();
    for (const std::size_t size : std::array<std::size_t, 5>{0, 1, whole / 3, whole / 2, whole - 1}) {
      if (size >= whole) continue;
      Result<void> result;
      const std::string what =
          "load() of the first " + std::to_string(size) + " bytes of a snapshot of " + std::to_string(whole);
      call(what, [&] {
        BytesReader reader(BytesView(trial_.restore->snapshot).first(size), false);
        result = machine_->load(reader);
      });
      if (result) {
        load(before, "the last snapshot");
      } else if (save(end) != before) {
        stage_.begins(what);
        return stage_.fails("gave an error, and the state is no longer what it was before");
      }
    }
  }

  const Script& script_;
  const Trial& trial_;
  Stage& stage_;
  std::unique_ptr<StateMachine> machine_;
};

}  // namespace

void perform(const MachineFactory& make, const Script& script, const Trial& trial, Stage& stage) {
  try {
    Performance(make, script, trial, stage).go();
  } catch (...) {
    stage.fails("threw " + describe_thrown());
  }
}

}  // namespace pbft::testing
