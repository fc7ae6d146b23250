#include <unistd.h>

#include <utility>

#include "unit/net/node.hpp"
#include "unit/net/tap.hpp"

namespace pbft::net {
namespace {

using std::chrono::milliseconds;
using Told = std::vector<std::string>;

LinksConfig first_replica(std::uint16_t port) {
  return dialling(config_of(replica(0)), {{replica(2), port}});
}

/// Replica 0 and replica 2, linked.
struct Pair {
  explicit Pair(LinksConfig callee_config = last_replica())
      : callee(loop, std::move(callee_config)), caller(loop, first_replica(callee.port())) {
    REQUIRE(loop.run_until([&] { return caller->is_up(replica(2)) && callee->is_up(replica(0)); }));
  }
  Loop loop;
  Node callee;
  Node caller;
};

TEST_CASE("the replica with the lower id dials, and both sides hear that the link is up") {
  Pair pair;
  CHECK(pair.caller.told == Told{"up replica 2"});
  CHECK(pair.callee.told == Told{"up replica 0"});
}

TEST_CASE("frames arrive whole and in order, in both directions") {
  Pair pair;
  pair.caller.send(replica(2), "one");
  pair.caller.send(replica(2), "");
  pair.caller.send(replica(2), "three");
  pair.callee.send(replica(0), "back");
  CHECK(pair.loop.run_until([&] { return pair.callee.frame_count == 3 && pair.caller.frame_count == 1; }));
  CHECK(pair.callee.frames == Told{"one", "", "three"});
  CHECK(pair.caller.frames == Told{"back"});
}

TEST_CASE("a client dials every replica and talks to each") {
  Loop loop;
  Node two(loop, last_replica());
  Node one(loop, dialling(listening(config_of(replica(1))), {{replica(2), two.port()}}));
  Node user(loop, dialling(config_of(client(7)), {{replica(1), one.port()}, {replica(2), two.port()}}));
  REQUIRE(loop.run_until([&] { return user->is_up(replica(1)) && user->is_up(replica(2)); }));
  user.send(replica(1), "to one");
  user.send(replica(2), "to two");
  CHECK(loop.run_until([&] { return one.frame_count == 1 && two.frame_count == 1; }));
  CHECK(one.frames == Told{"to one"});
  CHECK(two.frames == Told{"to two"});
}

TEST_CASE("a frame of many records arrives as it was sent") {
  Pair pair;
  std::string large(3'000'000, '\0');
  for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>(i * 7919 >> 8);
  pair.caller.send(replica(2), "before");
  pair.caller.send(replica(2), large);
  pair.caller.send(replica(2), "after");
  CHECK(pair.loop.run_until([&] { return pair.callee.frame_count == 3; }));
  CHECK((pair.callee.frames == Told{"before", large, "after"}));
}

TEST_CASE("all frames of one loop turn leave in as few records as they fit in") {
  Pair pair;
  pair.callee.keep_frames = false;
  const std::uint64_t records_before = pair.caller->counters().records_out;
  for (int i = 0; i < 10'000; ++i) pair.caller.send(replica(2), "twenty bytes of frame");
  CHECK(pair.caller->counters().records_out == records_before);
  CHECK(pair.loop.run_until([&] { return pair.callee.frame_count == 10'000; }));
  CHECK(pair.caller->counters().records_out - records_before ==
        4);  // 10,000 frames of 25 bytes, 64 KiB each.
  CHECK(pair.caller->counters().frames_out == 10'000);
  CHECK(pair.callee->counters().frames_in == 10'000);
}

TEST_CASE("a frame sent from another prepare handle's callback leaves without waiting for input") {
  Pair pair;
  struct Sender {
    uv_prepare_t handle;
    Node& node;
  } sender{.handle = {}, .node = pair.caller};
  uv_prepare_init(pair.loop.raw(), &sender.handle);
  sender.handle.data = &sender;
  uv_prepare_start(&sender.handle, [](uv_prepare_t* handle) {
    static_cast<Sender*>(handle->data)->node.send(replica(2), "after our own turn's end");
    CHECK(uv_backend_timeout(handle->loop) == 0);
    uv_prepare_stop(handle);
  });
  pair.loop.turn(3);
  CHECK(pair.caller->counters().frames_out == 1);
  uv_close(reinterpret_cast<uv_handle_t*>(&sender.handle), nullptr);
}

TEST_CASE("frames for a peer without a link are dropped") {
  Loop loop;
  Node alone(loop, last_replica());
  alone.send(replica(0), "nobody there");
  alone.send(client(99), "nobody at all");
  CHECK(alone->queued_bytes(replica(0)) == 0);
  CHECK_FALSE(alone->is_up(replica(0)));
}

TEST_CASE("a lost link is dialled again") {
  Loop loop;
  Node callee(loop, last_replica());
  Tap tap(loop, callee.port());
  Node caller(loop, first_replica(tap.port()));
  REQUIRE(loop.run_until([&] { return callee->is_up(replica(0)); }));
  tap.cut();
  REQUIRE(loop.run_until([&] { return callee.told.size() >= 3 && caller.told.size() >= 3; }));
  CHECK(callee.told == Told{"up replica 0", "down replica 0", "up replica 0"});
  CHECK(caller.told == Told{"up replica 2", "down replica 2", "up replica 2"});
  caller.send(replica(2), "again");
  CHECK(loop.run_until([&] { return callee.frame_count == 1; }));
}

TEST_CASE("a replica that starts later is reached, and the vain attempts are one line in the log") {
  Loop loop;
  auto first = std::make_unique<Node>(loop, last_replica());
  const std::uint16_t port = first->port();
  first.reset();
  Node caller(loop, first_replica(port));
  REQUIRE(loop.run_until([&] { return caller.has_logged("no link to replica 2"); }));
  LinksConfig config = last_replica();
  config.listen_port = port;
  Node callee(loop, std::move(config));
  CHECK(loop.run_until([&] { return caller->is_up(replica(2)); }));
  CHECK(caller.log.size() == 2);
}

TEST_CASE("a newer link of the same peer takes the place of the older one") {
  Pair pair;
  LinksConfig config = first_replica(pair.callee.port());
  Node restarted(pair.loop, std::move(config));
  REQUIRE(pair.loop.run_until([&] { return pair.callee.told.size() >= 3; }));
  CHECK(pair.callee.told == Told{"up replica 0", "down replica 0", "up replica 0"});
  CHECK(pair.loop.run_until([&] { return pair.caller.told.size() >= 2; }));
  CHECK(pair.caller.told[1] == "down replica 2");
}

TEST_CASE("links work over IPv6") {
  Loop loop;
  const Result<int> probe = listen_on(*Address::parse("::1", 0));
  if (!probe) {
    MESSAGE("this machine has no IPv6 loopback: ", probe.error().message);
    return;
  }
  ::close(*probe);
  Node callee(loop, listening(config_of(replica(2)), "::1"));
  Node caller(loop, dialling(config_of(replica(0)), {{replica(2), callee.port()}}, "::1"));
  CHECK(loop.run_until([&] { return caller->is_up(replica(2)); }));
}

TEST_CASE("an idle link is kept alive; one on which nothing arrives is cut by both sides") {
  const auto quick = [](LinksConfig config) {
    config.keep_alive = milliseconds(10);
    config.silence_limit = milliseconds(100);
    return config;
  };
  Loop loop;
  Node callee(loop, quick(last_replica()));
  Tap tap(loop, callee.port());
  Node caller(loop, quick(first_replica(tap.port())));
  REQUIRE(loop.run_until([&] { return callee->is_up(replica(0)); }));
  // Far longer than the limit, counted in keep-alives.
  CHECK(loop.run_until([&] { return callee->counters().records_in > 40; }));
  CHECK(callee.told == Told{"up replica 0"});
  tap.stall();
  CHECK(loop.run_until([&] { return !callee->is_up(replica(0)) && !caller->is_up(replica(2)); }));
  CHECK(callee->counters().links_cut == 1);
}

TEST_CASE("a peer that was cut is down at once, hears why it is refused, and may come back later") {
  Pair pair;
  pair.callee->cut(replica(0), "it lied");
  CHECK_FALSE(pair.callee->is_up(replica(0)));
  CHECK(pair.callee.told == Told{"up replica 0"});  // No event inside the call.
  CHECK(pair.loop.run_until([&] { return pair.caller.was_refused(Refusal::muted); }));
  CHECK(pair.callee.told[1] == "down replica 0");
  CHECK(pair.callee.has_logged("it lied"));
  CHECK(pair.loop.run_until([&] { return pair.callee->is_up(replica(0)); }));
}

TEST_CASE("a peer that we dial and cut is not dialled for a while") {
  Pair pair;
  pair.caller->cut(replica(2), "it lied");
  CHECK(pair.loop.run_until([&] { return pair.caller->is_up(replica(2)); }));
  CHECK(pair.caller.told == Told{"up replica 2", "down replica 2", "up replica 2"});
  CHECK(pair.callee.refused.empty());
}

TEST_CASE("a peer that is cut again soon after it is back stays refused for twice as long") {
  LinksConfig config = last_replica();
  config.muted_for = milliseconds(30);
  config.max_muted_for = milliseconds(60);
  Loop loop;
  Node callee(loop, config);
  Node caller(loop, dialling(config_of(replica(0)), {{replica(2), callee.port()}}));
  REQUIRE(loop.run_until([&] { return callee->is_up(replica(0)); }));
  for (const std::int64_t expected_ms : {30, 60, 60}) {
    callee->cut(replica(0), "it floods");
    const auto from = std::chrono::steady_clock::now();
    REQUIRE(loop.run_until([&] { return callee->is_up(replica(0)); }));
    CHECK(std::chrono::steady_clock::now() - from >= milliseconds(expected_ms - 1));
  }
}

TEST_CASE("a handler may cut the peer whose frame it is handed: no further frame comes") {
  Pair pair;
  pair.callee.on_frame = [&](const Peer& peer, BytesView) {
    pair.callee->cut(peer, "its first frame is enough");
  };
  for (int i = 0; i < 3; ++i) pair.caller.send(replica(2), "frame");
  CHECK(pair.loop.run_until([&] { return pair.callee.told.size() == 2; }));
  CHECK(pair.callee.frame_count == 1);
}

TEST_CASE("a handler may close the links; nothing comes after that") {
  Pair pair;
  bool closed = false;
  pair.callee.on_frame = [&](const Peer&, BytesView) { pair.callee->close([&] { closed = true; }); };
  for (int i = 0; i < 3; ++i) pair.caller.send(replica(2), "frame");
  CHECK(pair.loop.run_until([&] { return closed; }));
  CHECK(pair.callee.frame_count == 1);
  CHECK(pair.callee.told == Told{"up replica 0"});
  pair.callee.links.reset();
}

TEST_CASE("a port in use is an error that names the address and the remedy") {
  Loop loop;
  Node first(loop, last_replica());
  LinksConfig config = last_replica();
  config.listen_port = first.port();
  const auto second = Links::create(loop.raw(), std::move(config), {});
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().code == ErrorCode::io);
  const std::string& message = second.error().message;
  CHECK(message.find("127.0.0.1:" + std::to_string(first.port())) != std::string::npos);
  CHECK(message.find("choose another port") != std::string::npos);
}

TEST_CASE("an address that is none is an error that says so") {
  Loop loop;
  const auto links =
      Links::create(loop.raw(), dialling(config_of(client(7)), {{replica(1), 7001}}, "r1.example.org"), {});
  REQUIRE_FALSE(links.has_value());
  CHECK(links.error().code == ErrorCode::invalid_argument);
  CHECK(links.error().message.find("replica 1: \"r1.example.org\"") != std::string::npos);
}

TEST_CASE("closing lets queued frames leave first, then leaves nothing on the loop") {
  auto pair = std::make_unique<Pair>();
  const std::string large(2'000'000, 'x');
  pair->caller.send(replica(2), large);
  pair->caller.close();
  CHECK(pair->loop.run_until([&] { return pair->callee.frame_count == 1; }));
  pair.reset();  // ~Loop checks that nothing is alive.
}

TEST_CASE("closing does not wait for a peer that takes nothing") {
  Loop loop;
  Node callee(loop, last_replica());
  Tap tap(loop, callee.port());
  Node caller(loop, first_replica(tap.port()));
  REQUIRE(loop.run_until([&] { return callee->is_up(replica(0)); }));
  tap.stall();
  for (int i = 0; i < 4; ++i) caller.send(replica(2), std::string(4'000'000, 'x'));
  const auto begin = std::chrono::steady_clock::now();
  caller.close();
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(5));
}

TEST_CASE("links may be closed before anything has happened") {
  Loop loop;
  Node callee(loop, last_replica());
  Node caller(loop, first_replica(callee.port()));
}

}  // namespace
}  // namespace pbft::net
