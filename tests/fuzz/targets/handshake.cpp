// How a link begins: both sides, with somebody on the wire who changes, invents, repeats and refuses.
#include <algorithm>
#include <optional>

#include "crypto/sodium.hpp"
#include "fuzz/input.hpp"
#include "fuzz/random.hpp"
#include "fuzz/target.hpp"
#include "net/handshake.hpp"

namespace pbft::fuzz {

namespace {

using net::Refusal;
using MaybeRefusal = std::optional<Refusal>;

SecretKey key_of(std::uint8_t who) {
  std::array<std::uint8_t, 32> seed{};
  seed[0] = who;
  return SecretKey::from_seed(seed);
}

net::LinksConfig config_of(const net::Peer& self, std::uint8_t key) {
  net::LinksConfig config;
  config.cluster.bytes.fill(0xc1);
  config.genesis.bytes.fill(0x9e);
  config.self = self;
  config.secret = crypto::x25519_of(key_of(key));
  return config;
}

/// What the wire makes of a step: as long as it was, since a connection reads no more and no less.
Bytes meddle(Input& input, BytesView genuine, const Bytes& earlier) {
  Bytes step = copy_of(genuine);
  switch (input.octet() % 4) {
    case 0:
      return step;
    case 1:
      for (std::size_t edits = 1 + input.below(4); edits > 0; --edits) {
        step[input.below(step.size())] ^= input.octet();
      }
      return step;
    case 2: {
      const BytesView invented = input.take(step.size());
      std::copy(invented.begin(), invented.end(), step.begin());
      return step;
    }
    default:  // said in another handshake
      return earlier.size() == step.size() ? earlier : step;
  }
}

bool is_refusal(MaybeRefusal refusal) { return refusal && !net::explain(*refusal).empty(); }

/// The steps of one handshake as they were sent, for another one.
struct Steps {
  Bytes hello, first, answer, second, confirm;
};

class Handshake {
 public:
  Handshake(Input& input, const Steps& earlier) : input_(input), earlier_(earlier) {
    caller_config_ = input.flag() ? config_of(ReplicaId{0}, 1) : config_of(ClientId{7}, 2);
    callee_config_ = config_of(ReplicaId{2}, 3);
    if (const std::uint8_t change = input.octet(); change >= 128) differ(change);
    caller_.emplace(caller_config_, *crypto::x25519_of(key_of(3).public_key()));
    callee_.emplace(callee_config_);
  }

  Steps run() {
    call() && answer() && confirm();
    return std::move(sent_);
  }

 private:
  void differ(std::uint8_t change) {
    if (change & 1) caller_config_.genesis = input_.flag() ? Digest{} : Digest{{7}};
    if (change & 2) caller_config_.cluster.bytes[input_.below(32)] ^= input_.octet();
    if (change & 4) {
      caller_config_.versions.lowest = input_.octet();
      caller_config_.versions.highest = input_.octet();
    }
    if (change & 8) callee_config_.versions.highest = input_.octet();
    if (change & 16) callee_config_.secret = crypto::x25519_of(key_of(4));
  }

  bool call() {
    const Bytes flight = caller_->first_flight();
    FUZZ_CHECK(flight.size() == net::hello_bytes + net::first_bytes);
    sent_.hello = copy_of(BytesView(flight).first(net::hello_bytes));
    sent_.first = copy_of(BytesView(flight).subspan(net::hello_bytes));
    const Bytes hello = meddle(input_, sent_.hello, earlier_.hello);
    const Bytes first = meddle(input_, sent_.first, earlier_.first);
    const MaybeRefusal refused = callee_->on_hello(hello);
    if (refused) return turned_away(*refused);
    const MaybeRefusal not_genuine = callee_->on_first(first);
    const bool repeated = hello == earlier_.hello && first == earlier_.first;
    const bool untouched = hello == sent_.hello && first == sent_.first;
    FUZZ_CHECK(not_genuine || untouched || repeated);  // every byte of it counts
    if (not_genuine) return turned_away(*not_genuine);
    FUZZ_CHECK(untouched || callee_->caller() == earlier_caller());
    genuine_ = untouched;
    return true;
  }

