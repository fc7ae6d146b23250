#include "bench/run/timeline.hpp"

#include <doctest/doctest.h>

#include "bench/run/duration_text.hpp"

namespace {

using namespace bench;
using namespace std::chrono_literals;

Fault fault_of(const std::string& text) {
  const auto fault = parse_fault(text);
  REQUIRE_MESSAGE(fault, text);
  return *fault;
}

pbft::Result<std::vector<Fault>> timeline_of(const std::vector<std::string>& texts,
                                             bool allow_unsafe = false) {
  std::vector<Fault> faults;
  for (const auto& text : texts) faults.push_back(fault_of(text));
  return make_timeline(faults, 4, 60s, allow_unsafe);
}

}  // namespace

TEST_CASE("durations: with a unit, or not at all") {
  CHECK(duration_from_text("20s") == 20s);
  CHECK(duration_from_text("1.5s") == 1500ms);
  CHECK(duration_from_text("250ms") == 250ms);
  CHECK(duration_from_text("2m") == 2min);
  for (const char* text : {"", "20", "s", "-1s", "1h", "1s ", "1e9s", "nans"})
    CHECK_FALSE(duration_from_text(text));
  for (const auto duration : {0ms, 250ms, 1500ms, 20000ms})
    CHECK(duration_from_text(to_text(duration)) == duration);
}

TEST_CASE("timeline: a fault has a time, a kind, and somebody it meets") {
  const Fault crash = fault_of("20s:crash:primary");
  CHECK(crash.at == 20s);
  CHECK(crash.what == "crash");
  CHECK(crash.target == Target{Target::Kind::primary, 0});
  CHECK_FALSE(crash.until);

  const Fault slow = fault_of("1.5s-3s:slow(10ms):r2");
  CHECK(slow.until == 3s);
  CHECK(slow.what == "slow(10ms)");
  CHECK(slow.target == Target{Target::Kind::replica, 2});

  CHECK(fault_of("5s:storm(1000/s):client").target.kind == Target::Kind::client);
  CHECK(fault_of("5s:mute").target.kind == Target::Kind::primary);
  CHECK(fault_of("5s:restart").target.kind == Target::Kind::all);
}

TEST_CASE("timeline: written as it is read") {
  for (const char* text :
       {"20s:crash:primary", "1.5s-3s:slow(10ms):r2", "5s:restart:all", "500ms:starve(client 0):r0"})
    CHECK(to_text(fault_of(text)) == text);
}

TEST_CASE("timeline: what makes no sense is refused, with the remedy") {
  for (const char* text : {"", "crash", "20s", "20s:", "20:crash", "20s:crash:r", "20s:crash:rx",
                           "20s:crash:boss", "20s:crash:r1:r2", "3s-2s:mute", "2s-2s:mute", "1s-2s:restart",
                           "1s:crash:all", "1s:restart:primary", "1s:crash:client"}) {
    INFO(text);
    const auto fault = parse_fault(text);
    REQUIRE_FALSE(fault);
    CHECK(fault.error().message.find("20s:crash:primary") != std::string::npos);
  }
}

TEST_CASE("timeline: sorted by time, and a fault with an end brings its remedy") {
  const auto timeline = timeline_of({"30s:pause:r1", "5s-10s:crash:r1", "40s:resume"});
  REQUIRE(timeline);
  std::vector<std::string> texts;
  for (const Fault& fault : *timeline) texts.push_back(to_text(fault));
  CHECK(texts ==
        std::vector<std::string>{"5s-10s:crash:r1", "10s:restart:r1", "30s:pause:r1", "40s:resume:all"});
}

TEST_CASE("timeline: no replica that is not there, no fault behind the end") {
  CHECK_FALSE(timeline_of({"1s:crash:r4"}));
  CHECK_FALSE(timeline_of({"60s:crash:r1"}));
}

TEST_CASE("timeline: more than f faulty replicas at one time only if that is allowed") {
  CHECK(timeline_of({"1s:crash:r1"}));
  CHECK_FALSE(timeline_of({"1s:crash:r1", "2s:crash:r2"}));
  CHECK(timeline_of({"1s:crash:r1", "2s:crash:r2"}, true));
  CHECK(timeline_of({"1s-2s:crash:r1", "2s:crash:r2"}));
  CHECK(timeline_of({"2s:crash:r2", "1s-2s:crash:r1"}));
  CHECK(timeline_of({"1s:crash:r1", "1500ms:restart", "2s:pause:r2"}));
  CHECK(timeline_of({"1s:mute:r1", "2s:slow(1ms):r1"}));
  CHECK(timeline_of({"1s:crash:r1", "2s:storm:client"}));
}

TEST_CASE("timeline: whoever lied once counts for ever, and every primary as another replica") {
  CHECK_FALSE(timeline_of({"1s-2s:equivocate:r1", "3s:crash:r2"}));
  CHECK_FALSE(timeline_of({"1s:crash:r1", "2s:honest:r1", "3s:crash:r2"}));  // that is no cure for a crash
  CHECK_FALSE(timeline_of({"1s:crash:primary", "2s:crash:primary"}));
  CHECK_FALSE(timeline_of({"1s:crash:primary", "2s:crash:r0"}));
  CHECK(timeline_of({"1s:crash:primary", "2s:restart:r0", "3s:crash:primary"}));
  CHECK(timeline_of({"1s-2s:crash:primary", "2s-3s:crash:primary"}));
}

TEST_CASE("timeline: who must be able to lie") {
  CHECK(liars_of({fault_of("1s:crash:primary"), fault_of("2s:restart")}, 4).empty());
  CHECK(liars_of({fault_of("1s:mute:r2"), fault_of("2s:honest")}, 4) == std::set<std::uint32_t>{2});
  CHECK(liars_of({fault_of("1s:mute:primary")}, 4).size() == 4);
  CHECK(needs_faulty_client({fault_of("1s:storm:client")}));
  CHECK_FALSE(needs_faulty_client({fault_of("1s:mute:r2")}));
}
