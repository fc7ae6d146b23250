#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "runtime/rejections.hpp"

using namespace pbft;
using core::Rejection;
using runtime::Rejections;

namespace {
struct Fixture {
  std::vector<std::string> lines;
  runtime::Logger log{[this](LogLevel, std::string_view text) { lines.emplace_back(text); }, "replica 0"};
  Rejections rejections{log};
  const core::Identity replica = ReplicaId{2};
  const core::Identity client = ClientId{7};
  const core::Instant start = std::chrono::hours(1);

  void count(const core::Identity& from, Rejection reason, int times) {
    for (int i = 0; i < times; ++i) rejections.count(from, reason);
  }
};
}  // namespace

TEST_CASE_FIXTURE(Fixture, "rejections: the first of each peer and reason is logged, all are counted") {
  count(replica, Rejection::bad_signature, 1000);
  count(client, Rejection::bad_signature, 1000);
  count(client, Rejection::malformed, 1);
  CHECK(lines == std::vector<std::string>{"replica 0: refused a message from replica 2: bad_signature",
                                          "replica 0: refused a message from client 7: bad_signature",
                                          "replica 0: refused a message from client 7: malformed"});
  CHECK(rejections.counts().at(static_cast<std::size_t>(Rejection::bad_signature)) == 2000);
  CHECK(rejections.counts().at(static_cast<std::size_t>(Rejection::malformed)) == 1);
}

TEST_CASE_FIXTURE(Fixture, "rejections: the others are told in one line every ten seconds, the most first") {
  count(replica, Rejection::wrong_view, 4);
  count(client, Rejection::bad_signature, 1000);
  lines.clear();
  rejections.tell(start);
  CHECK(lines ==
        std::vector<std::string>{"replica 0: refused 1002 more messages: 999 bad_signature from client "
                                 "7, 3 wrong_view from replica 2"});
  count(client, Rejection::bad_signature, 5);
  rejections.tell(start + Rejections::tell_interval - Duration(1));
  CHECK(lines.size() == 1);
  rejections.tell(start + Rejections::tell_interval);
  REQUIRE(lines.size() == 2);
  CHECK(lines.back() == "replica 0: refused 5 more messages: 5 bad_signature from client 7");
  rejections.tell(start + 3 * Rejections::tell_interval);
  CHECK(lines.size() == 2);
}

TEST_CASE_FIXTURE(Fixture, "rejections: a line names the five most and sums up the rest") {
  for (std::uint64_t id = 1; id <= 7; ++id)
    count(ClientId{id}, Rejection::malformed, 2 + static_cast<int>(id));
  lines.clear();
  rejections.tell(start);
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].find("8 malformed from client 7, 7 malformed from client 6") != std::string::npos);
  CHECK(lines[0].find("client 2") == std::string::npos);
  CHECK(lines[0].find(", 5 others") != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "rejections: many strikes of one peer within a minute are one too many") {
  for (std::uint32_t i = 1; i < Rejections::max_strikes; ++i) CHECK_FALSE(rejections.strike(client, start));
  CHECK_FALSE(rejections.strike(replica, start));
  CHECK(rejections.strike(client, start + Rejections::strikes_forgiven_after));
  CHECK_FALSE(rejections.strike(client, start));  // counted anew after the cut
}

TEST_CASE_FIXTURE(Fixture, "rejections: strikes are forgiven after a minute") {
  for (std::uint32_t i = 1; i < Rejections::max_strikes; ++i) rejections.strike(client, start);
  CHECK_FALSE(rejections.strike(client, start + Rejections::strikes_forgiven_after + Duration(1)));
}

TEST_CASE_FIXTURE(Fixture,
                  "rejections: a client that retries what it must is within its budget, a flood is not") {
  core::Instant now = start;
  for (int retry = 0; retry < 10; ++retry, now += std::chrono::milliseconds(300) * (1 << retry)) {
    for (int i = 0; i < 1024; ++i) CHECK_FALSE(rejections.overdraw(client, now));
  }
  std::uint32_t flood = 0;
  while (!rejections.overdraw(client, now)) ++flood;
  CHECK(flood <= Rejections::burst_seconds * Rejections::client_refusals_per_second);
  CHECK_FALSE(rejections.overdraw(client, now));  // counted anew after the cut
}

TEST_CASE_FIXTURE(Fixture, "rejections: what peers say to a replica that is behind is within their budget") {
  // 2000 batches a second, three messages each, for a minute of state transfer.
  core::Instant now = start;
  for (int ms = 0; ms < 60'000; ++ms, now += std::chrono::milliseconds(1)) {
    for (int i = 0; i < 6; ++i) REQUIRE_FALSE(rejections.overdraw(replica, now));
  }
}
