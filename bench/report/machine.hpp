// Where and of what a report was made.
#pragma once

#include "bench/report/report.hpp"

namespace bench {

Machine this_machine();

}  // namespace bench
