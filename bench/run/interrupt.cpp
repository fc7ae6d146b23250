#include "bench/run/interrupt.hpp"

#include <signal.h>

namespace bench {
namespace {

volatile sig_atomic_t interrupted = 0;

void on_interrupt(int) { interrupted = 1; }

}  // namespace

void heed_interrupts() {
  struct sigaction action{};
  action.sa_handler = on_interrupt;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool is_interrupted() { return interrupted != 0; }

pbft::Error interrupted_error() { return {pbft::ErrorCode::stopped, "interrupted"}; }

}  // namespace bench
