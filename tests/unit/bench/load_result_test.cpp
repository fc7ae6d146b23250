#include "bench/load/load_result.hpp"

#include <doctest/doctest.h>

#include "bench/load/load_arguments.hpp"
#include "bench/load/recorder.hpp"
#include "bench/run/gather.hpp"
#include "bench/run/temporary_folder.hpp"

namespace {

using namespace bench;
using namespace std::chrono_literals;

constexpr std::int64_t ms = 1'000'000;

/// Two clients for 300 ms: in each of 100 ms one has 2 answers and the other 1, but none for 60 ms in the
/// middle.
LoadResult sample() {
  Recorder recorder(2, 100ms, 300ms);
  recorder.begin(1000 * ms);
  std::uint64_t position = 0;
  for (const std::int64_t at : {10, 20, 30, 110, 170, 180, 210, 220, 230}) {
    const std::int64_t now = (1000 + at) * ms;
    const std::uint32_t client = position % 3 == 2 ? 1 : 0;
    recorder.on_offered(now - 2 * ms);
    recorder.on_done(client, now - 2 * ms, {now - ms, now, ++position, true});
  }
  recorder.on_failed("no answer", (1000 + 250) * ms);
  recorder.result().acknowledged = 9;
  return recorder.result();
}

}  // namespace

TEST_CASE(
    "load: a phase has what ended in it, its latency from when it was due, its gap and its worst client") {
  const LoadResult load = sample();
  const Gather gather{load, 0.1, 0.1};  // the first 100 ms are warm-up
  const Phase phase = gather.phase("whole", 0, 0.2);
  CHECK(phase.done == 6);
  CHECK(phase.offered == 6);
  CHECK(phase.failed == 1);
  CHECK(phase.per_second == doctest::Approx(30));
  CHECK(phase.p50_ms == doctest::Approx(2).epsilon(0.02));
  CHECK(phase.longest_gap_ms == 69);  // from 231 to the end; the gap from 111 to 170 has 59
  CHECK(phase.worst_client == doctest::Approx(0.5));
  CHECK(gather.phase("first", 0, 0.1).longest_gap_ms == 59);
  CHECK(gather.series(0.2).per_second == std::vector<double>{30, 30});
}

TEST_CASE("load: a result comes through its file, and a file that is none is refused") {
  const auto folder = TemporaryFolder::make({});
  REQUIRE(folder);
  const auto path = folder->path() / "result";
  LoadResult load = sample();
  load.violations = {"this", "and that"};
  REQUIRE(write_load_result(path, load));
  const auto read = read_load_result(path);
  REQUIRE(read);
  CHECK(read->clients == 2);
  CHECK(read->violations == load.violations);
  CHECK(read->first_errors == load.first_errors);
  CHECK(read->done_by_client == load.done_by_client);
  CHECK(read->answered_in_ms == load.answered_in_ms);
  CHECK(read->observations.size() == load.observations.size());
  CHECK(read->intervals.size() == load.intervals.size());
  CHECK(read->acknowledged == 9);
  CHECK_FALSE(read_load_result(folder->path() / "other"));
}

TEST_CASE("load: results of two processes stand side by side") {
  LoadResult all;
  merge(all, sample());
  merge(all, sample());
  CHECK(all.clients == 4);
  CHECK(all.acknowledged == 18);
  const Gather gather{all, 0.1, 0};
  CHECK(gather.phase("whole", 0, 0.3).done == 18);
  CHECK(gather.phase("whole", 0, 0.3).worst_client == doctest::Approx(0.5));
  CHECK(gather.phase("whole", 0, 0.3).longest_gap_ms == 79);
}

TEST_CASE("load: too many observations are thinned by position, so that twins stay together") {
  Recorder recorder(1, 100ms, 1s);
  recorder.begin(0);
  for (std::uint64_t position = 1; position <= 500'000; ++position)
    recorder.on_done(0, 0, {0, ms, position, true});
  const LoadResult& load = recorder.result();
  CHECK(load.stride > 1);
  CHECK(load.observations.size() <= 200'000);
  CHECK(load.observations.size() >= 100'000);
  for (const Observation& observation : load.observations) REQUIRE(observation.position % load.stride == 0);
}

TEST_CASE("load: a server that gives everything one place does not fill the memory") {
  Recorder recorder(1, 100ms, 1s);
  recorder.begin(0);
  for (std::uint64_t i = 0; i < 300'000; ++i) recorder.on_done(0, 0, {0, ms, 0, true});
  CHECK(recorder.result().observations.size() <= 200'000);
}

TEST_CASE("load: a failure counts when it happened, and the series ends with the load") {
  CHECK(sample().intervals.size() == 3);
}

TEST_CASE("load: a plan comes through a command line") {
  LoadPlan plan;
  plan.cluster = "/some/where";
  plan.first_client = 3;
  plan.clients = 5;
  plan.rate = 1234.5;
  plan.reads_percent = 30;
  plan.duration = 1500ms;
  plan.result = "/a/file";
  auto arguments = load_arguments(plan);
  LoadPlan read;
  CLI::App cli;
  add_load_arguments(cli, read);
  std::reverse(arguments.begin(), arguments.end());
  cli.parse(arguments);
  CHECK(load_arguments(read) == load_arguments(plan));
  CHECK(read.rate == 1234.5);
  CHECK(read.duration == 1500ms);
}
