// What scenario tests are written in.
#pragma once

#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <utility>

#include "sim/cluster.hpp"
#include "sim/violation.hpp"

namespace pbft {

using namespace std::chrono_literals;
using core::Checkpoint;
using core::Commit;
using core::NewView;
using core::Prepare;
using core::PrePrepare;
using core::Rejection;
using core::Reply;
using core::RequestMessage;
using core::Status;
using core::ViewChange;
using sim::ClusterOptions;
using sim::ms;

/// The simulated cluster; at the end of each test it heals, and demands one history, no gap, each operation
/// at most once, every client answered.
class Cluster : public sim::Cluster {
 public:
  explicit Cluster(ClusterOptions options = {}) : sim::Cluster(traced(std::move(options))) {}
  ~Cluster() override {
    if (std::uncaught_exceptions() > exceptions_) return;  // the test has failed already
    try {
      finish();
    } catch (const sim::Violation& violation) {
      FAIL_CHECK(violation.what());
    }
  }

 private:
  /// PBFT_TRACE=1 scenario -tc="..." prints all that happens.
  static ClusterOptions traced(ClusterOptions options) {
    if (std::getenv("PBFT_TRACE")) options.trace = [](const std::string& line) { std::puts(line.c_str()); };
    return options;
  }
  int exceptions_ = std::uncaught_exceptions();
};

}  // namespace pbft

template <class Tag, class Rep>
struct doctest::StringMaker<pbft::Id<Tag, Rep>> {
  static String convert(const pbft::Id<Tag, Rep>& id) { return doctest::toString(id.value); }
};
