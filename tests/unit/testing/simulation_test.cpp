// Services on simulated clusters: a correct one passes under every fault, each sin breaks an invariant by
// name.
#include "pbft/testing/simulation.hpp"

#include <doctest/doctest.h>

#include <atomic>

#include "words.hpp"

using namespace pbft;
using namespace planted;
using testing::Invariant;
using testing::SimulationOptions;
using testing::SimulationReport;

namespace {

template <class Machine>
SimulationReport run(SimulationOptions options = {}) {
  return testing::simulate(make<Machine>, say, options);
}

/// Fails, and names this.
#define CHECK_BREAKS(report, expected, words)                     \
  do {                                                            \
    const SimulationReport& broken = report;                      \
    INFO(testing::to_text(broken));                               \
    REQUIRE(broken.failure);                                      \
    CHECK(broken.failure->invariant == expected);                 \
    CHECK(broken.failure->what.find(words) != std::string::npos); \
  } while (false)

}  // namespace

TEST_CASE("simulation: a correct service passes under all faults, and all of them happen") {
  const SimulationReport report = run<Words>({.seeds = 60});
  INFO(testing::to_text(report));
  CHECK(report.passed());
  CHECK(report.seeds == 60);
  CHECK(report.operations > 1000);
  CHECK(report.reads > 100);
  CHECK(report.view_changes > 0);
  CHECK(report.restarts > 20);
  CHECK(report.state_transfers > 0);
}

TEST_CASE("simulation: without faults nothing is restarted and no view changes") {
  const SimulationReport report = run<Words>({.seeds = 20, .faults = testing::Faults::none()});
  INFO(testing::to_text(report));
  CHECK(report.passed());
  CHECK(report.view_changes == 0);
  CHECK(report.restarts == 0);
}

TEST_CASE("simulation: sizes that are asked for are run") {
  for (const std::uint32_t n : {4u, 7u}) {
    const SimulationReport report =
        run<Words>({.seeds = 3,
                    .replicas = n,
                    .clients = 2,
                    .operations = 10,
                    .checkpoint_interval = 4,
                    .check = [](const testing::Run& run) {
                      CHECK(run.operations.size() >= 5);  // the rest are reads, and perhaps a faulty client's
                      return std::string();
                    }});
    INFO(testing::to_text(report));
    CHECK(report.passed());
  }
}

TEST_CASE("simulation: the same seed is the same run") {
  std::vector<std::string> first, second;
  for (std::vector<std::string>* lines : {&first, &second}) {
    run<Words>({.seed = 5, .seeds = 1, .trace = [&](const std::string& line) { lines->push_back(line); }});
  }
  CHECK(first.size() > 100);
  CHECK(first == second);
}

TEST_CASE("simulation: several threads run the same seeds") {
  const SimulationReport one = run<Words>({.seeds = 12}), many = run<Words>({.seeds = 12, .threads = 3});
  CHECK(many.seeds == 12);
  CHECK(many.operations == one.operations);
  CHECK(many.view_changes == one.view_changes);
}

// ---- Sins
// ---------------------------------------------------------------------------------------------------

namespace {
std::uint64_t made = 0;

/// Each instance counts for itself: as a clock that is a little different on each machine.
class OwnResult : public Words {
 public:
  Bytes execute(const Operation& operation, const Agreed& agreed) override {
    if (counts_.size() < 5) return Words::execute(operation, agreed);
    return to_bytes(std::to_string(number_));
  }

 private:
  std::uint64_t number_ = ++made;
};

class OwnState : public Words {
 public:
  Bytes execute(const Operation& operation, const Agreed& agreed) override {
    if (counts_.size() == 5) counts_["own"] = number_;
    return Words::execute(operation, agreed);
  }

 private:
  int number_ = static_cast<int>(++made);
};

class Forgetful : public Words {
 public:
  Bytes execute(const Operation& operation, const Agreed& agreed) override {
    ++said_;
    Words::execute(operation, agreed);
    return to_bytes(std::to_string(said_));
  }

 private:
  int said_ = 0;  // save() does not know it
};

class Refusing : public Words {
 public:
  Result<void> load(SnapshotReader&) override { return Error{ErrorCode::invalid_argument, "not today"}; }
};

class Merging : public Words {
 public:
  Result<void> load(SnapshotReader& reader) override {
    std::map<std::string, int> counts;
    if (!parse(read_all(reader), counts)) return Error{ErrorCode::invalid_argument, "no list of words"};
    counts["word0"] += 1;
    counts_ = std::move(counts);
    return {};
  }
};

class Thrower : public Words {
 public:
  Bytes execute(const Operation& operation, const Agreed& agreed) override {
    if (clean(operation.body) == "word7") throw std::runtime_error("seven");
    return Words::execute(operation, agreed);
  }
};

/// Wrong, but everywhere alike.
class OffByOne : public Words {
 public:
  Bytes execute(const Operation& operation, const Agreed& agreed) override {
    Words::execute(operation, agreed);
    const std::string word = clean(operation.body);
    if (word == "word7" && counts_[word] == 2) ++counts_[word];
    return to_bytes(word + " " + std::to_string(counts_[word]));
  }
};

/// Answers reads from what it was before the last operation, unless it is alone.
class Stale : public Words {
 public:
  Bytes execute(const Operation& operation, const Agreed& agreed) override {
    old_ = total_++;
    return Words::execute(operation, agreed);
  }
  std::optional<Bytes> query(ClientId, BytesView) const override {
    return to_bytes(std::to_string(is_alone_ ? total_ : old_));
  }
  void save(SnapshotWriter& writer) const override {
    writer.write(Bytes{static_cast<std::uint8_t>(total_), static_cast<std::uint8_t>(old_)});
    Words::save(writer);
  }
  Result<void> load(SnapshotReader& reader) override {
    std::array<std::uint8_t, 2> head{};
    for (std::size_t at = 0; at < 2;) at += reader.read(std::span(head).subspan(at));
    total_ = head[0];
    old_ = head[1];
    return Words::load(reader);
  }
  void be_alone() { is_alone_ = true; }

