// The operations of a determinism check, each with what the replicas would have agreed on for it.
#pragma once

#include <vector>

#include "pbft/testing/determinism.hpp"

namespace pbft::testing {

struct Step {
  Call call;
  ClientId client;
  RequestNumber number;
  Agreed agreed;

  Operation operation() const { return {client, number, call.body}; }
};
using Script = std::vector<Step>;

Script draw_script(const Workload& workload, const DeterminismOptions& options);

}  // namespace pbft::testing
