// Log lines on stderr.
#pragma once

#include <optional>
#include <string_view>

#include "pbft/options.hpp"

namespace app {

/// "debug", "info", "warning" or "error".
std::optional<pbft::LogLevel> log_level_from_text(std::string_view text);

/// One line per call, in one write: time (UTC), level, text. Lines below `least` are dropped.
pbft::LogSink log_to_stderr(pbft::LogLevel least);

}  // namespace app
