// Each machine here has one sin of those that replicas die of; each is found, and named.
#include "pbft/testing/determinism.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <random>
#include <set>
#include <sstream>
#include <unordered_map>

#include "words.hpp"

using namespace pbft;
using namespace planted;
using testing::Cause;
using testing::DeterminismReport;
using testing::Difference;

namespace {

template <class Machine>
DeterminismReport check(testing::DeterminismOptions options = {}) {
  return testing::check_determinism(make<Machine>, say, options);
}

std::vector<Cause> causes(const DeterminismReport& report) {
  std::vector<Cause> found;
  for (const Difference& difference : report.differences) found.push_back(difference.cause);
  return found;
}

#define CHECK_NAMES(report, ...)                              \
  do {                                                        \
    INFO(testing::to_text(report));                           \
    CHECK(causes(report) == std::vector<Cause>{__VA_ARGS__}); \
  } while (false)

bool explains(const DeterminismReport& report, const std::string& words) {
  return testing::to_text(report).find(words) != std::string::npos;
}

/// Says something more in each result.
class Talkative : public Words {
 public:
  Bytes execute(const Operation& operation, const Agreed& agreed) override {
    Bytes result = Words::execute(operation, agreed);
    const Bytes more = to_bytes(" " + say());
    result.insert(result.end(), more.begin(), more.end());
    return result;
  }

 protected:
  virtual std::string say() = 0;
};

}  // namespace

TEST_CASE("determinism: a correct service passes") {
  const DeterminismReport report = check<Words>();
  INFO(testing::to_text(report));
  CHECK(report.passed());
  CHECK(report.runs > 12);
  CHECK(explains(report, "deterministic: 200 operations"));
}

// ---- What must not matter
// -----------------------------------------------------------------------------------

namespace {
class Dated : public Talkative {
  std::string say() override { return std::to_string(std::time(nullptr) / 86'400); }
};
class Timed : public Talkative {
  std::string say() override {
    return std::to_string(std::chrono::system_clock::now().time_since_epoch().count());
  }
};
class Dice : public Talkative {
  std::string say() override { return std::to_string(std::rand() % 1000); }
};
class TrueDice : public Talkative {
  std::string say() override { return std::to_string(std::random_device()()); }
};
class Formatted : public Talkative {
  std::string say() override {
    std::ostringstream text;
    text << 1'234'567;
    return text.str();
  }
};
class LocalTime : public Talkative {
  std::string say() override {
    const std::time_t noon = 1'700'000'000;
    std::tm local{};
    localtime_r(&noon, &local);
    return std::to_string(local.tm_hour);
  }
};
class Average : public Talkative {
  std::string say() override { return std::to_string(sum_ += 1.0 / 3); }
  double sum_ = 0;  // not in the snapshot, but that is another sin
};
}  // namespace

TEST_CASE("determinism: a result that holds the date depends on the clock") {
  CHECK_NAMES(check<Dated>(), Cause::clock);
}

TEST_CASE("determinism: a result that holds microseconds depends on the clock, and on nothing else") {
  const DeterminismReport report = check<Timed>();
  CHECK_NAMES(report, Cause::clock);
  CHECK(explains(report, "not varied: what comes after it"));  // they would differ for this reason
}

TEST_CASE("determinism: rand() is found by its seed") {
  const DeterminismReport report = check<Dice>();
  REQUIRE(!report.differences.empty());
  CHECK(report.differences.front().cause == Cause::random_seed);
  REQUIRE(report.differences.front().result);
  CHECK(report.differences.front().result->operation <= 3);
  CHECK(explains(report, "use Agreed::random"));
}

TEST_CASE("determinism: a true random source is not repeatable at all, and nothing else is looked for") {
  CHECK_NAMES(check<TrueDice>(), Cause::nothing);
}

TEST_CASE("determinism: text made with the locale is found by another locale") {
  CHECK_NAMES(check<Formatted>(), Cause::locale);
}

TEST_CASE("determinism: local time is found by another time zone") {
  CHECK_NAMES(check<LocalTime>(), Cause::locale);
}

TEST_CASE("determinism: floating-point text is found by another rounding, unless that is allowed") {
  const DeterminismReport report = check<Average>();
  CHECK_NAMES(report, Cause::rounding, Cause::restore);
  CHECK_NAMES(check<Average>({.rounding = false}), Cause::restore);
}

// The sanitizers' heaps give addresses and fillings of their own.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
namespace {
class ByAddress : public Words {
 public:
  Bytes execute(const Operation& operation, const Agreed& agreed) override {
    said_.insert(std::make_unique<std::string>(to_text(operation.body)));
    if (said_.size() > 10) said_.erase(said_.begin());
    Bytes all;
    for (const auto& word : said_) all.insert(all.end(), word->begin(), word->end());
    return said_.size() < 10 ? Words::execute(operation, agreed) : all;
  }

