#include "explore/explorer.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace pbft;
using namespace pbft::explore;

namespace {

/// One request to the primary of view 0.
Scope one_request() {
  Scope scope;
  scope.name = "test";
  scope.requests = {{1, 1, "a", {0}}};
  return scope;
}

/// Two of four: one more than the protocol bears.
Scope two_twins() {
  Scope scope = one_request();
  scope.requests = {{1, 1, "a", {0}}, {2, 1, "b", {4}}};
  scope.fault = Fault::twins;
  scope.faulty = {ReplicaId{0}, ReplicaId{1}};
  scope.allowance.silences = 2;
  return scope;
}

Limits seconds(int count) {
  Limits limits;
  limits.time = std::chrono::seconds(count);
  return limits;
}

}  // namespace

TEST_CASE("exploration: a slot in every order of delivery, and everything completes") {
  const Report report = search(*find_scope("normal-every-order"), seconds(60));
  CHECK(report.violation == "");
  CHECK(report.complete);
  CHECK(report.states > 100);
  CHECK(report.healed > 0);
}

TEST_CASE("exploration: in one slot, telling states apart by their outcome loses no outcome") {
  const Scope& scope = *find_scope("normal-every-order");
  Limits limits = seconds(60);
  const Report merged = search(scope, limits);
  limits.exact = true;
  const Report exact = search(scope, limits);
  REQUIRE(merged.complete);
  REQUIRE(exact.complete);
  CHECK(exact.states > merged.states);
  CHECK(exact.outcomes == merged.outcomes);
  CHECK(exact.outcomes_hash == merged.outcomes_hash);
}

TEST_CASE("exploration: two faulty replicas of four are found to make two histories") {
  Limits limits = seconds(60);
  limits.heal_every = 0;  // two honest ones alone cannot go on
  const Report report = search(two_twins(), limits);
  CHECK(report.violation.find("execute different batches") != std::string::npos);
  REQUIRE_FALSE(report.story.empty());

  // The path leads there again.
  const Report again = replay(two_twins(), report.path);
  CHECK(again.violation == report.violation);
  CHECK(again.story == report.story);
}

TEST_CASE("exploration: two silent replicas of four are found to stop progress") {
  Scope scope = one_request();
  scope.fault = Fault::silent;
  scope.faulty = {ReplicaId{2}, ReplicaId{3}};
  const Report report = search(scope, seconds(60));
  CHECK(report.violation.find("still not every request is executed") != std::string::npos);
}

TEST_CASE("exploration: a replica that may crash at any moment says nothing twice in two ways") {
  Scope scope = one_request();
  scope.slow_disk = true;
  scope.allowance = {.delays = 1, .crashes = 1};
  const Report report = search(scope, seconds(60));
  CHECK(report.violation == "");
  CHECK(report.complete);
}

TEST_CASE("exploration: bounds are said to have cut the search short") {
  Limits limits = seconds(60);
  limits.states = 100;
  const Report few = search(*find_scope("view-change"), limits);
  CHECK_FALSE(few.complete);
  CHECK(few.violation == "");
  limits = seconds(60);
  limits.depth = 8;
  const Report shallow = search(*find_scope("normal-every-order"), limits);
  CHECK_FALSE(shallow.complete);
  CHECK(shallow.depth == 8);
}

TEST_CASE("exploration: the search is the same each time") {
  Scope scope = *find_scope("view-change");
  scope.allowance = {.delays = 1, .timers = 1};
  const Report first = search(scope, seconds(60));
  const Report second = search(scope, seconds(60));
  CHECK(first.complete);
  CHECK(first.states == second.states);
  CHECK(first.outcomes_hash == second.outcomes_hash);
}

TEST_CASE("allowances are read as a person writes them") {
  Allowance allowance;
  CHECK(allow(allowance, "drops=3"));
  CHECK(allowance.drops == 3);
  for (const char* text : {"drops", "drops=", "drops=x", "drops=64", "drops=999", "dropsy=1", ""}) {
    CHECK_FALSE(allow(allowance, text));
  }
}
