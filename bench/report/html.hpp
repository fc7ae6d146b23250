// A report as one HTML page that needs nothing else.
#pragma once

#include <string>

#include "bench/report/report.hpp"

namespace bench {

/// page.html with the report in it: its script draws what is there.
std::string to_html(const Report& report);

}  // namespace bench