 private:
  std::set<std::unique_ptr<std::string>> said_;
};

class Padded : public Words {
 public:
  void save(SnapshotWriter& writer) const override {
    struct Entry {
      char kind;
      std::uint64_t count;
    };
    const std::unique_ptr<Entry> entry(new Entry);
    entry->kind = 'w';
    entry->count = counts_.size();
    std::array<std::uint8_t, sizeof(Entry)> raw;
    std::memcpy(raw.data(), entry.get(), raw.size());
    writer.write(raw);
    Words::save(writer);
  }
  Result<void> load(SnapshotReader& reader) override {
    std::array<std::uint8_t, 16> head;
    for (std::size_t size = 0; size < head.size();) {
      const std::size_t got = reader.read(std::span(head).subspan(size));
      if (got == 0) return Error{ErrorCode::invalid_argument, "no entry"};
      size += got;
    }
    return Words::load(reader);
  }
};
}  // namespace

TEST_CASE("determinism: an order of addresses is found by other addresses") {
  const DeterminismReport report = check<ByAddress>({.malformed = false});
  INFO(testing::to_text(report));
  REQUIRE(!report.differences.empty());
  CHECK(report.differences.front().cause == Cause::memory);
  CHECK(report.differences.front().result);
}

TEST_CASE("determinism: padding in a snapshot is found by other bytes in fresh memory") {
  const DeterminismReport report = check<Padded>();
  CHECK_NAMES(report, Cause::memory);
  const auto& state = report.differences.front().state;
  REQUIRE(state);
  CHECK(state->operation == 0);
  CHECK(state->at >= 1);
  CHECK(state->at < 8);
  CHECK(explains(report, "padding of a struct"));
}
#endif

// ---- Snapshots
// ----------------------------------------------------------------------------------------------

namespace {
class Unordered : public Words {
 public:
  Bytes execute(const Operation& operation, const Agreed&) override {
    return to_bytes(std::to_string(++table_[clean(operation.body)]));
  }
  void save(SnapshotWriter& writer) const override {
    for (const auto& [word, count] : table_) {
      writer.write(view_of(word + " " + std::to_string(count) + "\n"));
    }
    writer.write(view_of("end"));
  }
  Result<void> load(SnapshotReader& reader) override {
    std::istringstream text(read_all(reader));
    std::unordered_map<std::string, int> table;
    std::string word;
    while (text >> word && word != "end") text >> table[word];
    if (word != "end") return Error{ErrorCode::invalid_argument, "no end"};
    table_ = std::move(table);
    return {};
  }

 private:
  std::unordered_map<std::string, int> table_;
};

class Forgetful : public Talkative {
  std::string say() override { return std::to_string(++said_); }
  int said_ = 0;  // save() does not know it
};

class Static : public Talkative {
  std::string say() override {
    static int said = 0;
    return std::to_string(++said);
  }
};

class Merging : public Words {
 public:
  Result<void> load(SnapshotReader& reader) override {
    std::map<std::string, int> counts;
    if (!parse(read_all(reader), counts)) return Error{ErrorCode::invalid_argument, "no list of words"};
    for (const auto& [word, count] : counts) counts_[word] = count;  // what else there was stays
    return {};
  }
};

class Impatient : public Words {
 public:
  Result<void> load(SnapshotReader& reader) override {
    std::string text(100'000, '\0');
    text.resize(reader.read({reinterpret_cast<std::uint8_t*>(text.data()), text.size()}));
    std::map<std::string, int> counts;
    if (!parse(text, counts)) return Error{ErrorCode::invalid_argument, "no list of words"};
    counts_ = std::move(counts);
    return {};
  }
};

class Hasty : public Words {
 public:
  Result<void> load(SnapshotReader& reader) override {
    counts_.clear();
    if (!parse(read_all(reader), counts_)) return Error{ErrorCode::invalid_argument, "no list of words"};
    return {};
  }
};

class CountsSaves : public Talkative {
 public:
  void save(SnapshotWriter& writer) const override {
    ++saves_;
    Words::save(writer);
  }

