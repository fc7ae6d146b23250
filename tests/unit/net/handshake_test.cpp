#include "net/handshake.hpp"
#include "unit/net/node.hpp"

namespace pbft::net {
namespace {

constexpr std::size_t version_at = 9;  // In a hello.

/// The callee's steps for one flight of a caller; the refusal that ends them, if any.
std::optional<Refusal> hear(Callee& callee, BytesView flight) {
  if (const auto refusal = callee.on_hello(flight.first(hello_bytes))) return refusal;
  return callee.on_first(flight.subspan(hello_bytes));
}

struct Sides {
  LinksConfig caller_config = config_of(client(7));
  LinksConfig callee_config = config_of(replica(2));

  crypto::X25519Public callee_key() const { return *crypto::x25519_of(key_of(replica(2)).public_key()); }
  Caller caller() const { return Caller(caller_config, callee_key()); }
};

TEST_CASE("handshake: both sides end with each other's key and a way to talk") {
  const Sides sides;
  Caller caller = sides.caller();
  Callee callee(sides.callee_config);
  const Bytes flight = caller.first_flight();
  REQUIRE(flight.size() == hello_bytes + first_bytes);
  REQUIRE_FALSE(hear(callee, flight));
  CHECK(callee.caller() == *crypto::x25519_of(key_of(client(7)).public_key()));
  CHECK(callee.caller_role() == Role::client);
  const Bytes answer = callee.accept();
  REQUIRE(answer.size() == answer_bytes + second_bytes);
  CHECK_FALSE(caller.on_answer(BytesView(answer).first(answer_bytes)));
  CHECK_FALSE(caller.on_second(BytesView(answer).subspan(answer_bytes)));
  const Bytes confirm = caller.confirm();
  REQUIRE(confirm.size() == confirm_bytes);
  CHECK_FALSE(callee.on_confirm(confirm));

  crypto::NoiseKeys at_caller = caller.take_keys();
  crypto::NoiseKeys at_callee = callee.take_keys();
  for (auto [from, to] :
       {std::pair(&at_caller.send, &at_callee.receive), {&at_callee.send, &at_caller.receive}}) {
    Bytes sealed;
    Bytes opened;
    from->seal(view_of("hello"), sealed);
    CHECK(to->open(sealed, opened));
    CHECK(to_text(opened) == "hello");
  }
}

TEST_CASE("handshake: every byte of the first flight counts") {
  const Sides sides;
  for (std::size_t at = 0; at < hello_bytes + first_bytes; ++at) {
    CAPTURE(at);
    Bytes flight = sides.caller().first_flight();
    flight[at] ^= 1;
    Callee callee(sides.callee_config);
    CHECK(hear(callee, flight));
  }
}

TEST_CASE("handshake: nobody on the way can talk the two into another version range") {
  Sides sides;
  sides.caller_config.versions = sides.callee_config.versions = {.lowest = 1, .highest = 3};
  Bytes flight = sides.caller().first_flight();
  flight[version_at + 3] = 2;
  Callee callee(sides.callee_config);
  CHECK(hear(callee, flight) == Refusal::wrong_key);
}

TEST_CASE("handshake: the callee names what it finds wrong") {
  const auto refusal_of = [](auto change) {
    Sides sides;
    change(sides);
    Callee callee(sides.callee_config);
    return hear(callee, sides.caller().first_flight());
  };
  CHECK(refusal_of([](Sides& s) { s.caller_config.versions = {.lowest = 2, .highest = 9}; }) ==
        Refusal::version);
  CHECK(refusal_of([](Sides& s) { s.callee_config.versions = {.lowest = 2, .highest = 9}; }) ==
        Refusal::version);
  CHECK(refusal_of([](Sides& s) { s.caller_config.cluster.bytes[0] ^= 1; }) == Refusal::other_cluster);
  CHECK(refusal_of([](Sides& s) { s.caller_config.cluster.bytes[31] ^= 1; }) == Refusal::wrong_key);
  CHECK(refusal_of([](Sides& s) { s.callee_config.secret = crypto::x25519_of(key_of(replica(1))); }) ==
        Refusal::wrong_key);

  Callee callee(Sides{}.callee_config);
  CHECK(callee.on_hello(view_of("GET / HTTP/1.1\r\nHost: x").first(hello_bytes)) ==
        Refusal::not_this_protocol);
}

TEST_CASE("handshake: the caller understands every refusal, and takes unknown ones for another protocol") {
  const Sides sides;
  const Callee callee(sides.callee_config);
  for (const Refusal reason : {Refusal::not_this_protocol, Refusal::version, Refusal::other_cluster,
                               Refusal::wrong_key, Refusal::not_admitted, Refusal::busy, Refusal::muted}) {
    CHECK(sides.caller().on_answer(callee.refuse(reason)) == reason);
    CHECK_FALSE(explain(reason).empty());
  }
  // Only an authenticated side may claim this, and it says it otherwise.
  CHECK(sides.caller().on_answer(callee.refuse(Refusal::other_genesis)) == Refusal::not_this_protocol);
  CHECK(sides.caller().on_answer(view_of("HTTP/1.1 400 Bad")) == Refusal::not_this_protocol);
}

TEST_CASE("handshake: unequal initial states are noticed by both sides") {
  Sides sides;
  sides.caller_config.genesis.bytes[7] ^= 1;
  Caller caller = sides.caller();
  Callee callee(sides.callee_config);
  REQUIRE_FALSE(hear(callee, caller.first_flight()));
  const Bytes answer = callee.accept();
  CHECK(caller.on_second(BytesView(answer).subspan(answer_bytes)) == Refusal::other_genesis);
  CHECK(callee.on_confirm(caller.confirm()) == Refusal::other_genesis);
}

TEST_CASE("handshake: a confirm of another handshake does not pass") {
  const Sides sides;
  Caller caller = sides.caller();
  Callee callee(sides.callee_config);
  const Bytes flight = caller.first_flight();
  REQUIRE_FALSE(hear(callee, flight));
  const Bytes answer = callee.accept();
  REQUIRE_FALSE(caller.on_second(BytesView(answer).subspan(answer_bytes)));
  const Bytes confirm = caller.confirm();

  Callee again(sides.callee_config);
  REQUIRE_FALSE(hear(again, flight));  // Recorded and sent once more: nothing is wrong with it...
  again.accept();
  CHECK(again.on_confirm(confirm) == Refusal::wrong_key);  // ...but its sender can go no further.
}

}  // namespace
}  // namespace pbft::net
