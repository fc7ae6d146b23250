// The text that names a faulty replica's or client's behaviour.
#include "adversary/behaviour.hpp"
#include "adversary/client_behaviour.hpp"
#include "adversary/spec.hpp"
#include "fuzz/crypto.hpp"
#include "fuzz/input.hpp"
#include "fuzz/target.hpp"

namespace pbft::fuzz {

namespace {

void fuzz_behaviour_spec(BytesView input) {
  const std::string text = text_of(input);
  const auto terms = adversary::parse(text);
  FUZZ_CHECK(!terms || !terms->empty());
  FUZZ_CHECK(terms || !terms.error().message.empty());

  const auto behaviour = adversary::make_behaviour(text, {ReplicaId{1}, toy_crypto, {}, 1});
  FUZZ_CHECK(!behaviour || (terms && *behaviour));
  FUZZ_CHECK(behaviour || !behaviour.error().message.empty());
  if (behaviour) {
    adversary::Traffic traffic;
    (*behaviour)->on_time(std::chrono::milliseconds(1), traffic);
    (void)(*behaviour)->next();
  }

  const test::ToyCrypto client_crypto(ClientId{1});
  adversary::FaultyClientSelf self{ClientId{1}, client_crypto, {}, 1, RequestNumber{1}, nullptr};
  self.operation = [](std::uint64_t i) { return to_bytes(std::to_string(i)); };
  const auto client = adversary::make_client_behaviour(text, self);
  FUZZ_CHECK(!client || (terms && *client));
  FUZZ_CHECK(client || !client.error().message.empty());
  if (client) {
    std::vector<adversary::Letter> letters;
    (*client)->on_time(std::chrono::milliseconds(1), letters);
    (void)(*client)->next();
  }
}

const Target target("behaviour-spec", fuzz_behaviour_spec);

}  // namespace

}  // namespace pbft::fuzz