 private:
  std::string say() override { return saves_ > 3 ? "many" : "few"; }
  mutable int saves_ = 0;
};

class CountsQueries : public Talkative {
 public:
  std::optional<Bytes> query(ClientId client, BytesView body) const override {
    ++queries_;
    return Words::query(client, body);
  }

 private:
  std::string say() override { return queries_ > 50 ? "many" : "few"; }
  mutable int queries_ = 0;
};
}  // namespace

TEST_CASE("determinism: an unordered container in the snapshot is found when it is restored") {
  const DeterminismReport report = check<Unordered>();
  REQUIRE(!report.differences.empty());
  CHECK(report.differences.front().cause == Cause::restore);
  CHECK(report.differences.front().state);
  CHECK(explains(report, "an unordered container, whose order depends on its past"));
}

TEST_CASE("determinism: what the snapshot leaves out is found, with the first operation that misses it") {
  const DeterminismReport report = check<Forgetful>();
  CHECK_NAMES(report, Cause::restore);
  const Difference& difference = report.differences.front();
  REQUIRE(difference.result);
  CHECK(difference.restored_after == 40);  // of the initial state nothing is left out
  CHECK(difference.result->operation >= 41);
  CHECK(difference.result->operation <= 43);
  CHECK(explains(report, "the snapshot is not the whole state"));
}

TEST_CASE("determinism: a static variable is state outside the snapshot") {
  CHECK_NAMES(check<Static>(), Cause::restore);
}

TEST_CASE("determinism: a load that leaves something behind is found by a machine that was used before") {
  CHECK_NAMES(check<Merging>(), Cause::reload);
}

TEST_CASE("determinism: a load that expects the snapshot in one piece is found by small ones") {
  const DeterminismReport report = check<Impatient>();
  CHECK_NAMES(report, Cause::pieces);
  CHECK(explains(report, "gave an error: no list of words"));
}

TEST_CASE("determinism: a load that fails after it has changed the state is found") {
  CHECK_NAMES(check<Hasty>(), Cause::failed_load);
}

TEST_CASE("determinism: a save() that changes what follows is found by snapshots at other moments") {
  const DeterminismReport report = check<CountsSaves>();
  REQUIRE(!report.differences.empty());
  CHECK(report.differences.front().cause == Cause::snapshots);
}

TEST_CASE("determinism: a query that changes what follows is found by asking more") {
  const DeterminismReport report = check<CountsQueries>();
  REQUIRE(!report.differences.empty());
  CHECK(report.differences.front().cause == Cause::queries);
}

// ---- Where it differs
// ---------------------------------------------------------------------------------------

namespace {
class LateRiser : public Words {
 public:
  Bytes execute(const Operation& operation, const Agreed& agreed) override {
    if (++executed_ == 137) counts_["day" + std::to_string(std::time(nullptr) / 86'400)] = 1;
    return Words::execute(operation, agreed);
  }

 private:
  int executed_ = 0;
};

class Large : public StateMachine {
 public:
  Bytes execute(const Operation&, const Agreed& agreed) override {
    ++executed_;
    for (std::size_t i = 0; i < data_.size(); ++i)
      data_[i] ^= static_cast<std::uint8_t>(agreed.random >> i % 57);
    if (executed_ == 30) data_[300'000] ^= static_cast<std::uint8_t>(std::rand() % 255 + 1);
    return {};
  }
  void save(SnapshotWriter& writer) const override { writer.write(data_); }
  Result<void> load(SnapshotReader& reader) override {
    const std::string all = read_all(reader);
    if (all.size() != data_.size()) return Error{ErrorCode::invalid_argument, "another size"};
    data_.assign(all.begin(), all.end());
    return {};
  }

 private:
  Bytes data_ = Bytes(500'000);
  int executed_ = 0;
};
}  // namespace

TEST_CASE("determinism: the first operation after which the state differs is named") {
  const DeterminismReport report =
      testing::check_determinism(make<LateRiser>, testing::any_of({"a", "b", "c"}), {.malformed = false});
  REQUIRE(!report.differences.empty());
  const Difference& difference = report.differences.front();
  CHECK(difference.cause == Cause::clock);
  CHECK(!difference.result);
  REQUIRE(difference.state);
  CHECK(difference.state->operation == 137);
}

TEST_CASE("determinism: of a large state the block that differs is named") {
  const DeterminismReport report = testing::check_determinism(
      make<Large>, testing::any_of({"x"}), {.operations = 60, .snapshots = 1, .malformed = false});
  REQUIRE(!report.differences.empty());
  const Difference& difference = report.differences.front();
  CHECK(difference.cause == Cause::random_seed);
  REQUIRE(difference.state);
  CHECK(difference.state->operation == 30);
  CHECK(difference.state->at == 300'000);
  CHECK(difference.state->chunk >= 1);
  CHECK(difference.state->from <= 300'000);
  CHECK(difference.state->to > 300'000);
  CHECK(difference.state->to - difference.state->from <= 256 * 1024);
}

// ---- A service that does not survive
// -----------------------------------------------------------------------

namespace {
class Thrower : public Words {
 public:
  Bytes execute(const Operation& operation, const Agreed&) override {
    return to_bytes(std::to_string(std::stoi(to_text(operation.body))));
  }
};
class Aborter : public Words {
 public:
  Bytes execute(const Operation& operation, const Agreed& agreed) override {
    if (counts_.size() == 5) std::abort();
    return Words::execute(operation, agreed);
  }
};
}  // namespace

TEST_CASE("determinism: a spoilt operation that throws is named with what it threw") {
  const DeterminismReport report = testing::check_determinism(
      make<Thrower>, [](testing::Random& random) { return std::to_string(random.below(1000)); });
  CHECK(causes(report) == std::vector{Cause::nothing});
  CHECK(explains(report, "execute() of operation "));
  CHECK(explains(report, " threw std::invalid_argument: stoi"));
}

TEST_CASE("determinism: a service that ends its process is part of the report") {
  const DeterminismReport report = check<Aborter>();
  CHECK(causes(report) == std::vector{Cause::nothing});
  CHECK(explains(report, "ended the process by signal 6"));
}

// ---- Arguments
// ----------------------------------------------------------------------------------------------

TEST_CASE("determinism: wrong arguments are refused with the argument's name, and nothing runs") {
  const auto refused = [](const testing::MachineFactory& factory, const testing::Workload& workload,
                          testing::DeterminismOptions options) {
    const DeterminismReport report = testing::check_determinism(factory, workload, options);
    CHECK(!report.passed());
    CHECK(report.runs == 0);
    return report.refused;
  };
  CHECK(refused(nullptr, say, {}).starts_with("the factory is empty"));
  CHECK(refused([] { return nullptr; }, say, {}).starts_with("the factory returned null"));
  CHECK(refused(make<Words>, nullptr, {}).starts_with("the workload is empty"));
  CHECK(refused(make<Words>, say, {.operations = 0}) == "options.operations is 0: from 1 to 1000000");
  CHECK(refused(make<Words>, say, {.clients = 0}) == "options.clients is 0: from 1 to 1000");
  CHECK(refused(make<Words>, say, {.snapshots = 101}) == "options.snapshots is 101: from 0 to 100");
}

TEST_CASE("workload: in_turn begins anew with each copy, any_of gives each of its calls") {
  testing::Random random(1);
  const testing::Workload turn = testing::in_turn({"a", testing::Call::query("b")});
  for (int copy = 0; copy < 2; ++copy) {
    testing::Workload mine = turn;
    CHECK(to_text(mine(random).body) == "a");
    CHECK(mine(random).is_query);
    CHECK(to_text(mine(random).body) == "a");
  }
  std::set<std::string> seen;
  const testing::Workload any = testing::any_of({"a", "b", "c"});
  for (int i = 0; i < 100; ++i) seen.insert(to_text(any(random).body));
  CHECK(seen.size() == 3);
}
