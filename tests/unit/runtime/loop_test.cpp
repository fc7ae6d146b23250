#include <algorithm>
#include <atomic>
#include <thread>

#include "local_cluster.hpp"
#include "runtime/clock.hpp"
#include "runtime/loop.hpp"

using namespace pbft;
using pbft::runtime::Loop;
using pbft::testing::Tally;

namespace {

/// A loop with a thread of its own, and what runs on it.
struct Owner {
  std::unique_ptr<Loop> loop = std::move(Loop::create(nullptr).value());

  static std::shared_ptr<Owner> make() { return std::make_shared<Owner>(); }
  void stop() {
    loop->post([this] { loop->close(); });
    loop->wait_closed();
  }
};

}  // namespace

TEST_CASE("loop: what one thread posts runs in its order, what many post runs once each") {
  auto owner = Owner::make();
  std::vector<int> order;
  Tally ran;
  for (int i = 0; i < 100; ++i) owner->loop->post([&order, i] { order.push_back(i); });
  owner->loop->run(owner, [] {});
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) owner->loop->post([&] { ran.add(); });
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(ran.reaches(4000));
  owner->stop();
  CHECK(ran.count() == 4000);
  CHECK(order.size() == 100);
  CHECK(std::is_sorted(order.begin(), order.end()));
}

TEST_CASE("loop: a task posted after the end is dropped, with all that it holds") {
  auto owner = Owner::make();
  owner->loop->run(owner, [] {});
  owner->stop();
  auto held = std::make_shared<int>(1);
  owner->loop->post([held] { ++*held; });
  CHECK(held.use_count() == 1);
  CHECK(*held == 1);
}

TEST_CASE("loop: the last owner may let go in the loop's own thread") {
  struct Watched : Owner {
    explicit Watched(Tally& tally) : gone(tally) {}
    ~Watched() { loop.reset(), gone.add(); }
    Tally& gone;
  };
  Tally gone;
  std::shared_ptr<Owner> owner = std::make_shared<Watched>(gone);
  Loop* loop = owner->loop.get();
  loop->run(owner, [] {});
  loop->post([&owner, loop] {
    owner.reset();
    loop->close();
  });
  CHECK(gone.reaches(1));
}

TEST_CASE("timer: fires once, at its time or later, and not after cancel") {
  auto owner = Owner::make();
  Tally fired;
  Tally never;
  core::Instant due{};
  std::atomic<bool> too_early = false;
  runtime::Timer& timer = owner->loop->add_timer([&] {
    too_early = runtime::now().monotonic < due;
    fired.add();
  });
  runtime::Timer& cancelled = owner->loop->add_timer([&] { never.add(); });
  owner->loop->post([&] {
    due = runtime::now().monotonic + std::chrono::microseconds(2500);
    timer.set(due);
    cancelled.set(due);
    cancelled.cancel();
  });
  owner->loop->run(owner, [] {});
  CHECK(fired.reaches(1));
  owner->stop();
  CHECK_FALSE(too_early);
  CHECK(fired.count() == 1);
  CHECK(never.count() == 0);
}

TEST_CASE("timer: set to later it waits, set to sooner it does not") {
  auto owner = Owner::make();
  std::vector<char> order;
  Tally fired;
  runtime::Timer& a = owner->loop->add_timer([&] { order.push_back('a'), fired.add(); });
  runtime::Timer& b = owner->loop->add_timer([&] { order.push_back('b'), fired.add(); });
  owner->loop->post([&] {
    const core::Instant now = runtime::now().monotonic;
    a.set(now);
    a.set(now + std::chrono::milliseconds(20));
    b.set(now + std::chrono::hours(1));
    b.set(now + std::chrono::milliseconds(5));
  });
  owner->loop->run(owner, [] {});
  CHECK(fired.reaches(2));
  owner->stop();
  CHECK(order == std::vector<char>{'b', 'a'});
}