  /// The keys of who said what is repeated here are one of these two.
  crypto::X25519Public earlier_caller() const {
    const auto one = *crypto::x25519_of(key_of(1).public_key()),
               other = *crypto::x25519_of(key_of(2).public_key());
    return callee_->caller() == one ? one : other;
  }

  /// The caller reads why, if nobody changes it, and is not confused by anything else.
  bool turned_away(Refusal reason) {
    FUZZ_CHECK(is_refusal(reason));
    const Bytes refusal = callee_->refuse(reason);
    FUZZ_CHECK(refusal.size() == net::answer_bytes);
    const Bytes heard = meddle(input_, refusal, earlier_.answer);
    const MaybeRefusal understood = caller_->on_answer(heard);
    FUZZ_CHECK(heard != refusal || understood == reason);
    if (understood) return false;
    // Somebody has made an acceptance of it, but nobody can make the message that follows.
    const Bytes second = meddle(input_, Bytes(net::second_bytes), earlier_.second);
    FUZZ_CHECK(caller_->on_second(second) == Refusal::wrong_key);
    return false;
  }

  bool answer() {
    const Bytes flight = callee_->accept();
    FUZZ_CHECK(flight.size() == net::answer_bytes + net::second_bytes);
    sent_.answer = copy_of(BytesView(flight).first(net::answer_bytes));
    sent_.second = copy_of(BytesView(flight).subspan(net::answer_bytes));
    const Bytes answer = meddle(input_, sent_.answer, earlier_.answer);
    const Bytes second = meddle(input_, sent_.second, earlier_.second);
    const MaybeRefusal refused = caller_->on_answer(answer);
    FUZZ_CHECK(!refused || answer != sent_.answer);
    if (refused) return false;
    const MaybeRefusal reason = caller_->on_second(second);
    if (second != sent_.second || !genuine_) {
      FUZZ_CHECK(reason == Refusal::wrong_key);
      return false;
    }
    FUZZ_CHECK(!reason || reason == Refusal::version || reason == Refusal::other_genesis);
    FUZZ_CHECK(genesis_differs() == (reason == Refusal::other_genesis) || reason == Refusal::version);
    return reason != Refusal::version;
  }

  bool genesis_differs() const {
    return caller_config_.genesis != callee_config_.genesis && caller_config_.genesis != Digest{};
  }

  bool confirm() {
    sent_.confirm = caller_->confirm();
    const Bytes confirm = meddle(input_, sent_.confirm, earlier_.confirm);
    const MaybeRefusal refused = callee_->on_confirm(confirm);
    if (confirm != sent_.confirm) {
      FUZZ_CHECK(refused == Refusal::wrong_key);
      return false;
    }
    FUZZ_CHECK(refused == (genesis_differs() ? MaybeRefusal(Refusal::other_genesis) : MaybeRefusal()));
    crypto::NoiseKeys one = caller_->take_keys(), other = callee_->take_keys();
    FUZZ_CHECK(one.handshake_hash == other.handshake_hash);
    check_way(one.send, other.receive);
    check_way(other.send, one.receive);
    return true;
  }

  static void check_way(crypto::CipherState& from, crypto::CipherState& to) {
    Bytes sealed, opened;
    from.seal(view_of("hello"), sealed);
    FUZZ_CHECK(to.open(sealed, opened));
    FUZZ_CHECK(to_text(opened) == "hello");
  }

  Input& input_;
  const Steps& earlier_;
  net::LinksConfig caller_config_, callee_config_;
  std::optional<net::Caller> caller_;
  std::optional<net::Callee> callee_;
  Steps sent_;
  bool genuine_ = false;
};

void fuzz_handshake(BytesView bytes) {
  restart_randomness();
  Input input(bytes);
  const Steps first = Handshake(input, {}).run();
  if (!input.empty()) Handshake(input, first).run();
}

const Target target("handshake", fuzz_handshake);

}  // namespace

}  // namespace pbft::fuzz
