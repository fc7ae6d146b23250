// The core itself: correct replicas and clients, in a network that does as the input says, among up to f
// replicas and one client that say what they like.
#include "fuzz/core/play.hpp"
#include "fuzz/target.hpp"
#include "sim/violation.hpp"

namespace pbft::fuzz {

namespace {

void fuzz_core(BytesView bytes) {
  Input input(bytes);
  const Setting setting(input);
  try {
    Play(setting, input).run();
  } catch (const sim::Violation& violation) {
    broken(violation.what(), __FILE__, __LINE__);
  }
}

const Target target("core", fuzz_core);

}  // namespace

}  // namespace pbft::fuzz
