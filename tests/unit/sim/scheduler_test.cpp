#include "sim/scheduler.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace pbft;
using namespace pbft::sim;

TEST_CASE("scheduler: what is due first runs first, and what was asked for first among equals") {
  Scheduler scheduler;
  std::vector<int> order;
  scheduler.after(ms(2), EventKind::work, [&] { order.push_back(3); });
  scheduler.after(ms(1), EventKind::work, [&] { order.push_back(1); });
  scheduler.after(ms(1), EventKind::timer, [&] { order.push_back(2); });
  while (!scheduler.empty()) scheduler.run_next();
  CHECK(order == std::vector<int>{1, 2, 3});
  CHECK(scheduler.now() == ms(2));
}

TEST_CASE("scheduler: the past means now, and time never goes back") {
  Scheduler scheduler;
  scheduler.advance_to(ms(5));
  scheduler.at(ms(1), EventKind::work, [] {});
  scheduler.run_next();
  CHECK(scheduler.now() == ms(5));
}

TEST_CASE("scheduler: timers are no pending work") {
  Scheduler scheduler;
  scheduler.after(ms(1), EventKind::timer, [] {});
  CHECK(scheduler.pending_work() == 0);
  scheduler.after(ms(1), EventKind::work, [] {});
  CHECK(scheduler.pending_work() == 1);
  scheduler.run_next();
  scheduler.run_next();
  CHECK(scheduler.pending_work() == 0);
}
