// Is what the clients saw what one counter, asked in some order that respects time, can answer?
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace bench {

/// An operation on the service (service/operation.hpp) that was answered. Times are of one steady clock.
struct Observation {
  std::int64_t start_ns = 0;  ///< Not after it was sent.
  std::int64_t end_ns = 0;    ///< Not before it was answered.
  std::uint64_t position = 0;
  bool is_write = true;
};

/// Two observations that contradict each other, in words; nullopt if the whole is linearizable (Herlihy and
/// Wing 1990). The answers name the order, so this decides it in n log n steps: no two writes have one place,
/// and nothing that ended before another began stands behind it. A part of a linearizable history is
/// linearizable, so a sample will do, as long as it is chosen by position: then two writes with one place are
/// in it both or neither.
std::optional<std::string> find_contradiction(std::vector<Observation> observations);

}  // namespace bench
