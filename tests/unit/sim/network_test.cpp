#include "sim/network.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace pbft;
using namespace pbft::sim;

namespace {

/// A network whose receivers note what comes.
struct Fixture {
  struct Received {
    Node from, to;
    core::Status status;
    Instant at;
  };

  Fixture() {
    network.deliver_with([this](const Node& from, const Node& to, const FramePtr& frame) {
      const Opened opened = mail.open(*frame, from, to);
      const auto* message = std::get_if<core::AuthenticMessage>(&opened);
      REQUIRE(message);
      received.push_back({from, to, std::get<core::Status>(message->get()), scheduler.now()});
    });
  }
  void send(unsigned from, unsigned to, std::uint64_t executed = 0) {
    core::Status status;
    status.executed = SeqNum{executed};
    network.send(ReplicaId{from}, ReplicaId{to}, std::make_shared<const core::Message>(status), true);
  }
  void run() {
    while (!scheduler.empty()) scheduler.run_next();
  }

  Scheduler scheduler;
  Trace trace{scheduler};
  Keys keys{Signatures::ideal, 1, 4, 1};
  Mail mail{keys, 4, AgreedLimits{}};
  Network network{scheduler, trace, mail, Random(1)};
  std::vector<Received> received;
};

}  // namespace

TEST_CASE("network: a message arrives with its content after the delay of the link") {
  Fixture f;
  f.network.quality.delay_min = f.network.quality.delay_max = ms(7);
  f.send(0, 1, 42);
  f.run();
  REQUIRE(f.received.size() == 1);
  CHECK(f.received[0].status.executed == SeqNum{42});
  CHECK(f.received[0].at == ms(7));
}

TEST_CASE("network: losses, duplicates and reordering happen as often as asked for") {
  Fixture f;
  f.network.quality = {ms(1), ms(100), 0.3, 0.5};
  for (std::uint64_t i = 0; i < 2000; ++i) f.send(0, 1, i);
  f.run();
  CHECK(f.received.size() > 1900);  // 2000 * 0.7 * 1.5 = 2100
  CHECK(f.received.size() < 2300);
  bool reordered = false;
  for (std::size_t i = 1; i < f.received.size(); ++i) {
    reordered = reordered || f.received[i].status.executed < f.received[i - 1].status.executed;
  }
  CHECK(reordered);
}

TEST_CASE("network: a cut is one way, a partition both ways, and mending ends them") {
  Fixture f;
  f.network.cut(ReplicaId{0}, ReplicaId{1});
  f.send(0, 1);
  f.send(1, 0);
  f.run();
  CHECK(f.received.size() == 1);
  f.network.isolate({ReplicaId{2}, ReplicaId{3}}, 4);
  f.send(2, 0);
  f.send(0, 2);
  f.send(2, 3);
  f.run();
  CHECK(f.received.size() == 2);
  f.network.mend();
  f.send(0, 1);
  f.send(0, 2);
  f.run();
  CHECK(f.received.size() == 4);
}

TEST_CASE("network: a rule matches by kind, sender, receiver and count, until it is lifted") {
  Fixture f;
  Rule& rule = f.network.drop<core::Status>().from(0).to(1, 2).only(2);
  f.network.drop<core::Commit>();
  for (int i = 0; i < 3; ++i) f.send(0, 1);
  f.send(0, 3);
  f.send(3, 1);
  f.run();
  CHECK(rule.hits() == 2);
  CHECK(f.received.size() == 3);
  f.network.lift(rule);
  Rule& all = f.network.drop();
  f.send(0, 1);
  f.network.lift(all);
  f.send(0, 1);
  f.run();
  CHECK(f.received.size() == 4);
}

TEST_CASE("network: messages can be held, delayed and altered") {
  Fixture f;
  f.network.hold<core::Status>().only(1);
  f.network.delay<core::Status>(ms(50)).to(2);
  f.network.alter<core::Status>([](core::Status& status) { status.executed = SeqNum{9}; }).to(3);
  f.send(0, 1, 1);  // held
  f.send(0, 2, 2);
  f.send(0, 3, 3);
  f.run();
  REQUIRE(f.received.size() == 2);
  CHECK(f.received[0].status.executed == SeqNum{9});
  CHECK(f.received[1].at == ms(51));
  f.network.release();
  f.run();
  REQUIRE(f.received.size() == 3);
  CHECK(f.received[2].status.executed == SeqNum{1});
}
