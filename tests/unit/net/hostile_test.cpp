// faults.md 36 and its kin: what strangers and faulty members do to the links of the others.
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

#include "net/handshake.hpp"
#include "unit/net/node.hpp"
#include "unit/net/tap.hpp"

namespace pbft::net {
namespace {

using std::chrono::milliseconds;

/// Client 7 talks to replica 2 through a tap.
struct Tapped {
  explicit Tapped(LinksConfig callee_config = last_replica(),
                  LinksConfig caller_config = config_of(client(7)))
      : callee(loop, std::move(callee_config)),
        tap(loop, callee.port()),
        caller(loop, dialling(std::move(caller_config), {{replica(2), tap.port()}})) {
    caller.keep_frames = callee.keep_frames = false;
    REQUIRE(loop.run_until([&] { return callee->is_up(client(7)); }));
  }
  Loop loop;
  Node callee;
  Tap tap;
  Node caller;
};

TEST_CASE("a recorded first flight, sent again, does not touch the living link") {
  LinksConfig config = last_replica();
  config.handshake_timeout = milliseconds(40);
  Tapped tapped(config);
  Stranger replayer(tapped.callee.port());
  replayer.say(BytesView(tapped.tap.recorded).first(hello_bytes + first_bytes));
  // It is answered: the callee cannot know yet.
  REQUIRE(tapped.loop.run_until([&] { return replayer.heard().size() == answer_bytes + second_bytes; }));
  replayer.say(BytesView(tapped.tap.recorded).subspan(hello_bytes + first_bytes, confirm_bytes));
  REQUIRE(tapped.loop.run_until([&] { return replayer.is_cut(); }));
  CHECK(tapped.callee.told == std::vector<std::string>{"up client 7"});
  CHECK(tapped.callee->counters().records_refused == 1);
  tapped.caller.send(replica(2), "still here");
  CHECK(tapped.loop.run_until([&] { return tapped.callee.frame_count == 1; }));
}

TEST_CASE("scenario 36: a connection that shows no handshake in time is cut, even if it drips") {
  LinksConfig config = last_replica();
  config.handshake_timeout = milliseconds(40);
  Loop loop;
  Node node(loop, config);
  Stranger silent(node.port());
  Stranger dripping(node.port());
  const Bytes hello = to_bytes("PBFTcall");
  std::size_t said = 0;
  CHECK(loop.run_until([&] {
    if (said < hello.size()) dripping.say(BytesView(hello).subspan(said++, 1));
    return silent.is_cut() && dripping.is_cut();
  }));
  CHECK(node->counters().half_open_cut == 2);
}

TEST_CASE("scenario 36: beyond the limit of half-open connections the oldest goes; members still get in") {
  LinksConfig config = last_replica();
  config.max_half_open = 4;
  Loop loop;
  Node node(loop, config);
  std::vector<std::unique_ptr<Stranger>> strangers;
  for (int i = 0; i < 10; ++i) strangers.push_back(std::make_unique<Stranger>(node.port()));
  REQUIRE(loop.run_until([&] { return strangers[5]->is_cut(); }));
  for (int i = 0; i < 10; ++i) CHECK(strangers[static_cast<std::size_t>(i)]->is_cut() == (i < 6));
  Node caller(loop, dialling(config_of(client(7)), {{replica(2), node.port()}}));
  CHECK(loop.run_until([&] { return node->is_up(client(7)); }));
}

TEST_CASE("handshakes beyond the rate are refused as busy, and come later") {
  LinksConfig config = last_replica();
  config.handshake_burst = 1;
  config.handshakes_per_second = 20;
  Loop loop;
  Node node(loop, config);
  Node first(loop, dialling(config_of(client(7)), {{replica(2), node.port()}}));
  Node second(loop, dialling(config_of(client(8)), {{replica(2), node.port()}}));
  REQUIRE(loop.run_until([&] { return node->is_up(client(7)) && node->is_up(client(8)); }));
  CHECK((first.was_refused(Refusal::busy) || second.was_refused(Refusal::busy)));
}

TEST_CASE(
    "scenario 35: without a free descriptor callers wait, the loop does not spin, and they are served "
    "later") {
  Loop loop;
  Node node(loop, last_replica());
  Stranger stranger(node.port());
  stranger.say(view_of("not a hello, but as long as one"));
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
  const int lowest_free = dup(0);
  REQUIRE(lowest_free > 0);
  ::close(lowest_free);
  rlimit none = before;
  none.rlim_cur = static_cast<rlim_t>(lowest_free);
  REQUIRE(setrlimit(RLIMIT_NOFILE, &none) == 0);
  const bool logged = loop.run_until([&] { return node.has_logged("cannot accept a connection"); });
  loop.turn(100);
  CHECK(node.log.size() == 1);
  REQUIRE(setrlimit(RLIMIT_NOFILE, &before) == 0);
  CHECK(logged);
  CHECK(loop.run_until([&] { return stranger.is_cut(); }));
}

TEST_CASE(
    "only those who are to call are admitted: not a replica that we dial, nor somebody with our own key") {
  for (const Peer& self : {replica(1), replica(2)}) {
    Loop loop;
    Node node(loop, dialling(listening(config_of(replica(1))), {{replica(2), 1}}));
    LinksConfig config = config_of(self);
    Caller caller(config, *crypto::x25519_of(key_of(replica(1)).public_key()));
    Stranger stranger(node.port());
    stranger.say(caller.first_flight());
    REQUIRE(loop.run_until([&] { return stranger.heard().size() >= answer_bytes; }));
    CHECK(caller.on_answer(BytesView(stranger.heard()).first(answer_bytes)) == Refusal::not_admitted);
  }
}

TEST_CASE("a spoilt record cuts the link, and the next link works") {
  Tapped tapped;
  tapped.tap.to_target = [&](Bytes& bytes) {
    bytes.back() ^= 1;
    tapped.tap.to_target = nullptr;
  };
  tapped.caller.send(replica(2), "spoilt on the way");
  REQUIRE(tapped.loop.run_until([&] { return tapped.callee.told.size() == 3; }));
  CHECK(tapped.callee.told[1] == "down client 7");
  CHECK(tapped.callee.frame_count == 0);
  CHECK(tapped.callee->counters().records_refused == 1);
  CHECK(tapped.callee.has_logged("not genuine"));
}

TEST_CASE("a frame over the receiver's limit cuts the link and is counted") {
  LinksConfig config = last_replica();
  config.max_frame_bytes = 1000;
  Tapped tapped(config);
  tapped.caller.send(replica(2), std::string(1001, 'x'));
  REQUIRE(tapped.loop.run_until([&] { return tapped.callee.told.size() >= 2; }));
  CHECK(tapped.callee->counters().frames_refused == 1);
  CHECK(tapped.callee.frame_count == 0);
}

TEST_CASE("a frame over the sender's own limit is dropped, counted and logged; the link stays") {
  LinksConfig config = config_of(client(7));
  config.max_frame_bytes = 1000;
  Tapped tapped(last_replica(), config);
  tapped.caller.send(replica(2), std::string(1001, 'x'));
  tapped.caller.send(replica(2), std::string(1000, 'x'));
  REQUIRE(tapped.loop.run_until([&] { return tapped.callee.frame_count == 1; }));
  CHECK(tapped.caller->counters().frames_refused == 1);
  CHECK(tapped.caller.has_logged("1001 bytes"));
}

TEST_CASE(
    "scenario 36: a peer that stops reading costs a bounded queue, others do not notice, and it recovers") {
  LinksConfig config = last_replica();
  config.max_queue_bytes = 2'000'000;
  Tapped tapped(config);
  Node other(tapped.loop, dialling(config_of(client(8)), {{replica(2), tapped.callee.port()}}));
  REQUIRE(tapped.loop.run_until([&] { return tapped.callee->is_up(client(8)); }));

  tapped.tap.stall();
  const std::string block(100'000, 'x');
  std::uint64_t sent_to_other = 0;
  CHECK(tapped.loop.run_until([&] {
    for (int i = 0; i < 10; ++i) tapped.callee.send(client(7), block);
    tapped.callee.send(client(8), "small");
    ++sent_to_other;
    REQUIRE(tapped.callee->queued_bytes(client(7)) <= config.max_queue_bytes + 256 * 1024);
    return tapped.callee->counters().queue_overflows >= 3;
  }));
  CHECK(tapped.loop.run_until([&] { return other.frame_count == sent_to_other; }));
  CHECK(tapped.callee->is_up(client(7)));
  CHECK(tapped.callee.has_logged("does not keep up"));

  tapped.tap.resume();
  CHECK(tapped.loop.run_until([&] { return tapped.callee->queued_bytes(client(7)) == 0; }));
  const std::uint64_t before = tapped.caller.frame_count;
  tapped.callee.send(client(7), "recovered");
  std::string last;
  tapped.caller.on_frame = [&](const Peer&, BytesView frame) { last = to_text(frame).substr(0, 9); };
  CHECK(tapped.loop.run_until([&] { return last == "recovered"; }));
  CHECK(tapped.caller.frame_count > before);
  CHECK(tapped.caller.told.size() == 1);
}

TEST_CASE("scenario 36: a slow writer: others do not notice, and its frame arrives whole in the end") {
  Bytes held;
  std::size_t quick = 0, slow_after = 0;
  Tapped tapped;
  Node other(tapped.loop, dialling(config_of(client(8)), {{replica(2), tapped.callee.port()}}));
  REQUIRE(tapped.loop.run_until([&] { return tapped.callee->is_up(client(8)); }));
  tapped.tap.to_target = [&](Bytes& bytes) {  // a few bytes whenever something more is said
    held.insert(held.end(), bytes.begin(), bytes.end());
    const auto some = held.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(held.size(), 200));
    bytes.assign(held.begin(), some);
    held.erase(held.begin(), some);
  };
  tapped.callee.on_frame = [&](const Peer& peer, BytesView frame) {
    if (peer == client(8)) ++quick;
    if (frame.size() == 20'000) slow_after = quick;
  };
  tapped.caller.send(replica(2), std::string(20'000, 's'));
  CHECK(tapped.loop.run_until([&] {
    tapped.caller.send(replica(2), "more");
    other.send(replica(2), "quick");
    return slow_after > 0;
  }));
  CHECK(slow_after > 50);
  CHECK(tapped.callee.told == std::vector<std::string>{"up client 7", "up client 8"});
}

TEST_CASE("an urgent frame overtakes the normal ones that wait for a slow peer") {
  Tapped tapped;
  tapped.tap.stall();
  const std::string block(50'000, 'n');
  int blocks = 0;
  // Until the kernel takes no more and frames stay in our own queue.
  REQUIRE(tapped.loop.run_until([&] {
    tapped.callee.send(client(7), block);
    ++blocks;
    tapped.loop.turn();
    return tapped.callee->queued_bytes(client(7)) > 5'000'000;
  }));
  tapped.callee.send(client(7), "urgent", Priority::urgent);
  std::uint64_t urgent_at = 0;
  tapped.caller.on_frame = [&](const Peer&, BytesView frame) {
    if (frame.size() == 6) urgent_at = tapped.caller.frame_count;
  };
  tapped.tap.resume();
  REQUIRE(tapped.loop.run_until(
      [&] { return tapped.caller.frame_count == static_cast<std::uint64_t>(blocks) + 1; }));
  CHECK(urgent_at > 0);
  CHECK(urgent_at < static_cast<std::uint64_t>(blocks) - 80);  // 5 MB of them came after it.
}

TEST_CASE("a reset connection raises no SIGPIPE in the process and is dialled again") {
  Tapped tapped;
  // Bytes that the tap has not read turn its close into a reset, while more is being written.
  tapped.tap.stall();
  for (int i = 0; i < 100; ++i) tapped.caller.send(replica(2), std::string(100'000, 'x'));
  tapped.loop.turn(3);
  tapped.tap.cut();
  for (int i = 0; i < 10; ++i) {
    tapped.caller.send(replica(2), std::string(100'000, 'x'));
    tapped.loop.turn();
  }
  tapped.tap.resume();
  CHECK(tapped.loop.run_until([&] { return tapped.caller.told.size() >= 3; }));
  CHECK(tapped.caller.told[1] == "down replica 2");
}

TEST_CASE("scenario 36: a storm of reconnects leaves one link and no connection behind") {
  Tapped tapped;
  for (std::size_t round = 1; round <= 20; ++round) {
    tapped.tap.cut();
    REQUIRE(tapped.loop.run_until([&] { return tapped.callee.told.size() == 2 * round + 1; }));
  }
  CHECK(tapped.callee->is_up(client(7)));
  CHECK(tapped.tap.connections >= 21);
}

}  // namespace
}  // namespace pbft::net
