#include "testing/script.hpp"

#include <map>

namespace pbft::testing {

namespace {

constexpr std::uint64_t one_in = 8;  // of the operations is spoilt

void spoil(Bytes& body, Random& random) {
  const std::uint64_t kind = random.below(3);
  if (kind == 0 || body.empty()) {
    const std::uint64_t more = random.between(1, 8);
    for (std::uint64_t i = 0; i < more; ++i) body.push_back(static_cast<std::uint8_t>(random.next()));
  } else if (kind == 1) {
    body.resize(random.below(body.size()));
  } else {
    body[random.below(body.size())] ^= static_cast<std::uint8_t>(random.between(1, 255));
  }
}

}  // namespace

Script draw_script(const Workload& workload, const DeterminismOptions& options) {
  Workload next = workload;
  Random random(options.seed), calls(random.next());
  Script script;
  std::map<ClientId, RequestNumber> numbers;
  Agreed agreed{SeqNum{1}, Timestamp{1'700'000'000'000'000}, 0};
  for (std::uint32_t i = 0; i < options.operations; ++i) {
    if (random.chance(0.4)) {  // the next batch
      agreed.seq = agreed.seq.next();
      agreed.time.unix_us += random.below(1'000'000);
    }
    agreed.random = random.next();
    Call call = next(calls);
    if (options.malformed && random.below(one_in) == 0) spoil(call.body, random);
    const ClientId client{1 + random.below(options.clients)};
    RequestNumber& number = numbers[client];
    number = number.next();
    script.push_back({std::move(call), client, number, agreed});
  }
  return script;
}

}  // namespace pbft::testing