 private:
  int total_ = 0, old_ = 0;
  bool is_alone_ = false;
};
}  // namespace

TEST_CASE("simulation: replicas with results of their own break agreement, and the operation is named") {
  const SimulationReport report = run<OwnResult>();
  CHECK_BREAKS(report, Invariant::agreement, "another result than the others for \"word");
  CHECK(!report.failure->repeats);  // it is never the same
  CHECK(testing::to_text(report).find("check_determinism() says why") != std::string::npos);
}

TEST_CASE("simulation: replicas with states of their own break agreement at a checkpoint") {
  CHECK_BREAKS(run<OwnState>(), Invariant::agreement, "differ");
}

TEST_CASE("simulation: what a snapshot leaves out shows when a replica restarts") {
  const SimulationReport report = run<Forgetful>();
  REQUIRE(report.failure);
  CHECK(report.failure->invariant == Invariant::agreement);
  CHECK(report.failure->repeats);
}

TEST_CASE("simulation: a load that refuses what was saved breaks the contract") {
  CHECK_BREAKS(run<Refusing>(), Invariant::contract, "load() refuses what save() wrote: not today");
}

TEST_CASE("simulation: a load after which another state is saved breaks the contract") {
  CHECK_BREAKS(run<Merging>(), Invariant::contract, "save() writes another one, from byte");
}

TEST_CASE("simulation: an exception breaks the contract, and the operation is named") {
  CHECK_BREAKS(run<Thrower>(), Invariant::contract, "execute() of \"word7\" of client");
}

TEST_CASE("simulation: a service that is wrong everywhere alike is found by a model") {
  CHECK(run<OffByOne>({.seeds = 20}).passed());  // against itself
  const SimulationReport report = run<OffByOne>({.model = make<Words>});
  CHECK_BREAKS(report, Invariant::results, "gave \"word7 3\" in the cluster and gives \"word7 2\" alone");
}

TEST_CASE("simulation: a read that shows an old state is found by a model that shows the newest") {
  const auto right = [] {
    auto alone = std::make_unique<Stale>();
    alone->be_alone();
    return alone;
  };
  CHECK(run<Stale>({.seeds = 10}).passed());  // old, but alike, and as a machine alone would answer
  CHECK_BREAKS(run<Stale>({.operations = 60, .faults = testing::Faults::none(), .model = right}),
               Invariant::reads, "which is what it should show after none of the operations");
}

TEST_CASE("simulation: what the user's own check says is the failure") {
  const SimulationReport report = run<Words>(
      {.seeds = 5, .check = [](const testing::Run& run) { return run.seed == 3 ? "I do not like 3" : ""; }});
  CHECK_BREAKS(report, Invariant::check, "I do not like 3");
  CHECK(report.failure->seed == 3);
  CHECK(report.failure->repeats);
  CHECK(report.failure->trace.size() == 40);
  CHECK(report.seeds == 3);
}

TEST_CASE("simulation: with several threads it is still the lowest failing seed that is reported") {
  const SimulationReport report =
      run<Words>({.seeds = 30, .threads = 4, .check = [](const testing::Run& run) {
                    return run.seed >= 9 ? "too high" : "";
                  }});
  REQUIRE(report.failure);
  CHECK(report.failure->seed == 9);
}

TEST_CASE("simulation: what a check throws reaches the caller") {
  for (const unsigned threads : {1u, 3u}) {
    CHECK_THROWS_AS(
        run<Words>({.threads = threads, .check = [](const testing::Run&) -> std::string { throw 7; }}), int);
  }
}

TEST_CASE("simulation: wrong arguments are refused with the argument's name, and nothing runs") {
  const auto refused = [](const testing::MachineFactory& factory, const testing::Workload& workload,
                          SimulationOptions options) {
    const SimulationReport report = testing::simulate(factory, workload, options);
    CHECK(!report.passed());
    CHECK(report.seeds == 0);
    return report.refused;
  };
  CHECK(refused(nullptr, say, {}).starts_with("the factory is empty"));
  CHECK(refused([] { return nullptr; }, say, {}).starts_with("the factory returned null"));
  CHECK(refused(make<Words>, nullptr, {}).starts_with("the workload is empty"));
  CHECK(refused(make<Words>, say, {.replicas = 3}) ==
        "options.replicas is 3: from 4 to 64, as n >= 3f+1 with f >= 1; 0: drawn");
  CHECK(refused(make<Words>, say, {.seeds = 0}).starts_with("options.seeds is 0"));
  CHECK(refused(make<Words>, say, {.threads = 0}).starts_with("options.threads is 0"));
  CHECK(refused(make<Words>, say, {.model = [] { return nullptr; }}) == "options.model returned null");
  std::uint64_t number = 0;
  const auto unequal = [&]() -> std::unique_ptr<StateMachine> {
    auto words = std::make_unique<Words>();
    if (++number % 2 == 0) words->execute({ClientId{1}, RequestNumber{1}, view_of("early")}, {});
    return words;
  };
  CHECK(refused(unequal, say, {}).find("all replicas must begin alike") != std::string::npos);
}
