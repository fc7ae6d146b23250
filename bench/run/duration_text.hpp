// Durations as people write them.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace bench {

/// "500ms", "2.5s", "3m"; nullopt for anything else, or for more than a day.
std::optional<std::chrono::milliseconds> duration_from_text(std::string_view text);
/// "500ms", "2.5s".
std::string to_text(std::chrono::milliseconds duration);

}  // namespace bench
