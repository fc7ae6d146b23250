// What the core reports, as log lines.
#pragma once

#include <string>

#include "core/io.hpp"
#include "core/quorum.hpp"
#include "pbft/options.hpp"

namespace pbft::runtime {

struct Line {
  LogLevel level;
  std::string text;
};

/// One line for a person. Not for Rejected: runtime::Rejections tells those.
Line line_of(const core::Report& report, const core::Quorums& quorums);

}  // namespace pbft::runtime
