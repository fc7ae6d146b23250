// The same question, in n log n steps, for an object whose answers name the order.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pbft::check {

/// An answered operation of a counter, or of anything else that answers how many writes there were: a write
/// with itself. Times are of one steady clock.
struct Observation {
  std::int64_t start_ns = 0;  ///< Not after it was sent.
  std::int64_t end_ns = 0;    ///< Not before it was answered.
  std::uint64_t position = 0;
  bool is_write = true;
};

/// Two observations that contradict each other, in words; nullopt if the whole is linearizable, provided that
/// somebody made the writes that are missing between those seen. The answers name the order, so linearize()
/// has nothing to search: no two writes have one place, and nothing that ended before another began stands
/// behind it. A part of a linearizable history is linearizable, so a sample will do, as long as it is chosen
/// by position: then two writes with one place are in it both or neither.
std::optional<std::string> find_contradiction(std::vector<Observation> observations);

}  // namespace pbft::check
