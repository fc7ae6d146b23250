#include "net/handshake.hpp"
#include "unit/net/node.hpp"
#include "unit/net/tap.hpp"

namespace pbft::net {
namespace {

/// What replica 2 and a client that is not quite right learn about each other.
struct Meeting {
  template <class Change>
  explicit Meeting(Change change) : callee(loop, last_replica()), caller(loop, changed(change)) {}

  template <class Change>
  LinksConfig changed(Change change) {
    LinksConfig config = dialling(config_of(client(7)), {{replica(2), callee.port()}});
    change(config);
    return config;
  }
  bool ends_with(Refusal at_caller, bool by_peer) {
    return loop.run_until([&] { return caller.was_refused(at_caller) && !callee.refused.empty(); }) &&
           caller.refused[0].by_peer == by_peer && caller.told.empty() && callee.told.empty();
  }
  Loop loop;
  Node callee;
  Node caller;
};

TEST_CASE("a caller of another cluster is told so") {
  Meeting meeting([](LinksConfig& config) { config.cluster.bytes[0] ^= 1; });
  REQUIRE(meeting.ends_with(Refusal::other_cluster, true));
  const Refused& refused = meeting.caller.refused[0];
  CHECK(refused.peer == replica(2));
  CHECK(refused.address == "127.0.0.1:" + std::to_string(meeting.callee.port()));
  CHECK(refused.text == "replica 2 at " + refused.address +
                            " refused the link: " + std::string(explain(Refusal::other_cluster)));
  CHECK(meeting.callee.refused[0].reason == Refusal::other_cluster);
  CHECK_FALSE(meeting.callee.refused[0].by_peer);
  CHECK(meeting.caller.has_logged("another cluster"));
  CHECK(meeting.callee.has_logged("another cluster"));
}

TEST_CASE("a caller whose key is not admitted is told so") {
  Meeting meeting([](LinksConfig& config) { config.secret = crypto::x25519_of(key_of(client(7), 1)); });
  CHECK(meeting.ends_with(Refusal::not_admitted, true));
}

TEST_CASE("a member may not call in a role that is not its own") {
  Meeting meeting([](LinksConfig& config) { config.self = replica(1); });  // With the client's key.
  CHECK(meeting.ends_with(Refusal::not_admitted, true));
}

TEST_CASE("a caller without a version in common is told so") {
  Meeting meeting([](LinksConfig& config) { config.versions = {.lowest = 2, .highest = 5}; });
  CHECK(meeting.ends_with(Refusal::version, true));
}

TEST_CASE("a caller that expects another key at this address is told so") {
  Meeting meeting([](LinksConfig& config) {
    config.members[replica(2)] = *crypto::x25519_of(key_of(replica(1)).public_key());
  });
  CHECK(meeting.ends_with(Refusal::wrong_key, true));
}

TEST_CASE("unequal initial states end the link with a clear line on both sides") {
  Meeting meeting([](LinksConfig& config) { config.genesis.bytes[0] ^= 1; });
  REQUIRE(meeting.ends_with(Refusal::other_genesis, false));
  CHECK(meeting.callee.refused[0].peer == client(7));
  CHECK(meeting.callee.refused[0].reason == Refusal::other_genesis);
  CHECK(meeting.loop.run_until([&] { return meeting.caller.has_logged("initial states differ"); }));
  CHECK(meeting.callee.has_logged("initial states differ"));
}

TEST_CASE("a lasting refusal is logged once by the caller, and counted each time by the callee") {
  Meeting meeting([](LinksConfig& config) { config.cluster.bytes[0] ^= 1; });
  REQUIRE(meeting.loop.run_until([&] { return meeting.callee->counters().handshakes_refused >= 5; }));
  CHECK(meeting.caller.log.size() == 1);
}

TEST_CASE("a server of another kind at the dialled address is named as such") {
  Loop loop;
  struct WebServer final : Socket::Events {
    explicit WebServer(Loop& on) : loop(on), door(*listen_on(*Address::parse("127.0.0.1", 0)), *this) {
      REQUIRE(door.watch(loop.raw(), UV_READABLE));
    }
    ~WebServer() {
      door.close();
      CHECK(loop.run_until([this] { return closed; }));
    }
    void on_readable() override {
      const int fd = accept_from(door.fd());
      if (fd < 0) return;
      static_cast<void>(::send(fd, "HTTP/1.1 400 Bad Request\r\n\r\n", 28, MSG_NOSIGNAL));
      callers.push_back(std::make_unique<Socket>(fd, *this));
    }
    void on_writable() override {}
    void on_closed() override { closed = true; }
    Loop& loop;
    Socket door;
    std::vector<std::unique_ptr<Socket>> callers;
    bool closed = false;
  } server(loop);
  Node caller(loop, dialling(config_of(client(7)), {{replica(2), Address::local(server.door.fd()).port()}}));
  CHECK(loop.run_until([&] { return caller.was_refused(Refusal::not_this_protocol); }));
  CHECK_FALSE(caller.refused[0].by_peer);
}

TEST_CASE("a stranger's bytes are answered with a refusal that names what is wrong, then the line is cut") {
  Loop loop;
  Node node(loop, last_replica());
  Stranger stranger(node.port());
  stranger.say(view_of("GET /index.html HTTP/1.1\r\nHost: here\r\n\r\n"));
  REQUIRE(loop.run_until([&] { return stranger.is_cut(); }));
  const Bytes expected = Callee(config_of(replica(2))).refuse(Refusal::not_this_protocol);
  CHECK(stranger.heard() == expected);
  CHECK_FALSE(stranger.was_reset());
}

}  // namespace
}  // namespace pbft::net
