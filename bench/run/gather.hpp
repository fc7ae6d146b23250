// From what the load processes counted to the figures of a report.
#pragma once

#include <string>

#include "bench/load/load_result.hpp"
#include "bench/report/report.hpp"

namespace bench {

/// The load began `warmup` seconds before the measurement; intervals of the result are `interval` long.
struct Gather {
  const LoadResult& load;
  double interval;
  double warmup;

  /// From whole intervals: the ends are rounded to them.
  Phase phase(const std::string& name, double from, double to) const;
  Series series(double duration) const;

 private:
  double longest_gap_ms(double from, double to) const;
  double worst_client(std::size_t first, std::size_t end) const;
};

}  // namespace bench
