#include "bench/run/duration_text.hpp"

#include <charconv>
#include <cstdio>

namespace bench {

std::optional<std::chrono::milliseconds> duration_from_text(std::string_view text) {
  constexpr double most_ms = 24 * 3600 * 1000.0;
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc()) return std::nullopt;
  const std::string_view unit(rest, static_cast<std::size_t>(end - rest));
  const double unit_ms = unit == "ms" ? 1 : unit == "s" ? 1000 : unit == "m" ? 60'000 : 0;
  const double ms = value * unit_ms;
  if (unit_ms == 0 || !(ms >= 0) || ms > most_ms) return std::nullopt;
  return std::chrono::milliseconds(static_cast<std::int64_t>(ms + 0.5));
}

std::string to_text(std::chrono::milliseconds duration) {
  if (duration.count() % 1000 != 0 && duration.count() < 1000) return std::to_string(duration.count()) + "ms";
  char text[32];
  std::snprintf(text, sizeof text, "%gs", static_cast<double>(duration.count()) / 1000);
  return text;
}

}  // namespace bench
