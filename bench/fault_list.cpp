#include "bench/fault_list.hpp"

namespace bench {

std::vector<ListedFault> fault_list() {
  return {
      {"primary crashes", "crash:primary"},
      {"backup crashes", "crash:r3"},
      {"primary stands still", "pause:primary"},
      {"primary mute", "mute:primary"},
      {"primary slow by 1 ms", "slow(1ms):primary"},
      {"primary slow by 10 ms", "slow(10ms):primary"},
      {"primary slow by 100 ms", "slow(100ms):primary"},
      {"primary slow by 200 ms", "slow(200ms):primary"},  // just under the request timeout
      {"primary equivocates", "equivocate:primary"},
      {"primary spoils signatures", "bad-signature:primary"},
      {"primary withholds bodies", "withhold-body:primary"},
      {"primary starves client 0", "starve(client 0):primary"},
      {"primary prefers client 0", "selective(client 0 100ms):primary"},
      {"primary replays", "replay:primary"},
      {"backup cut off", "partition:r3"},
      {"backup loses 20%", "drop(20%):r3"},
      {"backup mutates 20%", "mutate(20%):r3"},
      {"backup gives wrong replies", "wrong-reply:r3"},
      {"backup asks for view changes", "stale-view:r3"},
      {"backup floods with junk", "junk-flood:r3"},
      {"backup floods, validly signed", "valid-flood:r3"},
      {"client contradicts itself", "conflict:client"},
      {"client jumps in numbers", "jump:client"},
      {"client repeats without end", "storm:client"},
      {"client sends garbage", "garbage:client"},
  };
}

}  // namespace bench
